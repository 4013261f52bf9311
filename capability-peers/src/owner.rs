//! The owner: the one thread that decides what is told when, and the only one that prints.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, SendTimeoutError, bounded, never, select};

use crate::Event;
use crate::console::{LOOK_AGAIN, Screen};
use crate::peer::Peer;
use crate::role::Role;
use crate::sender::{self, Friend};
use crate::teller::Teller;
use capnweb::http::{Request, Response, is_post_to};
use capnweb::listener::{self, Listener, MAX_CALLERS, PATIENCE};
use capnweb::{Target, serve_while};

/// How much text may wait for a terminal that is stopped, in bytes.
const MAX_UNREAD: usize = 64 * 1024;

/// How long the terminal may take for the last line.
const LAST_LINE: Duration = Duration::from_millis(250);

/// How many events may wait for the owner. Then whoever has one waits, too.
const MAX_EVENTS: usize = 256;

/// How long the calls of one request may take, all together. What comes later is not run.
const BATCH_PATIENCE: Duration = Duration::from_secs(5);

/// Where calls are answered.
const PATH: &str = "/rpc/batch";

/// How long the sender may take to notice that we stop.
const JOINING: Duration = Duration::from_millis(250);

/// How long to wait when nothing is due.
const QUIET: Duration = Duration::from_hours(1);

/// Plays a role until the user ends it.
///
/// # Errors
///
/// If the system has no threads, or the terminal is gone.
pub fn run(
    role: Role,
    socket: TcpListener,
    friend: Friend,
    interrupts: &Receiver<()>,
) -> io::Result<()> {
    let mut screen = Screen::open()?;
    let address = socket.local_addr()?;
    screen.show(&Event::Starting(address.port()).lines(&role))?;
    let (tell, events) = bounded(MAX_EVENTS);
    let peer: Arc<dyn Target> = Arc::new(Peer::new(role, tell.clone()));
    let (report, reports) = bounded(1);
    let listener = Listener::start(socket, MAX_CALLERS, PATIENCE, report, move |request| {
        serve(request, &peer)
    })?;
    screen.show(&Event::Running(address).lines(&role))?;
    let (order, stopped) = bounded(0);
    let sender = sender::call(role, friend, tell, stopped)?;

    let mut teller = Teller::default();
    let no_events = never();
    let ended = loop {
        let now = Instant::now();
        // First of all, however much else is going on.
        let due = teller.pass(now);
        if let Err(error) = screen.show(&lines(&due, &role)) {
            break Err(error);
        }
        let wait = teller.next_due().map_or(QUIET, |due| due.saturating_duration_since(now));
        let wait = if screen.backlog() > 0 { wait.min(LOOK_AGAIN) } else { wait };
        // A terminal that is stopped makes callers wait, and not our memory grow.
        let events = if screen.backlog() > MAX_UNREAD { &no_events } else { &events };
        let told = select! {
            recv(events) -> event => match event {
                Ok(event) => teller.on(event, Instant::now()),
                Err(_) => break Ok(()), // Nobody is left to tell anything.
            },
            recv(reports) -> report => match report {
                Ok(listener::Report::AcceptFailed(why)) => vec![Event::CannotAccept(why)],
                Err(_) => break Ok(()), // Nobody is left to be called.
            },
            recv(interrupts) -> _ => break Ok(()),
            default(wait) => Vec::new(), // Something is due, or the terminal may have room.
        };
        if let Err(error) = screen.show(&lines(&told, &role)) {
            break Err(error);
        }
    };
    // A line that nobody can read any more is no reason not to end in order.
    let said_goodbye =
        screen.show(&Event::ShuttingDown.lines(&role)).and_then(|()| screen.finish(LAST_LINE));
    drop(events); // Whoever waits to tell something waits in vain.
    listener.stop();
    listener.join();
    // It takes the order, or has ended and cannot. If neither, it waits for an answer, for longer
    // than the user would: then it is left to the end of the process.
    let is_busy = matches!(order.send_timeout((), JOINING), Err(SendTimeoutError::Timeout(())));
    if !is_busy {
        let _ = sender.join(); // It has panicked, and said so, or it has ended.
    }
    ended.and(said_goodbye)
}

/// The lines that tell of these events.
fn lines(events: &[Event], role: &Role) -> String {
    events.iter().map(|event| event.lines(role)).collect()
}

/// Answers one request: a batch of calls.
fn serve(request: &Request, peer: &Arc<dyn Target>) -> Response {
    if let Err(response) = is_post_to(PATH, request) {
        return response;
    }
    let deadline = Instant::now() + BATCH_PATIENCE;
    match serve_while(request.body(), peer, || Instant::now() < deadline) {
        Ok(reply) => Response::text(200, reply),
        Err(refused) => Response::text(500, refused.body),
    }
}
