use std::sync::Arc;

use watchparty::media::Source;
use watchparty::media::engine::{self, EngineError, ProbeError};

use crate::support::films::{film, folder, limit, made};

fn source(path: &std::path::Path) -> Result<Source, ProbeError> {
    let (info, identity) = engine::probe(path, &limit())?;
    Ok(Source { path: path.to_owned(), identity, info: Arc::new(info) })
}

/// Width and height from the JPEG's frame header.
fn size(jpeg: &[u8]) -> (usize, usize) {
    assert!(jpeg.starts_with(&[0xff, 0xd8]) && jpeg.ends_with(&[0xff, 0xd9]));
    let at = jpeg.windows(2).position(|window| window == [0xff, 0xc0]).expect("a baseline frame");
    let number = |at: usize| usize::from(jpeg[at]) * 256 + usize::from(jpeg[at + 1]);
    (number(at + 7), number(at + 5))
}

#[test]
fn every_film_with_a_picture_gets_a_poster() {
    let Some(folder) = folder() else { return };
    for entry in folder.read_dir().expect("a folder") {
        let path = entry.expect("an entry").path();
        let Ok(source) = source(&path) else { continue };
        let name = path.file_name().expect("name").to_string_lossy().into_owned();
        match engine::poster(&source, &limit()) {
            Ok(jpeg) => {
                let (width, height) = size(&jpeg);
                assert!(width <= 640 && width % 2 == 0 && height % 2 == 0, "{name}: {width}x{height}");
                let cover = source.info.streams.iter().any(|stream| stream.attached_picture);
                if let Some((_, video)) = source.info.video().filter(|_| !cover) {
                    let turned = video.rotation % 180 != 0;
                    let wide = f64::from(video.width) * f64::from(video.sar_num) / f64::from(video.sar_den);
                    let shape = if turned { f64::from(video.height) / wide } else { wide / f64::from(video.height) };
                    assert!(
                        (width as f64 / height as f64 / shape - 1.0).abs() < 0.05,
                        "{name}: {width}x{height}, shape {shape}"
                    );
                }
            }
            Err(EngineError::Damaged(_) | EngineError::Unsupported(_)) => {
                assert!(source.info.video().is_none(), "{name}: a picture, but no poster");
            }
            Err(other) => panic!("{name}: {other}"),
        }
    }
}

#[test]
fn a_poster_is_not_black_when_the_film_begins_in_the_dark() {
    let path = made(
        "dark.mp4",
        &[
            "-f",
            "lavfi",
            "-i",
            "color=black:s=320x180:r=25:d=8",
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=320x180:r=25:d=30",
            "-filter_complex",
            "[0][1]concat",
            "-c:v",
            "libx264",
            "-g",
            "25",
        ],
    );
    let jpeg = engine::poster(&source(&path).expect("a film"), &limit()).expect("a poster");
    assert!(jpeg.len() > 5000, "{} bytes are a black picture", jpeg.len());
}

#[test]
fn a_song_shows_its_cover() {
    let Some(path) = film("flac_picture.flac") else { return };
    let jpeg = engine::poster(&source(&path).expect("a song"), &limit()).expect("a cover");
    assert_eq!(size(&jpeg), (372, 320));
}
