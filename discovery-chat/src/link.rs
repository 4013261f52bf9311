//! A link: one TCP connection between two peers, from the hello to the last line.
//!
//! It has two threads, because it is read and written at once: `link` shakes hands and then
//! reads, `writer` writes what the owner puts into the outbox. Both share one socket. Whoever
//! dialed, the link is the same afterwards.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use crate::announce::NotOurs;
use crate::card::{Card, PeerId};
use crate::event::Gone;
use crate::frame::{Frame, Hello};
use crate::lines::{Lines, NoLine};
use crate::mesh::{Answer, LinkId, NoLink, Report};
use crate::pressure::OUTBOX;

/// How long whoever dialed us may take for its hello.
pub const HELLO_PATIENCE: Duration = Duration::from_secs(2);

/// How long an answer to a hello may take. Longer, because it goes through the other peer's
/// owner: whoever gives up too early sees a link that the other side believes to stand.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// A peer that says nothing for so long is lost.
pub const SILENCE: Duration = Duration::from_secs(6);

/// A writer that had nothing to write for so long shows that it is still there. Three of these
/// fit into a [`SILENCE`], so that one may be late.
pub const PING_EVERY: Duration = Duration::from_secs(2);

/// The writer gathers what waits into one write, up to about so many bytes.
const BATCH: usize = 16 * 1024;

/// The stack of a link's threads, in bytes. They call nothing deep, and there may be hundreds.
pub const STACK: usize = 128 * 1024;

/// What the owner gets to hear: what happened, and its ends of a link that has just begun.
#[derive(Debug)]
pub struct News {
    /// What happened.
    pub report: Report,
    /// With [`Report::Asked`] and [`Report::PickedUp`].
    pub ends: Option<Ends>,
}

/// The owner's ends of a link.
#[derive(Debug)]
pub struct Ends {
    /// Which link.
    pub link: LinkId,
    /// What is put in here is written. When it is dropped, the writer finishes, and says no more.
    pub outbox: Sender<Arc<str>>,
    /// To hang up at once.
    pub stream: Arc<TcpStream>,
    /// Where somebody waits to hear whether the link is wanted. Not if we dialed.
    pub answer: Option<Sender<Answer>>,
}

impl From<Report> for News {
    fn from(report: Report) -> Self {
        Self { report, ends: None }
    }
}

/// One end of a connection that has not yet become a link.
#[derive(Debug)]
pub struct Line {
    /// Its number.
    pub link: LinkId,
    /// The connection.
    pub stream: Arc<TcpStream>,
    /// Who we are.
    pub me: Card,
    /// Where to tell what happens.
    pub report: Sender<News>,
}

impl Line {
    /// For whoever was dialed: waits for a hello, asks whether the link is wanted, answers, and
    /// then reads to the end. What `knocking` stands for is dropped when hands are shaken.
    pub fn answer<K>(self, from: IpAddr, knocking: K) {
        let deadline = Instant::now() + HELLO_PATIENCE;
        let mut lines = Lines::of(Deadlined::new(&self.stream, deadline));
        let hello = match lines.next_line().map(Hello::read) {
            Ok(Ok(hello)) => hello,
            Ok(Err(NotOurs::OtherVersion(version))) => {
                let report = Report::HeardOtherVersion(version, from);
                let _ = self.report.try_send(report.into()); // If nobody listens, so be it.
                return self.hang_up();
            }
            Ok(Err(NotOurs::Noise)) | Err(_) => return self.hang_up(),
        };
        // Before anybody else hears of it: whoever shouts invented ids with our address makes
        // others dial us, and none of these calls is for us.
        if !hello.is_for(self.me.id) {
            return self.hang_up();
        }
        let caller = hello.card.id;
        let (answer, answered) = bounded(1);
        let (outbox, frames) = bounded(OUTBOX);
        let report = Report::Asked(self.link, hello, from);
        let deadline = Instant::now() + ANSWER_PATIENCE;
        if self.report.send_deadline(self.news(report, outbox, Some(answer)), deadline).is_err()
        {
            return self.hang_up();
        }
        let answer = answered.recv_deadline(deadline);
        drop(knocking);
        match answer {
            Ok(Answer::Hello) => {}
            Ok(Answer::Dup) => {
                let _ = self.write(&Frame::Dup, deadline); // It will see that we hung up.
                return self.hang_up();
            }
            Ok(Answer::Nothing) => return self.hang_up(),
            Err(_) => {
                // The answer may be on its way: then the owner believes that the link stands.
                self.hang_up();
                return self.tell(Report::HungUp(self.link, Gone::HungUp));
            }
        }
        let hello = Frame::Hello(Hello { to: Some(caller), card: self.me.clone() });
        if self.write(&hello, deadline).is_ok() {
            return self.run(lines, frames);
        }
        self.hang_up();
        self.tell(Report::HungUp(self.link, Gone::HungUp));
    }

    /// For whoever dialed: says hello, waits for the answer, and then reads to the end.
    pub fn introduce(self, to: Option<PeerId>, address: SocketAddr) {
        let deadline = Instant::now() + ANSWER_PATIENCE;
        let hello = Frame::Hello(Hello { to, card: self.me.clone() });
        let answer = self.write(&hello, deadline).map_err(NoLine::Broken);
        let mut lines = Lines::of(Deadlined::new(&self.stream, deadline));
        let why = match answer.and_then(|()| lines.next_line()) {
            Ok(b"dup") => NoLink::Dup,
            Ok(line) => match Hello::read(line) {
                Ok(Hello { card, .. }) if to.is_none_or(|to| to == card.id) => {
                    let (outbox, frames) = bounded(OUTBOX);
                    let report = Report::PickedUp(self.link, card, address);
                    return match self.report.send(self.news(report, outbox, None)) {
                        Ok(()) => self.run(lines, frames),
                        Err(_) => self.hang_up(),
                    };
                }
                Ok(_) => NoLink::Failed("somebody else lives there".into()),
                Err(NotOurs::OtherVersion(version)) => {
                    NoLink::Failed(format!("it speaks p2pchat/{version}"))
                }
                Err(NotOurs::Noise) => NoLink::Failed("it does not speak p2pchat".into()),
            },
            Err(no_line) => NoLink::Failed(no_line.into_gone().to_string()),
        };
        self.hang_up();
        self.tell(Report::NotLinked(self.link, why));
    }

