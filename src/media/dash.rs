//! The DASH manifest of a presentation: the same segments, for players that want it so. Pure.
//!
//! Says what the HLS master says, and reads it from there, so that the two cannot differ; times are the plan's own
//! ticks.
use std::fmt::Write as _;

use crate::media::decide::Decision;
use crate::media::plan::{Presentation, Track};
use crate::media::playlist;
use crate::media::rendition::RenditionId;
use crate::media::sound_choice;
use crate::media::track::{FrameGrid, Preset};

/// Where the segments are, seen from the manifest.
const SEGMENTS: &str = "../hls/";
/// How much a player should hold before it starts, in seconds.
const BUFFER_S: u32 = 2;
const CHANNELS_SCHEME: &str = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011";

/// One line of the master that names a rendition.
struct Offer {
    id: RenditionId,
    attributes: String,
}

/// The manifest for one decision.
pub fn manifest(film: &Presentation, decision: &Decision) -> String {
    let offers = offers(&playlist::master(film, decision));
    let mut text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\" \
         profiles=\"urn:mpeg:dash:profile:isoff-live:2011\" type=\"static\" minBufferTime=\"PT{BUFFER_S}S\" \
         mediaPresentationDuration=\"{duration}\">\n<Period id=\"0\" start=\"PT0S\" duration=\"{duration}\">\n\
         <BaseURL>{SEGMENTS}</BaseURL>\n",
        duration = seconds(film.duration_ms),
    );
    // Copied pictures may be cut in fewer places than encoded ones, and a set must be cut in the same places.
    let sets: [&dyn Fn(&Offer) -> bool; 2] = [&|offer| offer.id == RenditionId::VideoCopy, &|offer| {
        !offer.id.is_sound() && offer.id != RenditionId::VideoCopy
    }];
    for set in sets {
        let offers: Vec<&Offer> = offers.iter().filter(|offer| set(offer)).collect();
        if offers.is_empty() {
            continue;
        }
        text += "<AdaptationSet contentType=\"video\" mimeType=\"video/mp4\" segmentAlignment=\"true\" \
                 startWithSAP=\"1\">\n";
        for offer in offers {
            picture(&mut text, film, offer);
        }
        text += "</AdaptationSet>\n";
    }
    let mut heard: Vec<RenditionId> = Vec::new();
    for offer in offers.iter().filter(|offer| offer.id.is_sound()) {
        // A lone sound track of a film without a picture is a variant and no group; else it is one of a group.
        if !heard.contains(&offer.id) {
            heard.push(offer.id);
            sound(&mut text, film, offer);
        }
    }
    text += "</Period>\n</MPD>\n";
    text
}

fn offers(master: &str) -> Vec<Offer> {
    let mut found = Vec::new();
    let mut lines = master.lines();
    while let Some(line) = lines.next() {
        let (attributes, uri) = if let Some(attributes) = line.strip_prefix("#EXT-X-STREAM-INF:") {
            (attributes, lines.next().map(str::to_owned))
        } else if let Some(attributes) = line.strip_prefix("#EXT-X-MEDIA:TYPE=AUDIO,") {
            (attributes, attribute(attributes, "URI"))
        } else {
            continue;
        };
        let id = uri.as_deref().and_then(|uri| uri.split('/').next()).and_then(|name| name.parse().ok());
        found.extend(id.map(|id| Offer { id, attributes: attributes.to_owned() }));
    }
    found
}

/// An attribute's value without its quotes.
fn attribute(list: &str, name: &str) -> Option<String> {
    let mut rest = list;
    while !rest.is_empty() {
        let (key, after) = rest.split_once('=')?;
        let (value, after) = match after.strip_prefix('"') {
            Some(quoted) => quoted.split_once('"')?,
            None => after.split_at(after.find(',').unwrap_or(after.len())),
        };
        if key == name {
            return Some(value.to_owned());
        }
        rest = after.strip_prefix(',').unwrap_or(after);
    }
    None
}

