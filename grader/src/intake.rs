//! What a student may hand in: a folder, a zip file, a bare git repository or a git bundle.
//!
//! An archive is unpacked within limits, and nothing of it is run: no hook, no filter. What cannot
//! be taken is refused in words that say what to do.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use scenario::eventually;
use zip::ZipArchive;

/// The most bytes that the files of an archive may have together.
const MAX_BYTES: u64 = 64 << 20;

/// The most files in an archive.
const MAX_FILES: usize = 2_000;

/// The most folders around the labs.
const MAX_DEPTH: usize = 4;

/// The longest run of git.
const PATIENCE: Duration = Duration::from_mins(1);

/// Folders of which nothing is graded. They may have any size, and any links.
const SKIPPED: [&str; 4] = [".git", "target", "node_modules", "__MACOSX"];

/// The folder in which the submission has these labs, or one of them. An archive is unpacked into
/// `scratch`, which is empty.
pub fn folder(submission: &Path, scratch: &Path, labs: &[&str]) -> Result<PathBuf> {
    if is_bare_repository(submission) {
        clone(submission, scratch)?;
    } else if submission.is_dir() {
        return top(submission, labs);
    } else {
        let mut start = [0; 3];
        let file = File::open(submission).context("it cannot be opened");
        let read = file?.read(&mut start)?;
        match &start[..read] {
            [b'P', b'K', _] => unpack(submission, scratch)?,
            b"# v" => clone(submission, scratch)?,
            _ => bail!(
                "it is no folder, no zip file, no bare git repository and no git bundle: \
                 ask for one of these"
            ),
        }
    }
    top(scratch, labs)
}

fn is_bare_repository(folder: &Path) -> bool {
    folder.join("HEAD").is_file() && folder.join("objects").is_dir()
}

/// The folder that has the labs: this one, or the only one in it, or the only one in that.
fn top(folder: &Path, labs: &[&str]) -> Result<PathBuf> {
    let mut place = folder.to_owned();
    for _ in 0..=MAX_DEPTH {
        if labs.iter().any(|lab| place.join(lab).is_dir()) {
            return Ok(place);
        }
        let mut entries = fs::read_dir(&place)?.collect::<io::Result<Vec<_>>>()?;
        entries.retain(|entry| {
            let name = entry.file_name();
            !name.to_string_lossy().starts_with('.') && name != "__MACOSX"
        });
        match &entries[..] {
            // Nothing was handed in, which is worth no points, and no reason to ask again.
            [] if place == folder => return Ok(place),
            [only] if only.file_type()?.is_dir() => place = only.path(),
            _ => break,
        }
    }
    let labs = labs.join(" or ");
    bail!(
        "it has no folder {labs}: hand in the lab's folder, with the files at their paths in it"
    )
}

/// Unpacks a zip file.
fn unpack(file: &Path, to: &Path) -> Result<()> {
    let damaged = "the zip file is damaged: make it again";
    let mut archive = ZipArchive::new(File::open(file)?).context(damaged)?;
    let (mut left, mut files) = (MAX_BYTES, 0);
    for index in 0..archive.len() {
        let entry = archive.by_index(index).context(damaged)?;
        let name = entry.name().context(damaged)?.into_owned();
        let mut parts = name.split(['/', '\\']);
        let climbs = name.starts_with(['/', '\\']) || parts.clone().any(|part| part == "..");
        let path = entry.enclosed_name().filter(|_| !climbs).with_context(|| {
            format!("{name:?} would lie outside: zip a folder, without paths from elsewhere")
        })?;
        if entry.is_dir() || parts.any(|part| SKIPPED.contains(&part)) {
            continue;
        }
        ensure!(
            !entry.is_symlink(),
            "{name:?} is a link: put the file itself into the archive"
        );
        files += 1;
        ensure!(
            files <= MAX_FILES,
            "it has more than {MAX_FILES} files: leave out all but the labs"
        );
        let path = to.join(path);
        fs::create_dir_all(path.parent().unwrap_or(to))?;
        let twice = || format!("{name:?} is there twice, or cannot be written: zip it again");
        let mut file = File::create_new(path).with_context(twice)?;
        // What an entry says of its size may be wrong: what comes out of it counts.
        let written = io::copy(&mut entry.take(left + 1), &mut file).context(damaged)?;
        left = left.checked_sub(written).with_context(|| {
            format!(
                "its files have more than {} MiB: leave out all but the labs",
                MAX_BYTES >> 20
            )
        })?;
    }
    Ok(())
}

/// Unpacks the commit that HEAD names. A clone has no hooks and no settings of the repository that
/// it is made of, so none of its filters are run.
fn clone(repository: &Path, scratch: &Path) -> Result<()> {
    let (bare, zip) = (scratch.join(".git"), scratch.join(".zip"));
    let mut clone = Command::new("git");
    clone.args(["clone", "--quiet", "--bare", "--no-local", "--template="]);
    let unreadable = "git cannot clone it: make it again, with `git bundle create FILE HEAD`";
    finish(clone.arg("--").arg(repository).arg(&bare), None).context(unreadable)?;
    let mut archive = Command::new("git");
    // A filter of the user's own, such as git-lfs, would fetch from elsewhere. The attributes that
    // are read are those of a working tree, of which there is none.
    archive.env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
    archive.arg("--git-dir").arg(&bare);
    archive.args(["archive", "--worktree-attributes", "--format=zip", "HEAD"]);
    let no_commit = "git finds no commit that HEAD names, or too much in it: \
                     hand in a branch with the labs alone";
    finish(&mut archive, Some(&zip)).context(no_commit)?;
    unpack(&zip, scratch)
}

/// Waits for a program, but not for ever, and not for more than the limit in this file.
fn finish(command: &mut Command, printed: Option<&Path>) -> Result<()> {
    let stdout = printed.map(File::create).transpose()?.map_or_else(Stdio::null, Stdio::from);
    let command = command.stdin(Stdio::null()).stdout(stdout).stderr(Stdio::null());
    let mut child = command.spawn().context("git can be started")?;
    let meta = || printed.and_then(|path| fs::metadata(path).ok());
    let is_long = || meta().is_some_and(|meta| meta.len() > MAX_BYTES);
    eventually(PATIENCE, || is_long() || !matches!(child.try_wait(), Ok(None)));
    // Does nothing to a program that has ended.
    let _ = child.kill();
    let status = child.wait()?;
    ensure!(status.success(), "git has ended with {status}");
    Ok(())
}
