//! Farewells: links on which we have said our last word, and how long we wait for them to end.
//!
//! Whoever hangs up at once takes back what is still on its way. So a link's writer writes what is
//! left and says no more, and then the other end has a moment to hang up.

use std::collections::BTreeMap;
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::Event;
use crate::event::Gone;
use crate::link::{Ends, News};
use crate::mesh::{Action, LinkId, Mesh, Report};

/// The most links on which we have said our last word, and wait for the other end to hang up.
const MAX_LINGERING: usize = 64;

/// How long the other end of a link may take to hang up, after we have said our last word.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// How long we stay when messages still go out, to a peer that reads slowly.
const AT_MOST: Duration = Duration::from_secs(10);

/// Between two looks at what is still to be written.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// Links on which we have said our last word while we go on, and until when we wait for them to
/// end.
#[derive(Default)]
pub struct Lingering(BTreeMap<LinkId, (Instant, Arc<TcpStream>)>);

impl Lingering {
    /// Waits for the other end to hang up. If we wait for too many, the first has waited enough.
    pub fn add(&mut self, link: LinkId, stream: Arc<TcpStream>) {
        self.0.insert(link, (Instant::now() + LAST_WORDS, stream));
        if self.0.len() > MAX_LINGERING
            && let Some((&first, _)) = self.0.iter().min_by_key(|(_, (until, _))| *until)
            && let Some((_, stream)) = self.0.remove(&first)
        {
            hang_up_at_once(&stream);
        }
    }

    /// The link has ended, if it was one of these.
    pub fn has_ended(&mut self, link: LinkId) {
        self.0.remove(&link);
    }

    /// When the first of them has taken long enough.
    pub fn next_due(&self) -> Option<Instant> {
        self.0.values().map(|(until, _)| *until).min()
    }

    /// Hangs up on those who have taken long enough.
    pub fn hang_up_when_due(&mut self, now: Instant) {
        self.0.retain(|_, (until, stream)| {
            let is_late = *until <= now;
            if is_late {
                hang_up_at_once(stream);
            }
            !is_late
        });
    }

    /// Hangs up on all of them.
    pub fn hang_up(self) {
        for (_, stream) in self.0.into_values() {
            hang_up_at_once(&stream);
        }
    }
}

/// Links on which goodbye was said because we leave, and that have not ended yet.
#[derive(Default)]
pub struct LastWords(BTreeMap<LinkId, (Receiver<Arc<str>>, Arc<TcpStream>)>);

impl LastWords {
    /// Says goodbye on a link, behind whatever waits in its outbox.
    pub fn say(
        &mut self,
        link: LinkId,
        Ends { outbox, waiting, stream, .. }: Ends,
        bye: &Arc<str>,
    ) {
        let _ = outbox.try_send(Arc::clone(bye)); // A full one will see us hang up.
        // The outbox is dropped here: its writer writes what waits in it, and ends.
        self.0.insert(link, (waiting, stream));
    }

    /// Waits until all have ended; for a moment, or as long as messages still go out. Returns
    /// what is to be told of those that could not be said.
    pub fn wait(mut self, news: &Receiver<News>, mut mesh: Mesh, bye: &Arc<str>) -> Vec<Event> {
        let start = Instant::now();
        let mut moved = start;
        let mut left = self.left();
        while !self.0.is_empty() {
            let now = Instant::now();
            let rest = self.left();
            if rest < left {
                (left, moved) = (rest, now);
            }
            let patience = if rest == 0 { LAST_WORDS } else { AT_MOST };
            if now >= start + patience || now >= moved.max(start) + LAST_WORDS {
                break;
            }
            match news.recv_timeout(LOOK_AGAIN) {
                Ok(News { report: Report::HungUp(link, _), .. }) => drop(self.0.remove(&link)),
                // Whoever has just picked up is told goodbye, too.
                Ok(News { ends: Some(ends), .. }) if ends.answer.is_none() => {
                    self.say(ends.link, ends, bye);
                }
                Ok(_) | Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
        }
        let mut told = Vec::new();
        for (link, (waiting, stream)) in self.0 {
            if waiting.is_empty() {
                continue; // All is said, and with the system, which delivers it.
            }
            hang_up_at_once(&stream);
            let now = Instant::now();
            let _ = mesh.on(Report::Unsent(link, waiting.len()), now);
            for action in mesh.on(Report::HungUp(link, Gone::Deaf), now) {
                if let Action::Show(event) = action {
                    told.push(event);
                }
            }
        }
        told
    }

    /// How many frames still wait to be written.
    fn left(&self) -> usize {
        self.0.values().map(|(waiting, _)| waiting.len()).sum()
    }
}

/// Hangs up in both directions, whatever is still on its way.
pub fn hang_up_at_once(stream: &TcpStream) {
    let _ = stream.shutdown(Shutdown::Both); // Fails when it is hung up already.
}
