//! The owner: the one thread that decides, and that says what is shown.
//!
//! It owns the mesh and never waits for a peer: other threads wait, and report to it through
//! channels with a bound. Links may wait for the owner; the owner never waits for a link. So there
//! is no circle of waiting threads, and nothing to lock.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::mem;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, never, select};
use terminal::Typed;

use crate::announce::Announcement;
use crate::backpressure::Level;
use crate::command::Command;
use crate::config::Config;
use crate::console::Console;
use crate::dialer::Dialer;
use crate::discovery::Discovery;
use crate::event::{Event, Failure, Gone};
use crate::farewell::{Goodbyes, Lingering};
use crate::frame::{Frame, Hello};
use crate::link::{LinkHandle, LinkReport, hang_up};
use crate::listener::Listener;
use crate::mesh::{Action, Answer, LinkId, Mesh, Report};
use crate::peer_info::PeerInfo;
use crate::sockets::{Broadcaster, Sockets};

/// How many reports of links may wait for the owner. Then the links wait, and with them the peers
/// at their other ends: a flood stays in the network and does not fill our memory.
const MAX_REPORTS: usize = 256;

/// How many turns of the loop may pass before the terminal is written to.
const MAX_UNSEEN: usize = 64;

/// How many bytes may wait for a terminal that stands still. Then links wait, and with them the
/// peers at their other ends.
const MAX_BACKLOG: usize = 64 * 1024;

/// And how many until our own user waits, who may want to leave.
const MAX_BACKLOG_TYPED: usize = 1024 * 1024;

/// The time between two looks at an outbox that is too full.
const LOOK_AT_OUTBOX: Duration = Duration::from_millis(1);

/// One running peer.
pub struct Owner {
    me: PeerInfo,
    mesh: Mesh,
    console: Console,
    broadcaster: Broadcaster,
    dialer: Dialer,
    listener: Listener,
    discovery: Discovery,
    reports: Receiver<LinkReport>,
    /// The links, until we hang up on them.
    links: BTreeMap<LinkId, LinkHandle>,
    lingering: Lingering,
    /// Whether an outbox may be too full, so that our user's next line waits until it was looked at.
    look_first: bool,
    /// How many turns of the loop have passed since the terminal was written to.
    unseen: usize,
}

impl Owner {
    /// Starts the threads of a peer.
    pub fn start(
        me: PeerInfo,
        config: &Config,
        sockets: Sockets,
        console: Console,
    ) -> io::Result<Self> {
        let (report, reports) = bounded(MAX_REPORTS);
        let Config { bind, scope, .. } = *config;
        let mesh = Mesh::new(me.clone(), scope, &config.peers, Instant::now());
        Ok(Self {
            listener: Listener::start(sockets.listener, me.clone(), report.clone())?,
            discovery: Discovery::start(sockets.receiver)?,
            broadcaster: sockets.broadcaster,
            dialer: Dialer { me: me.clone(), bind, scope, report },
            me,
            mesh,
            console,
            reports,
            links: BTreeMap::new(),
            lingering: Lingering::default(),
            look_first: false,
            unseen: 0,
        })
    }

    /// Does what the rules say, until the user leaves; gives the console back. Fails if the
    /// terminal is gone; the other peers are told goodbye all the same.
    pub fn run(
        mut self,
        lines: &Receiver<Typed>,
        interrupts: &Receiver<()>,
    ) -> io::Result<Console> {
        let shown = self.serve(lines, interrupts);
        let closed = self.close();
        shown.and(closed)
    }

