//! One folder for all temporary files of this process.
//!
//! A process that is killed leaves its folder behind, and the next one removes it: a folder that
//! nobody has locked belongs to nobody. The system gives the lock back however a process ends.

use std::env;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use scenario::{eventually, patience};
use tempfile::TempDir;

const PREFIX: &str = "p2p-course-run-";

/// Removes the folders of processes that have ended, and makes one in which all further temporary
/// files are made. It is removed when this is dropped.
pub fn enter() -> io::Result<impl Sized> {
    let all = env::temp_dir();
    // Between making a folder and locking it, another process would take it for a dead one's.
    let turn = lock(&all); // Any user can hold it: who has to wait too long goes without.
    for entry in fs::read_dir(&all)?.flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(PREFIX);
        if is_ours && File::open(entry.path()).is_ok_and(|folder| folder.try_lock().is_ok()) {
            let _ = fs::remove_dir_all(entry.path()); // It may be another user's.
        }
    }
    let folder = TempDir::with_prefix_in(PREFIX, &all)?;
    let lease = lock(folder.path());
    drop(turn);
    let _ = tempfile::env::override_temp_dir(folder.path());
    Ok((lease, folder))
}

/// A lock that lasts until it is dropped. On Windows a folder cannot be locked, and stays.
fn lock(folder: &Path) -> Option<File> {
    let folder = File::open(folder).ok()?;
    eventually(patience(), || folder.try_lock().is_ok()).then_some(folder)
}
