//! The jail: this process gives up all that a student's program does not need, and becomes it.
//!
//! `grader jail PROGRAM ARGS` restricts itself with Landlock (no file can be written, only the
//! system's libraries and the program itself can be read, no signal reaches a process outside),
//! with seccomp (no second process, no memory or queue that two programs share, no server of this
//! machine, no change of a file's rights or of another process), and with resource limits; it gives
//! up its capabilities, clears the environment, and `exec`s. The process id stays the same, so
//! Ctrl-C and SIGTERM still reach the program. It ends when the test that started it does.
//! `grader jail --build TREE cargo ARGS` builds a submission in the same way: the compiler reads the
//! sources of the tree, and writes below its `target`; and `grader jail --test PROGRAM TEST` runs a
//! student's test, which may start that program. Linux only; where a layer is missing, nothing is
//! started.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::env;
use std::ffi::OsString;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};
use caps::CapSet;
use landlock::{
    ABI, Access, AccessFs, BitFlags, CompatLevel, Compatible, Ruleset, RulesetAttr,
    RulesetCreatedAttr, RulesetStatus, Scope, path_beneath_rules,
};
use nix::libc;
use nix::sys::{prctl, signal::Signal};
use rlimit::Resource;
use scenario::workspace;
use seccompiler::{
    SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
};

/// The word in front of a tree that is built, and of a program that a student's test tries.
const BUILD: &str = "--build";
const TEST: &str = "--test";

/// Folders that a program may read: libraries, interpreters and their modules.
const READABLE: [&str; 4] = ["/usr", "/lib", "/lib64", "/etc/ld.so.cache"];

/// The parts of cargo's folder that a build may read: other files in it have passwords.
const OF_CARGO: [&str; 5] = ["bin", "registry", "git", "config.toml", "config"];

/// The limits of a program: open files, bytes in one file it writes, core dumps, CPU seconds.
const LIMITS: [(Resource, u64); 4] =
    [(Resource::NOFILE, 256), (Resource::FSIZE, 0), (Resource::CORE, 0), (Resource::CPU, 60)];

/// The limits of each process of a build, or of a student's test. The bytes of data are those that
/// are not shared.
const BUILD_LIMITS: [(Resource, u64); 6] = [
    (Resource::NOFILE, 1024),
    (Resource::NPROC, 4096),
    (Resource::FSIZE, 1 << 30),
    (Resource::CORE, 0),
    (Resource::DATA, 2 << 30),
    (Resource::CPU, 20),
];

/// The environment variables that are left to a program.
const KEPT: [&str; 4] = ["P2P_HOST", "P2P_BASE_PORT", "TERM", "NO_COLOR"];

/// The environment variables that are left to a build: a picture may show what `env!` reads.
const BUILD_KEPT: [&str; 5] = ["PATH", "HOME", "CARGO_HOME", "RUSTUP_HOME", "RUSTUP_TOOLCHAIN"];

/// The environment variables that are left to a student's test.
const TEST_KEPT: [&str; 6] =
    ["CARGO_MANIFEST_DIR", "LAB_JUDGED", "LAB_PROGRAM", "LAB_WAIT", "RUST_BACKTRACE", "TMPDIR"];

/// The begin of a variable that a test is compiled with.
const PROGRAM_OF_TEST: &str = "CARGO_BIN_EXE_";

/// The access that a program has to the files below a path.
type Rule = (PathBuf, BitFlags<AccessFs>);

