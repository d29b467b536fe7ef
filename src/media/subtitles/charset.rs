//! Bytes of unknown origin to text. Old subtitles are in whatever their author's machine wrote.
use chardetng::EncodingDetector;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};

/// Bytes looked at for the pattern of UTF-16 without a mark.
const PATTERN_BYTES: usize = 4096;
/// Zeros that make a pattern: less than that, and they are padding.
const ZEROS_MIN: usize = 4;

/// The text; bytes that make no sense become U+FFFD. `language` is a hint, as from a file name.
pub fn decode(bytes: &[u8], language: Option<&str>) -> String {
    let encoding = Encoding::for_bom(bytes).map(|(encoding, _)| encoding);
    let encoding = encoding.or_else(|| wide(bytes)).unwrap_or_else(|| narrow(bytes, language));
    even_lines(&encoding.decode(bytes).0)
}

/// A packet of a film's subtitles. Too short to tell wide letters from a text with a zero behind it, which is common.
pub fn decode_packet(bytes: &[u8]) -> String {
    if Encoding::for_bom(bytes).is_some() {
        return decode(bytes, None);
    }
    let end = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
    even_lines(&narrow(&bytes[..end], None).decode(&bytes[..end]).0)
}

fn even_lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n")
}

fn narrow(bytes: &[u8], language: Option<&str>) -> &'static Encoding {
    if std::str::from_utf8(bytes).is_ok() {
        return UTF_8;
    }
    // A few broken bytes in a long UTF-8 text do not make it another alphabet.
    let (text, _) = UTF_8.decode_without_bom_handling(bytes);
    let broken = text.chars().filter(|c| *c == '\u{fffd}').count();
    let foreign = text.chars().filter(|c| !c.is_ascii() && *c != '\u{fffd}').count();
    if foreign > 20 * broken {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(chardetng::Iso2022JpDetection::Allow);
    detector.feed(bytes, true);
    let top = language.and_then(top_level_domain);
    detector.guess(top.map(str::as_bytes), chardetng::Utf8Detection::Deny)
}

/// The country whose old encodings go with a language, as the detector wants it.
fn top_level_domain(language: &str) -> Option<&'static str> {
    Some(match language {
        "ru" => "ru",
        "uk" => "ua",
        "bg" => "bg",
        "pl" => "pl",
        "cs" => "cz",
        "hu" => "hu",
        "ro" => "ro",
        "hr" => "hr",
        "sr" => "rs",
        "el" => "gr",
        "tr" => "tr",
        "he" => "il",
        "ar" => "ae",
        "ja" => "jp",
        "ko" => "kr",
        "zh" => "cn",
        "th" => "th",
        "vi" => "vn",
        _ => return None,
    })
}

/// UTF-16 without a mark: in subtitles every second byte of digits, spaces and line ends is zero.
fn wide(bytes: &[u8]) -> Option<&'static Encoding> {
    let start = &bytes[..bytes.len().min(PATTERN_BYTES)];
    let zeros = |first: usize| start.iter().skip(first).step_by(2).filter(|byte| **byte == 0).count();
    let (even, odd, half) = (zeros(0), zeros(1), start.len() / 2);
    match () {
        () if !bytes.len().is_multiple_of(2) || odd.max(even) < ZEROS_MIN => None,
        () if odd > half / 8 && even * 8 < odd => Some(UTF_16LE),
        () if even > half / 8 && odd * 8 < even => Some(UTF_16BE),
        () => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_whatever_machine_wrote_it() {
        let russian = "1\n00:00:01,000 --> 00:00:02,000\nЧто ты здесь делаешь? Я ждал тебя весь вечер.\n";
        let chinese = "1\n00:00:01,000 --> 00:00:02,000\n你在这里做什么？我等了你一整个晚上。你说什么\n";
        let greek = "Τι κάνεις εδώ; Σε περίμενα όλο το βράδυ, δεν ήρθες ποτέ.\n";
        for (text, encoding) in [
            (russian, encoding_rs::WINDOWS_1251),
            (russian, encoding_rs::KOI8_R),
            (chinese, encoding_rs::GB18030),
            (chinese, encoding_rs::BIG5),
            (greek, encoding_rs::WINDOWS_1253),
            ("Où êtes-vous allé ? C'était très beau.\n", encoding_rs::WINDOWS_1252),
            (russian, UTF_8),
        ] {
            let (bytes, _, unmappable) = encoding.encode(text);
            if !unmappable {
                assert_eq!(decode(&bytes, None), text, "{}", encoding.name());
            }
        }
        for wide in [u16::to_le_bytes, u16::to_be_bytes] {
            let bytes: Vec<u8> = russian.encode_utf16().flat_map(wide).collect();
            assert_eq!(decode(&bytes, None), russian);
        }
    }

    #[test]
    fn a_mark_is_no_part_of_the_text_and_lines_end_in_one_way() {
        assert_eq!(decode(b"\xef\xbb\xbfa\r\nb\rc", None), "a\nb\nc");
        assert_eq!(decode(b"\xff\xfea\0\r\0\n\0", None), "a\n");
    }

    #[test]
    fn a_short_packet_that_ends_in_a_zero_is_no_wide_text() {
        for text in ["Yes", "Hi", "I am here.", "Où ?", ""] {
            for zeros in 0..3 {
                let mut packet = text.as_bytes().to_vec();
                packet.resize(packet.len() + zeros, 0);
                assert_eq!(decode_packet(&packet), text, "{zeros}");
                if zeros > 0 {
                    assert!(decode(&packet, None).starts_with(text), "{text} {zeros}");
                }
            }
        }
        assert_eq!(decode_packet(b"\xff\xfea\0\r\0\n\0"), "a\n");
    }

    #[test]
    fn one_broken_letter_does_not_make_another_alphabet() {
        let mut bytes = "Ça été déjà à côté, où là-bas. ".repeat(20).into_bytes();
        bytes.push(0xe9);
        assert!(decode(&bytes, None).starts_with("Ça été déjà"));
    }

    #[test]
    fn any_bytes_are_some_text() {
        for seed in 0..200_u32 {
            let bytes: Vec<u8> = (0..seed * 3).map(|n| (n.wrapping_mul(2_654_435_761) >> (seed % 24)) as u8).collect();
            let _ = decode(&bytes, Some("ru"));
        }
    }
}
