//! Subtitles beside a film: `Film.en.srt`, `Film.forced.de.ass`, `Subs/2_English.srt`, `Film.idx` with `Film.sub`.
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use crate::library::walk::has_film_name;
use crate::media::language;
use crate::media::subtitles::idx::{self, IdxStream};
use crate::media::subtitles::track::{Sidecar, SidecarForm};
use crate::media::subtitles::{TextFormat, decode};

/// Folders in which subtitles are kept, lower case.
const FOLDERS: &[&str] = &["subs", "sub", "subtitles", "subtitle", "vobsubs", "untertitel", "sous-titres"];
/// Names looked at in one folder.
const NAMES_MAX: usize = 5_000;
/// Bytes of an `.idx` that are read.
const IDX_BYTES_MAX: u64 = 4 << 20;
/// Subtitles of one film.
const SIDECARS_MAX: usize = 100;

/// A name in a folder of subtitles, and what of it speaks of the subtitle.
struct Found {
    path: PathBuf,
    tail: String,
}

/// The subtitles that lie beside a film, in the order of their names. Blocking.
pub(super) fn beside(film: &Path) -> io::Result<Vec<Sidecar>> {
    let (Some(folder), Some(stem)) = (film.parent(), film.file_stem()) else { return Ok(Vec::new()) };
    let stem = stem.to_string_lossy().to_lowercase();
    let names = names(folder)?;
    let films: Vec<String> =
        names.iter().filter(|path| has_film_name(path)).filter_map(|path| lower_stem(path)).collect();
    // `Film 3.srt` is not of `Film` where there is a `Film 3.mkv`.
    let longer: Vec<&String> =
        films.iter().filter(|other| tail(other, &stem).is_some_and(|tail| !tail.is_empty())).collect();
    let belongs = |path: &PathBuf| {
        let own = lower_stem(path)?;
        let others = longer.iter().any(|longer| tail(&own, longer).is_some());
        tail(&own, &stem).filter(|_| !others).map(|tail| Found { path: path.clone(), tail: tail.to_owned() })
    };
    let mut found: Vec<Found> = names.iter().filter_map(belongs).collect();
    for inner in names.iter().filter(|path| is_subtitle_folder(path)) {
        // A folder that cannot be read costs its subtitles, not the others.
        for path in self::names(inner).unwrap_or_default() {
            if is_folder(&path) {
                if lower_name(&path) == stem {
                    found.extend(self::names(&path).unwrap_or_default().into_iter().map(whole));
                }
            } else if let Some(named) = belongs(&path) {
                found.push(named);
            } else if films.len() == 1 {
                found.push(whole(path));
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(found.iter().flat_map(sidecars).take(SIDECARS_MAX).collect())
}

fn names(folder: &Path) -> io::Result<Vec<PathBuf>> {
    Ok(fs::read_dir(folder)?.take(NAMES_MAX).filter_map(|entry| Some(entry.ok()?.path())).collect())
}

fn lower_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().to_lowercase()
}

fn lower_extension(path: &Path) -> String {
    path.extension().unwrap_or_default().to_string_lossy().to_lowercase()
}

fn is_subtitle_folder(path: &Path) -> bool {
    FOLDERS.contains(&lower_name(path).as_str()) && is_folder(path)
}

/// A folder itself: a link to one could lead anywhere.
fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}

fn lower_stem(path: &Path) -> Option<String> {
    Some(path.file_stem()?.to_string_lossy().to_lowercase())
}

/// What a name says besides the film's.
fn tail<'a>(own: &'a str, stem: &str) -> Option<&'a str> {
    own.strip_prefix(stem).filter(|tail| tail.is_empty() || tail.starts_with(['.', '_', '-', ' ', '(', '[']))
}

fn whole(path: PathBuf) -> Found {
    let tail = path.file_stem().unwrap_or_default().to_string_lossy().to_lowercase();
    Found { path, tail }
}

/// What a file holds: one text, or pictures in several languages.
fn sidecars(found: &Found) -> Vec<Sidecar> {
    let extension = lower_extension(&found.path);
    // A link could lead anywhere.
    if !fs::symlink_metadata(&found.path).is_ok_and(|file| file.is_file()) {
        return Vec::new();
    }
    if extension == "idx" { vobsub(found) } else { text(found, &extension).into_iter().collect() }
}

