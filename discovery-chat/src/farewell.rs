//! Task leave: how long a link stays after our last word, so that the word arrives.
//!
//! Hanging up at once would take back what is still on its way. So a link's writer writes what is
//! left and says no more, and then the other side has a moment to hang up.

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpStream;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::frame::Frame;
use crate::link::{LinkHandle, LinkReport, hang_up};
use crate::mesh::{LinkId, Report};

/// The most links that linger while we do not leave.
const MAX_LINGERING: usize = 128;

/// How long the other side of a link may take to hang up, after our last word.
const PATIENCE: Duration = Duration::from_secs(1);

/// How long we stay when messages still go out, to a peer that reads slowly.
const AT_MOST: Duration = Duration::from_secs(10);

/// The time between two looks at what is still to be written.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// Links on which we have said our last word, though we do not leave, in the order in which they
/// are hung up on.
#[derive(Default)]
pub(crate) struct Lingering(VecDeque<(Instant, Weak<TcpStream>)>);

impl Lingering {
    /// Waits for the other side to hang up. If too many linger, the first has had enough time.
    pub(crate) fn add(&mut self, stream: &Arc<TcpStream>, now: Instant) {
        self.0.retain(|(_, stream)| stream.strong_count() > 0);
        if self.0.len() == MAX_LINGERING {
            self.hang_up_on_the_first();
        }
        // Longer, because it counts from here, and the writer may have to write the last word yet.
        self.0.push_back((now + 3 * PATIENCE, Arc::downgrade(stream)));
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
#[derive(Default)]
pub(crate) struct Goodbyes(BTreeMap<LinkId, (Receiver<Arc<str>>, Arc<TcpStream>)>);

impl Goodbyes {
    /// Says goodbye on a link, behind what waits in its outbox.
    pub(crate) fn say(&mut self, LinkHandle { link, outbox, waiting, stream, .. }: LinkHandle) {
        // LAB:BEGIN leave
        let _ = outbox.try_send(Frame::Bye.to_string().into()); // Fails if it is full.
        // The outbox is dropped here: its writer writes what waits in it, and ends.
        self.0.insert(link, (waiting, stream));
        // LAB:STUB
        //| let _ = (&self.0, link, outbox, waiting, stream, Frame::Bye);
        // LAB:END leave
    }

    /// Waits until all links have ended: for a moment, or for as long as messages still go out.
    /// Passes each receipt on: what has none when this ends may not have arrived.
    pub(crate) fn wait(
        mut self,
        reports: &Receiver<LinkReport>,
        mut pass_on: impl FnMut(Report),
    ) {
        // LAB:BEGIN leave
        let begun = Instant::now();
        let (mut left, mut progress) = (usize::MAX, begun);
        while !self.0.is_empty() {
            let now = Instant::now();
            let waiting = self.0.values().map(|(waiting, _)| waiting.len()).sum();
            if waiting < left {
                (left, progress) = (waiting, now);
            }
            if now >= begun + AT_MOST || now >= progress + PATIENCE {
                break;
            }
            match reports.recv_timeout(LOOK_AGAIN) {
                Ok((Report::HungUp(link, _), _)) => {
                    self.0.remove(&link);
                }
                Ok((read @ Report::Got(_, Frame::Read(_)), _)) => {
                    if waiting > 0 {
                        progress = now; // It reads.
                    }
                    pass_on(read);
                }
                // A peer that has just answered is told goodbye, too.
                Ok((_, Some(handle))) if handle.caller.is_none() => {
                    self.say(handle);
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        // Where nothing waits, the writer has taken all, and the system delivers what is written.
        self.0.retain(|_, (waiting, _)| !waiting.is_empty());
        for (_, stream) in self.0.values() {
            hang_up(stream);
        }
        // LAB:STUB
        //| let _ = (Self::say, RecvTimeoutError::Timeout, Report::HungUp);
        //| let _ = (AT_MOST, LOOK_AGAIN, &mut self.0, reports, &mut pass_on, hang_up);
        // LAB:END leave
    }
}

#[cfg(test)]
mod tests {
    use std::net::TcpListener;
    use std::thread;

    use crossbeam_channel::{bounded, tick};

    use super::*;
    use crate::backpressure::Backpressure;
    use crate::event::Gone;

    const LINK: LinkId = LinkId::Accepted(1);

    /// A goodbye to a peer to which two frames still wait, the peer, and what its writer would take.
    fn said() -> (Goodbyes, TcpStream, Receiver<Arc<str>>) {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let dialed = TcpStream::connect(socket.local_addr().unwrap()).unwrap();
        let stream = Arc::new(socket.accept().unwrap().0);
        let (outbox, waiting) = bounded(3);
        outbox.send("say 1 hi".into()).unwrap();
        outbox.send("say 2 ho".into()).unwrap();
        let (caller, backpressure, frames) = (None, Backpressure::default(), waiting.clone());
        let mut goodbyes = Goodbyes::default();
        goodbyes.say(LinkHandle { link: LINK, caller, outbox, waiting, backpressure, stream });
        (goodbyes, dialed, frames)
    }

    #[test]
    fn a_peer_that_reads_slowly_has_its_time_after_the_last_frame_too() {
        let (goodbyes, _dialed, frames) = said();
        let (report, reports) = bounded(1);
        let writer = thread::Builder::new().spawn(move || {
            let ticks = tick(PATIENCE * 2 / 5);
            for _ in 0..3 {
                ticks.recv().unwrap();
                frames.recv().unwrap();
            }
            ticks.recv().unwrap();
            report.send((Report::Got(LINK, Frame::Read(1)), None)).unwrap();
            report.send((Report::HungUp(LINK, Gone::Left), None)).unwrap();
        });
        let mut receipts = 0;
        goodbyes.wait(&reports, |_| receipts += 1);
        assert_eq!(receipts, 1, "it came later than a second after the goodbye");
        writer.unwrap().join().unwrap();
    }

    #[test]
    fn a_peer_that_does_not_read_is_hung_up_on_and_receipts_still_count() {
        let (goodbyes, dialed, _frames) = said(); // And no writer takes them out.
        let (report, reports) = bounded(1);
        let receipt = Report::Got(LINK, Frame::Read(1));
        report.send((receipt.clone(), None)).unwrap();
        let (begun, mut receipts) = (Instant::now(), Vec::new());
        goodbyes.wait(&reports, |report| receipts.push(report));
        assert_eq!(receipts, [receipt]);
        assert!(begun.elapsed() >= PATIENCE && begun.elapsed() < AT_MOST);
        assert_eq!(dialed.peek(&mut [0]).unwrap(), 0, "it is hung up on");
    }
}
