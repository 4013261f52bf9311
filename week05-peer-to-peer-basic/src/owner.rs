//! The owner: the one thread that decides, and the only one that prints.
//!
//! *What if a message arrives while you type, or while another line is printed?* In the example
//! two threads print, and their lines run into each other. Here one thread, the main one, owns
//! the peer's state and the screen. It never waits for a peer: other threads wait, and report to
//! it through a channel with a bound.

use std::io;
use std::net::TcpListener;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, bounded, never, select};
use terminal::{Screen, Typed};

use crate::call::Call;
use crate::config::{AddressPlan, PeerId};
use crate::event::Event;
use crate::listener::Listener;
use crate::peer::{Action, Peer};
use crate::report::{Failure, Report};
use crate::sender::Senders;

/// How many reports may wait for the owner. Then the threads that report wait, and with them the
/// callers: a flood stays in the network and does not fill our memory.
const MAX_REPORTS: usize = 256;

/// The most that a line waits for further ones, to be written together with them.
const SHOWN_WITHIN: Duration = Duration::from_millis(5);

/// One running peer.
pub struct Owner {
    id: PeerId,
    peer: Peer,
    screen: Screen,
    listener: Listener,
    senders: Senders,
    reports: Receiver<Report>,
}

impl Owner {
    /// Starts the threads of peer `id`, which is dialed on `socket`.
    pub fn start(id: PeerId, plan: AddressPlan, socket: TcpListener) -> io::Result<Self> {
        let mut screen = Screen::stdout()?;
        screen.show(&Event::Listening(socket.local_addr()?.port()).line(id));
        let (report, reports) = bounded(MAX_REPORTS);
        let senders = Senders::start(plan, &report)?;
        let listener = Listener::start(socket, report)?;
        Ok(Self { id, peer: Peer::new(id, plan), screen, listener, senders, reports })
    }

    /// Does what the rules say, until the user leaves. Fails if the terminal is gone; the other
    /// peers are told all the same.
    pub fn run(mut self, lines: &Receiver<Typed>, interrupts: &Receiver<()>) -> io::Result<()> {
        let shown = self.serve(lines, interrupts);
        let closed = self.close();
        shown.and(closed)
    }

    fn serve(&mut self, lines: &Receiver<Typed>, interrupts: &Receiver<()>) -> io::Result<()> {
        let nothing = never();
        loop {
            let prompt = self.peer.prompt();
            // While a message is on its way there is no prompt, and typed lines wait.
            let typed = if prompt.is_some() { lines } else { &nothing };
            let is_idle = self.reports.is_empty() && lines.is_empty();
            if is_idle || self.screen.is_full() {
                prompt.inspect(|prompt| self.screen.ask(prompt));
                self.screen.flush()?;
            }
            let soon = if is_idle { Duration::MAX } else { SHOWN_WITHIN };
            let flow = select! {
                recv(self.reports) -> report => match report {
                    Ok(report) => self.on_report(report),
                    Err(_) => ControlFlow::Break(()), // Listener, callers and senders have ended.
                },
                recv(typed) -> line => match line {
                    Ok(line) => self.on_typed(line),
                    Err(_) => ControlFlow::Break(()), // Ctrl-D.
                },
                recv(interrupts) -> _ => return self.screen.interrupted(),
                default(soon) => {
                    self.screen.flush()?; // Lines were typed ahead, but a peer is slow.
                    ControlFlow::Continue(())
                }
            };
            if flow.is_break() {
                return Ok(());
            }
        }
    }

    fn on_report(&mut self, report: Report) -> ControlFlow<()> {
        let (actions, call) = match report {
            Report::Called { from, message, cut, call } => {
                (self.peer.on_called(from, &message, cut), call)
            }
            Report::Dialed(dial, outcome) => (self.peer.on_dialed(dial, outcome), None),
            Report::AcceptFailed(why) => (vec![Action::Show(Event::AcceptFailed(why))], None),
        };
        self.carry_out(actions, call.as_ref()) // Dropping the call hangs up.
    }