/// The streams of a pair of `.idx` and `.sub`.
fn vobsub(found: &Found) -> Vec<Sidecar> {
    let pair = ["sub", "SUB"].map(|extension| found.path.with_extension(extension));
    let Some(pictures) = pair.into_iter().find(|path| path.is_file() && !path.is_symlink()) else { return Vec::new() };
    let mut index = Vec::new();
    let read = File::open(&found.path).and_then(|file| file.take(IDX_BYTES_MAX).read_to_end(&mut index));
    if read.is_err() {
        return Vec::new();
    }
    let said = words(&found.tail);
    let sidecar = |stream: IdxStream| Sidecar {
        path: found.path.clone(),
        form: SidecarForm::VobSub { pictures: pictures.clone(), stream: stream.index },
        language: stream.language.or_else(|| said.language.clone()),
        title: said.title.clone(),
        forced: said.forced,
        default: said.default,
    };
    idx::parse(&decode(&index, None)).streams.into_iter().map(sidecar).collect()
}

fn text(found: &Found, extension: &str) -> Option<Sidecar> {
    let format = TextFormat::of_extension(extension)?;
    // A `.sub` can be pictures.
    if extension == "sub" && !begins_as_text(&found.path) {
        return None;
    }
    let words = words(&found.tail);
    Some(Sidecar {
        path: found.path.clone(),
        form: SidecarForm::Text(format),
        language: words.language,
        title: words.title,
        forced: words.forced,
        default: words.default,
    })
}

fn begins_as_text(path: &Path) -> bool {
    let mut start = [0; 8];
    let read = File::open(path).and_then(|mut file| file.read(&mut start)).unwrap_or(0);
    start[..read].iter().any(|byte| matches!(byte, b'{' | b'['))
}

#[derive(Default)]
struct Words {
    language: Option<String>,
    title: Option<String>,
    forced: bool,
    default: bool,
}

