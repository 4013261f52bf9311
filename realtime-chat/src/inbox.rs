//! The inbox: how a writer waits for two channels at once, and is woken once.
//!
//! What the other side says and what the owner orders come through a channel each, with a bound
//! each. `select!` waits for both, and wherever threads wait for several things in these labs, it
//! does. But a writer is woken whenever anybody says anything, hundreds of them at once; and to
//! leave a `select!`, a thread takes the lock of each channel's list of waiting threads, while
//! whoever has woken it may still hold one of them. Then it goes back to sleep, and is woken again.
//!
//! So here the channels are only looked at, and what is waited for is a bell: whoever has sent
//! something [rings](Ringing). A bell that rings while nobody waits keeps it in mind, so nothing is
//! overlooked between the look and the wait.

use std::time::Instant;

use crossbeam_channel::{Receiver, SendError, Sender, TrySendError, bounded};
use crossbeam_utils::sync::{Parker, Unparker};

use crate::link::Incoming;

/// How many messages may wait for the writer. Then the reader reads no more, and then, as the
/// network works, whoever sends has to wait.
const INCOMING: usize = 16;

/// What comes to one writer.
#[derive(Debug)]
pub struct Inbox<O> {
    /// What the reader hands over.
    pub incoming: Receiver<Incoming>,
    /// What the owner wants.
    pub orders: Receiver<O>,
    /// Rings for both.
    pub bell: Bell,
}

impl<O> Inbox<O> {
    /// An inbox in which so many orders may wait; and its other ends, for the reader and for the
    /// owner.
    pub fn new(orders: usize) -> (Self, Ringing<Incoming>, Ringing<O>) {
        let bell = Bell::default();
        let (read, incoming) = bounded(INCOMING);
        let (order, orders) = bounded(orders);
        let (read, order) = (bell.on(read), bell.on(order));
        (Self { incoming, orders, bell }, read, order)
    }
}

/// What a thread waits for. To ring twice is to ring once.
#[derive(Debug, Default)]
pub struct Bell(Parker);

impl Bell {
    /// The same sender, but it rings.
    pub fn on<T>(&self, sender: Sender<T>) -> Ringing<T> {
        Ringing { sender, rope: Rope(self.0.unparker().clone()) }
    }

    /// Waits until it rings, or until then.
    pub fn wait_until(&self, deadline: Instant) {
        self.0.park_deadline(deadline);
    }
}

/// A sender that rings after each message, and when it is dropped: that may be the end of the
/// channel, which its receiver has to notice.
#[derive(Clone, Debug)]
pub struct Ringing<T> {
    // The first to be dropped: the channel is closed when it rings.
    sender: Sender<T>,
    rope: Rope,
}

impl<T> Ringing<T> {
    /// Sends it, as soon as there is room for it.
    ///
    /// # Errors
    ///
    /// If the receiver is gone.
    pub fn send(&self, message: T) -> Result<(), SendError<T>> {
        self.sender.send(message).inspect(|()| self.rope.ring())
    }

    /// Sends it, if there is room for it.
    ///
    /// # Errors
    ///
    /// If there is none, or the receiver is gone.
    pub fn try_send(&self, message: T) -> Result<(), TrySendError<T>> {
        self.sender.try_send(message).inspect(|()| self.rope.ring())
    }

    /// How many messages wait.
    pub fn len(&self) -> usize {
        self.sender.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.sender.is_empty()
    }
}

/// What one pulls to ring; it also rings when it falls.
#[derive(Clone, Debug)]
struct Rope(Unparker);

impl Rope {
    fn ring(&self) {
        self.0.unpark();
    }
}

impl Drop for Rope {
    fn drop(&mut self) {
        self.ring();
    }
}

#[cfg(test)]
mod tests {
    use std::thread;
    use std::time::Duration;

    use crossbeam_channel::TryRecvError::{Disconnected, Empty};

    use super::*;

    /// A test that passes never waits this long.
    const LONG: Duration = Duration::from_secs(10);

    #[track_caller]
    fn rings(bell: &Bell) {
        let deadline = Instant::now() + LONG;
        bell.wait_until(deadline);
        assert!(Instant::now() < deadline, "it rings");
    }

    #[test]
    fn it_rings_for_both_channels_and_for_the_end_of_each() {
        let (inbox, read, order) = Inbox::new(1);
        read.send(Incoming::Raw(vec![1])).unwrap();
        rings(&inbox.bell);
        assert_eq!(inbox.incoming.try_recv(), Ok(Incoming::Raw(vec![1])));
        order.try_send(2).unwrap();
        rings(&inbox.bell);
        assert_eq!((order.len(), inbox.orders.try_recv()), (1, Ok(2)));
        assert_eq!((order.len(), inbox.orders.try_recv()), (0, Err(Empty)));
        drop(read);
        rings(&inbox.bell);
        assert_eq!(inbox.incoming.try_recv(), Err(Disconnected));
        drop(order);
        rings(&inbox.bell);
        assert_eq!(inbox.orders.try_recv(), Err(Disconnected));
    }

    #[test]
    fn who_waits_is_woken_for_everything_that_comes() {
        const MANY: u32 = 10_000;
        let (inbox, read, order) = Inbox::new(1);
        let body = move || {
            for number in 0..MANY {
                order.send(number).unwrap();
            }
            drop(read); // The last of all that it has to notice.
        };
        let sender = thread::Builder::new().name("sender".into()).spawn(body).unwrap();
        let mut next = 0;
        while inbox.incoming.try_recv() != Err(Disconnected) {
            match inbox.orders.try_recv() {
                Ok(number) => {
                    assert_eq!(number, next);
                    next += 1;
                }
                Err(_) => rings(&inbox.bell),
            }
        }
        assert_eq!(next + u32::try_from(inbox.orders.try_iter().count()).unwrap(), MANY);
        sender.join().unwrap();
    }

    #[test]
    fn without_a_ring_it_waits_no_longer_than_it_is_told() {
        let (inbox, _read, _order) = Inbox::<()>::new(1);
        let (begun, wait) = (Instant::now(), Duration::from_millis(20));
        inbox.bell.wait_until(begun + wait);
        assert!(begun.elapsed() >= wait);
    }
}
