//! What a plan is made from, as bytes that outlive the process. Pure.
//!
//! The index is stored, not the plan: making a plan from it costs less than reading one, and cannot disagree with it.
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::media::info::Source;
use crate::media::map::{Access, FileMap, Stretch};
use crate::media::plan::{Presentation, plan};
use crate::media::sound::{SoundRefusal, SoundSurvey};
use crate::media::track::VideoIndex;

/// All that was found out about a film.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Known {
    /// Where its pictures are.
    pub(crate) index: VideoIndex,
    /// What was seen of its sound streams; nothing before the index is complete.
    pub(crate) sounds: Vec<Result<SoundSurvey, SoundRefusal>>,
}

impl Known {
    pub(crate) fn plan(&self, source: &Source) -> Presentation {
        plan(source, Some(&self.index)).with_sound(&self.sounds)
    }
}

/// Lists that grow are stored as their steps.
#[derive(Serialize, Deserialize)]
#[expect(clippy::struct_excessive_bools, reason = "as in the index")]
struct Row {
    time_base: (i32, i32),
    start_pts: i64,
    end_pts: i64,
    held_until: i64,
    key_steps: Vec<i64>,
    complete: bool,
    frame_rate: Option<(u32, u32)>,
    open_gop: bool,
    changes: bool,
    even: bool,
    #[serde(default)]
    peak_bit_rate: u64,
    map: Option<MapRow>,
    sounds: Vec<Result<SoundSurvey, SoundRefusal>>,
}

#[derive(Serialize, Deserialize)]
struct MapRow {
    access: Access,
    time_steps: Vec<i64>,
    byte_steps: Vec<i64>,
    stretches: Vec<Stretch>,
}

/// All of it as bytes.
pub(crate) fn to_bytes(known: &Known) -> Vec<u8> {
    let index = &known.index;
    let map = index.map.as_ref().map(|map| MapRow {
        access: map.access,
        time_steps: steps(map.points.iter().map(|point| point.0)),
        byte_steps: steps(map.points.iter().map(|point| point.1)),
        stretches: map.stretches.clone(),
    });
    let row = Row {
        time_base: index.time_base,
        start_pts: index.start_pts,
        end_pts: index.end_pts,
        held_until: index.held_until,
        key_steps: steps(index.keyframes.iter().copied()),
        complete: index.complete,
        frame_rate: index.frame_rate,
        open_gop: index.open_gop,
        changes: index.changes,
        even: index.even,
        peak_bit_rate: index.peak_bit_rate,
        map,
        sounds: known.sounds.clone(),
    };
    // Numbers and lists of them always have a form in JSON.
    serde_json::to_vec(&row).unwrap_or_default()
}

/// What these bytes are, if they are that.
pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Known> {
    let row: Row = serde_json::from_slice(bytes).ok()?;
    let map = row.map.map(|map| {
        let points = sums(&map.time_steps).into_iter().zip(sums(&map.byte_steps)).collect();
        Arc::new(FileMap { access: map.access, points, stretches: map.stretches })
    });
    let index = VideoIndex {
        time_base: row.time_base,
        start_pts: row.start_pts,
        end_pts: row.end_pts,
        held_until: row.held_until,
        keyframes: sums(&row.key_steps),
        complete: row.complete,
        frame_rate: row.frame_rate,
        open_gop: row.open_gop,
        changes: row.changes,
        even: row.even,
        peak_bit_rate: row.peak_bit_rate,
        map,
    };
    Some(Known { index, sounds: row.sounds })
}

fn steps(values: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut last = 0_i64;
    values
        .map(|value| {
            let step = value.wrapping_sub(last);
            last = value;
            step
        })
        .collect()
}

fn sums(steps: &[i64]) -> Vec<i64> {
    let mut last = 0_i64;
    steps
        .iter()
        .map(|step| {
            last = last.wrapping_add(*step);
            last
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use proptest::prelude::*;

    use crate::media::map::{Access, FileMap, Stretch};
    use crate::media::sound::{SoundRefusal, SoundSurvey};
    use crate::media::stored::{Known, from_bytes, to_bytes};
    use crate::media::track::VideoIndex;

    proptest! {
        #[test]
        fn an_index_comes_back_as_it_was(
            keyframes in prop::collection::vec(any::<i64>(), 0..50),
            points in prop::collection::vec(any::<(i64, i64)>(), 0..50),
            ends in any::<(i64, i64, i64)>(),
            flags in any::<(bool, bool, bool, bool, bool)>(),
            frame_rate in any::<Option<(u32, u32)>>(),
        ) {
            let stretches = vec![Stretch { pos: ends.0, first: ends.1, last: ends.2, shift: 7 }];
            let map = flags.4.then(|| Arc::new(FileMap { access: Access::Bytes, points, stretches }));
            let index = VideoIndex {
                time_base: (1, 90_000),
                start_pts: ends.0,
                end_pts: ends.1,
                held_until: ends.2,
                keyframes,
                complete: flags.0,
                frame_rate,
                open_gop: flags.1,
                changes: flags.2,
                even: flags.3,
                peak_bit_rate: ends.2.unsigned_abs(),
                map,
            };
            let survey = SoundSurvey {
                sample_rate: 48_000,
                frames: vec![1536],
                quiet: true,
                clock: 48,
                windows: vec![vec![ends.0], Vec::new()],
                first: ends.1,
                last: ends.2,
            };
            let known = Known { index, sounds: vec![Ok(survey), Err(SoundRefusal::Uneven)] };
            prop_assert_eq!(from_bytes(&to_bytes(&known)), Some(known));
        }
    }

    #[test]
    fn other_bytes_are_no_index() {
        assert_eq!(from_bytes(b""), None);
        assert_eq!(from_bytes(b"{\"time_base\":[1,1000]}"), None);
    }
}
