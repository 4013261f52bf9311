//! The owner: the one thread that decides what is shown and what is asked for, and the only one
//! that prints.

use std::io;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, bounded, never, select};
use terminal::{LOOK_AGAIN, NonBlockingStdout, Screen, Typed};

use crate::client::chat_client::{Action, ChatClient, Happened, LEAVING};
use crate::client::dialer::Dialer;
use crate::client::downloads::Downloads;
use crate::client::event::{CHAT_PROMPT, Event, Gone, PROMPT};
use crate::client::session::{Order, Report};
use crate::client::shared_files::SharedFiles;

/// How much text may wait for a terminal that is stopped, in bytes.
const MAX_UNREAD: usize = 64 * 1024;

/// How long the terminal may take for the last line.
const LAST_LINE: Duration = Duration::from_millis(250);

/// How many reports may wait for the owner. Then the writer has to wait, too.
const MAX_REPORTS: usize = 256;

/// How many orders may wait for the link. There are fewer calls under way, of both sides; a link
/// that does not even take so many is none.
const MAX_ORDERS: usize = 128;

/// How long a dial may still take when we end. Then it is left to the end of the process.
const JOINING: Duration = Duration::from_millis(250);

/// How long to wait when nothing is due.
const QUIET: Duration = Duration::from_hours(1);

pub(crate) struct Owner {
    chat: ChatClient,
    dialer: Dialer,
    shared: SharedFiles,
    downloads: Downloads,
    screen: Screen<NonBlockingStdout>,
    /// Whether the screen shows colours.
    colour: bool,
    /// Whether the user types on a terminal: then a line that comes in does not stand behind a
    /// half-typed one, but below it, and a prompt comes again.
    has_prompt: bool,
    link: Option<Link>,
}

/// One link to the server, from the dial to its end.
struct Link {
    orders: Sender<Order>,
    reports: Receiver<Report>,
    /// Where the connection comes when the server is dialed, to be shut down at the end.
    dialed: Receiver<Arc<TcpStream>>,
    reader: JoinHandle<()>,
}

/// How the program ends.
type Ended = Result<(), Gone>;

impl Owner {
    pub(crate) fn new(
        chat: ChatClient,
        dialer: Dialer,
        downloads: Downloads,
        screen: Screen<NonBlockingStdout>,
        colour: bool,
        has_prompt: bool,
    ) -> Self {
        let shared = SharedFiles::default();
        Self { chat, dialer, shared, downloads, screen, colour, has_prompt, link: None }
    }

    /// Talks until the user leaves, or the server is gone. An error is one of the terminal, or
    /// the system has no threads.
    pub(crate) fn run(
        mut self,
        lines: &Receiver<Typed>,
        interrupts: &Receiver<()>,
    ) -> io::Result<Ended> {
        let ended = self.converse(lines, interrupts);
        self.hang_up();
        drop(self.downloads);
        // That the last line cannot be shown is no reason not to end in order.
        let finished = self.screen.finish(LAST_LINE);
        let ended = ended?;
        finished?;
        Ok(ended)
    }

    fn converse(
        &mut self,
        lines: &Receiver<Typed>,
        interrupts: &Receiver<()>,
    ) -> io::Result<Ended> {
        let (no_lines, no_reports) = (never(), never());
        loop {
            let now = Instant::now();
            self.chat.pass(now); // First of all, however much else is going on.
            if let Some(ended) = self.perform()? {
                return Ok(ended);
            }
            let due = self.chat.next_due();
            let wait = due.map_or(QUIET, |due| due.saturating_duration_since(now));
            let wait = if self.screen.backlog() > 0 { wait.min(LOOK_AGAIN) } else { wait };
            // A terminal that is stopped makes the server wait, and not our memory grow.
            let is_stopped = self.screen.backlog() > MAX_UNREAD;
            let takes_lines = self.chat.takes_lines() && !is_stopped;
            let lines = if takes_lines { lines } else { &no_lines };
            let reports = match &self.link {
                Some(link) if !is_stopped => &link.reports,
                _ => &no_reports,
            };
            let happened = select! {
                recv(interrupts) -> _ => {
                    self.screen.interrupted()?;
                    Happened::Quit
                }
                recv(lines) -> line => {
                    if line.is_ok() && self.has_prompt && self.chat.is_chatting() {
                        self.screen.answered(CHAT_PROMPT);
                    }
                    line.map_or(Happened::Quit, Happened::Typed)
                }
                recv(reports) -> report => self.heard(report.ok()),
                default(wait) => continue, // Something is due, or the terminal may have room.
            };
            self.tell(happened);
        }
    }