    fn serve(&mut self, lines: &Receiver<Typed>, interrupts: &Receiver<()>) -> io::Result<()> {
        let (no_lines, no_reports) = (never(), never());
        loop {
            let now = Instant::now();
            self.lingering.hang_up_when_due(now);
            if self.look_first {
                self.look_at_outboxes(now);
            }
            let due = self.mesh.next_due();
            if due <= now {
                let _ = self.on(Report::Tick); // That time passes is no reason to leave.
                continue;
            }
            self.show_what_is_due(lines)?;
            let backlog = self.console.screen.backlog();
            let waits = self.look_first || backlog > MAX_BACKLOG_TYPED;
            let typed = if waits { &no_lines } else { lines };
            let reports = if backlog > MAX_BACKLOG { &no_reports } else { &self.reports };
            let flow = select! {
                recv(reports) -> report => {
                    report.map_or(ControlFlow::Break(()), |report| self.on_link_report(report))
                }
                recv(self.discovery.heard) -> report => {
                    report.map_or(ControlFlow::Break(()), |report| self.on(report))
                }
                // It closes at Ctrl-D; in the line editor also at Ctrl-C.
                recv(typed) -> line => line.map_or(ControlFlow::Break(()), |line| self.on_typed(line)),
                recv(interrupts) -> _ => return self.console.interrupted(),
                default(self.until_next_look(due, now)) => ControlFlow::Continue(()),
            };
            if flow.is_break() {
                return Ok(());
            }
        }
    }

    /// How long to wait if nothing happens: until the rules have something to do, which is at `due`,
    /// or until an outbox, the terminal or a lingering link is to be looked at.
    fn until_next_look(&self, due: Instant, now: Instant) -> Duration {
        let outboxes = self.look_first.then_some(now + LOOK_AT_OUTBOX);
        let has_backlog = self.console.screen.backlog() > 0;
        let terminal = has_backlog.then_some(now + terminal::LOOK_AGAIN);
        let others = [outboxes, terminal, self.lingering.next_due()];
        let next = others.into_iter().flatten().fold(due, Instant::min);
        next.saturating_duration_since(now)
    }

    /// Brings the terminal up to date, unless there is more to come at once.
    fn show_what_is_due(&mut self, lines: &Receiver<Typed>) -> io::Result<()> {
        self.unseen += 1;
        let is_idle = self.reports.is_empty() && lines.is_empty();
        if is_idle || self.unseen >= MAX_UNSEEN || self.console.screen.is_full() {
            self.unseen = 0;
            self.console.ask();
            self.console.screen.refresh()?;
        }
        Ok(())
    }

    /// Takes the report of a link, and its handle.
    fn on_link_report(&mut self, (report, handle): LinkReport) -> ControlFlow<()> {
        if let Some(handle) = handle {
            self.links.insert(handle.link, handle);
        }
        if let Report::HungUp(link, _) = report {
            self.hang_up(link);
        }
        self.on(report)
    }

    fn on_typed(&mut self, line: Typed) -> ControlFlow<()> {
        self.console.answered();
        self.on(Report::Typed(Command::of(line)))
    }

    /// Tells the rules what happened, and does what they want done; breaks when it is time to close.
    fn on(&mut self, report: Report) -> ControlFlow<()> {
        let mut reports = VecDeque::from([report]);
        while let Some(report) = reports.pop_front() {
            for action in self.mesh.on(report, Instant::now()) {
                match action {
                    Action::Show(event) => self.console.show(&event),
                    Action::Announce => {
                        let text = Announcement::Here(self.me.clone()).to_string();
                        reports.push_back(Report::Announced(self.broadcaster.broadcast(&text)));
                    }
                    Action::Dial(link, callee) => {
                        if let Err(error) = self.dialer.dial(link, callee) {
                            let why = Failure::System(error.to_string());
                            reports.push_back(Report::NotLinked(link, why));
                        }
                    }
                    Action::Answer(link, answer) => self.answer(link, answer),
                    Action::Say(frame, to) => reports.extend(self.say(&frame, &to)),
                    Action::Confirm(link, seq) => self.confirm(link, seq),
                    Action::HangUp(link) => self.hang_up(link),
                    Action::Quit => return ControlFlow::Break(()),
                }
            }
        }
        ControlFlow::Continue(())
    }

