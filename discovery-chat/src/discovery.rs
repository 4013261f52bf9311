//! Discovery: the thread that hears announcements. It never answers: see `announce.rs`.

use std::convert::Infallible;
use std::io::{self, ErrorKind};
use std::net::UdpSocket;
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded};

use crate::announce::Announcement;
use crate::mesh::Report;
use crate::sockets::LOOK_UP;
use crate::version::NotOurs;

/// How many announcements may wait for the owner. What is more is dropped: whoever is real
/// announces itself again.
const MAX_HEARD: usize = 64;

/// The thread, and what it hears.
#[derive(Debug)]
pub struct Discovery {
    /// What was heard. A channel of its own: a flood of datagrams delays no link.
    pub heard: Receiver<Report>,
    order: Sender<Infallible>,
    thread: JoinHandle<()>,
}

/// Starts hearing.
///
/// # Errors
///
/// If the system has no thread for it.
pub fn hear(ears: UdpSocket) -> io::Result<Discovery> {
    let (order, stopped) = bounded(0);
    let (report, heard) = bounded(MAX_HEARD);
    let body = move || hear_all(&ears, &report, &stopped);
    let thread = thread::Builder::new().name("discovery".into()).spawn(body)?;
    Ok(Discovery { heard, order, thread })
}

impl Discovery {
    /// Tells the thread to stop; it does at the next datagram, or after [`LOOK_UP`]. What is
    /// sent to the shared port alone may reach another peer on this machine; what is shouted
    /// reaches all, so our own goodbye, if it is shouted next, is heard here as well.
    pub fn stop(self) -> JoinHandle<()> {
        drop(self.order);
        self.thread
    }
}

fn hear_all(ears: &UdpSocket, report: &Sender<Report>, stopped: &Receiver<Infallible>) {
    // As long as a datagram can be: one that is cut would look like one that is not.
    let mut datagram = vec![0; 65_536];
    loop {
        match ears.recv_from(&mut datagram) {
            Ok((length, from)) => {
                let heard = match Announcement::read(&datagram[..length]) {
                    Ok(Announcement::Here(card)) => Some(Report::Heard(card, from.ip())),
                    Ok(Announcement::Bye(id)) => Some(Report::HeardBye(id, from.ip())),
                    Err(NotOurs::OtherVersion(version)) => {
                        Some(Report::HeardOtherVersion(version, from.ip()))
                    }
                    Err(NotOurs::Noise) => None,
                };
                if let Some(heard) = heard {
                    let _ = report.try_send(heard); // Full: see `MAX_HEARD`.
                }
            }
            Err(error) if is_a_pause(&error) => {}
            // Otherwise the system would only say the same again at once.
            Err(_) => match stopped.recv_timeout(LOOK_UP) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return,
            },
        }
        if stopped.try_recv() == Err(TryRecvError::Disconnected) {
            return;
        }
    }
}

fn is_a_pause(error: &io::Error) -> bool {
    use ErrorKind::{Interrupted, TimedOut, WouldBlock};
    matches!(error.kind(), Interrupted | TimedOut | WouldBlock)
}
