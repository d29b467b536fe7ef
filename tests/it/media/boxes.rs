//! As much of an MP4 reader as it takes to check times.

/// Direct children of a box body, as (type, body).
fn children(mut data: &[u8]) -> Vec<(&[u8], &[u8])> {
    let mut found = Vec::new();
    while data.len() >= 8 {
        let size = u32::from_be_bytes(data[..4].try_into().unwrap()) as usize;
        assert!((8..=data.len()).contains(&size), "a box of {size} bytes in {}", data.len());
        found.push((&data[4..8], &data[8..size]));
        data = &data[size..];
    }
    found
}

fn find<'a>(data: &'a [u8], path: &[&[u8; 4]]) -> Option<&'a [u8]> {
    path.iter().try_fold(data, |data, name| children(data).into_iter().find(|(kind, _)| kind == *name).map(|it| it.1))
}

fn u32_at(data: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(data[at..at + 4].try_into().unwrap())
}

/// The time scale of the track of an init segment.
pub(super) fn timescale(init: &[u8]) -> u32 {
    let mdhd = find(init, &[b"moov", b"trak", b"mdia", b"mdhd"]).unwrap();
    u32_at(mdhd, if mdhd[0] == 1 { 20 } else { 12 })
}

/// First decoding time of a segment and the tick after its last sample; fragments must join without a gap.
pub(super) fn span(segment: &[u8]) -> (i64, i64) {
    let mut span: Option<(i64, i64)> = None;
    for (_, moof) in children(segment).into_iter().filter(|(kind, _)| *kind == b"moof") {
        let tfdt = find(moof, &[b"traf", b"tfdt"]).unwrap();
        assert_eq!(tfdt[0], 1, "64-bit times");
        let start = i64::from_be_bytes(tfdt[4..12].try_into().unwrap());
        let end = start + durations(moof);
        if let Some((_, before)) = span {
            assert_eq!(before, start, "fragments join");
        }
        span = Some((span.map_or(start, |span| span.0), end));
    }
    span.unwrap()
}

fn durations(moof: &[u8]) -> i64 {
    let tfhd = find(moof, &[b"traf", b"tfhd"]).unwrap();
    let flags = u32_at(tfhd, 0) & 0x00ff_ffff;
    let before =
        [(0x01, 8), (0x02, 4)].iter().filter(|(flag, _)| flags & flag != 0).map(|(_, size)| size).sum::<usize>();
    let default = if flags & 0x08 != 0 { u32_at(tfhd, 8 + before) } else { 0 };
    let runs = children(find(moof, &[b"traf"]).unwrap()).into_iter().filter(|(kind, _)| *kind == b"trun");
    runs.map(|(_, trun)| run_duration(trun, default)).sum()
}

fn run_duration(trun: &[u8], default: u32) -> i64 {
    let flags = u32_at(trun, 0) & 0x00ff_ffff;
    let size = |mask: u32| 4 * (flags & mask).count_ones() as usize;
    let (first, stride) = (8 + size(0x05), size(0xf00));
    let samples = 0..u32_at(trun, 4) as usize;
    samples.map(|n| i64::from(if flags & 0x100 == 0 { default } else { u32_at(trun, first + n * stride) })).sum()
}