fn picture(text: &mut String, film: &Presentation, offer: &Offer) {
    let Some(track) = film.track(offer.id, Preset::Ultrafast) else { return };
    let get = |name| attribute(&offer.attributes, name);
    let _ = write!(text, "<Representation id=\"{}\"", offer.id);
    let codec = get("CODECS").and_then(|all| all.split(',').next().map(str::to_owned));
    put(text, "codecs", codec);
    put(text, "bandwidth", get("BANDWIDTH"));
    let size = get("RESOLUTION");
    if let Some((width, height)) = size.as_deref().and_then(|size| size.split_once('x')) {
        put(text, "width", Some(width.to_owned()));
        put(text, "height", Some(height.to_owned()));
    }
    let grid = film.video.as_ref().map(|video| video.grid);
    if let Some(FrameGrid::Constant { timescale, frame_ticks }) = grid {
        put(text, "frameRate", Some(format!("{timescale}/{frame_ticks}")));
    }
    text.push_str(">\n");
    timeline(text, &track);
    text.push_str("</Representation>\n");
}

fn sound(text: &mut String, film: &Presentation, offer: &Offer) {
    let Some(track) = film.track(offer.id, Preset::Ultrafast) else { return };
    let get = |name| attribute(&offer.attributes, name);
    let language = get("LANGUAGE").map(|tag| format!(" lang=\"{}\"", escaped(&tag))).unwrap_or_default();
    let _ = writeln!(
        text,
        "<AdaptationSet contentType=\"audio\" mimeType=\"audio/mp4\" segmentAlignment=\"true\" \
         startWithSAP=\"1\"{language}>"
    );
    if get("DEFAULT").as_deref() == Some("YES") {
        text.push_str("<Role schemeIdUri=\"urn:mpeg:dash:role:2011\" value=\"main\"/>\n");
    }
    if let Some(name) = get("NAME") {
        let _ = writeln!(text, "<Label>{}</Label>", escaped(&name));
    }
    let _ = write!(text, "<Representation id=\"{}\"", offer.id);
    put(text, "codecs", playlist::sound_codec(film, offer.id));
    put(text, "bandwidth", Some(sound_choice::bit_rate(film, &[&offer.id]).to_string()));
    put(text, "audioSamplingRate", Some(track.timescale.to_string()));
    text.push_str(">\n");
    let channels = get("CHANNELS").unwrap_or_else(|| "2".to_owned());
    let _ = writeln!(
        text,
        "<AudioChannelConfiguration schemeIdUri=\"{CHANNELS_SCHEME}\" value=\"{}\"/>",
        escaped(&channels)
    );
    timeline(text, &track);
    text.push_str("</Representation>\n</AdaptationSet>\n");
}

fn put(text: &mut String, name: &str, value: Option<String>) {
    if let Some(value) = value {
        let _ = write!(text, " {name}=\"{}\"", escaped(&value));
    }
}

/// Equal lengths in a row are said once.
fn timeline(text: &mut String, track: &Track<'_>) {
    let _ = write!(
        text,
        "<SegmentTemplate timescale=\"{}\" startNumber=\"0\" initialization=\"$RepresentationID$/init.mp4\" \
         media=\"$RepresentationID$/$Number$.m4s\">\n<SegmentTimeline>\n",
        track.timescale
    );
    let lengths: Vec<i64> = track.cuts.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let mut start = track.cuts.first().map(|first| format!(" t=\"{first}\"")).unwrap_or_default();
    for run in lengths.chunk_by(|a, b| a == b) {
        let repeat = if run.len() > 1 { format!(" r=\"{}\"", run.len() - 1) } else { String::new() };
        let _ = writeln!(text, "<S{start} d=\"{}\"{repeat}/>", run[0]);
        start.clear();
    }
    text.push_str("</SegmentTimeline>\n</SegmentTemplate>\n");
}

fn seconds(ms: i64) -> String {
    format!("PT{}.{:03}S", ms / 1000, ms % 1000)
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
#[path = "dash_tests.rs"]
mod tests;
