//! Process statistics: the threads, descriptors and memory of a running program.
//!
//! Linux only: the numbers are read in `/proc`. Elsewhere every function returns `None`.

use std::fs;
use std::path::PathBuf;

/// The names of all threads of process `pid`, sorted; none if it has ended.
pub fn threads(pid: u32) -> Option<Vec<String>> {
    let folder = folder(pid)?;
    // A process that has ended, and that nobody has waited for, has a thread, but no memory.
    let tasks = memory_kib(pid).and_then(|_| fs::read_dir(folder.join("task")).ok());
    let name = |task: fs::DirEntry| fs::read_to_string(task.path().join("comm")).ok();
    let names = tasks.into_iter().flatten().flatten().filter_map(name);
    let mut names: Vec<_> = names.map(|name| name.trim_end().to_owned()).collect();
    names.sort();
    Some(names)
}

/// The number of files, pipes and sockets that process `pid` holds open.
pub fn descriptors(pid: u32) -> Option<usize> {
    Some(fs::read_dir(folder(pid)?.join("fd")).ok()?.count())
}

/// The memory of process `pid` that is in RAM, in KiB.
pub fn memory_kib(pid: u32) -> Option<usize> {
    status(pid, "VmRSS:")
}

/// The number of threads of process `pid`.
pub(crate) fn thread_count(pid: u32) -> Option<usize> {
    status(pid, "Threads:")
}

fn status(pid: u32, name: &str) -> Option<usize> {
    let status = fs::read_to_string(folder(pid)?.join("status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The folder of a process. A Windows program under Wine sees it, too, but there the number
/// belongs to another process.
fn folder(pid: u32) -> Option<PathBuf> {
    cfg!(target_os = "linux").then(|| PathBuf::from(format!("/proc/{pid}")))
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn a_process_can_look_at_itself() {
        let me = std::process::id();
        assert!(threads(me).is_some_and(|names| !names.is_empty()));
        assert!(descriptors(me).is_some_and(|count| count >= 3));
        assert!(memory_kib(me).is_some_and(|kib| kib > 100));
        assert!(thread_count(me).is_some_and(|count| count >= 1));
        assert_eq!(threads(u32::MAX), Some(Vec::new()));
    }
}
