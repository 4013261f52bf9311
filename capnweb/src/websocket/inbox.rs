//! The inbox: how a writer waits for two channels at once, and is woken once.
//!
//! What the other side says and what the owner orders come through a channel each, with a bound
//! each. `select!` can wait for both, and all other threads of these labs that wait for several
//! things use it. But writers are woken whenever anybody says anything, hundreds of them at once;
//! and to leave a `select!`, a thread takes the lock of each channel's list of waiting threads,
//! while whoever has woken it may still hold one of them. Then it goes back to sleep, and is woken
//! again.
//!
//! So here the channels are only looked at, and what is waited for is a bell: whoever has sent
//! something [rings](Ringing). A bell that rings while nobody waits keeps it in mind, so nothing is
//! overlooked between the look and the wait.

use std::time::Instant;

use crossbeam_channel::{Receiver, SendError, Sender, TrySendError, bounded, unbounded};
use crossbeam_utils::sync::{Parker, Unparker};

use crate::websocket::Incoming;

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
    pub fn new(bound: usize) -> (Self, Ringing<Incoming>, Outbox<O>) {
        let bell = Bell::default();
        let (read, incoming) = bounded(INCOMING);
        let (order, orders) = unbounded();
        let (read, order) = (bell.on(read), Outbox { order: bell.on(order), bound });
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
}

/// The owner's end: orders that wait for a writer. It cannot be cloned: whoever has it is the only
/// one to send, so it can look whether there is room, and keep the bound by itself. A channel with
/// a bound has all its places from the beginning, about 90 KB for each client, and goes through
/// them in turn; for hundreds of clients, none of that is ever in a processor's cache.
#[derive(Debug)]
pub struct Outbox<O> {
    order: Ringing<O>,
    bound: usize,
}

impl<O> Outbox<O> {
    /// Orders this, if there is room for it.
    ///
    /// # Errors
    ///
    /// If there is none, or the writer has ended.
    pub fn try_send(&self, order: O) -> Result<(), TrySendError<O>> {
        if self.level() >= self.bound {
            return Err(TrySendError::Full(order));
        }
        self.order.send(order).map_err(|SendError(order)| TrySendError::Disconnected(order))
    }

    /// How many orders wait.
    pub fn level(&self) -> usize {
        self.order.sender.len()
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

    use crossbeam_channel::TryRecvError::Disconnected;

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
        assert_eq!(inbox.orders.try_recv(), Ok(2));
        drop(read);
        rings(&inbox.bell);
        assert_eq!(inbox.incoming.try_recv(), Err(Disconnected));
        drop(order);
        rings(&inbox.bell);
        assert_eq!(inbox.orders.try_recv(), Err(Disconnected));
    }

    #[test]
    fn so_many_orders_may_wait_and_no_more() {
        let (inbox, _read, order) = Inbox::new(2);
        order.try_send("one").unwrap();
        order.try_send("two").unwrap();
        assert_eq!(order.try_send("three"), Err(TrySendError::Full("three")));
        assert_eq!((order.level(), inbox.orders.try_recv()), (2, Ok("one")));
        order.try_send("four").unwrap();
        drop(inbox);
        assert!(order.try_send("five").is_err());
    }

    #[test]
    fn who_waits_is_woken_for_everything_that_comes() {
        const MANY: usize = 10_000;
        let (inbox, read, order) = Inbox::<()>::new(1);
        let body = move || {
            for _ in 0..MANY {
                read.send(Incoming::Raw(vec![])).unwrap(); // It often has to wait for room.
            }
            drop(order); // The last of all that is to be noticed.
        };
        let sender = thread::Builder::new().name("sender".into()).spawn(body).unwrap();
        let mut count = 0;
        while inbox.orders.try_recv() != Err(Disconnected) {
            match inbox.incoming.try_recv() {
                Ok(_) => count += 1,
                Err(_) => rings(&inbox.bell),
            }
        }
        assert_eq!(count + inbox.incoming.try_iter().count(), MANY);
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
