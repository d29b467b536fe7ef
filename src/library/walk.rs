//! Finds films in folders. Blocking: runs on a thread of its own, so that a dead network folder holds up only the scan.
use std::fs::Metadata;
use std::io;
use std::path::{Path, PathBuf};

use ignore::{DirEntry, WalkBuilder};

/// Deepest folder that is looked into.
const DEPTH_MAX: usize = 32;

/// Names that films and sound files have, lower case.
const EXTENSIONS: &[&str] = &[
    "mp4", "m4v", "mov", "qt", "mkv", "mk3d", "webm", "avi", "divx", "wmv", "asf", "flv", "f4v", "ts", "m2ts", "mts",
    "m2t", "mpg", "mpeg", "mpe", "m2v", "m1v", "vob", "evo", "ogv", "ogg", "ogm", "ogx", "3gp", "3g2", "mxf", "rm",
    "rmvb", "dv", "nut", "y4m", "wtv", "h264", "264", "avc", "hevc", "265", "h265", "ivf", "obu", "mjpeg", "mjpg",
    "mp3", "m4a", "m4b", "flac", "opus", "oga", "mka", "wav", "wma", "aac", "ac3", "eac3", "dts", "aif", "aiff", "ape",
    "wv", "tta", "mp2", "amr", "caf",
];
/// Folders that systems and servers make for themselves.
const SKIPPED_FOLDERS: &[&str] =
    &["@eadir", "#recycle", "$recycle.bin", "lost+found", "system volume information", "node_modules"];

/// A file that may be a film.
pub(super) struct Candidate {
    pub(super) path: PathBuf,
    pub(super) metadata: Metadata,
}

/// What a walk comes across.
pub(super) enum Sight {
    Film(Candidate),
    /// A file or folder that cannot be read.
    Unreadable(String),
}

/// Walks a folder in the order of names; `tell` answers false to stop.
pub(super) fn walk(root: &Path, mut tell: impl FnMut(Sight) -> bool) {
    let walker = WalkBuilder::new(root)
        .standard_filters(false)
        .hidden(true)
        .ignore(true)
        .parents(false)
        .follow_links(false)
        .max_depth(Some(DEPTH_MAX))
        .sort_by_file_name(std::ffi::OsStr::cmp)
        .filter_entry(enters)
        .build();
    for entry in walker {
        let sight = match entry {
            Ok(entry) => look(&entry),
            Err(error) => Some(Sight::Unreadable(error.to_string())),
        };
        if sight.is_some_and(|sight| !tell(sight)) {
            return;
        }
    }
}

/// All files with names of films in these folders, in order.
pub fn films_in(roots: Vec<PathBuf>) -> Vec<PathBuf> {
    let mut films = Vec::new();
    for root in roots {
        walk(&root, |sight| {
            if let Sight::Film(film) = sight {
                films.push(film.path);
            }
            true
        });
    }
    films
}

fn enters(entry: &DirEntry) -> bool {
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    if !is_folder || entry.depth() == 0 {
        return true;
    }
    let name = entry.file_name().to_string_lossy().to_lowercase();
    // An empty `.ignore` means the whole folder, as other media servers have it; `.nomedia` is Android's word for it.
    let marked = std::fs::metadata(entry.path().join(".ignore")).is_ok_and(|file| file.len() == 0)
        || entry.path().join(".nomedia").exists();
    !marked && !SKIPPED_FOLDERS.contains(&name.as_str())
}

fn look(entry: &DirEntry) -> Option<Sight> {
    if !has_film_name(entry.path()) || entry.file_type().is_some_and(|kind| kind.is_dir()) {
        return None;
    }
    // A link to a file stands for that file, which cannot loop; folders are never entered through links.
    let path = if entry.path_is_symlink() { entry.path().canonicalize() } else { Ok(entry.path().to_path_buf()) };
    match path.and_then(|path| Ok((std::fs::metadata(&path)?, path))) {
        Ok((metadata, path)) if metadata.is_file() => Some(Sight::Film(Candidate { path, metadata })),
        Ok(_) => None,
        // A link to nowhere, or deleted this moment.
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => Some(Sight::Unreadable(format!("{}: {error}", entry.path().display()))),
    }
}

pub(super) fn has_film_name(path: &Path) -> bool {
    path.extension().is_some_and(|extension| {
        let extension = extension.to_string_lossy().to_lowercase();
        EXTENSIONS.contains(&extension.as_str())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(root: &Path) -> Vec<String> {
        let mut found = Vec::new();
        walk(root, |sight| {
            if let Sight::Film(film) = sight {
                found.push(film.path.strip_prefix(root).unwrap().to_string_lossy().into_owned());
            }
            true
        });
        found
    }

    #[test]
    fn only_plain_files_with_film_names_outside_of_marked_folders_are_seen() {
        let dir = tempfile::tempdir().unwrap();
        let root = &dir.path().canonicalize().unwrap();
        for folder in ["sub/deep", "skipped", "private", "@eaDir", ".hidden", "ruled"] {
            std::fs::create_dir_all(root.join(folder)).unwrap();
        }
        for file in [
            "b.MKV",
            "a.mp4",
            "notes.txt",
            "sub/deep/c.avi",
            "skipped/d.mp4",
            "skipped/.ignore",
            "private/e.mp4",
            "private/.nomedia",
            "@eaDir/f.mp4",
            ".hidden/g.mp4",
            ".h.mp4",
            "ruled/sample.mp4",
            "ruled/i.mp4",
        ] {
            std::fs::write(root.join(file), b"").unwrap();
        }
        std::fs::write(root.join("ruled/.ignore"), "sample.*\n").unwrap();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(root, root.join("sub/loop")).unwrap();
            std::os::unix::fs::symlink(root.join("a.mp4"), root.join("link.mp4")).unwrap();
            std::os::unix::fs::symlink("/no/such/file", root.join("dangling.mp4")).unwrap();
        }
        assert_eq!(names(root), ["a.mp4", "b.MKV", "a.mp4", "ruled/i.mp4", "sub/deep/c.avi"]);
    }
}
