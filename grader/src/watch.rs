//! The verb `watch`: repeats `test` whenever a file of the labs has changed.
//!
//! It looks at the times of the files twice a second: every system can do that, and no crate is
//! needed for it.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Result;

use crate::walk::files_below;

/// Between two looks.
const LOOK_AGAIN: Duration = Duration::from_millis(500);

/// Does `work`, and does it again whenever a Rust file or a manifest below `folders` has changed,
/// until it fails.
pub fn run(folders: &[PathBuf], mut work: impl FnMut() -> Result<()>) -> Result<Infallible> {
    let mut before = None;
    loop {
        let now: BTreeMap<_, _> = folders.iter().flat_map(|folder| look(folder)).collect();
        if before.as_ref() == Some(&now) {
            thread::park_timeout(LOOK_AGAIN);
            continue;
        }
        // What changes while the work is done is seen at the next look.
        before = Some(now);
        work()?;
        eprintln!("Waiting for a change; Ctrl-C ends this.");
    }
}

fn look(folder: &Path) -> impl Iterator<Item = (PathBuf, SystemTime)> {
    let paths = files_below(folder).map(|(_, path)| path);
    let is_code = |path: &PathBuf| path.extension().is_some_and(|e| e == "rs" || e == "toml");
    let time = |path: PathBuf| Some((fs::metadata(&path).ok()?.modified().ok()?, path));
    paths.filter(is_code).filter_map(time).map(|(time, path)| (path, time))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc::channel;

    #[test]
    fn the_work_is_done_again_when_a_file_changes_and_only_then() {
        let folder = std::env::temp_dir().join(format!("grader-watch-{}", std::process::id()));
        fs::create_dir_all(folder.join("src")).unwrap();
        let (done, rounds) = channel();
        let folders = [folder.clone()];
        let work = move || Ok(done.send(())?);
        let body = move || run(&folders, work).map(drop).unwrap_err().to_string();
        let watch = thread::Builder::new().spawn(body).unwrap();
        let patience = Duration::from_secs(10);
        rounds.recv_timeout(patience).unwrap();
        fs::write(folder.join("src/notes.txt"), "").unwrap();
        assert!(rounds.recv_timeout(4 * LOOK_AGAIN).is_err(), "nothing has changed");
        fs::write(folder.join("src/main.rs"), "").unwrap();
        rounds.recv_timeout(patience).unwrap();
        drop(rounds); // The next round fails, and that ends it.
        fs::remove_file(folder.join("src/main.rs")).unwrap();
        assert_eq!(watch.join().unwrap(), "sending on a closed channel");
        fs::remove_dir_all(&folder).unwrap();
    }
}
