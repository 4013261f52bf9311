//! "Write the test that catches it": a student's test, held against the right program and against
//! known mistakes, on which it must fail.
//!
//! A test that could tell these programs apart without using them would earn points for nothing. So
//! each is a copy at a random place, all have one length, they are asked for in any order and each
//! twice, and in full confinement each test has a network, process ids and temporary files of its
//! own. Not stopped: a test that compares the bytes of a program with those that it has shown, in
//! the message of an earlier submission.

use std::env;
use std::fs;
use std::hash::{BuildHasher, DefaultHasher, Hash, Hasher, RandomState};
use std::io;
use std::mem;
use std::path::{Path, PathBuf};

use anyhow::{Context, Error, Result};
use scenario::environment::LAB_IN_NAMESPACES;
use tempfile::NamedTempFile;

use crate::behaviour::Behaviour;
use crate::confinement::ENTER;
use crate::judge::{Judge, in_threads, quoted};
use crate::task::Task;
use crate::tree::{Files, STRIPPED, Tree, patched, tracked};
use crate::verdict::{Asked, Status, Verdict, without_a_run};

/// The number of runs of the test on each program. A test that throws a coin is not right so often.
const TIMES: usize = 2;

/// Gives a test in namespaces of its own a folder for temporary files: at most one MiB, in memory.
const ALONE: &str =
    "mount -t tmpfs -o size=1m,noexec none \"$TMPDIR\" && ip link set lo up && exec \"$@\"";

/// The programs that the test of `task` is tried on, in the order of its behaviours. The right one
/// is alone where no mistakes are known, as in an edition, and where no git can make them. All are
/// built in the same way, so that none says which one it is, and are kept in `target/catches`.
pub fn programs(judge: &Judge, task: &Task) -> Result<Vec<PathBuf>> {
    let (workspace, package) = (&judge.workspace, &task.lab.package);
    let right = judge.built[package].programs.get(package);
    let right = vec![right.context("the lab has a program")?.clone()];
    if !workspace.join(&task.lab.folder).join("mistakes").is_dir() {
        return Ok(right);
    }
    let Ok(files) = tracked(workspace) else { return Ok(right) };
    let kept = workspace.join("target/catches");
    fs::create_dir_all(&kept)?;
    let mut tree = Tree::new()?;
    let mut build = |name: &str, files: Files| {
        let mut hasher = DefaultHasher::new();
        STRIPPED.hash(&mut hasher);
        let is_source = |file: &str| file.contains("/src/") || file.contains("Cargo.");
        files.iter().filter(|(file, _)| is_source(file)).for_each(|one| one.hash(&mut hasher));
        let program = kept.join(format!("{name}-{:x}", hasher.finish()));
        if !program.is_file() {
            tree.set(files)?;
            let built = tree.build_program(task, None).map_err(Error::msg);
            let whole = NamedTempFile::new_in(&kept)?;
            fs::copy(built.context(name.to_owned())?, whole.path())?;
            whole.persist(&program)?;
        }
        Ok::<_, Error>(program)
    };
    let mut programs = vec![build("right", files.clone())?];
    for name in &task.catches {
        let why = "known mistakes are made in our answers: put those back (just solution LAB TASK --restore)";
        let patched = patched(&files, &task.mistake(workspace, name, "patch"));
        programs.push(build(name, patched.context(why)?)?);
    }
    Ok(programs)
}

