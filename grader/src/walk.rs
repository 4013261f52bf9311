//! All files below a folder. Links are not followed, and what cannot be read is passed over: an
//! editor may just be replacing it.

use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

/// Folders with files that nobody wrote by hand.
const SKIPPED: [&str; 3] = [".git", "target", "node_modules"];

/// The files below `folder` in any order, each with its name: its path from there, with `/` on every
/// system.
pub fn files_below(folder: &Path) -> impl Iterator<Item = (String, PathBuf)> {
    let is_kept = |entry: &DirEntry| !SKIPPED.iter().any(|name| entry.file_name() == *name);
    let all = WalkDir::new(folder).min_depth(1).into_iter().filter_entry(is_kept);
    all.flatten().filter(|entry| !entry.file_type().is_dir()).map(move |entry| {
        let name = entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_string_lossy();
        (name.replace('\\', "/"), entry.into_path())
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<_> = files_below(folder).map(|(name, _)| name).collect();
        names.sort();
        names
    }

    #[test]
    fn what_is_skipped_is_looked_at_if_it_is_asked_for() {
        let top = tempfile::tempdir().unwrap();
        let folder = top.path().join("target");
        fs::create_dir_all(folder.join("src/target")).unwrap();
        for file in ["a.rs", "src/b.rs", "src/target/c.rs"] {
            fs::write(folder.join(file), "").unwrap();
        }
        assert_eq!(names(&folder), ["a.rs", "src/b.rs"]);
        assert!(names(top.path()).is_empty());
        assert!(names(&top.path().join("nothing")).is_empty());
    }

    #[test]
    #[cfg(unix)]
    fn a_link_is_followed_if_it_is_asked_for_and_not_below() {
        let top = tempfile::tempdir().unwrap();
        fs::create_dir(top.path().join("a")).unwrap();
        fs::write(top.path().join("a/b.rs"), "").unwrap();
        std::os::unix::fs::symlink(top.path().join("a"), top.path().join("link")).unwrap();
        assert_eq!(names(&top.path().join("link")), ["b.rs"]);
        assert_eq!(names(top.path()), ["a/b.rs", "link"]);
    }
}
