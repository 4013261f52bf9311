//! A running program: its process group, its stdin and its pipes.
//!
//! The program runs in a process group of its own (a job on Windows), and dropping it ends the
//! whole group: a test that fails leaves nothing behind, not even a process that the program
//! itself has started.

use std::io::{self, Read, Write};
use std::process::{ChildStdin, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread;

#[cfg(windows)]
use process_wrap::std::JobObject;
#[cfg(unix)]
use process_wrap::std::ProcessGroup;
use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::program::Program;
use crate::screen::Decoder;
use crate::spawn_lock;

/// A piece of output.
#[derive(Clone, Debug)]
pub(crate) enum Output {
    Printed(String),
    Complained(String),
    /// The program prints without end, and is not read any more.
    TooMuch,
}

/// Set where the judge runs a test. The lab's programs then stay in the group of their test, which
/// ends as a whole.
pub(crate) const LAB_JUDGED: &str = "LAB_JUDGED";

/// The most bytes that are read from one pipe of a program.
const MOST: usize = 16 << 20;

/// A program that has been started. Dropping it ends the program.
#[derive(Debug)]
pub(crate) struct Child {
    program: Box<dyn ChildWrapper>,
    keyboard: Option<ChildStdin>,
    /// All output; disconnected when both pipes are closed.
    pub(crate) output: Receiver<Output>,
}

impl Child {
    /// Starts `program`. `overhear` is called with each piece of output the moment it is read.
    pub(crate) fn start(
        program: &Program,
        args: &[&str],
        environment: &[(&str, &str)],
        overhear: impl Fn(Output) + Clone + Send + 'static,
    ) -> io::Result<Self> {
        let mut command = program.command();
        command.args(args).envs(environment.iter().copied());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut command = CommandWrap::from(command);
        #[cfg(unix)]
        if std::env::var_os(LAB_JUDGED).is_none() || Program::is_a_stranger() {
            command.wrap(ProcessGroup::leader());
        }
        #[cfg(windows)]
        command.wrap(JobObject);
        let spawning = spawn_lock::hold();
        let spawned = command.spawn();
        drop(spawning);
        let mut program = spawned?;

        let (shown, output) = channel();
        let stdout = program.stdout().take().expect("stdout is piped");
        let stderr = program.stderr().take().expect("stderr is piped");
        watch(stdout, Output::Printed, shown.clone(), overhear.clone())?;
        watch(stderr, Output::Complained, shown, overhear)?;
        Ok(Self { keyboard: program.stdin().take(), program, output })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.program.id()
    }

    pub(crate) fn types(&mut self, bytes: &[u8]) -> io::Result<()> {
        let keyboard = self.keyboard.as_mut().expect("the keyboard was not unplugged before");
        keyboard.write_all(bytes)?;
        keyboard.flush()
    }

    pub(crate) fn unplugs_keyboard(&mut self) {
        self.keyboard = None;
    }

    /// Stops reading: the pipes are closed when the next piece of output has come through them.
    pub(crate) fn closes_output(&mut self) {
        self.output = channel().1;
    }

    /// Sends a POSIX signal to the program's group.
    #[cfg(unix)]
    pub(crate) fn signal(&self, number: i32) -> io::Result<()> {
        self.program.signal(number)
    }

    /// Ends the program's group at once, and waits for it.
    pub(crate) fn kill(&mut self) -> io::Result<ExitStatus> {
        // Fails when the program has ended by itself; then only its status is missing.
        let _ = self.program.start_kill();
        self.program.wait()
    }

    /// Whether the program has left a process of its group behind, now that it has ended itself.
    /// Ends that process. (On Windows, the job ends with the program.)
    pub(crate) fn left_a_process(&mut self) -> bool {
        cfg!(unix) && self.program.start_kill().is_ok()
    }

    pub(crate) fn has_ended(&mut self) -> io::Result<Option<ExitStatus>> {
        self.program.try_wait()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

/// Starts the thread that reads one pipe of the program to its end.
fn watch(
    mut pipe: impl Read + Send + 'static,
    kind: fn(String) -> Output,
    shown: Sender<Output>,
    overhear: impl Fn(Output) + Send + 'static,
) -> io::Result<()> {
    let body = move || {
        let mut decoder = Decoder::default();
        let mut buffer = [0; 16 * 1024];
        let mut total = 0;
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            total += count;
            let too_much = total > MOST;
            let mut text = || kind(decoder.decode(&buffer[..count]));
            let output = if too_much { Output::TooMuch } else { text() };
            overhear(output.clone());
            if shown.send(output).is_err() || too_much {
                break; // The terminal was closed, or will fail.
            }
        }
    };
    // Not joined: it ends with its pipe, which the program may have handed on to a process
    // that outlives it for a moment.
    thread::Builder::new().name("screen".into()).spawn(body).map(drop)
}
