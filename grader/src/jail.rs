//! The jail: a program gives up what a student's program does not need, then becomes it.
//!
//! `grader jail PROGRAM ARGS` restricts itself with Landlock (no file can be written, only the
//! system's libraries and the program itself can be read, no signal reaches a process outside)
//! and with resource limits, clears the environment, and `exec`s. The process id stays the same,
//! so Ctrl-C and SIGTERM still reach the program. Linux only; where a layer is missing, nothing
//! is started.

use std::convert::Infallible;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use landlock::{
    ABI, Access, AccessFs, CompatLevel, Compatible, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetStatus, Scope, path_beneath_rules,
};
use rlimit::Resource;

/// Folders that a program may read: libraries, interpreters and their modules.
const READABLE: [&str; 4] = ["/usr", "/lib", "/lib64", "/etc/ld.so.cache"];

/// What a program may use: open files, bytes in one file it writes, core dumps, CPU seconds.
const LIMITS: [(Resource, u64); 4] =
    [(Resource::NOFILE, 256), (Resource::FSIZE, 0), (Resource::CORE, 0), (Resource::CPU, 60)];

/// The environment variables that are left to a program.
const KEPT: [&str; 4] = ["P2P_HOST", "P2P_BASE_PORT", "TERM", "NO_COLOR"];

/// Confines this process and becomes the program. Returns only if that fails. A file among the
/// arguments (a script, say) may be read, and files beside it.
pub fn become_program(mut words: impl Iterator<Item = OsString>) -> Result<Infallible> {
    let program = words.next().context("no program is named")?;
    let program =
        find(&program).with_context(|| format!("there is no program {}", program.display()))?;
    let args: Vec<_> = words.collect();
    let scripts = args.iter().map(PathBuf::from).filter(|path| path.is_file());
    confine(&program, &scripts.filter_map(folder_of).collect::<Vec<_>>())?;
    for (what, most) in LIMITS {
        what.set(most, most).with_context(|| format!("cannot limit {what:?}"))?;
    }
    let kept = env::vars_os().filter(|(name, _)| KEPT.iter().any(|kept| name == kept));
    let kept: Vec<_> = kept.collect();
    let error = Command::new(&program).args(args).env_clear().envs(kept).exec();
    Err(error).with_context(|| format!("cannot start {}", program.display()))
}

/// A program is named by a path, or found on the PATH.
fn find(name: &OsString) -> Option<PathBuf> {
    let path = Path::new(name);
    if path.components().count() > 1 {
        return fs::canonicalize(path).ok();
    }
    let folders = env::var_os("PATH")?;
    let mut found = env::split_paths(&folders).map(|folder| folder.join(path));
    found.find(|path| path.is_file()).and_then(|path| fs::canonicalize(path).ok())
}

fn folder_of(file: PathBuf) -> Option<PathBuf> {
    fs::canonicalize(file).ok()?.parent().map(Path::to_owned)
}

fn confine(program: &Path, readable: &[PathBuf]) -> Result<()> {
    // An interpreter outside /usr has its library beside it: /opt/python/bin, /opt/python/lib.
    let installed = program.parent().filter(|folder| folder.ends_with("bin"));
    let installed = installed.and_then(Path::parent).filter(|folder| folder.parent().is_some());
    let read = AccessFs::from_read(ABI::V5);
    let status = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V5))?
        .scope(Scope::from_all(ABI::V6))?
        .create()
        .context("this system has no Landlock, or an old one (ABI 6 is needed)")?
        .add_rules(path_beneath_rules(
            READABLE.iter().filter(|path| Path::new(path).exists()),
            read,
        ))?
        .add_rules(path_beneath_rules(
            readable.iter().map(PathBuf::as_path).chain(installed),
            read,
        ))?
        .add_rules(path_beneath_rules([program], AccessFs::Execute | AccessFs::ReadFile))?
        .add_rules(path_beneath_rules(["/dev/null"], AccessFs::ReadFile | AccessFs::WriteFile))?
        .restrict_self()?;
    ensure!(status.ruleset == RulesetStatus::FullyEnforced, "not confined: {status:?}");
    Ok(())
}
