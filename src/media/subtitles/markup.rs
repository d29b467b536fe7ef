//! The tags of `SubRip`, SAMI, `WebVTT` and ASS as the few that `WebVTT` and every browser know. What is not known is
//! dropped, what looks like a tag and is none is kept as text, and nothing of a file reaches a page unescaped.
use crate::media::subtitles::CUE_CHARS_MAX;

/// Bytes of a cue that are looked at: its words and a good many tags.
const RAW_BYTES_MAX: usize = 16 << 10;
/// Bytes of the longest tag in braces, which may hold the outline of a mask.
const BRACES_BYTES_MAX: usize = 4 << 10;

/// Whose tags the text has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect {
    /// `<i>` and the like, and `{\an8}`, which players took over from ASS.
    Html,
    /// `{\i1}`, `\N`.
    Ass,
    /// `/` at the start of a line is italic, `|` a line break, `{y:i}` a style.
    Frames,
}

/// Text ready for a cue.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Marked {
    pub(super) text: String,
    pub(super) settings: String,
}

/// Letters of the tags, in the order in which they are opened.
const TAGS: [char; 3] = ['b', 'i', 'u'];

#[derive(Default)]
struct Writer {
    out: String,
    chars: usize,
    open: [bool; 3],
    want: [bool; 3],
    /// ASS alignment as on a number pad; 2 is the usual place.
    place: Option<u8>,
    /// Within a drawing: coordinates, not words.
    drawing: bool,
}

impl Writer {
    fn turn(&mut self, tag: char, on: bool) {
        if let Some(at) = TAGS.iter().position(|known| *known == tag) {
            self.want[at] = on;
        }
    }

    fn put(&mut self, c: char) {
        if self.drawing || self.chars >= CUE_CHARS_MAX {
            return;
        }
        self.chars += 1;
        let outlived = (0..TAGS.len()).any(|at| self.open[at] && !self.want[at]);
        if outlived {
            self.close();
        }
        if !c.is_whitespace() && self.open != self.want {
            self.close();
            for (at, tag) in TAGS.iter().enumerate().filter(|(at, _)| self.want[*at]) {
                self.out.extend(['<', *tag, '>']);
                self.open[at] = true;
            }
        }
        match c {
            '&' => self.out.push_str("&amp;"),
            '<' => self.out.push_str("&lt;"),
            '>' => self.out.push_str("&gt;"),
            '\n' => self.out.push('\n'),
            '\t' => self.out.push(' '),
            c if c.is_control() => {}
            c => self.out.push(c),
        }
    }

    fn close(&mut self) {
        for (at, tag) in TAGS.iter().enumerate().rev() {
            if std::mem::take(&mut self.open[at]) {
                self.out.extend(['<', '/', *tag, '>']);
            }
        }
    }

    fn finish(mut self) -> Marked {
        self.close();
        // An empty line would end the cue.
        let lines = self.out.lines().map(str::trim).filter(|line| !line.is_empty());
        let text = lines.collect::<Vec<_>>().join("\n");
        Marked { text, settings: self.place.map(settings).unwrap_or_default().to_owned() }
    }
}

/// Cue settings for a place on the number pad.
fn settings(place: u8) -> &'static str {
    match place {
        1 => "position:5% align:start",
        3 => "position:95% align:end",
        4 => "line:50% position:5% align:start",
        5 => "line:50%",
        6 => "line:50% position:95% align:end",
        7 => "line:5% position:5% align:start",
        8 => "line:5%",
        9 => "line:5% position:95% align:end",
        _ => "",
    }
}

pub(super) fn convert(raw: &str, dialect: Dialect) -> Marked {
    let mut writer = Writer::default();
    let mut rest = &raw[..raw.floor_char_boundary(RAW_BYTES_MAX)];
    let mut line_starts = true;
    while let Some(c) = rest.chars().next().filter(|_| writer.chars < CUE_CHARS_MAX) {
        let eaten = special(&mut writer, rest, dialect, line_starts);
        line_starts = matches!(c, '\n' | '|');
        if let Some(eaten) = eaten {
            line_starts |= rest[..eaten].starts_with('{');
            rest = &rest[eaten..];
            continue;
        }
        if dialect == Dialect::Frames && line_starts {
            writer.want = [false; 3];
        }
        writer.put(if dialect == Dialect::Frames && c == '|' { '\n' } else { c });
        rest = &rest[c.len_utf8()..];
    }
    writer.finish()
}

