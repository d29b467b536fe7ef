//! Noise, of which no encoder can make little: the limit holds, and the bytes stay the same.
use watchparty::media::engine::Head;
use watchparty::media::track::{Preset, TrackSpec};

use crate::support::films::{self, limit, made, open, segment};

const BITS_PER_SECOND: u32 = 800_000;
/// Cold heads that make the same segment.
const HEADS: usize = 4;

fn check(name: &str, picture: &str) {
    let path = made(name, &["-f", "lavfi", "-i", picture, "-c:v", "libx264", "-preset", "ultrafast", "-g", "48"]);
    let (source, index) = open(&path);
    for preset in [Preset::Ultrafast, Preset::Superfast, Preset::Veryfast] {
        let mut spec = films::transcode(&source, &index, 360, preset);
        let TrackSpec::VideoH264 { max_bit_rate, grid, .. } = &mut spec else { panic!("a converted track") };
        *max_bit_rate = BITS_PER_SECOND;
        let timescale = f64::from(grid.timescale());
        for job in films::encode_jobs(&index) {
            let cold = || segment(&mut Head::open(&source, &spec, &limit()).expect("head"), &job).expect("segment").0;
            let first = cold();
            let rate = first.len() as f64 * 8.0 * timescale / (job.end - job.start) as f64;
            eprintln!("{name} {preset:?} segment {}: {:.3} of the limit", job.index, rate / f64::from(BITS_PER_SECOND));
            assert!(rate <= f64::from(BITS_PER_SECOND), "{name} {preset:?} {job:?}: {rate} bits per second");
            for _ in 1..HEADS {
                assert!(cold() == first, "{name} {preset:?} {job:?}: another head makes another segment");
            }
        }
    }
}

#[test]
fn noise_at_the_limit_stays_below_it_and_comes_out_the_same() {
    check("noise.mkv", "testsrc2=s=640x360:r=24:d=4,noise=alls=80:allf=t");
}

#[test]
fn noise_that_begins_suddenly_does_so_too() {
    check("sudden.mkv", "testsrc2=s=640x360:r=24:d=4,noise=alls=60:allf=t:enable=gt(mod(t\\,2)\\,0.7)");
}
