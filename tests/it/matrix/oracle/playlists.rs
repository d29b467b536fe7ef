//! Playlists by the rules of RFC 8216 and of what players are known to stumble over.
use watchparty::media::track::SegmentJob;
use watchparty::media::{Decision, Presentation, RenditionId, playlist};

use crate::matrix::oracle::segments::Made;
use crate::support::boxes;

/// A value of an attribute list.
fn attribute<'a>(line: &'a str, name: &str) -> Option<&'a str> {
    let list = line.split_once(':')?.1;
    let at = list.match_indices(&format!("{name}=")).find(|(at, _)| *at == 0 || list.as_bytes()[at - 1] == b',')?.0;
    let value = &list[at + name.len() + 1..];
    match value.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"').map(|(value, _)| value),
        None => value.split(',').next(),
    }
}

/// Variants as (attributes, address).
fn variants(master: &str) -> Vec<(&str, &str)> {
    let lines: Vec<&str> = master.lines().collect();
    lines.windows(2).filter(|pair| pair[0].starts_with("#EXT-X-STREAM-INF:")).map(|pair| (pair[0], pair[1])).collect()
}

fn header(label: &str, text: &str) {
    assert!(text.starts_with("#EXTM3U\n"), "{label}: does not start with #EXTM3U");
    let version: u32 =
        text.split("#EXT-X-VERSION:").nth(1).and_then(|rest| rest.lines().next()).unwrap().parse().unwrap();
    assert!(version >= 7, "{label}: version {version}");
}

pub(super) fn check_master(name: &str, master: &str, film: &Presentation, decision: &Decision) {
    header(name, master);
    let variants = variants(master);
    assert!(!variants.is_empty(), "{name}: nothing to play in {master}");
    let groups: Vec<&str> = master
        .lines()
        .filter(|line| line.starts_with("#EXT-X-MEDIA:"))
        .map(|line| attribute(line, "GROUP-ID").unwrap())
        .collect();
    for (line, address) in &variants {
        let id: RenditionId = address.split('/').next().unwrap().parse().unwrap();
        assert!(decision.renditions.contains(&id), "{name}: {address} was not decided on");
        assert!(attribute(line, "BANDWIDTH").unwrap().parse::<u64>().unwrap() > 0, "{name}: {line}");
        if film.video.is_some() {
            let size = attribute(line, "RESOLUTION").and_then(|size| size.split_once('x'));
            assert!(size.is_some(), "{name}: no resolution in {line}");
        }
        if let Some(group) = attribute(line, "AUDIO") {
            assert!(groups.contains(&group), "{name}: no group {group}");
        }
    }
    let defaults = master.lines().filter(|line| attribute(line, "DEFAULT") == Some("YES")).count();
    assert!(groups.is_empty() || defaults >= 1, "{name}: no sound is the default");
}

/// One segment a line, none longer than promised, and all together as long as the plan.
pub(super) fn check_rendition(label: &str, film: &Presentation, id: RenditionId, jobs: &[SegmentJob], timescale: u32) {
    let text = playlist::rendition(film, &id).unwrap_or_else(|| panic!("{label}: no playlist"));
    header(label, &text);
    for tag in ["#EXT-X-PLAYLIST-TYPE:VOD", "#EXT-X-ENDLIST", "#EXT-X-MEDIA-SEQUENCE:0", "#EXT-X-MAP:URI="] {
        assert_eq!(text.matches(tag).count(), 1, "{label}: {tag}");
    }
    let target = text.split("#EXT-X-TARGETDURATION:").nth(1).and_then(|rest| rest.lines().next()).unwrap();
    let target: u32 = target.parse().unwrap_or_else(|_| panic!("{label}: target {target} is no whole number"));
    let lengths: Vec<f64> = text
        .lines()
        .filter_map(|line| line.strip_prefix("#EXTINF:"))
        .map(|line| line.trim_end_matches(',').parse().unwrap())
        .collect();
    assert_eq!(lengths.len(), jobs.len(), "{label}");
    assert!(lengths.iter().all(|length| length.round() <= f64::from(target)), "{label}: longer than {target} s");
    for (job, length) in jobs.iter().zip(&lengths) {
        let planned = (job.end - job.start) as f64 / f64::from(timescale);
        assert!((planned - length).abs() < 2e-6, "{label} {job:?}: {length} s promised");
    }
    let end = jobs.last().unwrap().end as f64 / f64::from(timescale);
    assert!((lengths.iter().sum::<f64>() - end).abs() < 1e-4, "{label}: the sum is not the length");
}

/// What a variant promises of its rate and its codec is what its segments have.
pub(super) fn check_rate(made: &Made, master: &str) {
    let variant = variants(master).into_iter().find(|(_, address)| address.starts_with(&format!("{}/", made.id)));
    let Some((line, _)) = variant else { return };
    let promised: f64 = attribute(line, "BANDWIDTH").unwrap().parse().unwrap();
    let target = made.jobs.iter().map(|job| made.seconds(job.end - job.start)).fold(0.0, f64::max).ceil();
    for (job, segment) in made.jobs.iter().zip(&made.segments) {
        let seconds = made.seconds(job.end - job.start);
        // Shorter ones do not count as a peak (RFC 8216, 4.1).
        if seconds >= target / 2.0 {
            let rate = segment.len() as f64 * 8.0 / seconds;
            assert!(rate <= promised, "{} {job:?}: {rate:.0} bit/s, promised {promised}", made.label);
        }
    }
    let entry = boxes::sample_entry(&made.init);
    if let Some(codecs) = attribute(line, "CODECS") {
        assert!(codecs.split(',').any(|codec| codec.starts_with(&entry)), "{}: {entry} is not in {codecs}", made.label);
    }
}