/// Handles a tag, an escape or an entity at the start of `rest`; answers how many bytes it has.
fn special(writer: &mut Writer, rest: &str, dialect: Dialect, line_starts: bool) -> Option<usize> {
    match rest.as_bytes()[0] {
        b'{' => braces(writer, rest, dialect),
        b'\\' if dialect != Dialect::Frames => escape(writer, rest),
        b'<' if dialect == Dialect::Html => angle(writer, rest),
        b'&' if dialect == Dialect::Html => entity(writer, rest),
        b'/' if dialect == Dialect::Frames && line_starts => {
            writer.turn('i', true);
            Some(1)
        }
        _ => None,
    }
}

/// `{\an8\i1}` of ASS, `{y:i}` of `MicroDVD`. Other braces are text, except in ASS, where they are comments.
fn braces(writer: &mut Writer, rest: &str, dialect: Dialect) -> Option<usize> {
    if dialect == Dialect::Html && !rest.starts_with("{\\") {
        return None;
    }
    let end = rest.bytes().take(BRACES_BYTES_MAX).position(|byte| byte == b'}')?;
    let inside = &rest[1..end];
    match dialect {
        Dialect::Frames => {
            let (name, value) = inside.split_once(':')?;
            if name.len() != 1 || inside.contains('\n') {
                return None;
            }
            if name.eq_ignore_ascii_case("y") {
                value.chars().for_each(|c| writer.turn(c.to_ascii_lowercase(), true));
            }
        }
        Dialect::Html | Dialect::Ass => inside.split('\\').skip(1).for_each(|tag| override_tag(writer, tag)),
    }
    Some(end + 1)
}

fn override_tag(writer: &mut Writer, tag: &str) {
    let tag = tag.trim();
    let on = |rest: &str| rest.parse::<u32>().ok().map(|value| value != 0);
    if let Some(place) = tag.strip_prefix("an").and_then(|place| place.parse().ok()) {
        writer.place.get_or_insert(place);
    } else if let Some(old) = tag.strip_prefix('a').and_then(|place| place.parse::<u8>().ok()) {
        // The elder numbering: 1 to 3 below, 5 to 7 above, 9 to 11 in the middle.
        writer.place.get_or_insert(match old {
            1..=3 => old,
            5..=7 => old + 2,
            9..=11 => old - 5,
            _ => 2,
        });
    } else if let Some(drawing) = tag.strip_prefix('p').and_then(on) {
        writer.drawing = drawing;
    } else if tag.starts_with('r') {
        writer.want = [false; 3];
    } else {
        for name in TAGS {
            if let Some(on) = tag.strip_prefix(name).and_then(on) {
                writer.turn(name, on);
            }
        }
    }
}

fn escape(writer: &mut Writer, rest: &str) -> Option<usize> {
    match rest.as_bytes().get(1)? {
        b'N' | b'n' => writer.put('\n'),
        b'h' => writer.put('\u{a0}'),
        _ => return None,
    }
    Some(2)
}

/// `<i>`, `<br>`, `<font color=red>`, `<c.yellow>`, `<00:01.000>`. A `<` that opens no tag is text.
fn angle(writer: &mut Writer, rest: &str) -> Option<usize> {
    // Whatever ends it, so that a text of nothing but these is not searched to its end for each of them.
    let end = 1 + rest[1..].find(['<', '>']).filter(|end| rest[1 + end..].starts_with('>'))?;
    let inside = &rest[1..end];
    let first = inside.chars().next()?;
    if !(first.is_ascii_alphanumeric() || matches!(first, '/' | '!')) {
        return None;
    }
    let closing = first == '/';
    let name = inside.trim_start_matches('/').split([' ', '.', '/', '\t', '\n']).next().unwrap_or_default();
    match name.to_ascii_lowercase().as_str() {
        "i" | "em" => writer.turn('i', !closing),
        "b" | "strong" => writer.turn('b', !closing),
        "u" => writer.turn('u', !closing),
        "br" => writer.put('\n'),
        _ => {}
    }
    Some(end + 1)
}