/// What the end of a name says: `.en.sdh.forced`.
fn words(tail: &str) -> Words {
    let mut said = Words::default();
    let mut rest = Vec::new();
    for word in tail.split(['.', '_', '-', ' ', '(', ')', '[', ']']).filter(|word| !word.is_empty()) {
        match word {
            "forced" | "foreign" => said.forced = true,
            "default" => said.default = true,
            "sdh" | "cc" => rest.push(word.to_uppercase()),
            // Hindi, unless a language has been named: then "hearing impaired".
            "hi" if said.language.is_some() => rest.push("SDH".to_owned()),
            _ if said.language.is_none() && language::code(word).is_some() => {
                said.language = language::code(word).map(str::to_owned);
            }
            _ if word.bytes().all(|byte| byte.is_ascii_digit()) => {}
            _ => rest.push(word.to_owned()),
        }
    }
    said.title = (!rest.is_empty()).then(|| rest.join(" "));
    said
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(film: &Path) -> Vec<(String, Option<String>, bool)> {
        let told = |sidecar: Sidecar| (lower_name(&sidecar.path), sidecar.language, sidecar.forced);
        beside(film).unwrap().into_iter().map(told).collect()
    }

    #[test]
    fn subtitles_are_found_by_the_name_of_the_film() {
        let dir = tempfile::tempdir().unwrap();
        let film = dir.path().join("The Film (2019).mkv");
        for name in [
            "The Film (2019).mkv",
            "other.mkv",
            "The Film (2019).srt",
            "the film (2019).EN.srt",
            "The Film (2019).forced.ger.ass",
            "The Film (2019) 2.mkv",
            "The Film (2019)x.srt",
            "other.en.srt",
            "The Film (2019).txt",
        ] {
            fs::write(dir.path().join(name), "1").unwrap();
        }
        fs::create_dir_all(dir.path().join("Subs/The Film (2019)")).unwrap();
        fs::write(dir.path().join("Subs/The Film (2019)/2_English.srt"), "1").unwrap();
        fs::write(dir.path().join("Subs/French.srt"), "1").unwrap();
        let mut told = told(&film);
        told.sort();
        let expected = [
            ("2_english.srt", Some("en"), false),
            ("the film (2019).en.srt", Some("en"), false),
            ("the film (2019).forced.ger.ass", Some("de"), true),
            ("the film (2019).srt", None, false),
        ];
        assert_eq!(told, expected.map(|(name, language, forced)| (name.into(), language.map(str::to_owned), forced)));
        fs::remove_file(dir.path().join("other.mkv")).unwrap();
        fs::remove_file(dir.path().join("The Film (2019) 2.mkv")).unwrap();
        assert!(self::told(&film).iter().any(|(name, ..)| name == "french.srt"), "alone in its folder");
    }

    #[test]
    fn a_subtitle_is_of_the_film_whose_name_it_has_in_full() {
        let dir = tempfile::tempdir().unwrap();
        for name in ["Alien.mkv", "Alien 3.mkv", "Alien.srt", "Alien 3.srt", "Alien 3.en.srt", "Alien-de.srt"] {
            fs::write(dir.path().join(name), "1").unwrap();
        }
        let named = |film: &str| told(&dir.path().join(film)).into_iter().map(|(name, ..)| name).collect::<Vec<_>>();
        assert_eq!(named("Alien.mkv"), ["alien-de.srt", "alien.srt"]);
        assert_eq!(named("Alien 3.mkv"), ["alien 3.en.srt", "alien 3.srt"]);
    }

    #[cfg(unix)]
    #[test]
    fn a_linked_folder_is_not_entered() {
        let (dir, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        fs::write(elsewhere.path().join("secret.ass"), "1").unwrap();
        fs::write(dir.path().join("a.mkv"), "").unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("Subs")).unwrap();
        fs::create_dir(dir.path().join("Sub")).unwrap();
        std::os::unix::fs::symlink(elsewhere.path(), dir.path().join("Sub/a")).unwrap();
        assert_eq!(told(&dir.path().join("a.mkv")), []);
    }

    #[test]
    fn pictures_and_links_are_no_texts() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("a.mkv"), "").unwrap();
        fs::write(dir.path().join("a.sub"), b"\0\0\x01\xba....").unwrap();
        fs::write(dir.path().join("a.en.sub"), "{1}{2}x").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("/etc/hostname", dir.path().join("a.srt")).unwrap();
        assert_eq!(told(&dir.path().join("a.mkv")), [("a.en.sub".to_owned(), Some("en".to_owned()), false)]);
    }

    #[test]
    fn a_pair_of_index_and_pictures_has_a_subtitle_for_each_language() {
        let dir = tempfile::tempdir().unwrap();
        let index = "id: de, index: 0\ntimestamp: 00:00:01:000, filepos: 0\nid: en, index: 1\ntimestamp: 00:00:01:000, filepos: 9\n";
        for name in ["a.idx", "b.idx"] {
            fs::write(dir.path().join(name), index).unwrap();
        }
        fs::write(dir.path().join("a.sub"), b"\0\0\x01\xba....").unwrap();
        let found = beside(&dir.path().join("a.mkv")).unwrap();
        let told: Vec<_> = found.iter().map(|sidecar| (sidecar.language.as_deref(), sidecar.form.clone())).collect();
        let pictures = dir.path().join("a.sub");
        let form = |stream| SidecarForm::VobSub { pictures: pictures.clone(), stream };
        assert_eq!(told, [(Some("de"), form(0)), (Some("en"), form(1))]);
        assert_eq!(beside(&dir.path().join("b.mkv")).unwrap(), [], "without its pictures");
    }

    #[test]
    fn a_name_says_what_the_subtitle_is_for() {
        let said = words(".en.hi");
        assert_eq!((said.language.as_deref(), said.title.as_deref()), (Some("en"), Some("SDH")));
        let said = words(".pt-br.default");
        assert_eq!((said.language.as_deref(), said.title.as_deref(), said.default), (Some("pt"), Some("br"), true));
        assert_eq!(words(".hi").language.as_deref(), Some("hi"));
    }
}
