//! TTML and EBU-TT-D: paragraphs with times. Styles beyond slanted and bold are left to the page.
use roxmltree::{Document, Node, ParsingOptions};

use crate::media::subtitles::markup::Dialect;
use crate::media::subtitles::{Cues, UNTOLD_MS, clock_time, cue};

/// Elements of the largest document that is looked at.
const NODES_MAX: u32 = 200_000;
/// Attributes of one element, and names of namespaces in all of the document: the XML parser compares each with the
/// others.
const ATTRIBUTES_MAX: usize = 256;
const NAMESPACES_MAX: usize = 1000;
/// Bytes of one paragraph that are kept.
const WORDS_BYTES_MAX: usize = 16 << 10;

pub(super) fn parse(text: &str, cues: &mut Cues<'_>) {
    let modest = text.split('<').all(|piece| piece.bytes().filter(|byte| *byte == b'=').count() <= ATTRIBUTES_MAX);
    if !modest || text.matches("xmlns").count() > NAMESPACES_MAX {
        return;
    }
    let options = ParsingOptions { nodes_limit: NODES_MAX, ..ParsingOptions::default() };
    let Ok(document) = Document::parse_with_options(text, options) else { return };
    let rate = |name: &str| attribute(document.root_element(), name).and_then(|value| value.parse::<f64>().ok());
    let frames = rate("frameRate").filter(|rate| *rate > 0.0).unwrap_or(30.0);
    let ticks = rate("tickRate").filter(|rate| *rate > 0.0).unwrap_or(1.0);
    let time = |node: Node<'_, '_>, name| attribute(node, name).and_then(|text| moment(text, frames, ticks));
    let mut finish = |paragraph: Option<(Node<'_, '_>, String)>| {
        let Some((p, words)) = paragraph else { return true };
        if cues.full() {
            return false;
        }
        if let Some(start_ms) = time(p, "begin") {
            let end_ms = time(p, "end").or_else(|| time(p, "dur").map(|length| start_ms + length));
            cues.list.push(cue(start_ms, end_ms.unwrap_or(start_ms + UNTOLD_MS), &words, Dialect::Html));
        }
        true
    };
    // Once over the tree, without recursion, which a document could abuse. A paragraph within one is part of its words.
    let mut above: Vec<(Node<'_, '_>, bool)> = Vec::new();
    let mut paragraph: Option<(Node<'_, '_>, String)> = None;
    for node in document.descendants() {
        while let Some((closed, _)) = above.pop_if(|(last, _)| Some(*last) != node.parent()) {
            if !finish(paragraph.take_if(|(p, _)| *p == closed)) {
                return;
            }
        }
        let slanted = above.last().is_some_and(|(_, slanted)| *slanted);
        match (node.tag_name().name(), &mut paragraph) {
            ("br", Some((_, words))) => words.push('\n'),
            ("p", None) => paragraph = Some((node, String::new())),
            (_, Some((_, words))) if words.len() < WORDS_BYTES_MAX => write(node, slanted, words),
            _ => {}
        }
        above.push((node, slanted || attribute(node, "fontStyle") == Some("italic")));
    }
    finish(paragraph);
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

/// Words with the tags that cues know.
fn write(node: Node<'_, '_>, slanted: bool, out: &mut String) {
    let Some(text) = node.text().filter(|_| node.is_text()) else { return };
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (before, after) = (text.starts_with(char::is_whitespace), text.ends_with(char::is_whitespace));
    let escaped = words.replace('&', "&amp;").replace('<', "&lt;");
    out.push_str(if before { " " } else { "" });
    let (open, close) = if slanted && !words.is_empty() { ("<i>", "</i>") } else { ("", "") };
    out.extend([open, &escaped, close]);
    out.push_str(if after { " " } else { "" });
}
