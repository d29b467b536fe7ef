//! Writes `moof` + `mdat`. Times are absolute: `tfdt` is content time itself. Pure.
use bytes::Bytes;

/// One sample of a fragment.
pub(super) struct Sample {
    pub(super) duration: u32,
    /// Presentation minus decoding time.
    pub(super) offset: i32,
    pub(super) key: bool,
    pub(super) data: Vec<u8>,
}

const SYNC_FLAGS: u32 = 0x0200_0000;
const DEPENDENT_FLAGS: u32 = 0x0101_0000;
/// Fragments that one segment may have; keeps sequence numbers of segments apart.
const SEQUENCE_STEP: u32 = 1 << 12;

/// Collects samples of one segment and cuts fragments.
pub(super) struct Fragmenter {
    sequence: u32,
    next_time: i64,
    target: i64,
    samples: Vec<Sample>,
    held: i64,
}

impl Fragmenter {
    /// Fragments of the segment `index` that starts at `start`, each about `target` ticks long.
    pub(super) fn new(index: u32, start: i64, target: i64) -> Self {
        let sequence = index.wrapping_mul(SEQUENCE_STEP).wrapping_add(1);
        Self { sequence, next_time: start, target: target.max(1), samples: Vec::new(), held: 0 }
    }

    /// Adds a sample; returns a fragment when enough are held.
    pub(super) fn push(&mut self, sample: Sample) -> Option<Bytes> {
        self.held += i64::from(sample.duration);
        self.samples.push(sample);
        (self.held >= self.target).then(|| self.cut())
    }

    /// What is left.
    pub(super) fn finish(&mut self) -> Option<Bytes> {
        (!self.samples.is_empty()).then(|| self.cut())
    }

    fn cut(&mut self) -> Bytes {
        let bytes = write(self.sequence, self.next_time, &self.samples);
        self.sequence = self.sequence.wrapping_add(1);
        self.next_time += self.held;
        self.held = 0;
        self.samples.clear();
        bytes
    }
}

fn write(sequence: u32, time: i64, samples: &[Sample]) -> Bytes {
    let payload: usize = samples.iter().map(|sample| sample.data.len()).sum();
    let mut out = Vec::with_capacity(payload + samples.len() * 16 + 128);
    let moof = open(&mut out, *b"moof");
    let mfhd = open(&mut out, *b"mfhd");
    put(&mut out, &[0, sequence]);
    close(&mut out, mfhd);
    let traf = open(&mut out, *b"traf");
    let tfhd = open(&mut out, *b"tfhd");
    put(&mut out, &[0x0002_0000, 1]);
    close(&mut out, tfhd);
    let tfdt = open(&mut out, *b"tfdt");
    put(&mut out, &[0x0100_0000]);
    out.extend_from_slice(&(time.max(0) as u64).to_be_bytes());
    close(&mut out, tfdt);
    let trun = open(&mut out, *b"trun");
    // Version 1: signed composition offsets. Data offset, duration, size, flags and offset for each sample.
    put(&mut out, &[0x0100_0f01, samples.len() as u32]);
    let data_offset = out.len();
    put(&mut out, &[0]);
    for sample in samples {
        let flags = if sample.key { SYNC_FLAGS } else { DEPENDENT_FLAGS };
        put(&mut out, &[sample.duration, sample.data.len() as u32, flags, sample.offset.cast_unsigned()]);
    }
    close(&mut out, trun);
    close(&mut out, traf);
    close(&mut out, moof);
    let mdat = out.len() as u32 + 8;
    out[data_offset..data_offset + 4].copy_from_slice(&mdat.to_be_bytes());
    put(&mut out, &[payload as u32 + 8]);
    out.extend_from_slice(b"mdat");
    for sample in samples {
        out.extend_from_slice(&sample.data);
    }
    Bytes::from(out)
}

fn put(out: &mut Vec<u8>, words: &[u32]) {
    for word in words {
        out.extend_from_slice(&word.to_be_bytes());
    }
}

fn open(out: &mut Vec<u8>, kind: [u8; 4]) -> usize {
    let at = out.len();
    put(out, &[0]);
    out.extend_from_slice(&kind);
    at
}

fn close(out: &mut [u8], at: usize) {
    let size = (out.len() - at) as u32;
    out[at..at + 4].copy_from_slice(&size.to_be_bytes());
}
