//! A room of peers that are processes, and one time line of all that their screens show.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread;
use std::time::{Duration, Instant};

use scenario::PortLease;

use crate::Result;

/// The lab's own program, built as for its users.
pub(crate) const P2P_CHAT: &str = env!("CARGO_BIN_EXE_p2p_chat");

/// Whatever takes longer than this has failed, not been slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(20);

/// Peers that hear each other and nobody else.
pub(crate) struct Room {
    ports: PortLease,
    pub(crate) peers: Vec<Process>,
    screens: Receiver<Seen>,
    show: Sender<Seen>,
    /// Who was told that somebody is gone, and when.
    pub(crate) leaves: Vec<Seen>,
}

/// A process, which ends with us.
pub(crate) struct Process {
    pub(crate) child: Child,
    pub(crate) keyboard: Option<ChildStdin>,
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill(); // Fails if it has ended and has been waited for.
        let _ = self.child.wait();
    }
}

/// A line on a screen.
#[derive(Clone)]
pub(crate) struct Seen {
    /// Whose screen: its number in the room.
    pub(crate) who: usize,
    pub(crate) at: Instant,
    pub(crate) line: String,
}

/// Stands for the end of a screen. No peer prints it.
const END: &str = "(end)";

impl Seen {
    /// That somebody was found.
    pub(crate) fn is_found(&self) -> bool {
        self.line.starts_with("🔍")
    }

    /// That somebody is gone, whose name begins like this.
    pub(crate) fn is_leave_of(&self, name: &str) -> bool {
        let gone = self.line.strip_prefix("👋 ").or(self.line.strip_prefix("⚠️ lost "));
        gone.is_some_and(|gone| gone.starts_with(name) && gone != "Goodbye!")
    }

    /// That the process has ended.
    pub(crate) fn is_end_of(&self, who: usize) -> bool {
        self.who == who && self.line == END
    }

    /// That somebody said a [`numbered`] line: this one.
    pub(crate) fn number(&self) -> Option<usize> {
        self.line.rsplit_once(" says: line ")?.1.parse().ok()
    }
}

/// A line of 40 bytes.
pub(crate) fn numbered(number: usize) -> String {
    format!("line {number:034}\n")
}

impl Room {
    pub(crate) fn open() -> Self {
        let (show, screens) = channel();
        let (peers, leaves) = (Vec::new(), Vec::new());
        Self { ports: PortLease::lease(), peers, screens, show, leaves }
    }

    /// The UDP port on which they hear each other.
    pub(crate) fn discovery_port(&self) -> u16 {
        self.ports.port(31)
    }

    /// Starts a peer; returns its number.
    pub(crate) fn start(&mut self, name: &str) -> Result<usize> {
        let discovery_port = self.discovery_port().to_string();
        let mut child = Command::new(P2P_CHAT)
            .args(["start", "--local", "--plain", "--discovery-port", &discovery_port])
            .args(["--name", name])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let (keyboard, screen) = (child.stdin.take(), child.stdout.take());
        let who = self.peers.len();
        self.peers.push(Process { child, keyboard });
        let lines = BufReader::new(screen.ok_or("no screen")?).lines();
        let show = self.show.clone();
        thread::Builder::new().name("screen".into()).spawn(move || {
            for line in lines.map_while(std::result::Result::ok).chain([END.to_owned()]) {
                if show.send(Seen { who, at: Instant::now(), line }).is_err() {
                    break;
                }
            }
        })?;
        Ok(who)
    }

    /// Starts so many, `Peer0` and so on; returns when the last is linked with all.
    pub(crate) fn fill(&mut self, peers: usize) -> Result<Instant> {
        for who in 0..peers {
            self.start(&format!("Peer{who}"))?;
        }
        self.are_linked(peers * (peers - 1))
    }

    /// Waits until so many notices of peers found were seen; returns when the last one was.
    pub(crate) fn are_linked(&mut self, notices: usize) -> Result<Instant> {
        let mut found = BTreeSet::new();
        let complete = |seen: &Seen| {
            if seen.is_found() {
                found.insert((seen.who, seen.line.clone()));
            }
            found.len() == notices
        };
        Ok(self.sees(&format!("{notices} notices of peers found"), complete)?.at)
    }

    pub(crate) fn types(&mut self, who: usize, line: &str) -> Result<()> {
        let keyboard = self.peers[who].keyboard.as_mut().ok_or("no keyboard")?;
        Ok(keyboard.write_all(line.as_bytes())?)
    }

    /// Waits for a line like this on any screen; `what` is for the complaint.
    pub(crate) fn sees(
        &mut self,
        what: &str,
        mut like_this: impl FnMut(&Seen) -> bool,
    ) -> Result<Seen> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let seen = self
                .next(deadline)
                .map_err(|_| format!("waited {PATIENCE:?} in vain for {what}"))?;
            if like_this(&seen) {
                return Ok(seen);
            }
        }
    }

    /// Waits for as many lines like this; returns when the last one was seen.
    pub(crate) fn sees_all(
        &mut self,
        times: usize,
        what: &str,
        like_this: impl Fn(&Seen) -> bool,
    ) -> Result<Instant> {
        let mut left = times;
        let last = |seen: &Seen| {
            left -= usize::from(like_this(seen));
            left == 0
        };
        Ok(self.sees(&format!("{what}, {times} times"), last)?.at)
    }

    /// Lets time pass, and forgets what was shown until then.
    pub(crate) fn lets_pass(&mut self, time: Duration) {
        let until = Instant::now() + time;
        while self.next(until).is_ok() {}
    }

    fn next(&mut self, deadline: Instant) -> std::result::Result<Seen, RecvTimeoutError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let seen = self.screens.recv_timeout(left)?;
        if seen.is_leave_of("") {
            self.leaves.push(seen.clone());
        }
        Ok(seen)
    }

    /// Sends a signal, where there are signals.
    pub(crate) fn signals(&self, who: usize, signal: &str) -> bool {
        let pid = self.peers[who].child.id().to_string();
        Command::new("kill").args([signal, &pid]).status().is_ok_and(|status| status.success())
    }

    /// The process ids of all.
    pub(crate) fn pids(&self) -> impl Iterator<Item = u32> {
        self.peers.iter().map(|process| process.child.id())
    }
}
