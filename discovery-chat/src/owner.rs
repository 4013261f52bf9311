//! The owner: the one thread that decides, and the only one that prints.
//!
//! It owns the mesh and never waits for a peer: others wait, and report to it through channels
//! with a bound. Links may wait for the owner; the owner never waits for a link. So nobody can
//! wait in a circle, and there is nothing to lock.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TrySendError, bounded, never, select};

use crate::Event;
use crate::announce::Announcement;
use crate::card::Card;
use crate::command::Command;
use crate::console::{self, Screen, Window};
use crate::dialer::Dialer;
use crate::discovery::{Discovery, hear};
use crate::event::{Failure, Gone};
use crate::farewell::{LastWords, Lingering, hang_up_at_once};
use crate::frame::Frame;
use crate::link::{Ends, News};
use crate::listener::{Listener, listen};
use crate::mesh::{Action, Answer, LinkId, Mesh, NoLink, Report};
use crate::pressure::{Level, Pressure};
use crate::sockets::{Place, Sockets, Voice};

/// How many reports of links may wait for the owner. Then the links wait, and with them those at
/// their other ends: a flood stays in the network instead of filling our memory.
const MAX_NEWS: usize = 256;

/// How many steps are gathered before the terminal sees them, and how many bytes.
const MAX_UNSEEN: usize = 64;
const MAX_UNSEEN_BYTES: usize = 16 * 1024;

/// How much text may wait for a terminal that is stopped. Then links wait, and with them those at
/// their other ends.
const MAX_UNREAD: usize = 64 * 1024;

/// And how much until our own user waits, who may want to leave.
const MAX_UNREAD_BY_US: usize = 1024 * 1024;

/// Between two looks at an outbox that is too full.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// One running peer.
pub struct Owner {
    me: Card,
    mesh: Mesh,
    screen: Screen<Window>,
    voice: Voice,
    dialer: Dialer,
    listener: Listener,
    discovery: Discovery,
    news: Receiver<News>,
    /// Callers that wait for an answer.
    asking: BTreeMap<LinkId, Ends>,
    links: BTreeMap<LinkId, Link>,
    lingering: Lingering,
    threads: Vec<JoinHandle<()>>,
    /// Whether outboxes are to be looked at before our user's next line: one may be too full.
    look_first: bool,
    /// How many steps the terminal has not seen yet.
    unseen: usize,
}

/// A link, and how full its outbox is.
struct Link {
    ends: Ends,
    pressure: Pressure,
}

impl Owner {
    /// Starts the threads of a peer.
    ///
    /// # Errors
    ///
    /// If the system has no thread for the listener or for discovery.
    pub fn start(
        me: Card,
        mesh: Mesh,
        place: &Place,
        sockets: Sockets,
        screen: Screen<Window>,
    ) -> io::Result<Self> {
        let (report, news) = bounded(MAX_NEWS);
        let listener = listen(sockets.tcp, me.clone(), report.clone())?;
        let discovery = hear(sockets.ears)?;
        Ok(Self {
            dialer: Dialer { me: me.clone(), from: place.bind, scope: place.scope, report },
            me,
            mesh,
            screen,
            voice: sockets.voice,
            listener,
            discovery,
            news,
            asking: BTreeMap::new(),
            links: BTreeMap::new(),
            lingering: Lingering::default(),
            threads: Vec::new(),
            look_first: false,
            unseen: 0,
        })
    }