    /// Starts the writer and reads, until the link ends.
    fn run(self, mut lines: Lines<Deadlined>, frames: Receiver<Arc<str>>) {
        // A writer may wait for as long as the other end wants; hanging up ends it.
        let writer = self
            .stream
            .set_write_timeout(None)
            .and_then(|()| start_writer(Arc::clone(&self.stream), frames));
        let how = match &writer {
            Ok(_) => self.read(&mut lines),
            Err(error) => Gone::Broken(error.to_string()),
        };
        self.hang_up();
        self.tell(Report::HungUp(self.link, how));
        if let Ok(writer) = writer {
            let _ = writer.join(); // It has panicked, and said so, or it has ended.
        }
    }

    /// Reports frame after frame. Nobody who says nothing we understand is waited for.
    fn read(&self, lines: &mut Lines<Deadlined>) -> Gone {
        lines.stream().wait_until(Instant::now() + SILENCE);
        loop {
            let frame = match lines.next_line() {
                Ok(line) => Frame::read(line),
                Err(no_line) => return no_line.into_gone(),
            };
            if let Some(frame) = frame {
                if self.report.send(Report::Framed(self.link, frame).into()).is_err() {
                    return Gone::HungUp; // We are closing.
                }
                // Counted from here: if our owner was slow to take it, that is not their fault.
                lines.stream().wait_until(Instant::now() + SILENCE);
            }
        }
    }

    fn write(&self, frame: &Frame, deadline: Instant) -> io::Result<()> {
        let left = deadline.saturating_duration_since(Instant::now());
        self.stream.set_write_timeout(Some(left.max(Duration::from_millis(1))))?;
        (&*self.stream).write_all(frame.to_string().as_bytes())
    }

    fn news(
        &self,
        report: Report,
        outbox: Sender<Arc<str>>,
        answer: Option<Sender<Answer>>,
    ) -> News {
        let stream = Arc::clone(&self.stream);
        News { report, ends: Some(Ends { link: self.link, outbox, stream, answer }) }
    }

    fn tell(&self, report: Report) {
        let _ = self.report.send(report.into()); // Fails when there is nobody left to tell.
    }

    fn hang_up(&self) {
        let _ = self.stream.shutdown(Shutdown::Both); // Fails when it is hung up already.
    }
}

/// Writes what comes out of the outbox, and a sign of life when nothing does.
fn start_writer(
    stream: Arc<TcpStream>,
    frames: Receiver<Arc<str>>,
) -> io::Result<JoinHandle<()>> {
    let write = move || {
        let mut batch = Vec::new();
        loop {
            batch.clear();
            match frames.recv_timeout(PING_EVERY) {
                Ok(frame) => batch.extend_from_slice(frame.as_bytes()),
                Err(RecvTimeoutError::Timeout) => {
                    batch.extend_from_slice(Frame::Ping.to_string().as_bytes());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let _ = stream.shutdown(Shutdown::Write); // Fails if the reader was first.
                    return;
                }
            }
            while batch.len() < BATCH
                && let Ok(frame) = frames.try_recv()
            {
                batch.extend_from_slice(frame.as_bytes());
            }
            if (&*stream).write_all(&batch).is_err() {
                let _ = stream.shutdown(Shutdown::Both); // Now the reader notices, and tells.
                return;
            }
        }
    };
    thread::Builder::new().name("writer".into()).stack_size(STACK).spawn(write)
}

/// A connection that is read up to a moment in time, however slowly the bytes come.
#[derive(Debug)]
struct Deadlined {
    stream: Arc<TcpStream>,
    deadline: Instant,
    /// Whether we have looked once more after the deadline.
    looked_late: bool,
}

/// How long the look after the deadline takes, if there is nothing to see.
const LATE_LOOK: Duration = Duration::from_millis(1);

impl Deadlined {
    fn new(stream: &Arc<TcpStream>, deadline: Instant) -> Self {
        Self { stream: Arc::clone(stream), deadline, looked_late: false }
    }

    fn wait_until(&mut self, deadline: Instant) {
        *self = Self::new(&self.stream, deadline);
    }
}

impl Read for Deadlined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // Perhaps it was us who had no time, on a busy machine. Then what they said in time
            // is here, and one look finds it.
            if std::mem::replace(&mut self.looked_late, true) {
                return Err(ErrorKind::TimedOut.into());
            }
            left = LATE_LOOK;
        }
        self.stream.set_read_timeout(Some(left))?;
        (&*self.stream).read(buffer)
    }
}

impl NoLine {
    /// How a peer went whose link ended like this.
    fn into_gone(self) -> Gone {
        use ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, TimedOut, WouldBlock,
        };
        match self {
            Self::End => Gone::HungUp,
            Self::TooLong => Gone::Babbled,
            Self::Broken(error) => match error.kind() {
                // What a system says when the time is over: Unix the one, Windows the other.
                WouldBlock | TimedOut => Gone::Silent(SILENCE),
                ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected => Gone::HungUp,
                _ => Gone::Broken(error.to_string()),
            },
        }
    }
}
