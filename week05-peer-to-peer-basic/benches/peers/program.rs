//! A program that is measured: started, typed into, read line by line, and ended.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use scenario::PortLease;

use crate::Result;

/// A benchmark that waits longer than this for one line has failed, and is not slow.
const PATIENCE: Duration = Duration::from_secs(10);

/// How a peer is started, without its ID.
pub(crate) struct Command {
    words: Vec<String>,
}

/// A peer that runs. It is ended when this is dropped.
pub(crate) struct Program {
    child: Child,
    keyboard: ChildStdin,
    lines: Receiver<(Instant, String)>,
}

impl Command {
    pub(crate) fn new(words: &[&str]) -> Self {
        Self { words: words.iter().map(|word| (*word).to_owned()).collect() }
    }

    /// Whether the first word can be started at all.
    pub(crate) fn runs(&self) -> bool {
        let mut command = std::process::Command::new(&self.words[0]);
        command.arg("--version").stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// Starts peer `id`.
    pub(crate) fn start(&self, id: u16, ports: &PortLease) -> Result<Program> {
        let mut child = std::process::Command::new(&self.words[0])
            .args(&self.words[1..])
            .arg(id.to_string())
            .env("P2P_HOST", "127.0.0.1")
            .env("P2P_BASE_PORT", ports.base_port().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let keyboard = child.stdin.take().ok_or("stdin is piped")?;
        let stdout = child.stdout.take().ok_or("stdout is piped")?;
        let (shown, lines) = channel();
        // It ends with the program's output.
        thread::Builder::new().name("reader".into()).spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
                if shown.send((Instant::now(), line)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Program { child, keyboard, lines })
    }

    /// Starts peer `id`, and waits until it listens.
    pub(crate) fn start_listening(&self, id: u16, ports: &PortLease) -> Result<Program> {
        let program = self.start(id, ports)?;
        program.shows("Listening")?;
        Ok(program)
    }
}

impl Program {
    pub(crate) fn types(&mut self, text: &str) -> Result<()> {
        Ok(self.keyboard.write_all(text.as_bytes())?)
    }

    /// Waits for a line that contains `text`. Returns the moment at which it was read.
    pub(crate) fn shows(&self, text: &str) -> Result<Instant> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let (read, line) = self.lines.recv_timeout(left)?;
            if line.contains(text) {
                return Ok(read);
            }
        }
    }

    /// Forgets the lines shown so far.
    pub(crate) fn forgets(&self) {
        while self.lines.try_recv().is_ok() {}
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