    /// Does what the rules say, until the user leaves. Gives the screen back.
    ///
    /// # Errors
    ///
    /// If the terminal is gone. The others are told goodbye all the same.
    pub fn run(
        mut self,
        typed: &Receiver<Command>,
        interrupts: &Receiver<()>,
    ) -> io::Result<Screen<Window>> {
        let (no_lines, no_news) = (never(), never());
        loop {
            let now = Instant::now();
            if self.mesh.next_due() <= now && self.happened(Report::Tick).is_break() {
                return self.close();
            }
            self.lingering.hang_up_when_due(now);
            if self.look_first {
                self.look_at_outboxes(now);
            }
            if let Err(error) = self.show_what_is_due(typed) {
                return self.close().and(Err(error));
            }
            let unread = self.screen.backlog();
            let waits = self.look_first || unread > MAX_UNREAD_BY_US;
            let lines = if waits { &no_lines } else { typed };
            let news = if unread > MAX_UNREAD { &no_news } else { &self.news };
            let went_on = select! {
                recv(news) -> news => match news {
                    Ok(news) => self.heard_news(news),
                    Err(_) => Next::Break(()), // Nobody is left to report.
                },
                recv(self.discovery.heard) -> report => match report {
                    Ok(report) => self.happened(report),
                    Err(_) => Next::Break(()),
                },
                recv(lines) -> line => match line {
                    Ok(command) => {
                        self.screen.ask(); // Typed ahead, perhaps: then the prompt goes first.
                        self.screen.answered();
                        self.happened(Report::Typed(command))
                    }
                    Err(_) => self.happened(Report::Quit), // Ctrl-D.
                },
                recv(interrupts) -> _ => self.happened(Report::Quit),
                default(self.next_look(now).saturating_duration_since(now)) => Next::Continue(()),
            };
            if went_on.is_break() {
                return self.close();
            }
        }
    }

    /// When something is to be done even if nothing happens.
    fn next_look(&self, now: Instant) -> Instant {
        let outboxes = self.look_first.then_some(now + LOOK_AGAIN);
        let terminal = (self.screen.backlog() > 0).then_some(now + console::LOOK_AGAIN);
        let others = [outboxes, terminal, self.lingering.next_due()];
        others.into_iter().flatten().chain([self.mesh.next_due()]).min().unwrap_or(now)
    }

    /// Brings the terminal up to date, unless there is more to come at once.
    fn show_what_is_due(&mut self, typed: &Receiver<Command>) -> io::Result<()> {
        self.unseen += 1;
        let more_to_come = !self.news.is_empty() || !typed.is_empty();
        let is_much = self.unseen >= MAX_UNSEEN || self.screen.backlog() > MAX_UNSEEN_BYTES;
        if more_to_come && !is_much {
            return Ok(());
        }
        self.unseen = 0;
        self.screen.ask();
        self.screen.refresh()
    }

    /// Takes in what a link reports, and keeps its ends.
    fn heard_news(&mut self, News { report, ends }: News) -> Next {
        if let Some(ends) = ends {
            let link = ends.link;
            if ends.answer.is_some() {
                self.asking.insert(link, ends);
            } else {
                self.links.insert(link, Link { ends, pressure: Pressure::default() });
            }
        }
        if let Report::HungUp(link, _) = report {
            self.links.remove(&link);
            self.lingering.has_ended(link);
        }
        // A thread that has ended keeps its stack until it is joined. Most dials may be in vain.
        if let Report::HungUp(..) | Report::NotLinked(..) = report {
            for thread in self.threads.extract_if(.., |thread| thread.is_finished()) {
                let _ = thread.join(); // It has panicked, and said so, or it has ended.
            }
        }
        self.happened(report)
    }

    /// Tells the rules what happened, and does what they want done.
    fn happened(&mut self, report: Report) -> Next {
        let mut reports = VecDeque::from([report]);
        while let Some(report) = reports.pop_front() {
            for action in self.mesh.on(report, Instant::now()) {
                match action {
                    Action::Show(event) => self.screen.show(&event),
                    Action::Announce => {
                        let words = Announcement::Here(self.me.clone()).to_string();
                        reports.push_back(Report::Announced(self.voice.shout(&words)));
                    }
                    Action::Dial(link, callee) => match self.dialer.dial(link, callee) {
                        Ok(thread) => self.threads.push(thread),
                        Err(error) => {
                            let why = NoLink::Failed(Failure::System(error.to_string()));
                            reports.push_back(Report::NotLinked(link, why));
                        }
                    },
                    Action::Answer(link, answer) => self.answer(link, answer),
                    Action::Say(frame, to) => reports.extend(self.say(&frame, &to)),
                    Action::HangUp(link) => self.hang_up(link),
                    Action::Leave => return Next::Break(()),
                }
            }
        }
        Next::Continue(())
    }

