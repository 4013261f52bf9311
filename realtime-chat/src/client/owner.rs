//! The owner: the one thread that decides what is shown and what is asked for, and the only one
//! that prints.

use std::collections::VecDeque;
use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use capability_peers::console::{LOOK_AGAIN, Screen};
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded, never, select};

use crate::client::chatter::{Action, Chatter, Happened, LEAVING};
use crate::client::desk::{Order, Report};
use crate::client::dialer::Dialer;
use crate::client::event::Gone;
use crate::client::keyboard::Line;
use crate::client::shelf::Shelf;
use capnweb::websocket::inbox::{Inbox, Outbox};

/// How much text may wait for a terminal that is stopped, in bytes.
const MAX_UNREAD: usize = 64 * 1024;

/// How long the terminal may take for the last line.
const LAST_LINE: Duration = Duration::from_millis(250);

/// How many reports may wait for the owner. Then whoever has one waits, too.
const MAX_REPORTS: usize = 256;

/// How many orders may wait for the link. The chatter has fewer calls under way than that, and so
/// has the server; a link that does not even take so many is none.
const MAX_ORDERS: usize = 128;

/// How long a dial may still take when we end. Then it is left to the end of the process.
const JOINING: Duration = Duration::from_millis(250);

/// How long to wait when nothing is due.
const QUIET: Duration = Duration::from_hours(1);

/// The owner of everything.
pub struct Owner {
    chatter: Chatter,
    dialer: Dialer,
    shelf: Shelf,
    screen: Screen,
    /// Whether the screen shows colours.
    colour: bool,
    link: Option<Link>,
}

/// One link to the server, from the dial to its end.
struct Link {
    orders: Outbox<Order>,
    reports: Receiver<Report>,
    /// Where it can be cut, once it is dialed.
    stream: Option<Arc<TcpStream>>,
    reader: JoinHandle<()>,
}

/// How the program ends.
type Ended = Result<(), Gone>;

impl Owner {
    /// The owner of a client that has not begun.
    pub fn new(
        chatter: Chatter,
        dialer: Dialer,
        shelf: Shelf,
        screen: Screen,
        colour: bool,
    ) -> Self {
        Self { chatter, dialer, shelf, screen, colour, link: None }
    }

    /// Talks until the user leaves, or the server is gone.
    ///
    /// # Errors
    ///
    /// If the terminal is gone, or the system has no threads.
    pub fn run(
        mut self,
        lines: &Receiver<Line>,
        interrupts: &Receiver<()>,
    ) -> io::Result<Ended> {
        let ended = self.converse(lines, interrupts);
        if let Some(link) = self.link.take() {
            link.hang_up();
        }
        drop(self.shelf);
        // A line that nobody can read any more is no reason not to end in order.
        let finished = self.screen.finish(LAST_LINE);
        let ended = ended?;
        finished?;
        Ok(ended)
    }

    fn converse(
        &mut self,
        lines: &Receiver<Line>,
        interrupts: &Receiver<()>,
    ) -> io::Result<Ended> {
        let (no_lines, no_reports) = (never(), never());
        let first = self.chatter.begin();
        let mut ended = self.perform(first)?;
        while ended.is_none() {
            let now = Instant::now();
            let due = self.chatter.pass(now);
            // First of all, however much else is going on.
            ended = self.perform(due)?;
            if ended.is_some() {
                break;
            }
            let due = self.chatter.next_due();
            let wait = due.map_or(QUIET, |due| due.saturating_duration_since(now));
            let wait = if self.screen.backlog() > 0 { wait.min(LOOK_AGAIN) } else { wait };
            // A terminal that is stopped makes the server wait, and not our memory grow.
            let is_stopped = self.screen.backlog() > MAX_UNREAD;
            let takes_lines = self.chatter.takes_lines() && !is_stopped;
            let lines = if takes_lines { lines } else { &no_lines };
            let reports = match &self.link {
                Some(link) if !is_stopped => &link.reports,
                _ => &no_reports,
            };
            let happened = select! {
                recv(interrupts) -> _ => Some(Happened::Quit),
                recv(lines) -> line => Some(line.map_or(Happened::Quit, Happened::Typed)),
                recv(reports) -> report => Some(self.heard(report.ok())),
                default(wait) => None, // Something is due, or the terminal may have room.
            };
            let actions = match happened {
                Some(happened) => self.chatter.on(happened, Instant::now()),
                None => Vec::new(),
            };
            ended = self.perform(actions)?;
        }
        Ok(ended.unwrap_or(Ok(())))
    }

