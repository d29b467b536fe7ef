//! Simulated evenings. `SIM_SEEDS` raises how many; a failing one names its seed, and `SIM_SEED` replays it.
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::Duration;

use crate::rooms::sim_world::{Dice, World, newest};

const SEEDS: u64 = 24;
const BROWSERS: usize = 6;
const EVENING: Duration = Duration::from_mins(10);
/// Longer than the longest absence, so that everybody is back.
const CALM: Duration = Duration::from_secs(90);

fn number_from_env(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn for_each_seed(check: impl Fn(u64)) {
    let seeds = match number_from_env("SIM_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number_from_env("SIM_SEEDS").unwrap_or(SEEDS),
    };
    for seed in seeds {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| check(seed))) {
            eprintln!("failed with SIM_SEED={seed}");
            resume_unwind(panic);
        }
    }
}

#[test]
fn after_any_evening_all_browsers_agree_with_the_room() {
    for_each_seed(|seed| {
        let mut world = World::new(seed, BROWSERS);
        world.run(EVENING);
        world.calm_down();
        world.run(CALM);
        let late = world.arrive();
        world.run(Duration::from_secs(10));
        let state = world.room.state();
        assert!(state.waiting.is_none(), "still waiting in the calm");
        assert!(world.browsers[late].best.is_some(), "the late one was told nothing");
        for (number, browser) in world.browsers.iter().enumerate() {
            assert_eq!(browser.best.as_ref(), Some(&state), "browser {number}");
        }
        assert!(world.states.len() > 20, "nothing happened that evening");
    });
}

#[test]
fn the_same_seed_gives_the_same_evening() {
    let run = |seed| {
        let mut world = World::new(seed, BROWSERS);
        world.run(EVENING / 2);
        world.trace
    };
    for seed in 0..3 {
        assert_eq!(run(seed), run(seed), "SIM_SEED={seed}");
    }
    assert_ne!(run(0), run(1));
}

#[test]
fn browsers_told_the_same_states_in_any_order_agree() {
    for_each_seed(|seed| {
        let mut world = World::new(seed, 3);
        world.run(EVENING / 5);
        let mut dice = Dice::new(seed);
        let mut states: Vec<_> = world.states.values().collect();
        for _ in 0..5 {
            for i in (1..states.len()).rev() {
                states.swap(i, dice.below(i as u64 + 1) as usize);
            }
            let mut best = None;
            for state in &states {
                newest(&mut best, state);
            }
            assert_eq!(best, Some(world.room.state()));
        }
    });
}
