//! One gain for the converted sound of a title: measured in the background, remembered, part of the name.
use std::time::Duration;

use watchparty::media::{ClientCaps, RenditionId, playlist};

use crate::media::harness::Rig;
use crate::support::films::made;

const POLL: Duration = Duration::from_millis(50);
const PATIENCE: Duration = Duration::from_mins(1);

/// A quiet voice in the centre of a surround track, as films have it.
fn quiet_film() -> std::path::PathBuf {
    let voices = "aevalsrc=0|0|0.1*sin(440*2*PI*t)|0|0|0:s=48000:d=20:c=5.1(side)";
    made(
        "quiet-ac3.mkv",
        &[
            "-f",
            "lavfi",
            "-i",
            "testsrc2=s=64x64:r=25:d=20",
            "-f",
            "lavfi",
            "-i",
            voices,
            "-c:v",
            "libx264",
            "-c:a",
            "ac3",
        ],
    )
}

/// Waits until the loudness of the film is known, and says the gain that follows.
async fn gain(rig: &Rig) -> u32 {
    let source = rig.source(quiet_film()).await;
    let known = async {
        let mut interval = tokio::time::interval(POLL);
        loop {
            let gain = rig.media.presentation(&source).await.unwrap().audio[0].gain_db;
            if gain > 0 {
                return gain;
            }
            interval.tick().await;
        }
    };
    tokio::time::timeout(PATIENCE, known).await.expect("the loudness becomes known")
}

#[tokio::test(flavor = "multi_thread")]
async fn quiet_surround_is_lifted_and_the_gain_is_in_the_address() {
    let rig = Rig::start();
    let source = rig.source(quiet_film()).await;
    let before = rig.media.presentation(&source).await.unwrap();
    let plain = rig.fetch(&before, RenditionId::Audio(0), 1).await.unwrap();
    let gain = gain(&rig).await;
    assert_eq!(gain, 12, "the largest there is");
    let film = rig.media.presentation(&source).await.unwrap();
    let decision = rig.media.offer(&film, &ClientCaps::default()).unwrap();
    let loud = RenditionId::AudioLoud { nth: 0, gain_db: 12 };
    assert!(decision.renditions.contains(&loud), "{decision:?}");
    assert!(playlist::master(&film, &decision).contains("URI=\"a0g12/index.m3u8\""));
    // The old address still means what it meant, and its segments join those of before.
    assert_eq!(rig.fetch(&film, RenditionId::Audio(0), 1).await.unwrap(), plain);
    assert_ne!(rig.fetch(&film, loud, 1).await.unwrap(), plain);
    let rig = rig.restart().await;
    assert_eq!(self::gain(&rig).await, 12);
    rig.media.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn sound_that_everybody_copies_is_not_listened_to() {
    let Some(path) = crate::support::films::film("bbb_480p_30s_aac51.mp4") else { return };
    let rig = Rig::start();
    let film = rig.film(path).await;
    let decision = rig.media.offer(&film, &ClientCaps::default()).unwrap();
    assert!(decision.renditions.contains(&RenditionId::AudioCopy(0)), "{decision:?}");
    rig.media.shutdown().await;
}