    /// The link has a report, or has ended without one.
    fn heard(&mut self, report: Option<Report>) -> Happened {
        let report = report.unwrap_or(Report::Ended(Gone::HungUp));
        match (&report, &mut self.link) {
            (Report::Dialed(stream), Some(link)) => link.stream = Some(Arc::clone(stream)),
            (Report::Ended(_), link) => {
                if let Some(link) = link.take() {
                    link.hang_up();
                }
            }
            _ => {}
        }
        Happened::Reported(report)
    }

    /// Does what is to be done, and what follows from it; how the program ends, if it does.
    fn perform(&mut self, actions: Vec<Action>) -> io::Result<Option<Ended>> {
        let mut text = String::new();
        let mut todo = VecDeque::from(actions);
        let mut ended = None;
        while let Some(act) = todo.pop_front() {
            let happened = match act {
                Action::Show(event) => {
                    text += &event.lines(self.colour);
                    None
                }
                Action::Dial => {
                    // What is there to read comes before what may take its time.
                    self.screen.show(&std::mem::take(&mut text))?;
                    self.link = Some(Link::dial(&self.dialer)?);
                    None
                }
                Action::HangUp => {
                    self.screen.show(&std::mem::take(&mut text))?;
                    if let Some(link) = self.link.take() {
                        link.hang_up();
                    }
                    None
                }
                Action::Ask(ask, request) => self.order(Order::Ask(ask, request)),
                Action::Bring(answer, file, offset) => {
                    let part = self.shelf.read(file, offset);
                    self.order(Order::Bring(answer, part))
                }
                Action::Open(path) => {
                    let opened = self.shelf.open(&path);
                    Some(Happened::Opened(path.to_string_lossy().into_owned(), opened))
                }
                Action::Close(file) => {
                    self.shelf.close(file);
                    None
                }
                Action::Append(save, name, bytes) => self
                    .shelf
                    .append(save, &name, &bytes)
                    .err()
                    .map(|why| Happened::NotSaved(save, why)),
                Action::Finish(save, name) => Some(match self.shelf.finish(save, &name) {
                    Ok(path) => Happened::Saved(save, path),
                    Err(why) => Happened::NotSaved(save, why),
                }),
                Action::Discard(save) => {
                    self.shelf.discard(save);
                    None
                }
                Action::End(how) => {
                    ended = Some(how);
                    None
                }
            };
            if let Some(happened) = happened {
                todo.extend(self.chatter.on(happened, Instant::now()));
            }
        }
        self.screen.show(&text)?;
        Ok(ended)
    }

    /// Hands an order to the link.
    fn order(&self, order: Order) -> Option<Happened> {
        let link = self.link.as_ref()?;
        match link.orders.try_send(order) {
            Ok(()) => None,
            // Its writer has ended, and why is the next that we hear.
            Err(error) if error.is_disconnected() => None,
            Err(_) => Some(Happened::Reported(Report::Ended(Gone::HungUp))),
        }
    }
}

impl Link {
    fn dial(dialer: &Dialer) -> io::Result<Self> {
        let (report, reports) = bounded(MAX_REPORTS);
        let (inbox, read, orders) = Inbox::new(MAX_ORDERS);
        let reader = dialer.dial(report, inbox, read)?;
        Ok(Self { orders, reports, stream: None, reader })
    }

    /// Says goodbye, waits a moment for the server to do so, too, and joins the threads.
    fn hang_up(mut self) {
        let _ = self.orders.try_send(Order::HangUp); // It has ended, or does not take anything.
        self.hears_the_end(if self.stream.is_some() { LEAVING } else { JOINING });
        if let Some(stream) = &self.stream {
            let _ = stream.shutdown(Shutdown::Both); // Fails when it is gone already.
            self.hears_the_end(JOINING);
        }
        drop(self.orders);
        drop(self.reports);
        // A dial to somebody who does not answer can still be out.
        if self.stream.is_some() || self.reader.is_finished() {
            let _ = self.reader.join(); // It has panicked, and said so, or it has ended.
        }
    }

    /// Waits until the link has nothing more to report, and lets go of what it does.
    fn hears_the_end(&mut self, patience: Duration) {
        let deadline = Instant::now() + patience;
        loop {
            match self.reports.recv_deadline(deadline) {
                Ok(Report::Dialed(stream)) => self.stream = Some(stream),
                Ok(_) if Instant::now() < deadline => {}
                Ok(_) | Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => {
                    return;
                }
            }
        }
    }
}
