//! The program that is judged: the lab's own, or the one that `LAB_PROGRAM` names.
//!
//! The scenarios know a program by its terminal and its sockets alone. So a peer in any
//! language can be judged: `LAB_PROGRAM="python3 my_peer.py" just test week05`.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::environment::LAB_PROGRAM;
#[cfg(unix)]
use crate::signals;
use crate::spawn_lock;
use crate::workspace::workspace;

/// The command that starts the program, without the arguments of a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Program {
    words: Vec<OsString>,
    folder: Option<PathBuf>,
}

impl Program {
    /// The program under test: `own`, or the one that `LAB_PROGRAM` names.
    pub fn under_test(own: &str) -> Self {
        env::var(LAB_PROGRAM).map_or_else(|_| Self::exactly(&[own]), |line| Self::typed(&line))
    }

    /// This command, whatever `LAB_PROGRAM` says.
    pub fn exactly(words: &[&str]) -> Self {
        Self { words: words.iter().map(OsString::from).collect(), folder: None }
    }

    /// This command, started in this folder.
    #[must_use]
    pub fn in_folder(self, folder: &Path) -> Self {
        Self { folder: Some(folder.to_owned()), ..self }
    }

    /// Starts it with this one argument. Returns whether it reports success.
    pub fn runs_with(&self, argument: &str) -> bool {
        let mut command = self.command();
        command.arg(argument);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        let spawning = spawn_lock::hold();
        let spawned = command.spawn();
        drop(spawning);
        spawned.and_then(|mut program| program.wait()).is_ok_and(|status| status.success())
    }

    pub(crate) fn command(&self) -> Command {
        #[cfg(unix)]
        signals::are_not_inherited();
        let mut command = Command::new(&self.words[0]);
        command.args(&self.words[1..]);
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        command
    }

    /// The program's name, and the words behind it, without folders.
    pub(crate) fn name(&self) -> String {
        let words = self.words.iter().map(|word| last_part(&word.to_string_lossy()).to_owned());
        words.collect::<Vec<_>>().join(" ")
    }

    /// A command as a user types it at the top of the workspace: relative paths start there.
    fn typed(line: &str) -> Self {
        let words = shell_words::split(line).expect("LAB_PROGRAM: every quote is closed");
        assert!(!words.is_empty(), "LAB_PROGRAM is empty: unset it, or name a program");
        let words = words.into_iter().map(OsString::from).collect();
        Self { words, folder: Some(workspace()) }
    }

    /// Whether `LAB_PROGRAM` replaces the lab's own program.
    pub fn is_replaced() -> bool {
        env::var_os(LAB_PROGRAM).is_some()
    }
}

/// The last part of a path.
fn last_part(path: &str) -> &str {
    path.rsplit(['/', '\\']).next().unwrap_or(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_have_arguments_and_a_path_with_spaces() {
        let program = Program::typed("python3 'my lab/peer.py'");
        assert_eq!(program.words, ["python3", "my lab/peer.py"]);
        assert!(program.folder.expect("a folder").join("grader").is_dir());
    }
}