    /// Answers a caller: its outbox is empty, so there is room.
    fn answer(&mut self, link: LinkId, answer: Answer) {
        let Some(handle) = self.links.get(&link) else { return };
        match answer {
            Answer::Hello => {
                let hello = Hello { to: handle.caller, info: self.me.clone() };
                let _ = handle.outbox.try_send(hello.to_string().into());
            }
            Answer::Dup => {
                let _ = handle.outbox.try_send(Frame::Dup.to_string().into());
                self.hang_up(link);
            }
            Answer::Nothing => self.hang_up_at_once(link),
        }
    }

    /// Puts a frame into outboxes; reports the links that had no room for it.
    fn say(&mut self, frame: &Frame, to: &[LinkId]) -> Vec<Report> {
        let text: Arc<str> = frame.to_string().into();
        let mut sent = 0;
        let mut dropped = Vec::new();
        for link in to {
            let Some(handle) = self.links.get(link) else { continue };
            match handle.outbox.try_send(Arc::clone(&text)) {
                Ok(()) => sent += 1,
                Err(_) => dropped.push(self.drop_slow(*link)), // It is full.
            }
        }
        self.console.show(&Event::Sent(sent));
        self.look_first = true;
        dropped
    }

    /// Confirms a message. A peer that has no room for that is not reading anyway.
    fn confirm(&self, link: LinkId, seq: u64) {
        let Some(handle) = self.links.get(&link) else { return };
        // An older program skips the first line, and needs the second one.
        let text = format!("{}{}", Frame::Read(seq), Frame::Ping);
        let _ = handle.outbox.try_send(text.into());
    }

    /// Looks whether our user has to wait for a peer, and drops peers that took too long.
    fn look_at_outboxes(&mut self, now: Instant) {
        self.look_first = false;
        let mut slow = Vec::new();
        for (id, handle) in &mut self.links {
            match handle.backpressure.look(handle.outbox.len(), now) {
                Level::Low => {}
                Level::High => self.look_first = true,
                Level::TooLong => slow.push(*id),
            }
        }
        for link in slow {
            let report = self.drop_slow(link);
            let _ = self.on(report); // That a peer is gone is no reason to leave.
        }
    }

    /// Hangs up at once on a peer that does not read.
    fn drop_slow(&mut self, link: LinkId) -> Report {
        self.hang_up_at_once(link);
        Report::HungUp(link, Gone::NotReading)
    }

    fn hang_up_at_once(&mut self, link: LinkId) {
        let _ = self.links.remove(&link).map(|handle| hang_up(&handle.stream));
    }

    /// Says no more on a link: its writer writes what is left, and then ends it.
    fn hang_up(&mut self, link: LinkId) {
        if let Some(handle) = self.links.remove(&link) {
            self.lingering.add(&handle.stream, Instant::now());
        }
    }

    /// Says goodbye, tells the other threads to end, and waits for `discovery`; the thread map says
    /// which ones may outlive us. If the terminal is gone, all of it happens all the same, and the
    /// error is returned at the end.
    fn close(mut self) -> io::Result<Console> {
        let shown = self.console.screen.refresh();
        let _ = self.on(Report::Leaving);
        let mut goodbyes = Goodbyes::default();
        for handle in mem::take(&mut self.links).into_values() {
            goodbyes.say(handle);
        }
        self.discovery.stop();
        // A hint for peers that are about to dial us. It may get lost.
        let _ = self.broadcaster.broadcast(&Announcement::Bye(self.me.id).to_string());
        self.listener.stop();
        goodbyes.wait(&self.reports, |receipt| {
            let _ = self.mesh.on(receipt, Instant::now());
        });
        let _ = self.on(Report::Left);
        let shown = shown.and_then(|()| self.console.screen.refresh());
        self.discovery.join();
        shown.map(|()| self.console)
    }
}
