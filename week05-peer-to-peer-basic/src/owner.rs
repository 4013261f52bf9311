//! The owner: the one thread that decides, and the only one that prints.
//!
//! It owns the peer's state and never waits for a peer: others wait, and report to it through
//! a channel with a bound. So there is nothing to lock, and no line is printed into another.

use std::collections::VecDeque;
use std::io::{self, Stdout};
use std::net::TcpListener;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, bounded, never, select};

use crate::Event;
use crate::command::Typed;
use crate::config::Neighbourhood;
use crate::console::Screen;
use crate::errand::{Errand, Failure, Outcome};
use crate::extensions::c_shutdown;
use crate::listener::{Listener, listen};
use crate::peer::{Action, Peer, Report};
use crate::sender::Senders;

/// How many reports may wait for the owner. Then those who report wait, and with them the
/// callers: a flood stays in the network instead of filling our memory.
const MAX_REPORTS: usize = 256;

/// How long to wait for one of our own senders. The rules never have more than `MAX_DIALS` of
/// them out; but one that has just reported needs an instant to be ready again.
const HANDOVER: Duration = Duration::from_millis(500);

/// How many steps are gathered before the terminal sees them. Each may show a message of
/// 64 KiB, so about a megabyte waits at the most.
const MAX_UNSEEN: usize = 16;

/// One running peer.
pub struct Owner {
    peer: Peer,
    screen: Screen<Stdout>,
    listener: Listener,
    senders: Senders,
    reports: Receiver<Report>,
    /// How many steps the terminal has not seen yet.
    unseen: usize,
}

impl Owner {
    /// Starts the threads of `peer`, which is dialed on `socket`.
    ///
    /// # Errors
    ///
    /// If the system has no thread for the listener.
    pub fn start(
        peer: Peer,
        neighbourhood: Neighbourhood,
        socket: TcpListener,
        screen: Screen<Stdout>,
    ) -> io::Result<Self> {
        let (report, reports): (Sender<Report>, _) = bounded(MAX_REPORTS);
        let listener = listen(socket, report.clone())?;
        let senders = Senders::new(neighbourhood, report);
        Ok(Self { peer, screen, listener, senders, reports, unseen: 0 })
    }

    /// Does what the rules say, until the user leaves.
    ///
    /// # Errors
    ///
    /// If the terminal is gone.
    pub fn run(mut self, lines: &Receiver<Typed>, interrupts: &Receiver<()>) -> io::Result<()> {
        let no_lines = never();
        loop {
            let prompt = self.peer.prompt();
            let typed = if prompt.is_some() { lines } else { &no_lines };
            if let Err(error) = self.show_what_is_due(prompt, !typed.is_empty()) {
                // Nobody sees us any more. The others are told all the same.
                let farewells = self.peer.on_quit(Instant::now());
                if let Some(farewells) = self.carry_out(farewells) {
                    self.close(farewells)?;
                }
                return Err(error);
            }
            let actions = select! {
                recv(self.reports) -> report => match report {
                    Ok(report) => self.peer.on_report(report, Instant::now()),
                    Err(_) => self.peer.on_quit(Instant::now()), // Nobody is left to report.
                },
                recv(typed) -> line => match line {
                    Ok(line) => {
                        // Typed ahead, perhaps: then the prompt still goes before the answer.
                        if let Some(prompt) = prompt {
                            self.screen.ask(prompt);
                        }
                        self.screen.answered();
                        self.peer.on_typed(line, Instant::now())
                    }
                    Err(_) => self.peer.on_quit(Instant::now()), // Ctrl-D.
                },
                recv(interrupts) -> _ => self.peer.on_quit(Instant::now()),
            };
            if let Some(farewells) = self.carry_out(actions) {
                return self.close(farewells);
            }
        }
    }

    /// Brings the terminal up to date, unless there is more to come at once: then the prompt
    /// can wait, and so can the terminal.
    fn show_what_is_due(
        &mut self,
        prompt: Option<&str>,
        is_answered_already: bool,
    ) -> io::Result<()> {
        self.unseen += 1;
        let more_to_come = is_answered_already || !self.reports.is_empty();
        if more_to_come && self.unseen < MAX_UNSEEN {
            return Ok(());
        }
        self.unseen = 0;
        if let Some(prompt) = prompt {
            self.screen.ask(prompt);
        }
        self.screen.refresh()
    }

    /// Does what the rules want done; returns the goodbyes to say, if it is time to close.
    fn carry_out(&mut self, actions: Vec<Action>) -> Option<Vec<Errand>> {
        let mut actions = VecDeque::from(actions);
        while let Some(action) = actions.pop_front() {
            match action {
                Action::Show(event) => self.screen.show(&event),
                Action::SendOut(errand) => {
                    if let Err(errand) = self.senders.send_out(errand, HANDOVER) {
                        let why = Failure::Broken("the system has no thread to spare".into());
                        let report = Report::Returned(errand, Outcome::Failed(why));
                        actions.extend(self.peer.on_report(report, Instant::now()));
                    }
                }
                // Fails if the caller has hung up, and then it needs no answer.
                Action::Answer(answer, known) => drop(answer.try_send(known)),
                Action::Close(farewells) => return Some(farewells),
            }
        }
        None
    }

    /// Ends everything. A terminal that is gone does not keep us from it; it is told at the end.
    fn close(self, farewells: Vec<Errand>) -> io::Result<()> {
        let Self { mut peer, mut screen, listener, senders, reports, .. } = self;
        let mut shown = screen.refresh();
        c_shutdown::close(listener, senders, farewells, &reports, |report| {
            for action in peer.on_report(report, Instant::now()) {
                if let Action::Show(event) = action {
                    screen.show(&event);
                }
            }
            if shown.is_ok() {
                shown = screen.refresh();
            }
        });
        screen.show(&Event::ShuttingDown);
        shown.and_then(|()| screen.refresh())
    }
}
