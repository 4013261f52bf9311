//! A link: one TCP connection between two peers, from the hello to the last line.
//!
//! It has two threads, because it is read and written at once: `link`, which is here, shakes
//! hands and then reads; `writer` writes what the owner puts into the outbox. Both share one
//! socket. Whoever dialed, the link is the same afterwards.

use std::io::{self, ErrorKind, Write};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::card::{Card, PeerId};
use crate::deadline::Deadlined;
use crate::event::{Failure, Gone};
use crate::frame::{Frame, Hello};
use crate::lines::{Lines, NoLine};
use crate::mesh::{Answer, LinkId, NoLink, Report};
use crate::pressure::OUTBOX;
use crate::version::NotOurs;
use crate::writer;

/// How long whoever dialed us may take for its hello.
pub const HELLO_PATIENCE: Duration = Duration::from_secs(2);

/// How long an answer to a hello may take. Longer, because it goes through the other peer's
/// owner: whoever gives up too early sees a link that the other side believes to stand.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(5);

/// A peer that says nothing for this long is lost.
pub const SILENCE: Duration = Duration::from_secs(6);

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
    /// The other end of the outbox, to see what still waits in it.
    pub waiting: Receiver<Arc<str>>,
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

/// One connection, from dialing to hanging up; a link once both sides have said hello.
#[derive(Debug)]
pub struct Call {
    /// Its number.
    pub link: LinkId,
    /// The connection.
    pub stream: Arc<TcpStream>,
    /// Who we are.
    pub me: Card,
    /// Where to tell what happens.
    pub report: Sender<News>,
}

impl Call {
    /// For whoever was dialed: waits for a hello, asks whether the link is wanted, answers, and
    /// then reads to the end. What `knocking` stands for is dropped when hands are shaken.
    pub fn answer<K>(self, from: IpAddr, knocking: K) {
        let deadline = Instant::now() + HELLO_PATIENCE;
        let mut lines = Lines::of(Deadlined::new(&self.stream, deadline));
        let Some(hello) = self.hear_hello(&mut lines, from) else { return self.hang_up() };
        let caller = hello.card.id;
        let (answer, answered) = bounded(1);
        let (outbox, frames) = bounded(OUTBOX);
        let asked =
            self.news(Report::Asked(self.link, hello, from), (outbox, &frames), Some(answer));
        let deadline = Instant::now() + ANSWER_PATIENCE;
        if self.report.send_deadline(asked, deadline).is_err() {
            return self.hang_up();
        }
        let answer = answered.recv_deadline(deadline);
        drop(knocking);
        match answer {
            Ok(Answer::Hello) => {
                let hello = Hello { to: Some(caller), card: self.me.clone() };
                if self.write(&Frame::Hello(hello), deadline).is_ok() {
                    return self.run(lines, frames);
                }
            }
            Ok(Answer::Dup) => {
                let _ = self.write(&Frame::Dup, deadline); // It will see that we hung up.
                return self.hang_up();
            }
            Ok(Answer::Nothing) => return self.hang_up(),
            // The answer may be on its way all the same.
            Err(_) => {}
        }
        // The owner believes that the link stands, or will in a moment.
        self.hang_up();
        self.tell(Report::HungUp(self.link, Gone::HungUp));
    }

    /// The caller's hello, if it is one, and for us.
    fn hear_hello(&self, lines: &mut Lines<Deadlined>, from: IpAddr) -> Option<Hello> {
        match lines.next_line().map(Hello::read) {
            // Before anybody else hears of it: whoever shouts invented ids with our address makes
            // others dial us, and none of these calls is for us.
            Ok(Ok(hello)) => hello.is_for(self.me.id).then_some(hello),
            Ok(Err(NotOurs::OtherVersion(version))) => {
                let report = Report::HeardOtherVersion(version, from);
                let _ = self.report.try_send(report.into()); // If nobody listens, so be it.
                None
            }
            Ok(Err(NotOurs::Noise)) | Err(_) => None,
        }
    }

    /// For whoever dialed: says hello, waits for the answer, and then reads to the end.
    pub fn introduce(self, to: Option<PeerId>, address: SocketAddr) {
        let deadline = Instant::now() + ANSWER_PATIENCE;
        let hello = Frame::Hello(Hello { to, card: self.me.clone() });
        let answer = self.write(&hello, deadline).map_err(NoLine::Broken);
        let mut lines = Lines::of(Deadlined::new(&self.stream, deadline));
        let why = match answer.and_then(|()| lines.next_line()) {
            Ok(line) => match Hello::read(line) {
                Ok(Hello { card, .. }) if to.is_none_or(|to| to == card.id) => {
                    let (outbox, frames) = bounded(OUTBOX);
                    let report = Report::PickedUp(self.link, card, address);
                    return match self.report.send(self.news(report, (outbox, &frames), None)) {
                        Ok(()) => self.run(lines, frames),
                        Err(_) => self.hang_up(),
                    };
                }
                Ok(_) => NoLink::Failed(Failure::SomebodyElse),
                Err(NotOurs::OtherVersion(version)) => {
                    NoLink::Failed(Failure::OtherVersion(version))
                }
                Err(NotOurs::Noise) if Frame::read(line) == Some(Frame::Dup) => NoLink::Dup,
                Err(NotOurs::Noise) => NoLink::Failed(Failure::NotOurs),
            },
            Err(no_line) => NoLink::Failed(Failure::Gone(no_line.into_gone(ANSWER_PATIENCE))),
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
            .and_then(|()| writer::start(Arc::clone(&self.stream), frames));
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
                Err(no_line) => return no_line.into_gone(SILENCE),
            };
            if let Some(frame) = frame {
                if self.report.send(Report::Got(self.link, frame).into()).is_err() {
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
        (outbox, waiting): (Sender<Arc<str>>, &Receiver<Arc<str>>),
        answer: Option<Sender<Answer>>,
    ) -> News {
        let (stream, waiting) = (Arc::clone(&self.stream), waiting.clone());
        News { report, ends: Some(Ends { link: self.link, outbox, waiting, stream, answer }) }
    }

    fn tell(&self, report: Report) {
        let _ = self.report.send(report.into()); // Fails when there is nobody left to tell.
    }

    fn hang_up(&self) {
        let _ = self.stream.shutdown(Shutdown::Both); // Fails when it is hung up already.
    }
}

impl NoLine {
    /// How a peer went whose link ended like this, after we had waited for so long.
    fn into_gone(self, patience: Duration) -> Gone {
        use ErrorKind::{
            BrokenPipe, ConnectionAborted, ConnectionReset, NotConnected, TimedOut, WouldBlock,
        };
        match self {
            Self::End => Gone::HungUp,
            Self::TooLong => Gone::Babbled,
            Self::Broken(error) => match error.kind() {
                // What a system says when the time is over: Unix the one, Windows the other.
                WouldBlock | TimedOut => Gone::Silent(patience),
                ConnectionReset | ConnectionAborted | BrokenPipe | NotConnected => Gone::HungUp,
                _ => Gone::Broken(error.to_string()),
            },
        }
    }
}
