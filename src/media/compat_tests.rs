use bytes::Bytes;

use crate::media::compat::{Mover, NotMovable, Shift};

fn boxed(kind: [u8; 4], content: &[u8]) -> Vec<u8> {
    [&(content.len() as u32 + 8).to_be_bytes()[..], &kind, content].concat()
}

fn words(words: &[u32]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_be_bytes()).collect()
}

/// A fragment with two samples, the second of which is shown before the first.
fn fragment(time: u32, offsets: [i32; 2]) -> Vec<u8> {
    let sample = |offset: i32| [1001, 4, 0, offset.cast_unsigned()];
    let tfhd = boxed(*b"tfhd", &words(&[0x0002_0000, 1]));
    let tfdt = boxed(*b"tfdt", &words(&[0x0100_0000, 0, time]));
    let trun = words(&[[0x0100_0f01, 2, 0].as_slice(), &sample(offsets[0]), &sample(offsets[1])].concat());
    let traf = boxed(*b"traf", &[tfhd, tfdt, boxed(*b"trun", &trun)].concat());
    let moof = boxed(*b"moof", &[boxed(*b"mfhd", &words(&[0, 7])), traf].concat());
    [moof, boxed(*b"mdat", b"moofmoof")].concat()
}

fn mover(later: i64, earlier: i64) -> Mover {
    Mover { shift: Shift { later, earlier }, held: bytes::BytesMut::new(), passing: 0 }
}

fn moved(mover: &mut Mover, bytes: &[u8], step: usize) -> Result<Vec<u8>, NotMovable> {
    let mut out = Vec::new();
    for chunk in bytes.chunks(step) {
        out.extend(mover.push(Bytes::copy_from_slice(chunk))?.concat());
    }
    Ok(out)
}

fn time_and_offsets(fragment: &[u8]) -> (u32, u32, [u32; 2]) {
    let word = |at: usize| u32::from_be_bytes(fragment[at..at + 4].try_into().unwrap());
    let at = |kind: &[u8]| fragment.windows(4).position(|window| window == kind).unwrap() + 4;
    let (tfdt, trun) = (at(b"tfdt"), at(b"trun"));
    (word(tfdt + 8), word(trun), [word(trun + 12 + 12), word(trun + 12 + 28)])
}

#[test]
fn decoding_goes_earlier_and_everything_later_without_a_byte_more() {
    let segment = [fragment(5000, [2002, -1001]), fragment(7002, [0, 0])].concat();
    let changed = moved(&mut mover(240_000, 24_000), &segment, segment.len()).unwrap();
    assert_eq!(changed.len(), segment.len());
    let second = fragment(0, [0, 0]).len();
    assert_eq!(time_and_offsets(&changed), (221_000, 0x0f01, [26_002, 22_999]));
    assert_eq!(time_and_offsets(&changed[second..]), (223_002, 0x0f01, [24_000, 24_000]));
    assert!(changed.ends_with(b"moofmoof"));
}

#[test]
fn how_the_bytes_come_in_does_not_matter() {
    let segment = [fragment(5000, [2002, -1001]), boxed(*b"free", &[]), fragment(7002, [0, 0])].concat();
    let whole = moved(&mut mover(240_000, 24_000), &segment, segment.len()).unwrap();
    for step in [1, 2, 7, 8, 9, 100] {
        assert_eq!(moved(&mut mover(240_000, 24_000), &segment, step).unwrap(), whole, "{step}");
    }
}

#[test]
fn what_is_decoded_in_order_only_moves() {
    let changed = moved(&mut mover(480_000, 0), &fragment(1024, [0, 0]), 5).unwrap();
    assert_eq!(time_and_offsets(&changed), (481_024, 0x0100_0f01, [0, 0]));
}

#[test]
fn an_offset_that_stays_negative_keeps_its_sign() {
    let changed = moved(&mut mover(1000, 10), &fragment(1024, [0, -11]), 1000).unwrap();
    assert_eq!(time_and_offsets(&changed), (2014, 0x0100_0f01, [10, (-1_i32).cast_unsigned()]));
}

#[test]
fn nonsense_is_refused_and_never_believed() {
    let good = fragment(5000, [0, 0]);
    for at in 0..good.len() - 16 {
        for value in [0, 1, 0x7f, 0xff] {
            let mut bad = good.clone();
            bad[at] = value;
            // Either it still is a fragment or it is refused; nothing is lost or added.
            if let Ok(out) = moved(&mut mover(1, 1), &bad, 64) {
                assert!(out.len() <= bad.len());
            }
        }
    }
    assert_eq!(moved(&mut mover(1, 1), &words(&[3, 0x6d6f_6f66]), 8), Err(NotMovable));
    assert_eq!(moved(&mut mover(1, 1), &words(&[0x7fff_ffff, 0x6d6f_6f66]), 8), Err(NotMovable));
    let no_offsets = boxed(*b"moof", &boxed(*b"traf", &boxed(*b"trun", &words(&[0x0300, 1, 5, 6]))));
    assert_eq!(moved(&mut mover(1, 1), &no_offsets, 9), Err(NotMovable));
}
