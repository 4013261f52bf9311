//! The owner: the one thread that decides what is shown and what is asked for, and the only one
//! that prints.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TrySendError, never, select};
use terminal::{LOOK_AGAIN, Screen, Typed};

use crate::client::chat_client::{Action, ChatClient, Happened};
use crate::client::dialer::{Dialer, Link};
use crate::client::downloads::Downloads;
use crate::client::event::{Event, Gone, PROMPT};
use crate::client::session::Report;
use crate::client::shared_file::SharedFile;

/// How much text may wait for a terminal that is stopped, in bytes.
const MAX_UNREAD: usize = 64 * 1024;

/// How long the terminal may take for the last line.
const LAST_LINE: Duration = Duration::from_millis(250);

/// How long to wait when nothing is due.
const QUIET: Duration = Duration::from_hours(1);

pub(crate) struct Owner {
    pub chat: ChatClient,
    pub dialer: Dialer,
    pub downloads: Downloads,
    pub screen: Screen,
    /// Whether the screen shows colours.
    pub has_colour: bool,
    /// Whether the user types on a terminal: then a line that comes in does not stand behind a
    /// half-typed one, but below it, and a prompt comes again.
    pub has_prompt: bool,
    pub link: Option<Link>,
}

/// How the program ends.
type Ended = Result<(), Gone>;

impl Owner {
    /// Talks until the user leaves, or the server is gone. An error is one of the terminal, or
    /// the system has no threads.
    pub(crate) fn run(
        mut self,
        lines: &Receiver<Typed>,
        interrupts: &Receiver<()>,
    ) -> io::Result<Ended> {
        let ended = self.converse(lines, interrupts);
        self.hang_up();
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
                    if let (Ok(_), Some(prompt)) = (&line, self.prompt()) {
                        self.screen.answered(prompt);
                    }
                    line.map_or(Happened::Quit, Happened::Typed)
                }
                // Without a last report its reader has panicked, and said so.
                recv(reports) -> report => {
                    Happened::Reported(report.unwrap_or(Report::Ended(Gone::HungUp)))
                }
                default(wait) => continue, // Something is due, or the terminal may have room.
            };
            self.tell(happened);
        }
    }

    /// Carries out all actions. Returns how the program ends, if it does.
    fn perform(&mut self) -> io::Result<Option<Ended>> {
        while let Some(action) = self.chat.next_action() {
            match action {
                Action::Show(event) => self.show_all([event]),
                Action::Dial => self.link = Some(self.dialer.dial()?),
                Action::HangUp => {
                    self.screen.refresh()?; // Before what may take its time.
                    self.hang_up();
                }
                Action::Order(order) => {
                    // If the link's writer has ended, the next report says why.
                    let handed = self.link.as_ref().map(|link| link.orders.try_send(order));
                    if let Some(Err(TrySendError::Full(_))) = handed {
                        self.tell(Happened::Reported(Report::Ended(Gone::HungUp)));
                    }
                }
                Action::Open(path) => {
                    let opened = SharedFile::open(&path).map(Arc::new);
                    self.tell(Happened::Opened(path.to_string_lossy().into_owned(), opened));
                }
                Action::Save(offer, name, size) => {
                    let step = self.downloads.begin(offer.number, name, size);
                    self.tell(Happened::Saving(offer, step));
                }
                Action::TakePart(offer, part) => {
                    let step = self.downloads.take_part(offer.number, part);
                    self.tell(Happened::Saving(offer, step));
                }
                Action::GiveUp => {
                    let told = self.downloads.give_up();
                    self.show_all(told);
                }
                Action::End(how) => {
                    self.screen.end_prompt(); // What `stderr` is told next stands below it.
                    return self.screen.refresh().map(|()| Some(how));
                }
            }
        }
        let is_idle = self.link.as_ref().is_none_or(|link| link.reports.is_empty());
        if let Some(prompt) = self.prompt().filter(|_| is_idle) {
            self.screen.ask(prompt);
        }
        self.screen.refresh().map(|()| None)
    }

    /// The prompt to show. A prompt for each line is for a terminal only.
    fn prompt(&self) -> Option<&'static str> {
        self.chat.prompt().filter(|&prompt| self.has_prompt || prompt == PROMPT)
    }

    fn show_all(&mut self, events: impl IntoIterator<Item = Event>) {
        for event in events {
            self.screen.show(&event.lines(self.has_colour));
        }
    }

    fn tell(&mut self, happened: Happened) {
        self.chat.on(happened, Instant::now());
    }

    fn hang_up(&mut self) {
        if let Some(link) = self.link.take() {
            link.hang_up();
        }
    }
}
