//! Extension C: graceful shutdown. However the user leaves, everybody is told, nothing is left.
//!
//! A thread that waits in `accept` cannot look at anything. So whoever wants it to stop closes
//! the door *and dials it*: the call wakes the thread, it looks, and it goes. A thread that
//! reads a call is woken by hanging up. The senders end by themselves, since every dial has a
//! patience shorter than ours.
//!
//! How does the owner know that all of them are gone? Each thread holds an end of the channel
//! on which it reports. When the last of them lets go, the channel is closed.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};

use crate::config::PeerId;
use crate::door::AT_DOOR;
use crate::errand::{Errand, Words};
use crate::listener::Listener;
use crate::message::{note, read_note};
use crate::peer::Report;
use crate::sender::Senders;

/// How long we wait for threads to end. Nothing here takes longer, and if it does, the user
/// who wants to leave comes first.
pub const PATIENCE: Duration = Duration::from_millis(950);

/// The status of an interrupted program, as shells count: 128 + SIGINT.
const INTERRUPTED: i32 = 130;

/// Two signals that come closer together than this are one: a system that closes a window or ends
/// a session often sends two.
const ONE_AND_THE_SAME: Duration = Duration::from_millis(250);

/// The word of the note that says goodbye.
const BYE: &str = "bye";

/// Says goodbye to every known peer but `me`.
pub fn say_goodbye(me: PeerId, known: &BTreeSet<PeerId>) -> Vec<Errand> {
    let others = known.iter().filter(|&&peer| peer != me);
    others.map(|&to| Errand { to, words: Words::Farewell(note(BYE, me)) }).collect()
}

/// Reads a goodbye: who is leaving.
///
/// ```
/// use week05::extensions::c_shutdown::farewell;
/// assert_eq!(farewell(b"bye 2\n"), Some(2));
/// assert_eq!(farewell(b"bye 2"), None); // Somebody typed that.
/// ```
pub fn farewell(message: &[u8]) -> Option<PeerId> {
    read_note(BYE, message)
}

/// Makes Ctrl-C and SIGTERM arrive in a channel; a second one ends the process at once.
///
/// # Errors
///
/// If the system refuses a handler.
pub fn interrupts() -> Result<Receiver<()>, ctrlc::Error> {
    let (interrupt, interrupts) = bounded(1);
    let mut first: Option<Instant> = None;
    ctrlc::set_handler(move || {
        if first.get_or_insert_with(Instant::now).elapsed() > ONE_AND_THE_SAME {
            #[expect(clippy::disallowed_methods, reason = "the user will not wait for main")]
            std::process::exit(INTERRUPTED);
        }
        let _ = interrupt.try_send(()); // Fails if there is one in it already.
    })?;
    Ok(interrupts)
}

/// Says goodbye, ends the listener, its callers and the senders, shows what they still report,
/// and joins them.
pub fn close(
    listener: Listener,
    mut senders: Senders,
    farewells: Vec<Errand>,
    reports: &Receiver<Report>,
    mut show: impl FnMut(Report),
) {
    /// Dials our own listener, so that a thread wakes up in `accept`.
    fn wake(listener: SocketAddr) {
        let mut address = listener;
        if address.ip().is_unspecified() {
            // "Everywhere" can be listened on, but only somewhere can be dialed.
            address.set_ip(match address.ip() {
                IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        // Fails if nobody can be let in. Then the thread is in a pause, and has been woken there.
        let _ = TcpStream::connect_timeout(&address, PATIENCE / 2);
    }

    let deadline = Instant::now() + PATIENCE;
    let time_left = || deadline.saturating_duration_since(Instant::now());
    let Listener { address, door } = listener;
    door.close();
    for _ in 0..AT_DOOR {
        wake(address);
    }
    for errand in farewells {
        // Who cannot be told in time learns it the hard way, as when we are killed.
        let _ = senders.send_out(errand, time_left());
    }
    let senders = senders.dismiss();

    loop {
        match reports.recv_deadline(deadline) {
            // Asked first, because a full channel has something to tell for ever.
            _ if Instant::now() >= deadline => return,
            Ok(report) => show(report),
            Err(RecvTimeoutError::Disconnected) => break,
            // A thread is stuck after all, and with it the others may be. It owns nothing that
            // the end of the process would not free.
            Err(RecvTimeoutError::Timeout) => return,
        }
    }
    for thread in senders.into_iter().chain(door.everybody()) {
        let _ = thread.join(); // It has panicked, and said so, or it has ended.
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;

    use super::*;
    use crate::config::Neighbourhood;
    use crate::listener::listen;

    #[test]
    fn closing_ends_every_listener_and_frees_the_port() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (report, reports) = bounded(16);
        let listener = listen(socket, report.clone()).unwrap();
        let neighbourhood = Neighbourhood { host: address.ip(), base_port: address.port() };
        let senders = Senders::new(neighbourhood, report);
        // After a call that has ended, two listeners stand at the door and wait for the next.
        drop(TcpStream::connect(address).unwrap());
        reports.recv_timeout(Duration::from_secs(10)).unwrap();
        close(listener, senders, Vec::new(), &reports, |_| {});
        // A thread that was left behind would still hold the socket.
        TcpListener::bind(address).expect("all listeners have gone");
    }
}
