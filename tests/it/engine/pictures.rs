//! What pictures look like after conversion: brightness, colour, shape.
use std::path::Path;
use std::process::Command;

use watchparty::media::Source;
use watchparty::media::engine::{Head, init_segment};
use watchparty::media::track::{Preset, SegmentJob, TrackSpec, VideoIndex};

use crate::support::films::{self, ffmpeg, limit, made, open, scratch, segment};

/// The film's first two segments at this height as one file.
fn converted(label: &str, source: &Source, index: &VideoIndex, height: u32) -> (std::path::PathBuf, u32, u32) {
    let spec = films::transcode(source, index, height, Preset::Ultrafast);
    let TrackSpec::VideoH264 { width, height, .. } = spec else { panic!("a converted track") };
    let mut bytes = init_segment(source, &spec, &limit()).expect("init").to_vec();
    let mut head = Head::open(source, &spec, &limit()).expect("head");
    for job in films::encode_jobs(index) {
        bytes.extend(segment(&mut head, &job).unwrap_or_else(|error| panic!("{label}: {error}")).0);
    }
    let path = scratch().join(format!("converted-{}-{label}.mp4", std::process::id()));
    std::fs::write(&path, bytes).expect("write");
    (path, width, height)
}

/// Luma and both chromas of one pixel in the last picture.
fn pixel(path: &Path, (width, height): (u32, u32), (x, y): (u32, u32)) -> [u8; 3] {
    let planes = ffmpeg(&[
        "-i",
        path.to_str().unwrap(),
        "-pix_fmt",
        "yuv444p",
        "-f",
        "rawvideo",
        "-fps_mode",
        "passthrough",
        "-",
    ])
    .stdout;
    let plane = (width * height) as usize;
    assert_eq!(planes.len() % (3 * plane), 0, "every picture has the promised size");
    let last = &planes[planes.len() - 3 * plane..];
    let at = (y * width + x) as usize;
    [last[at], last[plane + at], last[2 * plane + at]]
}

/// Four grey patches side by side, 10-bit code values of `transfer`.
fn hdr(name: &str, transfer: &str, codes: [u32; 4]) -> std::path::PathBuf {
    let [a, b, c, d] = codes;
    let patches = format!(
        "color=s=640x360:r=24:d=2,format=yuv420p10le,\
         geq=lum='if(lt(X,160),{a},if(lt(X,320),{b},if(lt(X,480),{c},{d})))':cb=512:cr=512"
    );
    let parameters =
        format!("keyint=24:log-level=error:colorprim=bt2020:transfer={transfer}:colormatrix=bt2020nc:range=limited");
    made(name, &["-f", "lavfi", "-i", &patches, "-c:v", "libx265", "-preset", "ultrafast", "-x265-params", &parameters])
}

fn greys(label: &str, path: &Path) -> [u8; 4] {
    let (source, index) = open(path);
    assert!(source.info.video().unwrap().1.hdr, "{label}");
    let (path, width, height) = converted(label, &source, &index, 180);
    [1, 3, 5, 7].map(|eighth| {
        let [luma, blue, red] = pixel(&path, (width, height), (width * eighth / 8, height / 2));
        assert!(blue.abs_diff(128) <= 2 && red.abs_diff(128) <= 2, "{label}: grey stays grey: {blue} {red}");
        luma
    })
}

#[test]
fn pq_pictures_keep_their_black_their_greys_and_their_highlights() {
    // Code values of 0, 100, 203 (where white paper lies) and 1000 nits.
    let [black, grey, paper, light] = greys("pq", &hdr("pq.mkv", "smpte2084", [64, 509, 573, 723]));
    assert!(black <= 20, "{black}");
    assert!((115..=175).contains(&grey) && (150..=210).contains(&paper), "{grey} {paper}");
    assert!(light >= 222 && grey + 20 < paper && paper + 20 < light, "{grey} {paper} {light}");
}

#[test]
fn hlg_pictures_keep_their_black_their_greys_and_their_highlights() {
    // Code values of black, of a grey card (38 %), of white paper (75 %) and of the brightest light.
    let [black, grey, paper, light] = greys("hlg", &hdr("hlg.mkv", "arib-std-b67", [64, 397, 721, 940]));
    assert!(black <= 20, "{black}");
    assert!((55..=135).contains(&grey) && (145..=215).contains(&paper), "{grey} {paper}");
    assert!(light >= 222 && grey + 20 < paper && paper + 20 < light, "{grey} {paper} {light}");
}

