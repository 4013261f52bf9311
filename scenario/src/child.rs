//! A running program: its process group, its stdin and its pipes.
//!
//! The program runs in a process group of its own (a job on Windows), and dropping it ends the
//! whole group: a test that fails leaves nothing behind, not even a process that the program
//! itself has started. Where the judge runs a test, a program that takes too much memory or too
//! many threads is ended as well.

use std::io::{self, Read, Write};
use std::process::{ChildStdin, ExitStatus, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(windows)]
use process_wrap::std::JobObject;
#[cfg(unix)]
use process_wrap::std::ProcessGroup;
use process_wrap::std::{ChildWrapper, CommandWrap};

use crate::environment::LAB_JUDGED;
use crate::program::Program;
use crate::screen::Decoder;
use crate::spawn_lock;
use crate::statistics::{memory_kib, thread_count};
use crate::wait::eventually;

/// A piece of output.
#[derive(Clone, Debug)]
pub enum Output {
    /// On stdout.
    Printed(String),
    /// On stderr.
    Complained(String),
    /// The program has done more than any may, and is not read any more.
    TooMuch(&'static str),
}

/// The output of a program up to its end.
#[derive(Debug, Default)]
pub struct Outcome {
    /// On stdout.
    pub printed: String,
    /// On stderr.
    pub complained: String,
    /// Its end.
    pub end: End,
}

/// The end of a program, if there was one.
#[derive(Clone, Copy, Debug, Default)]
pub enum End {
    /// By itself, or by a signal.
    Exited(ExitStatus),
    /// The program still runs.
    #[default]
    TimedOut,
    /// The program prints without end.
    TooMuch,
}

/// The most bytes that are read from one pipe of a program.
const MOST: usize = 16 << 20;

/// The most memory that a judged program may use, in KiB, and the most threads.
const MOST_MEMORY: usize = 256 << 10;
const MOST_THREADS: usize = 1024;

/// Between two looks at the memory of a program.
const LOOK: Duration = Duration::from_millis(50);

const PRINTED_TOO_MUCH: &str = "has printed more than 16 MiB: no test reads so much";
const USED_TOO_MUCH: &str = "used more than 256 MiB of memory, or 1024 threads, and was ended";

/// The program, behind a lock: the thread that limits it asks for its memory and may end it, while
/// the test types and waits. The lock is held only to look at the program, or to end it.
type Running = Mutex<Box<dyn ChildWrapper>>;

/// A program that has been started. Dropping it ends the program.
#[derive(Debug)]
pub struct Child {
    program: Arc<Running>,
    keyboard: Option<ChildStdin>,
    /// All output; disconnected when both pipes are closed.
    pub(crate) output: Receiver<Output>,
}

impl Child {
    /// Starts `program`. `overhear` is called with each piece of output the moment it is read.
    pub fn start(
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
        if std::env::var_os(LAB_JUDGED).is_none() || Program::is_replaced() {
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
        let excess = Arc::new(AtomicBool::new(false));
        watch(stdout, Output::Printed, &excess, shown.clone(), overhear.clone())?;
        watch(stderr, Output::Complained, &excess, shown, overhear)?;
        let keyboard = program.stdin().take();
        let program = Arc::new(Mutex::new(program));
        // The programs of a test, and not the test itself.
        if std::env::var_os(LAB_JUDGED).is_some() {
            limit(Arc::downgrade(&program), excess)?;
        }
        Ok(Self { program, keyboard, output })
    }

    pub(crate) fn pid(&self) -> u32 {
        lock(&self.program).id()
    }

    /// Reads its output until it ends, at most until `deadline` and at most `most` bytes.
    pub fn outcome(&mut self, deadline: Instant, most: usize) -> Outcome {
        let left = || deadline.saturating_duration_since(Instant::now());
        let mut said = Outcome::default();
        loop {
            let mut is_too_much = false;
            match self.output.recv_timeout(left()) {
                Ok(Output::Printed(text)) => said.printed += &text,
                Ok(Output::Complained(text)) => said.complained += &text,
                Ok(Output::TooMuch(_)) => is_too_much = true,
                Err(RecvTimeoutError::Timeout) => return said,
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if is_too_much || said.printed.len() + said.complained.len() > most {
                return Outcome { end: End::TooMuch, ..said };
            }
        }
        eventually(left(), || {
            let ended = self.has_ended().ok().flatten();
            said.end = ended.map_or(End::TimedOut, End::Exited);
            ended.is_some()
        });
        said
    }

    pub(crate) fn types(&mut self, bytes: &[u8]) -> io::Result<()> {
        let keyboard = self.keyboard.as_mut().expect("the keyboard was not unplugged before");
        keyboard.write_all(bytes)?;
        keyboard.flush()
    }

    /// Closes its stdin.
    pub fn unplugs_keyboard(&mut self) {
        self.keyboard = None;
    }

    /// Stops reading: the pipes are closed when the next piece of output has come through them.
    pub(crate) fn closes_output(&mut self) {
        self.output = channel().1;
    }

    /// Sends a POSIX signal to the program's group.
    #[cfg(unix)]
    pub(crate) fn signal(&self, number: i32) -> io::Result<()> {
        lock(&self.program).signal(number)
    }

    /// Ends the program's group at once, and waits for it.
    pub(crate) fn kill(&mut self) -> io::Result<ExitStatus> {
        let mut program = lock(&self.program);
        // Fails when the program has ended by itself; then only its status is missing.
        let _ = program.start_kill();
        program.wait()
    }

    /// Ends a process of its group that the program, which has ended itself, has left behind.
    /// Returns whether there was one. (On Windows, the job ends with the program.)
    pub fn left_a_process(&mut self) -> bool {
        cfg!(unix) && lock(&self.program).start_kill().is_ok()
    }

    pub(crate) fn has_ended(&mut self) -> io::Result<Option<ExitStatus>> {
        lock(&self.program).try_wait()
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        let _ = self.kill();
    }
}

fn lock(program: &Running) -> MutexGuard<'_, Box<dyn ChildWrapper>> {
    program.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Starts the thread that ends a program with too much memory or too many threads (Linux: nothing
/// is seen elsewhere). A limit that the system knows would count what is only reserved, and a
/// program reserves much for each thread.
fn limit(program: Weak<Running>, excess: Arc<AtomicBool>) -> io::Result<()> {
    let body = move || loop {
        thread::park_timeout(LOOK);
        let Some(program) = program.upgrade() else { break };
        let mut program = lock(&program);
        // None once it has ended. Not `try_wait`: its entry stays for those who look at it.
        let Some(memory) = memory_kib(program.id()) else { break };
        if memory > MOST_MEMORY || thread_count(program.id()) > Some(MOST_THREADS) {
            excess.store(true, Ordering::Release);
            let _ = program.start_kill();
        }
    };
    thread::Builder::new().name("limit".into()).spawn(body).map(drop)
}

/// Starts the thread that reads one pipe of the program to its end.
fn watch(
    mut pipe: impl Read + Send + 'static,
    kind: fn(String) -> Output,
    excess: &Arc<AtomicBool>,
    shown: Sender<Output>,
    overhear: impl Fn(Output) + Send + 'static,
) -> io::Result<()> {
    let excess = Arc::clone(excess);
    let body = move || {
        let mut decoder = Decoder::default();
        let mut buffer = [0; 16 * 1024];
        let mut total = 0;
        while let Ok(count @ 1..) = pipe.read(&mut buffer) {
            total += count;
            let too_much = total > MOST;
            let mut text = || kind(decoder.decode(&buffer[..count]));
            let output = if too_much { Output::TooMuch(PRINTED_TOO_MUCH) } else { text() };
            overhear(output.clone());
            if shown.send(output).is_err() || too_much {
                return; // The terminal was closed, or will fail.
            }
        }
        if excess.swap(false, Ordering::AcqRel) {
            overhear(Output::TooMuch(USED_TOO_MUCH));
            let _ = shown.send(Output::TooMuch(USED_TOO_MUCH));
        }
    };
    // Not joined: it ends with its pipe, which the program may have handed on to a process
    // that outlives it for a moment.
    thread::Builder::new().name("screen".into()).spawn(body).map(drop)
}
