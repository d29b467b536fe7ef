//! Films with more, with less, and with something else in them; names and files that nobody would choose.
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use watchparty::media::plan::plan;
use watchparty::media::track::{Preset, VideoIndex};
use watchparty::media::{MediaError, Mode, RenditionId, StreamKind, playlist};

use crate::matrix::oracle::{Copy, Expect, Heard, check, in_time, open};
use crate::matrix::recipe::{H264, base, derived, encoded, film, plain, text};
use crate::media::harness::Rig;
use crate::support::boxes;

/// Playlists of the longest evening stay below this.
const PLAYLIST_BYTES_MAX: usize = 1 << 20;

#[tokio::test(flavor = "multi_thread")]
async fn case_24_subtitles_of_two_kinds_do_not_stand_in_the_way() {
    let words = text("words.srt", "1\n00:00:01,000 --> 00:00:03,500\nÜber die Grenze — ночь\n\n");
    let film =
        film("subtitles.mkv", &format!("-i {} -i {words} -map 0 -map 1 -map 1 -c copy -c:s:0 srt -c:s:1 ass", plain()));
    let checked = check(&film, &Expect { mode: Some(Mode::Remux), ..Expect::base() }).await;
    let kinds: Vec<&str> = checked
        .film
        .source
        .info
        .streams
        .iter()
        .filter(|stream| stream.kind == StreamKind::Subtitle)
        .map(|stream| stream.codec.as_str())
        .collect();
    assert_eq!(kinds, ["subrip", "ass"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_26_chapters_are_told() {
    let marks = text(
        "chapters.txt",
        ";FFMETADATA1\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=4000\ntitle=Öffnung\n\
         [CHAPTER]\nTIMEBASE=1/1000\nSTART=4000\nEND=10000\ntitle=Rest\n",
    );
    let film = film("chapters.mkv", &format!("-i {} -i {marks} -map 0 -map_metadata 1 -c copy", plain()));
    let checked = check(&film, &Expect { mode: Some(Mode::Remux), ..Expect::base() }).await;
    let told: Vec<(i64, &str)> =
        checked.film.source.info.chapters.iter().map(|chapter| (chapter.start_ms, chapter.title.as_str())).collect();
    assert_eq!(told, [(0, "Öffnung"), (4000, "Rest")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn case_27_of_two_programs_the_better_picture_plays_with_its_own_sound() {
    let film = film(
        "programs.ts",
        &format!(
            "-i {base} -itsoffset 0.3 -t 9.6 -i {base} -map 0:v -map 0:a -map 0:v -map 1:a {H264} \
             -filter:v:0 scale=160:90 -filter:v:1 scale=640:360:flags=area -c:a aac -b:a 128k \
             -program title=A:st=0:st=1 -program title=B:st=2:st=3 -muxdelay 0",
            base = base()
        ),
    );
    let expect = Expect { slack_s: 0.4, copy: Copy::Any, size: (640, 360), heard: Heard::late(0.3), ..Expect::base() };
    let checked = check(&film, &expect).await;
    assert_eq!(checked.film.audio.len(), 1, "the sound of the other program is not offered");
}

#[tokio::test(flavor = "multi_thread")]
async fn case_28_a_film_that_was_cut_off_plays_to_the_cut() {
    let mkv = film("whole.mkv", &format!("-i {} -c copy", plain()));
    let ts = film("whole.ts", &format!("-i {} -c copy -muxdelay 0", plain()));
    for whole in [mkv, ts, plain()] {
        let extension = whole.path.extension().unwrap().to_str().unwrap().to_owned();
        let cut = derived(&format!("cut.{extension}"), &whole, "60 %", |bytes| bytes[..bytes.len() * 6 / 10].to_vec());
        let heard = Heard::Sounds;
        // What plays is about what is there.
        let checked = open(&cut).await;
        let seconds = checked.film.duration_ms as f64 / 1000.0;
        assert!((4.0..8.5).contains(&seconds), "{cut}: {seconds} s");
        let sound = Expect { seconds, slack_s: 0.1, heard, damaged: true, copy: Copy::Any, ..Expect::base() };
        drop(checked);
        check(&cut, &sound).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_29_flipped_bytes_cost_pictures_and_nothing_else() {
    let good = open(&plain()).await;
    let mkv = film("whole.mkv", &format!("-i {} -c copy", plain()));
    let ts = film("whole.ts", &format!("-i {} -c copy -muxdelay 0", plain()));
    for whole in [mkv, ts, plain()] {
        let extension = whole.path.extension().unwrap().to_str().unwrap().to_owned();
        let flipped = derived(&format!("flipped.{extension}"), &whole, "400 bytes behind the head", |mut bytes| {
            let mut state = 0x9e37_79b9_7f4a_7c15_u64;
            // The head is left alone: a film that is not one is another case.
            let head = bytes.windows(4).position(|name| name == b"mdat").unwrap_or(0).max(6000);
            for _ in 0..400 {
                state ^= state << 13;
                state ^= state >> 7;
                state ^= state << 17;
                let at = head + state as usize % (bytes.len() - head);
                bytes[at] = (state >> 40) as u8;
            }
            bytes
        });
        let source = good.rig.source(flipped.path.clone()).await;
        let film = in_time(&flipped.name, good.rig.media.presentation(&source)).await.unwrap();
        let mut whole = 0;
        for id in [RenditionId::VideoCopy, RenditionId::Video(360), RenditionId::Audio(0)] {
            let Some(track) = film.track(id, Preset::Ultrafast) else { continue };
            for n in 0..track.segments() {
                let job = track.job(n).unwrap();
                match in_time(&flipped.name, good.rig.fetch(&film, id, n)).await {
                    Ok(bytes) => {
                        let fragments = boxes::fragments(&bytes);
                        let length: i64 = fragments.iter().map(boxes::Fragment::duration).sum();
                        assert_eq!(
                            (fragments[0].tfdt as i64, length),
                            (job.start, job.end - job.start),
                            "{flipped} {id} {n}"
                        );
                        whole += 1;
                    }
                    Err(MediaError::Engine(_) | MediaError::PictureDamaged { .. }) => {}
                    Err(error) => panic!("{flipped} {id} {n}: {error}"),
                }
            }
        }
        assert!(whole >= 8, "{flipped}: only {whole} segments could be made");
    }
    assert!(good.rig.fetch(&good.film, RenditionId::Video(360), 1).await.is_ok(), "the film of another room");
}

/// A folder of copies of the plain film.
fn copies(names: &[&[u8]]) -> (tempfile::TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let plain = plain();
    let paths = names.iter().map(|name| folder.path().join(OsStr::from_bytes(name))).collect::<Vec<_>>();
    for path in &paths {
        std::fs::copy(&plain.path, path).unwrap();
    }
    (folder, paths)
}

#[tokio::test(flavor = "multi_thread")]
async fn case_40_names_of_any_bytes_play_and_files_of_any_bytes_are_refused() {
    let (folder, paths) =
        copies(&[b"f\xff\xfe.mp4", b"a b  c.mp4", b"100%#1?.mp4", b"it's \"x\" & `y`.mp4", b"-i.mp4"]);
    for path in paths {
        let rig = Rig::start();
        let film = in_time("film", rig.film(path)).await;
        assert!(rig.fetch(&film, RenditionId::VideoCopy, 0).await.is_ok());
    }
    let rig = Rig::start();
    let noise: Vec<u8> = (0_u32..70_000).map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    for (name, content) in
        [("empty.mp4", &[][..]), ("noise.mp4", &noise), ("words.mkv", b"Dear diary, today I became a film.")]
    {
        let path = folder.path().join(name);
        std::fs::write(&path, content).unwrap();
        let refusal = in_time(name, rig.media.probe(&path)).await.unwrap_err().to_string();
        assert!(refusal.ends_with('.') && refusal.split(' ').count() >= 4, "{name}: {refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn case_42_bitmap_subtitles_do_not_stand_in_the_way() {
    let Some(path) = crate::support::films::film("pgs_ac3.mkv") else { return };
    let rig = Rig::start();
    let film = in_time("pgs", rig.film(path)).await;
    assert!(film.source.info.streams.iter().any(|stream| stream.codec == "hdmv_pgs_subtitle"));
    assert!(rig.fetch(&film, RenditionId::Video(360), 0).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_44_thirty_sounds_and_forty_subtitles_open_at_once() {
    let words = text("words.srt", "1\n00:00:01,000 --> 00:00:03,500\nWords\n\n");
    let base = base();
    let sounds = " -map 0:a".repeat(30);
    let subtitles = " -map 1".repeat(40);
    let film = film(
        "many.mkv",
        &format!("-i {base} -i {words} -map 0:v{sounds}{subtitles} {H264} -c:a aac -b:a 64k -c:s srt"),
    );
    let checked = check(&film, &Expect { mode: Some(Mode::Remux), ..Expect::base() }).await;
    assert_eq!(checked.film.audio.len(), 30);
    assert!(checked.master.len() < PLAYLIST_BYTES_MAX / 16, "{} bytes", checked.master.len());
}

#[tokio::test(flavor = "multi_thread")]
async fn case_44_the_playlists_of_twelve_hours_stay_small() {
    let checked = open(&plain()).await;
    let end = 12 * 3600 * 24_000;
    let index = VideoIndex {
        peak_bit_rate: 0,
        time_base: (1, 24_000),
        start_pts: 0,
        end_pts: end,
        held_until: end,
        keyframes: (0..end).step_by(48_048).collect(),
        complete: true,
        frame_rate: Some((24_000, 1001)),
        ..VideoIndex::default()
    };
    let film = plan(&checked.film.source, Some(&index));
    for id in [RenditionId::VideoCopy, RenditionId::Video(360), RenditionId::Audio(0)] {
        let text = playlist::rendition(&film, &id).unwrap();
        assert!(text.len() < PLAYLIST_BYTES_MAX, "{id}: {} bytes", text.len());
    }
}

/// What becomes of a film whose file is changed while it plays.
async fn after(change: impl FnOnce(&PathBuf)) -> (Rig, Result<bytes::Bytes, MediaError>) {
    let (folder, paths) = copies(&[b"film.mp4"]);
    let rig = Rig::start();
    let film = in_time("film", rig.film(paths[0].clone())).await;
    rig.fetch(&film, RenditionId::Video(360), 0).await.unwrap();
    change(&paths[0]);
    let next = in_time("next segment", rig.fetch(&film, RenditionId::Video(360), 3)).await;
    drop(folder);
    (rig, next)
}

#[tokio::test(flavor = "multi_thread")]
async fn case_45_a_file_that_changes_while_it_plays_is_an_error_and_then_another_film() {
    let other = encoded("other.mp4", &format!("-vf negate {H264} -c:a aac -b:a 96k -movflags +faststart"));
    let replaced = after(|path| {
        std::fs::remove_file(path).unwrap();
        std::fs::copy(&other.path, path).unwrap();
    });
    let grown = after(|path| {
        let mut bytes = std::fs::read(path).unwrap();
        bytes.extend([0; 5000]);
        std::fs::write(path, bytes).unwrap();
    });
    let removed = after(|path| std::fs::remove_file(path).unwrap());
    let cut = after(|path| std::fs::OpenOptions::new().write(true).open(path).unwrap().set_len(40_000).unwrap());
    for (what, (rig, next)) in
        [("replaced", replaced.await), ("grown", grown.await), ("removed", removed.await), ("cut", cut.await)]
    {
        // Who has the old file open may go on with it.
        let whole = next.as_ref().is_ok_and(|bytes| boxes::fragments(bytes)[0].tfdt > 0);
        assert!(whole || matches!(next, Err(MediaError::Changed | MediaError::Engine(_))), "{what}: {:?}", next.err());
        let plain = open(&plain()).await;
        let film = rig.film(plain.film.source.path.clone()).await;
        assert!(rig.fetch(&film, RenditionId::Video(360), 0).await.is_ok(), "{what}: another film of the same service");
    }
}
