//! Timed text of MP4: a length, words, and boxes that say which of them are slanted or bold.
use crate::media::subtitles::markup::Dialect;
use crate::media::subtitles::{CUE_CHARS_MAX, Cue, cue};

const BOLD: u8 = 1;
const ITALIC: u8 = 2;
const UNDERLINE: u8 = 4;
/// Bytes of one style: first and last letter, font, face, size, colour.
const STYLE_BYTES: usize = 12;
/// Styles of one sample that are looked at.
const STYLES_MAX: usize = 256;

/// A run of letters with a face.
struct Style {
    letters: std::ops::Range<usize>,
    face: u8,
}

/// A sample as a cue. An empty one only says that nothing is shown.
pub(super) fn cue_of(start_ms: i64, end_ms: i64, sample: &[u8]) -> Cue {
    let (text, boxes) = words(sample);
    cue(start_ms, end_ms, &tagged(&text, &styles(boxes)), Dialect::Html)
}

fn words(sample: &[u8]) -> (String, &[u8]) {
    let Some((length, rest)) = sample.split_first_chunk::<2>() else { return (String::new(), &[]) };
    let (text, boxes) = rest.split_at(usize::from(u16::from_be_bytes(*length)).min(rest.len()));
    let wide = |text: &[u8], unit: fn([u8; 2]) -> u16| {
        let units: Vec<u16> = text.chunks_exact(2).map(|pair| unit([pair[0], pair[1]])).collect();
        String::from_utf16_lossy(&units)
    };
    let text = match text {
        [0xfe, 0xff, text @ ..] => wide(text, u16::from_be_bytes),
        [0xff, 0xfe, text @ ..] => wide(text, u16::from_le_bytes),
        text => String::from_utf8_lossy(text).into_owned(),
    };
    (text.replace("\r\n", "\n").replace('\r', "\n"), boxes)
}

fn styles(mut boxes: &[u8]) -> Vec<Style> {
    while let Some((head, rest)) = boxes.split_first_chunk::<8>() {
        let size = u32::from_be_bytes([head[0], head[1], head[2], head[3]]) as usize;
        let Some((body, behind)) = size.checked_sub(8).and_then(|size| rest.split_at_checked(size)) else { break };
        if &head[4..] == b"styl" {
            let letter = |bytes: &[u8], at: usize| usize::from(u16::from_be_bytes([bytes[at], bytes[at + 1]]));
            let entries = body.get(2..).unwrap_or_default().chunks_exact(STYLE_BYTES).take(STYLES_MAX);
            let style = |entry: &[u8]| Style { letters: letter(entry, 0)..letter(entry, 2), face: entry[6] };
            return entries.map(style).filter(|style| style.face != 0 && !style.letters.is_empty()).collect();
        }
        boxes = behind;
    }
    Vec::new()
}

fn tagged(text: &str, styles: &[Style]) -> String {
    let mut out = String::with_capacity(text.len() + 16 * styles.len());
    let mut on = 0;
    for (n, c) in text.chars().take(CUE_CHARS_MAX).enumerate() {
        let face = styles.iter().find(|style| style.letters.contains(&n)).map_or(0, |style| style.face);
        for (bit, tag) in [(BOLD, 'b'), (ITALIC, 'i'), (UNDERLINE, 'u')] {
            match (on & bit != 0, face & bit != 0) {
                (false, true) => out.extend(['<', tag, '>']),
                (true, false) => out.extend(['<', '/', tag, '>']),
                _ => {}
            }
        }
        on = face;
        match c {
            '<' => out.push_str("&lt;"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(text: &[u8], styles: &[(u16, u16, u8)]) -> Vec<u8> {
        let mut bytes = (text.len() as u16).to_be_bytes().to_vec();
        bytes.extend(text);
        let mut body = (styles.len() as u16).to_be_bytes().to_vec();
        for (first, last, face) in styles {
            body.extend(first.to_be_bytes());
            body.extend(last.to_be_bytes());
            body.extend([0, 1, *face, 18, 255, 255, 255, 255]);
        }
        bytes.extend((8 + body.len() as u32).to_be_bytes());
        bytes.extend(b"styl");
        bytes.extend(body);
        bytes
    }

    #[test]
    fn slanted_and_bold_letters_keep_their_face() {
        let cue = cue_of(0, 1000, &sample("Où <b> & là".as_bytes(), &[(0, 2, ITALIC), (9, 11, BOLD | UNDERLINE)]));
        assert_eq!(cue.text, "<i>Où</i> &lt;b&gt; &amp; <b><u>là</u></b>");
    }

    #[test]
    fn wide_letters_are_read_and_empty_samples_are_silent() {
        let mut text = vec![0xfe, 0xff];
        text.extend("дом".encode_utf16().flat_map(u16::to_be_bytes));
        assert_eq!(cue_of(0, 1, &sample(&text, &[])).text, "дом");
        assert_eq!(cue_of(0, 1, &[0, 0]).text, "");
    }

    #[test]
    fn no_sample_makes_the_parser_fall() {
        let whole = sample(b"abcdef", &[(0, 9, 7), (3, 2, 1)]);
        for cut in 0..whole.len() {
            cue_of(0, 1, &whole[..cut]);
        }
        for at in 0..whole.len() {
            let mut bent = whole.clone();
            bent[at] = 0xff;
            cue_of(0, 1, &bent);
        }
    }
}
