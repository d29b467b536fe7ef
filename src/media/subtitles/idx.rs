//! The index of a `VobSub` pair: which pictures there are in the `.sub`, when they are shown, and their palette.
use crate::media::language;
use crate::media::subtitles::CUES_MAX;

/// Streams of one index; DVDs have at most so many.
const STREAMS_MAX: usize = 32;

/// What an `.idx` says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Idx {
    /// Size and palette, as the decoder wants to be told.
    pub head: String,
    /// In the order of the file.
    pub streams: Vec<IdxStream>,
}

/// The subtitles of one language.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct IdxStream {
    /// Number of the stream in the `.sub`.
    pub index: u8,
    /// Code of two letters.
    pub language: Option<String>,
    /// When a picture is shown, in ms, and where in the `.sub` it is; in order of time.
    pub pictures: Vec<(i64, u64)>,
}

/// Reads an index. Streams without pictures are left out.
pub fn parse(text: &str) -> Idx {
    let mut idx = Idx::default();
    let mut delay_ms = 0;
    for line in text.lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let value = value.trim();
        match name.trim() {
            "id" if idx.streams.len() < STREAMS_MAX => {
                delay_ms = 0;
                idx.streams.push(stream(value, idx.streams.len() as u8));
            }
            "delay" => delay_ms += moment(value).unwrap_or(0),
            "timestamp" => {
                if let (Some(stream), Some((ms, place))) = (idx.streams.last_mut(), picture(value))
                    && stream.pictures.len() < CUES_MAX
                {
                    stream.pictures.push((ms + delay_ms, place));
                }
            }
            "size" | "palette" => {
                idx.head.push_str(line.trim());
                idx.head.push('\n');
            }
            _ => {}
        }
    }
    idx.streams.retain(|stream| !stream.pictures.is_empty());
    for stream in &mut idx.streams {
        stream.pictures.sort_unstable();
    }
    idx
}

/// `de, index: 0`.
fn stream(value: &str, nth: u8) -> IdxStream {
    let (tag, rest) = value.split_once(',').unwrap_or((value, ""));
    let index = rest.split_once(':').and_then(|(_, number)| number.trim().parse().ok()).filter(|index| *index < 32);
    let language = language::code(tag.trim()).map(str::to_owned);
    IdxStream { index: index.unwrap_or(nth), language, pictures: Vec::new() }
}

/// `00:00:49:466, filepos: 00000a000`.
fn picture(value: &str) -> Option<(i64, u64)> {
    let (time, rest) = value.split_once(',')?;
    let (_, place) = rest.split_once(':')?;
    Some((moment(time)?, u64::from_str_radix(place.trim(), 16).ok()?))
}

/// `hh:mm:ss:mmm`, with a sign perhaps.
fn moment(text: &str) -> Option<i64> {
    let text = text.trim();
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |text| (-1, text));
    let parts: Vec<i64> =
        text.split(':').map(|part| part.parse().ok().filter(|n| (0..100_000).contains(n))).collect::<Option<_>>()?;
    let [hours, minutes, seconds, ms] = parts[..] else { return None };
    Some(sign * (((hours * 60 + minutes) * 60 + seconds) * 1000 + ms))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_tells_its_languages_and_pictures() {
        let text = "# VobSub index file, v7\nsize: 720x576\norg: 0, 0\npalette: 000000, f0f0f0\nid: de, index: 0\n# alt: German\n\
                    timestamp: 00:00:49:466, filepos: 00000000a\ndelay: -00:00:01:000\ntimestamp: 00:00:52:636, filepos: 000001000\n\
                    id: xx, index: 3\nid: en, index: 4\ntimestamp: 00:01:00:000, filepos: 000002000\ntimestamp: broken\n";
        let idx = parse(text);
        assert_eq!(idx.head, "size: 720x576\npalette: 000000, f0f0f0\n");
        let german =
            IdxStream { index: 0, language: Some("de".into()), pictures: vec![(49_466, 10), (51_636, 0x1000)] };
        let english = IdxStream { index: 4, language: Some("en".into()), pictures: vec![(60_000, 0x2000)] };
        assert_eq!(idx.streams, [german, english]);
        assert_eq!(parse("id:\ntimestamp:,filepos:\u{1f600}\ndelay: 9:9\n"), Idx::default());
    }
}
