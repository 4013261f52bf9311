//! The owner: the one thread that decides what is shown and when, and the only one that prints.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capnweb::listener::{Listener, Report};
use crossbeam_channel::{Receiver, bounded, select};
use terminal::{LOOK_AGAIN, Screen};

use crate::arguments::Friend;
use crate::event::Event;
use crate::event_order::EventOrder;
use crate::listener;
use crate::peer::Peer;
use crate::role::Role;
use crate::sender::SenderThread;

/// How many bytes may wait for a terminal that is stopped (Ctrl-S, or a pipe that is not read);
/// then messages are refused, also in the middle of a request. It must not stop the owner, too:
/// then the user could not end it any more.
const MAX_UNREAD: usize = 1024 * 1024;

/// How long the terminal may take for the last line.
const LAST_LINE: Duration = Duration::from_millis(250);

/// How long to wait when nothing is due.
const QUIET: Duration = Duration::from_hours(1);

/// One running peer.
pub(crate) struct Owner {
    role: Role,
    peer: Arc<Peer>,
    screen: Screen,
    order: EventOrder,
    listener: Listener,
    sender: SenderThread,
    events: Receiver<Event>,
    reports: Receiver<Report>,
}

impl Owner {
    /// Starts the threads of a peer that is dialed on `socket`.
    pub(crate) fn start(role: Role, socket: TcpListener, friend: Friend) -> io::Result<Self> {
        let mut screen = Screen::stdout()?;
        let address = socket.local_addr()?;
        screen.show(&Event::Starting(address.port()).text(&role));
        // No event waits in between, where it would be lost when the user ends the program.
        let (tell, events) = bounded(0);
        let (report, reports) = bounded(1);
        let peer = Arc::new(Peer::new(role, tell.clone()));
        let target = Arc::clone(&peer);
        let listener = listener::start(socket, target, report)?;
        screen.show(&Event::Running(address).text(&role));
        let sender = SenderThread::start(role, friend, tell)?;
        let order = EventOrder::default();
        Ok(Self { role, peer, screen, order, listener, sender, events, reports })
    }

    /// Shows what happens until the user ends it. Fails if the terminal is gone.
    pub(crate) fn run(mut self, interrupts: &Receiver<()>) -> io::Result<()> {
        let shown = self.serve(interrupts);
        let closed = self.close();
        shown.and(closed)
    }

    fn serve(&mut self, interrupts: &Receiver<()>) -> io::Result<()> {
        loop {
            let now = Instant::now();
            // What is due is shown first, however many events wait.
            let due = self.order.on_time(now);
            self.show(&due);
            self.screen.refresh()?;
            let due = self.order.next_due();
            let wait = due.map_or(QUIET, |due| due.saturating_duration_since(now));
            let backlog = self.screen.backlog();
            let wait = if backlog > 0 { wait.min(LOOK_AGAIN) } else { wait };
            self.peer.terminal_is_stopped(backlog > MAX_UNREAD);
            let shown = select! {
                recv(self.events) -> event => match event {
                    Ok(event) => self.order.on_event(event, Instant::now()),
                    Err(_) => return Ok(()), // Never: our own peer has a sender.
                },
                recv(self.reports) -> report => match report {
                    Ok(Report::AcceptFailed(why)) => vec![Event::AcceptFailed(why)],
                    Err(_) => return Ok(()), // The listener has ended.
                },
                recv(interrupts) -> _ => return self.screen.interrupted(),
                default(wait) => Vec::new(), // Something is due, or the terminal may have room.
            };
            self.show(&shown);
        }
    }

    fn show(&mut self, events: &[Event]) {
        for event in events {
            self.screen.show(&event.text(&self.role));
        }
    }

    /// Says goodbye and ends all threads, also if the terminal is gone.
    fn close(mut self) -> io::Result<()> {
        let last = self.order.release();
        self.show(&last);
        self.show(&[Event::ShuttingDown]);
        let Self { mut screen, listener, sender, events, reports, .. } = self;
        let shown = screen.finish(LAST_LINE);
        drop(events); // From now on a report fails at once: messages are refused.
        let until = listener.stop();
        while reports.recv_deadline(until).is_ok() {}
        sender.stop();
        shown
    }
}