    fn answer(&mut self, link: LinkId, answer: Answer) {
        let Some(mut ends) = self.asking.remove(&link) else { return };
        // Fails if the caller is gone; then its thread is about to say so.
        let _ = ends.answer.take().map(|caller| caller.try_send(answer));
        if answer == Answer::Hello {
            self.links.insert(link, Link { ends, pressure: Pressure::default() });
        }
    }

    /// Puts a message into outboxes; returns who had no room for it.
    fn say(&mut self, frame: &Frame, to: &[LinkId]) -> Vec<Report> {
        let words: Arc<str> = frame.to_string().into();
        let mut sent = 0;
        let mut full = Vec::new();
        for link in to {
            let Some(Link { ends, .. }) = self.links.get(link) else { continue };
            match ends.outbox.try_send(Arc::clone(&words)) {
                Ok(()) => sent += 1,
                Err(TrySendError::Full(_)) => full.push(*link),
                // It has just ended, and its thread is about to say so.
                Err(TrySendError::Disconnected(_)) => {}
            }
        }
        self.screen.show(&Event::Sent(sent));
        self.look_first = true; // Perhaps: to be looked at before the next line.
        full.into_iter().flat_map(|link| self.drop_deaf(link)).collect()
    }

    /// Whether our user has to wait for somebody; and who has made us wait for too long.
    fn look_at_outboxes(&mut self, now: Instant) {
        self.look_first = false;
        let mut deaf = Vec::new();
        for (id, link) in &mut self.links {
            match link.pressure.look(link.ends.outbox.len(), now) {
                Level::Calm => {}
                Level::High => self.look_first = true,
                Level::TooLong => deaf.push(*id),
            }
        }
        for link in deaf {
            for report in self.drop_deaf(link) {
                let _ = self.happened(report); // That somebody is gone is no reason to leave.
            }
        }
    }

    /// Hangs up at once on a peer that does not read.
    fn drop_deaf(&mut self, link: LinkId) -> [Report; 2] {
        let ends = self.links.remove(&link).map(|link| link.ends);
        let unsent = ends.map_or(0, |ends| {
            hang_up_at_once(&ends.stream);
            ends.outbox.len()
        });
        [Report::Unsent(link, unsent), Report::HungUp(link, Gone::Deaf)]
    }

    /// Says no more on a link: its writer writes what is left, and then ends it.
    fn hang_up(&mut self, link: LinkId) {
        if let Some(Link { ends, .. }) = self.links.remove(&link) {
            self.lingering.add(link, ends.stream);
        }
    }

    /// Says goodbye, ends everything, and joins the threads.
    fn close(mut self) -> io::Result<Screen<Window>> {
        let shown = self.screen.refresh();
        let bye: Arc<str> = Frame::Bye.to_string().into();
        let mut last_words = LastWords::default();
        for (link, Link { ends, .. }) in std::mem::take(&mut self.links) {
            last_words.say(link, ends, &bye);
        }
        let Self { me, mesh, mut screen, voice, dialer, listener, discovery, news, .. } = self;
        let Self { asking, lingering, mut threads, .. } = self;
        drop(asking);
        lingering.hang_up();
        let hearing = discovery.stop();
        // A hint for those who are about to dial us. That it arrives, nobody promises.
        let _ = voice.shout(&Announcement::Bye(me.id).to_string());
        drop(dialer);
        threads.extend(listener.stop());
        for event in last_words.wait(&news, mesh, &bye) {
            screen.show(&event);
        }
        // Whatever still waits to report something waits in vain.
        drop(news);
        for thread in threads {
            // A dial to somebody who does not answer can still be out, and a link whose other end
            // is slow to read our last words. The system delivers those, and ends both.
            if thread.is_finished() {
                let _ = thread.join(); // It has panicked, and said so, or it has ended.
            }
        }
        let _ = hearing.join(); // It has panicked, and said so, or it has ended.
        shown.map(|()| screen)
    }
}

/// Whether to go on.
type Next = std::ops::ControlFlow<()>;
