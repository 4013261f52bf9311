//! The confinement of a submission's program: how far this system can keep it from all that it does
//! not need.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, ensure};
use scenario::environment::LAB_IN_NAMESPACES;

/// Enters namespaces: a network with nothing but loopback, and process ids and queues of its own.
/// All of it ends with this process, however that ends. A script follows.
#[rustfmt::skip] // One program a line.
pub(crate) const ENTER: [&str; 10] = [
    "setpriv", "--pdeathsig", "KILL",
    "unshare", "-Urnpfi", "--mount-proc", "--kill-child", "--",
    "sh", "-c",
];

/// The layers that confine a program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confinement {
    /// A network and process ids of its own, and the jail.
    Full,
    /// The jail alone.
    Landlock,
    /// Nothing.
    None,
}

/// The process that grades.
#[derive(Debug)]
pub enum Place {
    /// This one, with programs confined so far.
    Here(Confinement),
    /// Another one, in namespaces of its own. It has graded, and ended with this status.
    Elsewhere(ExitCode),
}

impl Confinement {
    /// The name in `grade.json`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Landlock => "landlock",
            Self::None => "none",
        }
    }

    /// The program that confines another one, if one is to.
    pub fn jail(self) -> Result<Option<PathBuf>> {
        let grader = env::current_exe().context("this program has a path")?;
        Ok((self != Self::None).then_some(grader))
    }
}

/// Finds out how far a program can be confined, and refuses if that is less than fully. If
/// namespaces are needed, it runs this program in them with the same arguments.
pub fn find(is_unconfined_allowed: bool) -> Result<Place> {
    let works = |program: &Path, args: &[&str]| {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let grader = env::current_exe().context("this program has a path")?;
    let has_jail = works(&grader, &["jail", "true"]);
    if has_jail && env::var_os(LAB_IN_NAMESPACES).is_some() {
        return Ok(Place::Here(Confinement::Full));
    }
    let lo = "ip link set lo up";
    if has_jail && works(Path::new(ENTER[0]), &[&ENTER[1..], &[lo]].concat()) {
        let inside = format!("{lo} && exec \"$@\"");
        let mut command = Command::new(ENTER[0]);
        command.args(&ENTER[1..]).args([inside.as_str(), "grade"]).arg(grader);
        command.args(env::args_os().skip(1)).env(LAB_IN_NAMESPACES, "1");
        let status = command.status().context("setpriv(1) can be started")?;
        let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
        return Ok(Place::Elsewhere(ExitCode::from(code)));
    }
    let namespaces = "namespaces of its own (unshare(1), setpriv(1) and ip(8), and permission)";
    let rest = if has_jail { Confinement::Landlock } else { Confinement::None };
    let missing = if has_jail { namespaces } else { "Landlock (Linux, ABI 6)" };
    ensure!(
        is_unconfined_allowed,
        "a submission could do more here than it needs: there is no {missing}. \
         With --unconfined it is graded all the same, and the grade says so"
    );
    Ok(Place::Here(rest))
}