/// Asks for each behaviour of `task`, whose test `judge` has built.
pub fn judge<'a>(
    judge: &Judge,
    task: &'a Task,
    programs: &[PathBuf],
) -> Result<Vec<Asked<'a>>> {
    let name = format!("{}{}", task.lab.package, env::consts::EXE_SUFFIX);
    let programs = programs.iter().map(fs::read).collect::<io::Result<Vec<_>>>()?;
    let longest = programs.iter().map(Vec::len).max().unwrap_or(0);
    let mut asked = without_a_run([task], Status::NotAsked, "");
    let mut order: Vec<_> = programs.into_iter().zip(&mut asked).collect();
    order.sort_by_cached_key(|_| RandomState::new().hash_one(()));
    let scratch = tempfile::tempdir()?;
    let mut trials = Vec::new();
    for (mut program, one) in order {
        program.resize(longest, 0);
        let place = tempfile::tempdir_in(scratch.path())?;
        let path = place.path().join(&name);
        fs::write(&path, program)?;
        #[cfg(unix)]
        fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o755))?;
        trials.push((one, with_program(judge, &path)?, place));
    }
    let test = Behaviour { test: task.suite.clone(), ..task.behaviours[0].clone() };
    in_threads(&mut trials, |(one, judge, _)| one.verdict = judge.ask_times(task, &test));
    drop(trials);
    let right = asked[0].verdict.status;
    for (name, one) in task.catches.iter().zip(&mut asked[1..]) {
        turn(&mut one.verdict, right, name);
    }
    if right == Status::Failed {
        asked[0].verdict.message.insert_str(0, "Your test fails on the right program:\n\n");
    }
    Ok(asked)
}

/// The judge that asks for this program, and confines the test as well as it can.
fn with_program(judge: &Judge, program: &Path) -> Result<Judge> {
    let mut judge = judge.of_program(&quoted(program));
    judge.times = judge.times.max(TIMES);
    if let Some(jail) = &judge.jail {
        let files = program.with_file_name("files");
        fs::create_dir(&files)?;
        judge.environment.push(("TMPDIR".into(), files.display().to_string()));
        if env::var_os(LAB_IN_NAMESPACES).is_some() {
            let enter = ENTER.into_iter().chain([ALONE, "test"]);
            judge.inside.extend(enter.map(str::to_owned));
        }
        let [jail, program] = [jail.as_path(), program].map(|path| path.display().to_string());
        judge.inside.extend([jail, "jail".into(), "--test".into(), program]);
    }
    Ok(judge)
}

/// A test must fail on a mistake, and that counts if it passes on the right program.
fn turn(verdict: &mut Verdict, right: Status, mistake: &str) {
    let passes =
        || format!("Your test passes on a program that {}.\n", mistake.replace('_', " "));
    let (status, message) = match (right, verdict.status) {
        (_, Status::NotAsked) => return,
        (Status::NotStarted, _) => (right, mem::take(&mut verdict.message)),
        (Status::Passed, Status::Failed) => (Status::Passed, String::new()),
        (Status::Passed, Status::Passed) => (Status::Failed, passes()),
        (Status::Passed, Status::Unstable { .. }) => (verdict.status, passes()),
        (Status::Passed, _) => return,
        _ => (Status::Failed, "Your test does not pass on the right program.\n".to_owned()),
    };
    (verdict.status, verdict.message) = (status, message);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_that_fails_on_a_mistake_passes_if_it_passes_on_the_right_program() {
        use Status::{Failed, NoResult, NotAsked, NotStarted, Passed, TimedOut};
        let unstable = Status::Unstable { passed: 1, of: 2 };
        let verdict = |status| Verdict { status, message: String::new() };
        for (right, on_mistake, expected) in [
            (Passed, Failed, Passed),
            (Passed, Passed, Failed),
            (Passed, unstable, unstable),
            (Passed, TimedOut, TimedOut),
            (Passed, NoResult, NoResult),
            (Passed, NotAsked, NotAsked),
            (NotStarted, Failed, NotStarted),
            (NotStarted, Passed, NotStarted),
            (Failed, Failed, Failed),
            (Failed, Passed, Failed),
            (unstable, Failed, Failed),
            (TimedOut, Failed, Failed),
            (NoResult, Passed, Failed),
        ] {
            let mut verdict = verdict(on_mistake);
            turn(&mut verdict, right, "includes_itself");
            assert_eq!(verdict.status, expected, "{right:?} {on_mistake:?}");
        }
        let mut verdict = verdict(Passed);
        turn(&mut verdict, Passed, "includes_itself");
        assert_eq!(verdict.message, "Your test passes on a program that includes itself.\n");
    }
}
