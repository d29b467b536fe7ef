//! TTML and EBU-TT-D: paragraphs with times. Styles beyond slanted and bold are left to the page.
use roxmltree::{Document, Node, ParsingOptions};

use crate::media::subtitles::markup::Dialect;
use crate::media::subtitles::{CUES_MAX, Cue, UNTOLD_MS, clock_time, cue};

/// Elements of the largest document that is looked at.
const NODES_MAX: u32 = 200_000;

pub(super) fn parse(text: &str) -> Vec<Cue> {
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let Ok(document) = Document::parse_with_options(text, options) else { return Vec::new() };
    let rate = |name: &str| attribute(document.root_element(), name).and_then(|value| value.parse::<f64>().ok());
    let frames = rate("frameRate").filter(|rate| *rate > 0.0).unwrap_or(30.0);
    let ticks = rate("tickRate").filter(|rate| *rate > 0.0).unwrap_or(1.0);
    let time = |node: Node<'_, '_>, name| attribute(node, name).and_then(|text| moment(text, frames, ticks));
    let paragraphs = document.descendants().filter(|node| node.tag_name().name() == "p").take(CUES_MAX);
    let cues = paragraphs.filter_map(|p| {
        let start_ms = time(p, "begin")?;
        let end_ms = time(p, "end").or_else(|| time(p, "dur").map(|length| start_ms + length));
        let mut words = String::new();
        write(p, &mut words);
        Some(cue(start_ms, end_ms.unwrap_or(start_ms + UNTOLD_MS), &words, Dialect::Html))
    });
    cues.collect()
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Option<&'a str> {
    node.attributes().find(|attribute| attribute.name() == name).map(|attribute| attribute.value())
}

/// `00:00:01.5`, `00:00:01:12` (frames), `1.5s`, `36f`, `1500ms`, `9000t`.
fn moment(text: &str, frames: f64, ticks: f64) -> Option<i64> {
    let text = text.trim();
    let parts: Vec<&str> = text.split(':').collect();
    if let [_, _, _, count] = parts.as_slice() {
        let count = count.parse::<f64>().ok().filter(|count| *count < 1000.0)?;
        return Some(clock_time::parse(&parts[..3].join(":"))? + (count * 1000.0 / frames) as i64);
    }
    if parts.len() > 1 {
        return clock_time::parse(text);
    }
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let value = digits.parse::<f64>().ok().filter(|value| (0.0..1e12).contains(value))?;
    let seconds = match &text[digits.len()..] {
        "h" => value * 3600.0,
        "m" => value * 60.0,
        "s" => value,
        "ms" => value / 1000.0,
        "f" => value / frames,
        "t" => value / ticks,
        _ => return None,
    };
    Some((seconds.min(1e9) * 1000.0) as i64)
}

/// Words with the tags that cues know; the tree is walked without recursion, which a document could abuse.
fn write(paragraph: Node<'_, '_>, out: &mut String) {
    for node in paragraph.descendants() {
        if let Some(text) = node.text().filter(|_| node.is_text()) {
            let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let (before, after) = (text.starts_with(char::is_whitespace), text.ends_with(char::is_whitespace));
            let slanted = node.ancestors().any(|above| attribute(above, "fontStyle") == Some("italic"));
            let escaped = words.replace('&', "&amp;").replace('<', "&lt;");
            out.push_str(if before { " " } else { "" });
            let (open, close) = if slanted && !words.is_empty() { ("<i>", "</i>") } else { ("", "") };
            out.extend([open, &escaped, close]);
            out.push_str(if after { " " } else { "" });
        } else if node.tag_name().name() == "br" {
            out.push('\n');
        }
    }
}
