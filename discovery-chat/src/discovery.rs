//! Discovery: the thread that hears announcements. It answers none of them: see `announce.rs`.

use std::io;
use std::net::UdpSocket;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::announce::Announcement;
use crate::mesh::Report;
use crate::version::NotOurs;

/// How many announcements may wait for the owner. More are dropped: a real peer announces itself
/// again.
const MAX_HEARD: usize = 64;

/// How long the thread waits for a datagram before it checks whether it is to stop.
const CHECK_EVERY: Duration = Duration::from_millis(250);

/// A pause after an error: the system might report the same one again at once.
const PAUSE: Duration = Duration::from_millis(1);

/// The discovery thread, and what it hears.
#[derive(Debug)]
pub(crate) struct Discovery {
    /// A channel of its own: a flood of datagrams delays no link.
    pub(crate) heard: Receiver<Report>,
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl Discovery {
    /// Starts to hear announcements.
    pub(crate) fn start(receiver: UdpSocket) -> io::Result<Self> {
        receiver.set_read_timeout(Some(CHECK_EVERY))?;
        let (report, heard) = bounded(MAX_HEARD);
        let (stop, stop_requested) = bounded(1);
        let body = move || hear(&receiver, &report, &stop_requested);
        let thread = thread::Builder::new().name("discovery".into()).spawn(body)?;
        Ok(Self { heard, stop, thread })
    }

    /// Tells the thread to stop. It does at the next datagram, such as our own goodbye.
    pub(crate) fn stop(&self) {
        let _ = self.stop.try_send(());
    }

    /// Waits for the thread, [`CHECK_EVERY`] at most.
    pub(crate) fn join(self) {
        let _ = self.thread.join(); // A panic has been printed already.
    }
}

fn hear(receiver: &UdpSocket, report: &Sender<Report>, stop_requested: &Receiver<()>) {
    // As long as a datagram can be: one that is cut would look like one that is not.
    let mut datagram = vec![0; 65_536];
    loop {
        let is_stopped = match receiver.recv_from(&mut datagram) {
            Ok((length, from)) => {
                let heard = Announcement::read(&datagram[..length]);
                if heard != Err(NotOurs::Noise) {
                    // Fails if it is full: see `MAX_HEARD`.
                    let _ = report.try_send(Report::Heard(heard, from.ip()));
                }
                stop_requested.try_recv().is_ok()
            }
            Err(_) => stop_requested.recv_timeout(PAUSE).is_ok(),
        };
        if is_stopped {
            return;
        }
    }
}