/// Confines this process and becomes the program. Returns only if that fails. A file among the
/// arguments (a script, say) may be read, and files beside it.
pub fn become_program(words: impl Iterator<Item = OsString>) -> Result<Infallible> {
    let mut words = words.peekable();
    let mut behind = |flag| words.next_if(|word| word == flag).and_then(|_| words.next());
    let (tree, tried) = (behind(BUILD), behind(TEST));
    let name = words.next().context("no program is named")?;
    let program =
        find(&name).with_context(|| format!("there is no program {}", name.display()))?;
    let args: Vec<_> = words.collect();
    let mut command = Command::new(&program);
    command.env_clear();
    let (rules, limits, kept) = if let Some(tree) = &tree {
        let target = Path::new(tree).join("target");
        fs::create_dir_all(&target)?;
        // A program of rustup is told by its name which one it is.
        command.arg0(name).env("TMPDIR", &target);
        (rules_of_build(Path::new(tree)), &BUILD_LIMITS[..], &BUILD_KEPT[..])
    } else if let Some(tried) = &tried {
        // Without the last one, CPU time: a program that it starts may use more.
        let limits = &BUILD_LIMITS[..BUILD_LIMITS.len() - 1];
        (rules_of_test(&program, tried.into())?, limits, &TEST_KEPT[..])
    } else {
        (rules_of(&program, &args), &LIMITS[..], &KEPT[..])
    };
    prctl::set_pdeathsig(Signal::SIGKILL)?;
    for set in [CapSet::Effective, CapSet::Permitted, CapSet::Inheritable] {
        caps::clear(None, set)?;
    }
    confine(&rules)?;
    for (what, most) in limits {
        // The signal of the softer limit says what was exceeded.
        let hard = if *what == Resource::CPU { most + 1 } else { *most };
        what.set(*most, hard).with_context(|| format!("cannot limit {what:?}"))?;
    }
    if tree.is_none() {
        forbid(tried.is_some())?;
    }
    let is_kept = |name: &OsString| {
        let of_test = tree.is_some() && name.to_string_lossy().starts_with(PROGRAM_OF_TEST);
        of_test || kept.iter().any(|kept| name == kept)
    };
    let kept = env::vars_os().filter(|(name, _)| is_kept(name));
    let error = command.args(args).envs(kept).exec();
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

/// The rules of `program`, which may read the scripts among its arguments.
fn rules_of(program: &Path, args: &[OsString]) -> Vec<Rule> {
    let read = AccessFs::from_read(ABI::V5);
    // An interpreter outside /usr has its library beside it: /opt/python/bin, /opt/python/lib.
    let installed = program.parent().filter(|folder| folder.ends_with("bin"));
    let installed = installed.and_then(Path::parent).filter(|folder| folder.parent().is_some());
    // A script has an extension. A file called `1` must not open its folder to a peer 1.
    let is_script = |path: &PathBuf| path.extension().is_some() && path.is_file();
    let scripts = args.iter().map(PathBuf::from).filter(is_script);
    let readable = READABLE.iter().map(PathBuf::from).chain(scripts.filter_map(folder_of));
    let readable = readable.chain(installed.map(Path::to_owned)).map(|path| (path, read));
    readable.chain([(program.to_owned(), AccessFs::Execute | AccessFs::ReadFile)]).collect()
}

/// The rules of a student's test: it may start the program that it tries, in a jail as well, and
/// write temporary files.
fn rules_of_test(test: &Path, tried: PathBuf) -> Result<Vec<Rule>> {
    let run = AccessFs::Execute | AccessFs::ReadFile;
    let manifest = workspace().join("Cargo.toml"); // By which it knows where it is.
    let files = env::var_os("TMPDIR").context("TMPDIR is not set")?.into();
    let mut rules = vec![
        (files, AccessFs::from_all(ABI::V5) & !AccessFs::Execute),
        (manifest, AccessFs::ReadFile.into()),
        (test.to_owned(), run),
        (tried, run),
        (env::current_exe()?, run),
    ];
    rules.extend(READABLE.map(|path| (path.into(), AccessFs::from_read(ABI::V5))));
    Ok(rules)
}

/// The rules of cargo when it builds in `tree`.
fn rules_of_build(tree: &Path) -> Vec<Rule> {
    let read = AccessFs::from_read(ABI::V5);
    let home = env::var_os("HOME").unwrap_or_default();
    let place = |name, usual| {
        env::var_os(name).map_or_else(|| Path::new(&home).join(usual), PathBuf::from)
    };
    let cargo = place("CARGO_HOME", ".cargo");
    let mut readable: Vec<_> = READABLE.iter().map(PathBuf::from).collect();
    readable.extend(OF_CARGO.iter().map(|part| cargo.join(part)));
    readable.extend([place("RUSTUP_HOME", ".rustup"), tree.to_owned()]);
    let target = (tree.join("target"), AccessFs::from_all(ABI::V5));
    readable.into_iter().map(|path| (path, read)).chain([target]).collect()
}

fn confine(rules: &[Rule]) -> Result<()> {
    let mut ruleset = Ruleset::default()
        .set_compatibility(CompatLevel::HardRequirement)
        .handle_access(AccessFs::from_all(ABI::V5))?
        .scope(Scope::from_all(ABI::V6))?
        .create()
        .context("this system has no Landlock, or an old one (ABI 6 is needed)")?;
    let null = ("/dev/null".into(), AccessFs::ReadFile | AccessFs::WriteFile);
    for (path, access) in rules.iter().chain([&null]) {
        ruleset = ruleset.add_rules(path_beneath_rules([path], *access))?;
    }
    let status = ruleset.restrict_self()?;
    ensure!(status.ruleset == RulesetStatus::FullyEnforced, "not confined: {status:?}");
    Ok(())
}

/// Takes away the system calls that Landlock does not look at, and with which a program would reach
/// another one: it changes the rights and times of files, or becomes a program that is in none; it
/// calls a server on this machine through a Unix socket; it limits or slows down another process. If it is no
/// test, it may also not leave what watches it: no second process, no group of its own, no life
/// beyond its test's. Nor may it speak to another program without a socket.
fn forbid(is_test: bool) -> Result<()> {
    #[rustfmt::skip] // One kind a line.
    let mut calls = vec![
        // The rights, the owner, the attributes and the times of a file.
        libc::SYS_fchmod, libc::SYS_fchmodat, libc::SYS_fchmodat2, libc::SYS_fchown, libc::SYS_fchownat,
        libc::SYS_setxattr, libc::SYS_lsetxattr, libc::SYS_fsetxattr, libc::SYS_utimensat,
        // A file in memory; calls that no filter sees; namespaces of its own.
        libc::SYS_memfd_create, libc::SYS_io_uring_setup, libc::SYS_unshare, libc::SYS_setns,
        // On which processor, and how often, another process runs.
        libc::SYS_sched_setaffinity, libc::SYS_sched_setscheduler, libc::SYS_sched_setparam,
        libc::SYS_sched_setattr, libc::SYS_setpriority, libc::SYS_ioprio_set,
        // The older forms of the first line.
        #[cfg(target_arch = "x86_64")] libc::SYS_chmod,
        #[cfg(target_arch = "x86_64")] libc::SYS_chown,
        #[cfg(target_arch = "x86_64")] libc::SYS_lchown,
        #[cfg(target_arch = "x86_64")] libc::SYS_utime,
        #[cfg(target_arch = "x86_64")] libc::SYS_utimes,
        #[cfg(target_arch = "x86_64")] libc::SYS_futimesat,
    ];
    // Of these, what the first argument is compared with.
    let inet = [libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
    let mut conditions = vec![
        (libc::SYS_socket, inet.map(|kind| (SeccompCmpOp::Ne, kind)).to_vec()),
        (libc::SYS_prlimit64, vec![(SeccompCmpOp::Ne, 0)]),
    ];
    if !is_test {
        #[rustfmt::skip] // Processes, groups of processes, shared memory and queues, keys.
        calls.extend([
            #[cfg(target_arch = "x86_64")] libc::SYS_fork,
            #[cfg(target_arch = "x86_64")] libc::SYS_vfork,
            libc::SYS_setsid, libc::SYS_setpgid,
            libc::SYS_shmget, libc::SYS_msgget, libc::SYS_semget, libc::SYS_mq_open,
            libc::SYS_add_key, libc::SYS_keyctl,
        ]);
        // A thread is cloned as well.
        let a_thread = SeccompCmpOp::MaskedEq(u64::from(libc::CLONE_THREAD.unsigned_abs()));
        conditions.push((libc::SYS_clone, vec![(a_thread, 0)]));
        conditions.push((libc::SYS_prctl, vec![(SeccompCmpOp::Eq, libc::PR_SET_PDEATHSIG)]));
    }
    let mut rules: BTreeMap<_, _> = calls.into_iter().map(|call| (call, Vec::new())).collect();
    for (call, conditions) in conditions {
        let conditions = conditions.into_iter().map(|(op, value)| {
            let value = u64::from(value.unsigned_abs());
            SeccompCondition::new(0, SeccompCmpArgLen::Dword, op, value)
        });
        rules.insert(call, vec![SeccompRule::new(conditions.collect::<Result<_, _>>()?)?]);
    }
    install(rules, libc::EPERM)?;
    // Its flags cannot be seen, so C libraries have to do without it: they use `clone` then.
    install(BTreeMap::from([(libc::SYS_clone3, Vec::new())]), libc::ENOSYS)
}

/// Answers these system calls with this error.
fn install(rules: BTreeMap<i64, Vec<SeccompRule>>, error: i32) -> Result<()> {
    let refusal = SeccompAction::Errno(error.unsigned_abs());
    let arch = env::consts::ARCH.try_into()?;
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refusal, arch)?;
    let program: seccompiler::BpfProgram = filter.try_into()?;
    seccompiler::apply_filter(&program).context("this system has no seccomp")
}
