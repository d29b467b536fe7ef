//! From a file name to a title for people. Pure, and only a first guess: never the key of anything.
use std::path::Path;

/// Words that begin the technical part of a release name; the title ends before the first of them.
const RELEASE_WORDS: &[&str] = &[
    "2160p", "1440p", "1080p", "1080i", "720p", "576p", "480p", "4k", "uhd", "hdr", "hdr10", "bluray", "blu-ray",
    "brrip", "bdrip", "bdremux", "remux", "webrip", "web-dl", "webdl", "web", "hdtv", "dvdrip", "dvd", "x264", "x265",
    "h264", "h265", "hevc", "avc", "xvid", "divx", "av1", "10bit", "aac", "ac3", "dts", "dd5", "ddp5", "truehd",
    "atmos", "proper", "repack", "extended", "unrated", "multi", "internal", "limited",
];
/// Articles that do not count for the order.
const ARTICLES: &[&str] = &["the ", "a ", "an ", "der ", "die ", "das ", "le ", "la ", "les ", "el ", "los "];
const YEARS: std::ops::RangeInclusive<u32> = 1888..=2100;

/// The title of a film from its file name: `The.Film.2019.1080p.BluRay.mkv` is `The Film (2019)`.
pub fn title_of(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let clean = clean(&stem);
    // Dots and underscores stand for spaces only in names that have none.
    let spaced = if clean.contains(' ') { clean.clone() } else { clean.replace(['.', '_'], " ") };
    let words: Vec<&str> = spaced.split_whitespace().collect();
    // Underscores are how people name their own files, where `h264` may be part of the name.
    let is_release = clean.contains(' ') || !clean.contains('_');
    let technical = words.iter().skip(1).position(|word| is_release && is_release_word(word));
    let end = technical.map_or(words.len(), |at| at + 1);
    let year = (1..end).rev().find(|at| year_of(words[*at]).is_some());
    let released = end < words.len();
    let title = match year {
        // A year counts as one when it is the last word of the title, or is in brackets.
        Some(at) if at + 1 == end || words[at].starts_with(['(', '[']) => {
            format!("{} ({})", words[..at].join(" "), year_of(words[at]).unwrap_or_default())
        }
        _ if released => words[..end].join(" "),
        _ => words.join(" "),
    };
    if title.is_empty() { "Untitled".to_owned() } else { title }
}

/// The file name for display.
pub fn display_name(path: &Path) -> String {
    clean(&path.file_name().unwrap_or_default().to_string_lossy())
}

/// What a title is sorted by.
pub(super) fn sort_key(title: &str) -> String {
    let lower = title.to_lowercase();
    let rest = ARTICLES.iter().find_map(|article| lower.strip_prefix(article)).unwrap_or(&lower);
    rest.trim_start_matches(|c: char| !c.is_alphanumeric()).to_owned()
}

/// Without characters that break lines or turn the direction of text.
fn clean(name: &str) -> String {
    let visible: String = name
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .filter(
            |c| !matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}'),
        )
        .collect();
    visible.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn is_release_word(word: &str) -> bool {
    let bare = word.trim_matches(['(', ')', '[', ']', '.', ',']).to_lowercase();
    let first = bare.split('-').next().unwrap_or_default();
    RELEASE_WORDS.contains(&bare.as_str()) || RELEASE_WORDS.contains(&first)
}

fn year_of(word: &str) -> Option<u32> {
    let bare = word.trim_matches(['(', ')', '[', ']']);
    if bare.len() != 4 {
        return None;
    }
    bare.parse().ok().filter(|year| YEARS.contains(year))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn release_names_become_titles() {
        for (name, title) in [
            ("The.Film.2019.1080p.BluRay.x264.mkv", "The Film (2019)"),
            ("Blade.Runner.2049.2017.2160p.UHD.mkv", "Blade Runner 2049 (2017)"),
            ("2001 A Space Odyssey (1968).mp4", "2001 A Space Odyssey (1968)"),
            ("1917.mkv", "1917"),
            ("2012.2009.720p.mkv", "2012 (2009)"),
            ("Das Boot.avi", "Das Boot"),
            ("holiday_video_3.MOV", "holiday video 3"),
            ("Se7en.1995.mkv", "Se7en (1995)"),
            ("Mr. Nobody.mkv", "Mr. Nobody"),
            ("[Group] Show - 12 (1080p).mkv", "[Group] Show - 12"),
            ("a\nb\u{202e}c.mp4", "a bc"),
            ("x264.mkv", "x264"),
            ("vp8_vorbis_720p.webm", "vp8 vorbis 720p"),
            ("bbb_h264_aac.mkv", "bbb h264 aac"),
        ] {
            assert_eq!(title_of(Path::new(name)), title, "{name}");
        }
    }

    #[test]
    #[cfg(unix)]
    fn a_name_that_is_no_text_has_a_title_all_the_same() {
        use std::os::unix::ffi::OsStrExt;
        let path = Path::new(std::ffi::OsStr::from_bytes(b"caf\xe9.mkv"));
        assert_eq!(title_of(path), "caf\u{fffd}");
        assert_eq!(title_of(Path::new("\n.mkv")), "Untitled");
    }

    #[test]
    fn the_order_ignores_articles() {
        assert!(sort_key("The Abyss") < sort_key("Batman"));
        assert_eq!(sort_key("The"), "the");
    }
}
