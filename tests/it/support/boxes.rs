//! Walks MP4 boxes: the oracle for fragments.

/// One sample of a fragment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sample {
    pub(crate) duration: u32,
    pub(crate) size: u32,
    pub(crate) sync: bool,
    pub(crate) offset: i32,
}

/// One `moof` + `mdat`.
#[derive(Debug)]
pub(crate) struct Fragment {
    pub(crate) sequence: u32,
    pub(crate) tfdt: u64,
    pub(crate) samples: Vec<Sample>,
}

impl Fragment {
    pub(crate) fn duration(&self) -> i64 {
        self.samples.iter().map(|sample| i64::from(sample.duration)).sum()
    }
}

fn word(data: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(data[at..at + 4].try_into().expect("four bytes"))
}

/// The boxes of a level as (kind, content).
pub(crate) fn children(data: &[u8]) -> Vec<(String, &[u8])> {
    let mut boxes = Vec::new();
    let mut at = 0;
    while at < data.len() {
        let size = word(data, at) as usize;
        assert!(size >= 8 && at + size <= data.len(), "box of {size} bytes at {at} of {}", data.len());
        boxes.push((String::from_utf8_lossy(&data[at + 4..at + 8]).into_owned(), &data[at + 8..at + size]));
        at += size;
    }
    boxes
}

/// The content of the first box on a path.
pub(crate) fn find<'a>(data: &'a [u8], path: &[&str]) -> Option<&'a [u8]> {
    let (first, rest) = path.split_first()?;
    let content = children(data).into_iter().find(|(kind, _)| kind == first)?.1;
    if rest.is_empty() { Some(content) } else { find(content, rest) }
}

/// The fragments of a segment; panics on anything else in it.
pub(crate) fn fragments(segment: &[u8]) -> Vec<Fragment> {
    let boxes = children(segment);
    assert_eq!(boxes.len() % 2, 0, "moof and mdat come in pairs");
    boxes
        .chunks(2)
        .map(|pair| {
            assert_eq!((pair[0].0.as_str(), pair[1].0.as_str()), ("moof", "mdat"));
            fragment(pair[0].1, pair[1].1.len())
        })
        .collect()
}

fn fragment(moof: &[u8], payload: usize) -> Fragment {
    let tfdt = find(moof, &["traf", "tfdt"]).expect("tfdt");
    assert_eq!(tfdt[0], 1, "64-bit tfdt");
    let trun = find(moof, &["traf", "trun"]).expect("trun");
    // Version 0 is the same without negative offsets.
    assert!(matches!(word(trun, 0), 0x0100_0f01 | 0x0000_0f01));
    let count = word(trun, 4) as usize;
    assert_eq!(word(trun, 8) as usize, moof.len() + 16, "data follows the mdat header");
    let samples: Vec<Sample> = (0..count)
        .map(|n| {
            let at = 12 + n * 16;
            Sample {
                duration: word(trun, at),
                size: word(trun, at + 4),
                sync: word(trun, at + 8) & 0x0001_0000 == 0,
                offset: word(trun, at + 12).cast_signed(),
            }
        })
        .collect();
    assert_eq!(samples.iter().map(|sample| sample.size as usize).sum::<usize>(), payload);
    Fragment {
        sequence: word(find(moof, &["mfhd"]).expect("mfhd"), 4),
        tfdt: u64::from_be_bytes(tfdt[4..12].try_into().expect("eight bytes")),
        samples,
    }
}

/// Ticks per second of an init segment's track.
pub(crate) fn timescale(init: &[u8]) -> u32 {
    let mdhd = find(init, &["moov", "trak", "mdia", "mdhd"]).expect("mdhd");
    word(mdhd, if mdhd[0] == 1 { 20 } else { 12 })
}

/// The bytes of a segment's first sample.
pub(crate) fn first_sample(segment: &[u8]) -> &[u8] {
    let size = fragments(segment)[0].samples[0].size as usize;
    &children(segment)[1].1[..size]
}

/// The kind of an init segment's sample entry, such as `avc1`.
pub(crate) fn sample_entry(init: &[u8]) -> String {
    let stsd = find(init, &["moov", "trak", "mdia", "minf", "stbl", "stsd"]).expect("stsd");
    String::from_utf8_lossy(&stsd[12..16]).into_owned()
}
