//! Task 1, the listener: answer calls, and report the message that each one brings.
//!
//! Several threads stand at one door. Whoever answers a call reads it, and before it does, it
//! makes sure that somebody else stands at the door; afterwards it comes back. So a silent,
//! slow or endless caller holds up nobody, and no call is ever handed from thread to thread,
//! which on a fast line would take longer than reading it. At rest there are one or two
//! listeners; each caller who does not finish takes one more, up to
//! [`MAX_CALLERS`](crate::config::MAX_CALLERS).
//!
//! Who is at the door, and who may come in when it is crowded, are the pure rules of `door.rs`.

use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::Event;
use crate::call::Call;
use crate::door::{Come, Door};
use crate::extensions::{c_shutdown, d_discovery};
use crate::message::clean;
use crate::peer::Report;

/// How long a caller may take for its whole message.
pub const PATIENCE: Duration = Duration::from_secs(2);

/// How long to wait when the system lets nobody in (too many open files, say). It would only
/// say so again at once.
const PAUSE: Duration = Duration::from_millis(50);

/// The listener threads, and how to end them.
pub struct Listener {
    /// Where they can be dialed.
    pub address: SocketAddr,
    /// What they share: it can be closed, and it knows who is to be joined.
    pub door: Arc<Door>,
}

/// Starts listening on `socket`. Everything that happens is told to `report`.
///
/// # Errors
///
/// If the system has no thread for it.
pub fn listen(socket: TcpListener, report: Sender<Report>) -> io::Result<Listener> {
    let address = socket.local_addr()?;
    let door = Arc::new(Door::open());
    let post = Post { socket: Arc::new(socket), door: Arc::clone(&door), report };
    post.call_another()?;
    Ok(Listener { address, door })
}

/// All that a listener needs. The last one to leave closes the socket, and frees the port.
#[derive(Clone)]
struct Post {
    socket: Arc<TcpListener>,
    door: Arc<Door>,
    report: Sender<Report>,
}

impl Post {
    /// Starts a thread that stands at the door.
    fn call_another(&self) -> io::Result<()> {
        let post = self.clone();
        let body = move || post.answer_calls();
        let thread = thread::Builder::new().name("listener".into()).spawn(body)?;
        self.door.expect_back(thread);
        Ok(())
    }

    fn answer_calls(&self) {
        loop {
            match self.socket.accept() {
                Ok((stream, from)) => {
                    let call = Arc::new(Call::accepted(stream, PATIENCE));
                    match self.door.answered(&call) {
                        Come::In => {}
                        Come::InAndCallAnother => {
                            if self.call_another().is_err() {
                                self.door.nobody_came();
                            }
                        }
                        Come::NotAtAll => return,
                    }
                    receive_message(from, call, &self.report);
                    if !self.door.comes_back() {
                        return;
                    }
                }
                Err(error) if is_the_callers_own(&error) => {}
                Err(error) => {
                    if self.door.is_in_trouble_anew() {
                        tell(&self.report, Event::Deaf(error.to_string()));
                    }
                    // If it was for want of descriptors, the longest call can help out.
                    self.door.makes_room();
                    if self.door.is_closed_within(PAUSE) {
                        return;
                    }
                }
            }
        }
    }
}

/// The caller was gone again before it was let in; that is no trouble of ours.
fn is_the_callers_own(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
    matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted)
}

/// Reads one message, to the end of the connection, and reports it.
fn receive_message(from: SocketAddr, call: Arc<Call>, report: &Sender<Report>) {
    let (bytes, cut) = call.read_message();
    if cut.is_none()
        && let Some(by) = d_discovery::question(&bytes)
    {
        return d_discovery::answer_question(&call, by, report);
    }
    // Hangs up. The line is free for others, even if the owner is slow to take our report.
    drop(call);
    if cut.is_none()
        && let Some(peer) = c_shutdown::farewell(&bytes)
    {
        return tell(report, Event::Left(peer));
    }
    let message = clean(&bytes);
    match cut {
        None => tell(report, Event::Received { from, message }),
        Some(why) => {
            if !message.is_empty() {
                tell(report, Event::ReceivedPart { from, message });
            }
            tell(report, Event::Cut { from, after: bytes.len(), why });
        }
    }
}

fn tell(report: &Sender<Report>, event: Event) {
    // Fails once the owner is gone; then there is nobody left to tell.
    let _ = report.send(Report::Happened(event));
}
