//! All files below a folder, one after the other. Links are not followed, and what cannot be read
//! is passed over: an editor may just be replacing it.

use std::fs;
use std::iter;
use std::path::{Path, PathBuf};

/// Folders with files that nobody wrote by hand.
const SKIPPED: [&str; 3] = [".git", "target", "node_modules"];

/// The files below `folder` in any order, each with its name: its path from there, with `/` on every
/// system.
pub fn files_below(folder: &Path) -> impl Iterator<Item = (String, PathBuf)> {
    let mut open: Vec<_> = fs::read_dir(folder).into_iter().collect();
    iter::from_fn(move || {
        loop {
            let Some(entry) = open.last_mut()?.next() else {
                open.pop();
                continue;
            };
            let Ok(entry) = entry else { continue };
            if SKIPPED.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                let path = entry.path();
                let name = path.strip_prefix(folder).unwrap_or(&path).to_string_lossy();
                return Some((name.replace('\\', "/"), path));
            }
            open.extend(fs::read_dir(entry.path()));
        }
    })
}