    /// The link has a report, or has ended without one.
    fn heard(&mut self, report: Option<Report>) -> Happened {
        let report = report.unwrap_or(Report::Ended(Gone::HungUp));
        if let Report::Ended(_) = report {
            self.hang_up();
        }
        Happened::Reported(report)
    }

    /// Does what is to be done, and what follows from it; how the program ends, if it does.
    fn perform(&mut self) -> io::Result<Option<Ended>> {
        while let Some(action) = self.chat.next_action() {
            match action {
                Action::Show(event) => self.show_all([event]),
                Action::AskName => self.screen.ask(PROMPT),
                Action::NameTyped => self.screen.answered(PROMPT),
                Action::Dial => {
                    self.screen.refresh()?; // Before what may take its time.
                    self.link = Some(Link::dial(&self.dialer)?);
                }
                Action::HangUp => {
                    self.screen.refresh()?;
                    self.hang_up();
                }
                Action::Ask(id, ask) => self.order(Order::Ask(id, ask)),
                Action::ReadShared(answer, file, offset) => {
                    let told = self.shared.progress(file, offset);
                    self.show_all(told);
                    let part = self.shared.read(file, offset);
                    self.order(Order::Answer(answer, part));
                }
                Action::Open(path) => {
                    let opened = self.shared.open(&path);
                    self.tell(Happened::Opened(path.to_string_lossy().into_owned(), opened));
                }
                Action::Close(file) => self.shared.close(file),
                Action::Offer(offer, name, size) => self.downloads.offer(offer, name, size),
                Action::Save(offer) => match self.downloads.save(offer) {
                    Ok(()) => self.tell(Happened::Wants(offer, 0)),
                    Err(event) => self.show_all([event]),
                },
                Action::TakePart(offer, base64) => {
                    let (next, told) = self.downloads.take_part(offer, &base64);
                    self.show_all(told);
                    if let Some(offset) = next {
                        self.tell(Happened::Wants(offer, offset));
                    }
                }
                Action::Fail(offer, why) => {
                    let told = self.downloads.fail(offer, why);
                    self.show_all(told);
                }
                Action::GiveUp => {
                    let told = self.downloads.give_up();
                    self.show_all(told);
                }
                Action::End(how) => return self.screen.refresh().map(|()| Some(how)),
            }
        }
        let is_idle = self.link.as_ref().is_none_or(|link| link.reports.is_empty());
        if self.has_prompt && is_idle && self.chat.is_chatting() {
            self.screen.ask(CHAT_PROMPT);
        }
        self.screen.refresh().map(|()| None)
    }

    fn show_all(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.screen.show(&event.lines(self.colour));
        }
    }

    fn tell(&mut self, happened: Happened) {
        self.chat.on(happened, Instant::now());
    }

    /// Hands an order to the link. If its writer has ended, the next report says why.
    fn order(&mut self, order: Order) {
        let handed = self.link.as_ref().map(|link| link.orders.try_send(order));
        if let Some(Err(TrySendError::Full(_))) = handed {
            self.tell(Happened::Reported(Report::Ended(Gone::HungUp)));
        }
    }

    fn hang_up(&mut self) {
        if let Some(link) = self.link.take() {
            link.hang_up();
        }
    }
}

impl Link {
    fn dial(dialer: &Dialer) -> io::Result<Self> {
        let (report, reports) = bounded(MAX_REPORTS);
        let (order, orders) = bounded(MAX_ORDERS);
        let (dial, dialed) = bounded(1);
        let reader = dialer.dial(report, orders, dial)?;
        Ok(Self { orders: order, reports, dialed, reader })
    }

    /// Says goodbye, waits a moment for the server to do so, too, and joins the threads.
    fn hang_up(self) {
        let Self { orders, reports, dialed, reader } = self;
        let _ = orders.try_send(Order::HangUp); // It has ended, or does not take anything.
        let patience = if dialed.is_empty() { JOINING } else { LEAVING };
        let deadline = Instant::now() + patience;
        while reports.recv_deadline(deadline).is_ok() && Instant::now() < deadline {}
        drop((orders, reports)); // So no thread waits for us.
        let stream = dialed.try_recv();
        if let Ok(stream) = &stream {
            let _ = stream.shutdown(Shutdown::Both); // Fails when it is gone already.
        }
        // A dial to a server that does not answer can still be out.
        if stream.is_ok() || reader.is_finished() {
            let _ = reader.join(); // It has panicked, and said so, or it has ended.
        }
    }
}
