use crate::media::identity::FileIdentity;
use crate::media::loudness::{Loudness, Titles, stretches};

fn gain(integrated: i32, peak: i32) -> u32 {
    Loudness { integrated, peak }.gain_db()
}

#[test]
fn quiet_sound_is_lifted_to_the_target_and_loud_sound_stays() {
    assert_eq!(gain(-2400, -1200), 6);
    assert_eq!(gain(-1850, -1200), 0);
    assert_eq!(gain(-900, -10), 0);
}

#[test]
fn peaks_and_the_largest_gain_hold_it_back() {
    assert_eq!(gain(-2600, -200), 5);
    assert_eq!(gain(-4000, -2500), 12);
    assert_eq!(gain(-7000, -5000), 0, "silence is not turned up");
}

#[test]
fn stretches_are_spread_over_the_title_and_lie_inside() {
    for duration in [1, 900, 12_000, 25_000, 300_000, 7_200_000, 48 * 3_600_000] {
        let stretches = stretches(duration);
        assert!(!stretches.is_empty() && stretches.len() <= 20);
        assert!(stretches.iter().all(|(from, to)| *from >= 0 && from < to && *to <= duration.max(1)), "{duration}");
        assert!(stretches.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    }
}

#[test]
fn what_was_heard_outlives_a_restart_and_damage_is_nothing_known() {
    let folder = tempfile::tempdir().unwrap();
    let identity = FileIdentity { size: 1, mtime_ms: 2, edges: [3; 16] };
    let heard = vec![None, Some(Loudness { integrated: -2310, peak: -405 })];
    Titles::new(Some(folder.path())).save(&identity, &heard);
    let titles = Titles::new(Some(folder.path()));
    assert_eq!(titles.load(&identity), Some(heard));
    let file = std::fs::read_dir(folder.path().join("loudness")).unwrap().next().unwrap().unwrap().path();
    std::fs::write(file, b"[9,").unwrap();
    assert_eq!(titles.load(&identity), None);
}

#[test]
fn one_listens_to_a_title() {
    let titles = Titles::new(None);
    let identity = FileIdentity { size: 1, mtime_ms: 2, edges: [3; 16] };
    assert!(titles.begin(identity) && !titles.begin(identity));
    titles.learn(identity, vec![None]);
    titles.end(&identity);
    assert!(!titles.begin(identity) && titles.known(&identity) == Some(vec![None]));
}
