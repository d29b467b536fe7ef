//! Languages as files name them: codes of two and three letters, and names.

/// Two letters, three letters, three letters in the elder list, name.
const LANGUAGES: &[(&str, &str, &str, &str)] = &[
    ("ar", "ara", "ara", "Arabic"),
    ("bg", "bul", "bul", "Bulgarian"),
    ("bn", "ben", "ben", "Bengali"),
    ("bs", "bos", "bos", "Bosnian"),
    ("ca", "cat", "cat", "Catalan"),
    ("cs", "ces", "cze", "Czech"),
    ("cy", "cym", "wel", "Welsh"),
    ("da", "dan", "dan", "Danish"),
    ("de", "deu", "ger", "German"),
    ("el", "ell", "gre", "Greek"),
    ("en", "eng", "eng", "English"),
    ("eo", "epo", "epo", "Esperanto"),
    ("es", "spa", "spa", "Spanish"),
    ("et", "est", "est", "Estonian"),
    ("eu", "eus", "baq", "Basque"),
    ("fa", "fas", "per", "Persian"),
    ("fi", "fin", "fin", "Finnish"),
    ("fr", "fra", "fre", "French"),
    ("ga", "gle", "gle", "Irish"),
    ("gl", "glg", "glg", "Galician"),
    ("he", "heb", "heb", "Hebrew"),
    ("hi", "hin", "hin", "Hindi"),
    ("hr", "hrv", "scr", "Croatian"),
    ("hu", "hun", "hun", "Hungarian"),
    ("hy", "hye", "arm", "Armenian"),
    ("id", "ind", "ind", "Indonesian"),
    ("is", "isl", "ice", "Icelandic"),
    ("it", "ita", "ita", "Italian"),
    ("ja", "jpn", "jpn", "Japanese"),
    ("ka", "kat", "geo", "Georgian"),
    ("kk", "kaz", "kaz", "Kazakh"),
    ("ko", "kor", "kor", "Korean"),
    ("la", "lat", "lat", "Latin"),
    ("lt", "lit", "lit", "Lithuanian"),
    ("lv", "lav", "lav", "Latvian"),
    ("mk", "mkd", "mac", "Macedonian"),
    ("ml", "mal", "mal", "Malayalam"),
    ("ms", "msa", "may", "Malay"),
    ("nb", "nob", "nob", "Norwegian Bokmål"),
    ("nl", "nld", "dut", "Dutch"),
    ("nn", "nno", "nno", "Norwegian Nynorsk"),
    ("no", "nor", "nor", "Norwegian"),
    ("pl", "pol", "pol", "Polish"),
    ("pt", "por", "por", "Portuguese"),
    ("ro", "ron", "rum", "Romanian"),
    ("ru", "rus", "rus", "Russian"),
    ("sk", "slk", "slo", "Slovak"),
    ("sl", "slv", "slv", "Slovenian"),
    ("sq", "sqi", "alb", "Albanian"),
    ("sr", "srp", "scc", "Serbian"),
    ("sv", "swe", "swe", "Swedish"),
    ("ta", "tam", "tam", "Tamil"),
    ("te", "tel", "tel", "Telugu"),
    ("th", "tha", "tha", "Thai"),
    ("tl", "tgl", "tgl", "Tagalog"),
    ("tr", "tur", "tur", "Turkish"),
    ("uk", "ukr", "ukr", "Ukrainian"),
    ("ur", "urd", "urd", "Urdu"),
    ("vi", "vie", "vie", "Vietnamese"),
    ("zh", "zho", "chi", "Chinese"),
];

fn find(word: &str) -> Option<&'static (&'static str, &'static str, &'static str, &'static str)> {
    let word = word.to_lowercase();
    LANGUAGES.iter().find(|(two, three, elder, name)| {
        [*two, *three, *elder].contains(&word.as_str()) || name.to_lowercase() == word
    })
}

/// The code of two letters for a code or an English name.
pub fn code(word: &str) -> Option<&'static str> {
    find(word).map(|(two, ..)| *two)
}

/// The English name of a language, by its code; a region behind a hyphen is kept.
pub fn name(tag: &str) -> Option<String> {
    let (language, region) = tag.split_once(['-', '_']).map_or((tag, None), |(language, rest)| (language, Some(rest)));
    let name = find(language)?.3;
    Some(region.map_or_else(|| name.to_owned(), |region| format!("{name} ({})", region.to_uppercase())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_is_known_by_all_its_names() {
        for word in ["de", "GER", "deu", "German"] {
            assert_eq!(code(word), Some("de"), "{word}");
        }
        assert_eq!(name("pt-br").as_deref(), Some("Portuguese (BR)"));
        assert_eq!(name("fre").as_deref(), Some("French"));
        assert_eq!((code("xx"), name("und")), (None, None));
    }
}
