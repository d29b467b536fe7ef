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
    /// They already are, in a form of which we know whether a first byte is possible.
    AsIs(fn(u8) -> bool),
    /// They already are: units behind their lengths of so many bytes.
    Lengths(usize),
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
            match codec {
                "h264" => Self::Lengths(extradata.get(4).map_or(4, |byte| usize::from(byte & 3) + 1)),
                "hevc" => Self::Lengths(extradata.get(21).map_or(4, |byte| usize::from(byte & 3) + 1)),
                // Two bits that are always the same.
                "vp9" => Self::AsIs(|byte| byte >> 6 == 0b10),
                // A bit that is always zero, and a kind of unit that is in use.
                "av1" => Self::AsIs(|byte| byte >> 7 == 0 && byte >> 3 != 0),
                _ => Self::AsIs(|_| true),
            }
        }
    }

    /// Whether a packet has the form that it must have; what is in it may be damaged all the same.
    pub(super) fn is_sound(&self, data: &[u8]) -> bool {
        match self {
            Self::AsIs(possible) => data.first().is_some_and(|byte| possible(*byte)),
            Self::AnnexB { .. } => !units(data).is_empty(),
            Self::Lengths(size) => {
                let mut rest = data;
                while !rest.is_empty() {
                    let Some((length, tail)) = rest.split_at_checked(*size) else { return false };
                    let length = length.iter().fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
                    let Some(after) = tail.get(length..).filter(|_| length > 0) else { return false };
                    rest = after;
                }
                !data.is_empty()
            }
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
            Samples::AsIs(_) | Samples::Lengths(_) => None,
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
        assert!(!Parameters::of(&Samples::Lengths(4)).change(&[0, 0, 1, 0x67, 2]));
    }

    #[test]
    fn a_packet_of_zeros_or_cut_short_is_not_sound() {
        let samples = Samples::of("h264", &[1, 100, 0, 40, 0xff]);
        assert!(samples.is_sound(&[0, 0, 0, 2, 0x65, 1, 0, 0, 0, 1, 7]));
        for data in [&[][..], &[0; 64], &[0, 0, 0, 9, 1], &[0, 0, 0, 1, 7, 0]] {
            assert!(!samples.is_sound(data), "{data:?}");
        }
        for codec in ["vp9", "av1"] {
            assert!(!Samples::of(codec, &[]).is_sound(&[0; 8]));
        }
        assert!(Samples::of("av1", &[]).is_sound(&[0x0a, 1]) && Samples::of("vp9", &[]).is_sound(&[0x82, 1]));
    }

    #[test]
    fn any_bytes_are_survived() {
        for data in [&[][..], &[0, 0, 1], &[0, 0, 0, 1, 0, 0, 1], &[1, 2, 3]] {
            let _ = Samples::of("hevc", data).convert(data);
        }
    }
}
