use crate::media::caps::ClientCaps;
use crate::media::decide::decide;
use crate::media::info::MediaInfo;
use crate::media::plan::{Presentation, plan};
use crate::media::playlist::master;
use crate::media::rendition::RenditionId;
use crate::media::samples;
use crate::media::samples::{audio, info, video};
use crate::media::sound::{SoundRefusal, SoundSurvey};
use crate::media::sound_choice::sound_renditions;
use crate::media::track::VideoIndex;

fn even() -> SoundSurvey {
    let times: Vec<i64> = (0..480).map(|n| n * 1024).collect();
    SoundSurvey {
        sample_rate: 48_000,
        frames: vec![1024],
        quiet: true,
        clock: 1,
        first: 0,
        last: 479 * 1024,
        windows: vec![times],
    }
}

fn film(codecs: [&str; 3]) -> Presentation {
    let mut info: MediaInfo = info("matroska,webm", vec![video("h264")]);
    for (n, codec) in codecs.into_iter().enumerate() {
        let mut stream = audio(n as u32 + 1, codec);
        if let (Some(audio), "aac") = (stream.audio.as_mut(), codec) {
            audio.codec_string = "mp4a.40.2".to_owned();
        }
        info.streams.push(stream);
    }
    let index = VideoIndex {
        time_base: (1, 1000),
        start_pts: 0,
        end_pts: 10_000,
        held_until: 10_000,
        keyframes: vec![0, 2000, 5000, 8000],
        complete: true,
        frame_rate: None,
        open_gop: false,
        ..VideoIndex::default()
    };
    plan(&samples::source(info), Some(&index)).with_sound(&[Ok(even()), Ok(even()), Err(SoundRefusal::Uneven)])
}

fn names(film: &Presentation, caps: &str) -> Vec<String> {
    sound_renditions(film, &ClientCaps::from_query(caps)).iter().map(ToString::to_string).collect()
}

#[test]
fn sound_is_copied_for_those_who_play_it_and_converted_for_the_others() {
    let film = film(["aac", "opus", "aac"]);
    assert_eq!(names(&film, "a=aac,opus"), ["acopy0", "acopy1", "a2"]);
    assert_eq!(names(&film, "a=aac"), ["acopy0", "a1", "a2"]);
}

#[test]
fn a_known_loudness_is_part_of_the_name_of_converted_sound_only() {
    let mut film = film(["aac", "ac3", "dts"]);
    film.audio.iter_mut().for_each(|audio| audio.gain_db = 7);
    assert_eq!(names(&film, "a=aac"), ["acopy0", "a1g7", "a2g7"]);
    let loud = film.track(RenditionId::AudioLoud { nth: 1, gain_db: 7 }, crate::media::track::Preset::Ultrafast);
    let plain = film.track(RenditionId::Audio(1), crate::media::track::Preset::Ultrafast).unwrap();
    assert_eq!(loud.map(|track| track.cuts), Some(plain.cuts));
}

#[test]
fn playlists_name_every_codec_of_the_group_and_the_channels_of_each_track() {
    let film = film(["opus", "flac", "dts"]);
    let caps = ClientCaps::from_query("a=aac,opus,flac");
    let text = master(&film, &decide(&film, &caps, &[720]).unwrap());
    assert!(text.contains("CODECS=\"avc1.640028,Opus,fLaC,mp4a.40.2\""), "{text}");
    assert!(text.contains("CHANNELS=\"6\",URI=\"acopy0/index.m3u8\""), "{text}");
    assert!(text.contains("CHANNELS=\"2\",URI=\"a2/index.m3u8\""), "{text}");
}