#[test]
fn converted_pictures_say_that_they_are_bt709() {
    let (source, index) = open(&hdr("pq.mkv", "smpte2084", [64, 509, 573, 723]));
    let (path, ..) = converted("tags", &source, &index, 90);
    let entries = "stream=pix_fmt,color_range,color_space,color_transfer,color_primaries";
    let told = Command::new("ffprobe")
        .args(["-v", "error", "-select_streams", "v", "-of", "csv=p=0", "-show_entries", entries])
        .arg(path)
        .output()
        .expect("the ffprobe program");
    assert_eq!(String::from_utf8_lossy(&told.stdout).trim(), "yuv420p,tv,bt709,bt709,bt709");
}

#[test]
fn colours_stay_what_they_are_whatever_the_matrix_of_the_file() {
    // The same red, told in the two matrices.
    let red = "color=c=red:s=640x360:r=24:d=2";
    for (name, matrix, tag) in [("red601.mp4", "bt601", "smpte170m"), ("red709.mp4", "bt709", "bt709")] {
        let filter = format!("scale=out_color_matrix={matrix},format=yuv420p");
        let made = made(name, &["-f", "lavfi", "-i", red, "-vf", &filter, "-c:v", "libx264", "-colorspace", tag]);
        let (source, index) = open(&made);
        let (path, width, height) = converted(name, &source, &index, 180);
        let [luma, blue, red] = pixel(&path, (width, height), (width / 2, height / 2));
        // Red in BT.709, limited range.
        assert!(
            luma.abs_diff(63) <= 3 && blue.abs_diff(102) <= 3 && red.abs_diff(240) <= 3,
            "{name}: {luma} {blue} {red}"
        );
    }
}

#[test]
fn odd_sizes_and_full_chroma_become_even_and_4_2_0() {
    let odd = "testsrc2=s=637x359:r=24:d=2";
    for (name, format) in [("odd444.mkv", "yuv444p"), ("odd422.mkv", "yuv422p10le"), ("odd-rgb.mkv", "gbrp")] {
        let made = made(name, &["-f", "lavfi", "-i", odd, "-pix_fmt", format, "-c:v", "ffv1", "-g", "24"]);
        let (source, index) = open(&made);
        let (path, width, height) = converted(name, &source, &index, 358);
        assert_eq!((width % 2, height), (0, 358));
        pixel(&path, (width, height), (0, 0));
    }
}

#[test]
fn a_film_whose_size_changes_on_the_way_keeps_the_size_it_was_given() {
    let part = |name, size: &str| {
        let source = format!("testsrc2=s={size}:r=24:d=4");
        made(name, &["-f", "lavfi", "-i", &source, "-c:v", "libx264", "-g", "24", "-bf", "0", "-f", "mpegts"])
    };
    let (small, large) = (part("change-small.ts", "640x360"), part("change-large.ts", "1280x720"));
    // The second part goes on where the first ends, as a recording does.
    let list = scratch().join("change.txt");
    let lines = [&small, &large].map(|path| format!("file '{}'\n", path.display())).concat();
    std::fs::write(&list, lines).expect("write");
    let list = list.to_str().unwrap();
    let whole = made("change.ts", &["-f", "concat", "-safe", "0", "-i", list, "-c", "copy", "-f", "mpegts"]);
    let (source, index) = open(&whole);
    let (path, width, height) = converted("change", &source, &index, 360);
    assert_eq!((width, height), (640, 360));
    pixel(&path, (width, height), (0, 0));
}

#[test]
fn interlaced_pictures_come_out_whole_and_the_same_from_a_cold_start() {
    // Fields of two moments woven together: every line differs from the next where something moves.
    let film =
        made(
            "woven.ts",
            &[
                &[
                    "-f",
                    "lavfi",
                    "-i",
                    "testsrc2=s=720x576:r=50:d=6",
                    "-vf",
                    "tinterlace=interleave_top,fieldorder=tff",
                ][..],
                &["-c:v", "mpeg2video", "-flags", "+ilme+ildct", "-q:v", "3", "-g", "12", "-f", "mpegts"],
            ]
            .concat(),
        );
    let (source, index) = open(&film);
    assert!(source.info.video().unwrap().1.interlaced);
    let spec = films::transcode(&source, &index, 288, Preset::Ultrafast);
    let jobs = films::encode_jobs(&index);
    let made = |head: &mut Head, job: &SegmentJob| segment(head, job).expect("segment").0;
    let mut warm = Head::open(&source, &spec, &limit()).expect("head");
    let in_order: Vec<_> = jobs.iter().map(|job| made(&mut warm, job)).collect();
    for (job, expected) in jobs.iter().zip(&in_order).rev() {
        let mut cold = Head::open(&source, &spec, &limit()).expect("head");
        assert!(made(&mut cold, job) == *expected, "segment {}", job.index);
    }
}
