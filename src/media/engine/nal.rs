//! H.264 and HEVC byte streams: start codes to length prefixes, parameter sets. Pure.

/// Whether codec extradata or a packet is in start-code form.
pub(super) fn is_annex_b(data: &[u8]) -> bool {
    data.starts_with(&[0, 0, 1]) || data.starts_with(&[0, 0, 0, 1])
}

/// The NAL units of a start-code stream, without start codes and trailing zeros.
pub(super) fn units(data: &[u8]) -> Vec<&[u8]> {
    let mut starts = Vec::new();
    let mut at = 0;
    while let Some(found) = find_start(data, at) {
        starts.push(found);
        at = found + 3;
    }
    starts
        .iter()
        .enumerate()
        .map(|(n, start)| {
            let end = starts.get(n + 1).copied().unwrap_or(data.len());
            let unit = &data[start + 3..end];
            let length = unit.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
            &unit[..length]
        })
        .filter(|unit| !unit.is_empty())
        .collect()
}

fn find_start(data: &[u8], from: usize) -> Option<usize> {
    data.get(from..)?.windows(3).position(|window| window == [0, 0, 1]).map(|at| from + at)
}

/// How the packets of a stream become MP4 samples.
pub(super) enum Samples {
    /// They already are.
    AsIs,
    /// Start codes are replaced by lengths; parameter sets that the init segment holds are dropped, and so is what
    /// comes before the first start code: the end of another picture, where a stream was entered in the middle.
    AnnexB { hevc: bool, known: Vec<Vec<u8>> },
}

impl Samples {
    /// For a stream of this codec with this extradata.
    pub(super) fn of(codec: &str, extradata: &[u8]) -> Self {
        let hevc = codec == "hevc";
        if (hevc || codec == "h264") && (extradata.is_empty() || is_annex_b(extradata)) {
            Self::AnnexB { hevc, known: units(extradata).into_iter().map(<[u8]>::to_vec).collect() }
        } else {
            Self::AsIs
        }
    }

    /// One packet as a sample.
    pub(super) fn convert(&self, data: &[u8]) -> Vec<u8> {
        let Self::AnnexB { hevc, known } = self else { return data.to_vec() };
        if known.is_empty() && !is_annex_b(data) {
            return data.to_vec();
        }
        let mut sample = Vec::with_capacity(data.len() + 16);
        for unit in units(data) {
            let kind = if *hevc { (unit[0] >> 1) & 0x3f } else { unit[0] & 0x1f };
            let delimiter = if *hevc { kind == 35 } else { kind == 9 };
            let parameters = if *hevc { (32..=34).contains(&kind) } else { (7..=8).contains(&kind) };
            if delimiter || (parameters && known.iter().any(|set| set == unit)) {
                continue;
            }
            sample.extend_from_slice(&(unit.len() as u32).to_be_bytes());
            sample.extend_from_slice(unit);
        }
        sample
    }
}

/// Bytes of a packet in which parameter sets are looked for: they come first.
const PARAMETER_BYTES: usize = 4096;

/// Watches the sequence parameters of a start-code stream.
pub(super) struct Parameters {
    /// `None` for other streams, whose container tells.
    hevc: Option<bool>,
    sets: Option<Vec<Vec<u8>>>,
}

impl Parameters {
    pub(super) fn of(samples: &Samples) -> Self {
        let hevc = match samples {
            Samples::AnnexB { hevc, .. } => Some(*hevc),
            Samples::AsIs => None,
        };
        Self { hevc, sets: None }
    }

    /// Whether a key packet brings other parameters than the one before.
    pub(super) fn change(&mut self, data: &[u8]) -> bool {
        let Some(hevc) = self.hevc else { return false };
        let is_sequence = |unit: &&[u8]| if hevc { (unit[0] >> 1) & 0x3f == 33 } else { unit[0] & 0x1f == 7 };
        let head = units(&data[..data.len().min(PARAMETER_BYTES)]);
        let sets: Vec<Vec<u8>> = head.into_iter().filter(is_sequence).map(<[u8]>::to_vec).collect();
        if sets.is_empty() {
            return false;
        }
        self.sets.replace(sets.clone()).is_some_and(|before| before != sets)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn start_codes_become_lengths_and_known_parameter_sets_go() {
        let extradata = [0, 0, 0, 1, 0x67, 1, 2, 0, 0, 0, 1, 0x68, 3];
        let samples = Samples::of("h264", &extradata);
        let packet = [0, 0, 0, 1, 9, 0x10, 0, 0, 0, 1, 0x67, 1, 2, 0, 0, 1, 0x68, 3, 0, 0, 1, 0x65, 7, 8];
        assert_eq!(samples.convert(&packet), [0, 0, 0, 3, 0x65, 7, 8]);
    }

    #[test]
    fn other_sequence_parameters_are_a_change_and_the_same_ones_are_not() {
        let mut parameters = Parameters::of(&Samples::of("h264", &[0, 0, 1, 0x67, 1]));
        let packets: [&[u8]; 4] =
            [&[0, 0, 1, 0x67, 1, 0, 0, 1, 0x65, 9], &[0, 0, 1, 0x65, 9], &[0, 0, 1, 0x67, 1], &[0, 0, 1, 0x67, 2]];
        assert_eq!(packets.map(|packet| parameters.change(packet)), [false, false, false, true]);
        assert!(!Parameters::of(&Samples::AsIs).change(&[0, 0, 1, 0x67, 2]));
    }

    #[test]
    fn any_bytes_are_survived() {
        for data in [&[][..], &[0, 0, 1], &[0, 0, 0, 1, 0, 0, 1], &[1, 2, 3]] {
            let _ = Samples::of("hevc", data).convert(data);
        }
    }
}
