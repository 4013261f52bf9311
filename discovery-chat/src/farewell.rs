//! Farewells: how long a link stays after our last word, so that the word arrives.
//!
//! Hanging up at once would take back what is still on its way. So a link's writer writes what is
//! left and says no more, and then the other side has a moment to hang up.

use std::collections::{BTreeMap, VecDeque};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::frame::Frame;
use crate::link::{LinkHandle, LinkReport};
use crate::mesh::{LinkId, Report};

/// The most links that linger while we go on.
const MAX_LINGERING: usize = 64;

/// How long the other side of a link may take to hang up, after our last word.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long we stay when messages still go out, to a peer that reads slowly.
const AT_MOST: Duration = Duration::from_secs(10);

/// The time between two looks at what is still to be written.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Links on which we have said our last word while we go on; the first to be hung up on first.
#[derive(Default)]
pub(crate) struct Lingering(VecDeque<(Instant, Weak<TcpStream>)>);

impl Lingering {
    /// Waits for the other side to hang up. If too many linger, the first has had enough time.
    pub(crate) fn add(&mut self, stream: &Arc<TcpStream>, now: Instant) {
        self.0.retain(|(_, stream)| stream.strong_count() > 0);
        if self.0.len() == MAX_LINGERING {
            self.hang_up_on_the_first();
        }
        self.0.push_back((now + PATIENCE, Arc::downgrade(stream)));
    }

    /// When the first of them has had its time.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.0.front().map(|(due, _)| *due)
    }

    /// Hangs up on the links that have had their time.
    pub(crate) fn hang_up_when_due(&mut self, now: Instant) {
        while self.next_due().is_some_and(|due| due <= now) {
            self.hang_up_on_the_first();
        }
    }

    fn hang_up_on_the_first(&mut self) {
        if let Some((_, stream)) = self.0.pop_front() {
            let _ = stream.upgrade().map(|stream| hang_up(&stream));
        }
    }
}

/// Links on which we have said goodbye because we leave, and that have not ended yet.
pub(crate) struct Goodbyes {
    bye: Arc<str>,
    links: BTreeMap<LinkId, (Receiver<Arc<str>>, Arc<TcpStream>)>,
}

impl Goodbyes {
    pub(crate) fn new() -> Self {
        Self { bye: Frame::Bye.to_string().into(), links: BTreeMap::new() }
    }

    /// Says goodbye on a link, behind what waits in its outbox.
    pub(crate) fn say(&mut self, LinkHandle { link, outbox, waiting, stream, .. }: LinkHandle) {
        let _ = outbox.try_send(Arc::clone(&self.bye)); // A full one will see us hang up.
        // The outbox is dropped here: its writer writes what waits in it, and ends.
        self.links.insert(link, (waiting, stream));
    }

    /// Waits until all links have ended: for a moment, or for as long as messages still go out.
    /// Returns how many frames could not be written, for each link where some were left.
    pub(crate) fn wait(mut self, reports: &Receiver<LinkReport>) -> Vec<(LinkId, usize)> {
        let begun = Instant::now();
        let (mut left, mut progress) = (usize::MAX, begun);
        while !self.links.is_empty() {
            let now = Instant::now();
            let waiting = self.links.values().map(|(waiting, _)| waiting.len()).sum();
            if waiting < left {
                (left, progress) = (waiting, now);
            }
            let patience = if waiting == 0 { PATIENCE } else { AT_MOST };
            if now >= begun + patience || now >= progress + PATIENCE {
                break;
            }
            match reports.recv_timeout(LOOK_AGAIN) {
                Ok(LinkReport { report: Report::HungUp(link, _), .. }) => {
                    self.links.remove(&link);
                }
                // A peer that has just picked up is told goodbye, too.
                Ok(LinkReport { handle: Some(handle), .. }) if handle.caller.is_none() => {
                    self.say(handle);
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // Where nothing waits, all is said and with the system, which delivers it.
        self.links.retain(|_, (waiting, _)| !waiting.is_empty());
        let unsent = self.links.into_iter().map(|(link, (waiting, stream))| {
            hang_up(&stream);
            (link, waiting.len())
        });
        unsent.collect()
    }
}

/// Hangs up in both directions, whatever is still on its way.
pub(crate) fn hang_up(stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Both); // Fails if it was hung up already.
}