    fn on_typed(&mut self, line: Typed) -> ControlFlow<()> {
        self.peer.prompt().inspect(|prompt| self.screen.answered(prompt));
        let actions = self.peer.on_typed(line, Instant::now());
        self.carry_out(actions, None)
    }

    /// Does what the rules want done; breaks when it is time to close.
    fn carry_out(&mut self, actions: Vec<Action>, caller: Option<&Call>) -> ControlFlow<()> {
        for action in actions {
            match action {
                Action::Show(event) => self.show(&event),
                Action::Dial(dial) => {
                    let to = dial.to;
                    // There is room for all dials of our user, but not for all relays that
                    // strangers may ask for.
                    if !self.senders.dial(dial) {
                        self.show(&Event::NotSent(to, Failure::QueueFull));
                    }
                }
                Action::Reply(text) => {
                    // Fails if the caller has hung up, and then it needs no reply.
                    let _ = caller.map(|call| call.write_at_once(&text));
                }
                Action::Quit => return ControlFlow::Break(()),
            }
        }
        ControlFlow::Continue(())
    }

    fn show(&mut self, event: &Event) {
        self.screen.show(&event.line(self.id));
    }

    /// Says goodbye, ends all threads, and shows what they still report. If the terminal is
    /// gone, all of it happens all the same, and the error is returned at the end.
    fn close(mut self) -> io::Result<()> {
        // LAB:BEGIN c
        use crate::config::SHUTDOWN_PATIENCE;
        let deadline = Instant::now() + SHUTDOWN_PATIENCE;
        let last_actions = self.peer.on_quit(self.senders.take_back());
        let _ = self.carry_out(last_actions, None);
        self.senders.stop();
        self.listener.stop(); // Before the screen, which may wait: another peer may want the port.
        let mut shown = self.screen.flush();
        // Listener, callers and senders hold an end of this channel, and drop it last. When all
        // have done so, it is closed. A thread that is stuck at the deadline is left behind: it owns
        // nothing that the end of the process does not free.
        while let Ok(report) = self.reports.recv_deadline(deadline) {
            let _ = self.on_report(report);
            shown = shown.and_then(|()| self.screen.flush());
        }
        for event in self.peer.last_results() {
            self.screen.show(&event.line(self.id));
        }
        self.screen.show(&Event::ShuttingDown.line(self.id));
        shown.and_then(|()| self.screen.flush())
        // LAB:STUB
        //| // What there is to use:
        //| let _ = (crate::config::SHUTDOWN_PATIENCE, Event::ShuttingDown);
        //| let _ = (Listener::stop, Senders::take_back, Senders::stop);
        //| let _ = (Peer::on_quit, Peer::last_results, &self.listener);
        //| self.screen.flush()?;
        //| Err(io::Error::other("task c is not written yet"))
        // LAB:END c
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{HOST, SHUTDOWN_PATIENCE};

    #[test]
    fn a_thread_that_is_stuck_does_not_keep_the_peer_from_ending() {
        let socket = TcpListener::bind((HOST, 0)).unwrap();
        // No other peer has a port, so no goodbye goes out.
        let plan = AddressPlan { host: HOST, base_port: PeerId::MAX - 1 };
        let (report, reports) = bounded(MAX_REPORTS);
        let owner = Owner {
            id: 1,
            peer: Peer::new(1, plan),
            screen: Screen::stdout().unwrap(),
            senders: Senders::start(plan, &report).unwrap(),
            listener: Listener::start(socket, report.clone()).unwrap(),
            reports,
        };
        let begun = Instant::now();
        owner.close().unwrap();
        assert!(begun.elapsed() >= SHUTDOWN_PATIENCE, "{:?}", begun.elapsed());
        drop(report); // The end that a stuck thread would hold.
    }
}
