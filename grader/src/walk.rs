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
    let all = WalkDir::new(folder).into_iter().filter_entry(is_kept);
    all.flatten().filter(|entry| !entry.file_type().is_dir()).map(move |entry| {
        let name = entry.path().strip_prefix(folder).unwrap_or(entry.path()).to_string_lossy();
        (name.replace('\\', "/"), entry.into_path())
    })
}