fn entity(writer: &mut Writer, rest: &str) -> Option<usize> {
    let end = rest.bytes().take(10).position(|byte| byte == b';')?;
    let c = match &rest[1..end] {
        "amp" => '&',
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "lrm" => '\u{200e}',
        "rlm" => '\u{200f}',
        name => {
            let code = name.strip_prefix('#')?;
            let code = match code.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => code.parse().ok()?,
            };
            char::from_u32(code)?
        }
    };
    writer.put(c);
    Some(end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(raw: &str, dialect: Dialect) -> String {
        convert(raw, dialect).text
    }

    #[test]
    fn tags_of_subrip_become_those_of_webvtt_and_always_close() {
        for (raw, marked) in [
            ("<i>Hello</i> <B>you</B>", "<i>Hello</i><b> you</b>".replace("<b> ", " <b>").as_str()),
            ("<i>open", "<i>open</i>"),
            ("<font color=\"#ff0000\">red</font>", "red"),
            ("<i>a<b>b</i>c</b>", "<i>a</i><b><i>b</i></b><b>c</b>"),
            ("3 < 4 > 2 & <3", "3 &lt; 4 &gt; 2 &amp; &lt;3"),
            ("<script>alert(1)</script>", "alert(1)"),
            ("one\n\n\ntwo", "one\ntwo"),
            ("a&amp;b&nbsp;&#233;&#x41; &bogus;", "a&amp;b\u{a0}éA &amp;bogus;"),
            ("{no tag}", "{no tag}"),
        ] {
            assert_eq!(text(raw, Dialect::Html), marked, "{raw}");
        }
    }

    #[test]
    fn a_place_on_the_number_pad_becomes_a_cue_setting() {
        let marked = convert("{\\an8}Sign", Dialect::Html);
        assert_eq!((marked.text.as_str(), marked.settings.as_str()), ("Sign", "line:5%"));
        assert_eq!(convert("{\\a6}Sign", Dialect::Ass).settings, "line:5%");
        assert_eq!(convert("{\\an2}Words", Dialect::Ass).settings, "");
    }

    #[test]
    fn ass_keeps_its_words_and_loses_its_drawings() {
        for (raw, marked) in [
            ("{\\i1}Hello{\\i0}\\Nworld", "<i>Hello</i>\nworld"),
            ("{\\p1}m 0 0 l 100 0{\\p0}Sign", "Sign"),
            ("{\\pos(3,4)\\fs20\\blur3\\bord2}x{comment}y", "xy"),
            ("{\\b700}bold{\\r}plain", "<b>bold</b>plain"),
            ("a<b>c", "a&lt;b&gt;c"),
            ("back\\slash", "back\\slash"),
        ] {
            assert_eq!(text(raw, Dialect::Ass), marked, "{raw}");
        }
    }

    #[test]
    fn microdvd_styles_and_line_breaks_are_understood() {
        assert_eq!(text("{y:i}a|b", Dialect::Frames), "<i>a</i>\nb");
        assert_eq!(text("/slanted|straight", Dialect::Frames), "<i>slanted</i>\nstraight");
    }

    #[test]
    fn no_text_gets_a_tag_of_its_own_onto_the_page() {
        for raw in ["<<i>img src=x>", "<i onload=1>x", "&lt;img&gt;", "<", "{\\", "<i", "&#60;img", "{\\i1"] {
            for dialect in [Dialect::Html, Dialect::Ass, Dialect::Frames] {
                let mut plain = text(raw, dialect);
                for tag in ["<i>", "</i>", "<b>", "</b>", "<u>", "</u>"] {
                    plain = plain.replace(tag, "");
                }
                assert!(!plain.contains(['<', '>']), "{raw}: {plain}");
            }
        }
    }
}
