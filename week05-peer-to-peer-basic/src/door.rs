//! The door that all listeners share: who stands at it, and whom they are talking to.
//!
//! The system itself gives each call to exactly one of the threads that wait in `accept`, so
//! there is nothing to send from one to the other. What they share is this short account, and
//! it is behind a lock, the only one in this lab: every entry is a step of a few instructions,
//! and nobody holds it while reading, writing or hanging up.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::call::Call;
use crate::config::MAX_CALLERS;
use crate::event::Cut;

/// How many idle threads stay at the door. With one, each call would cost a new thread.
pub const AT_DOOR: usize = 2;

/// How many threads there are at most: one for each caller, and one at the door.
const MAX_THREADS: usize = MAX_CALLERS + 1;

/// How long a caller keeps its line when it is crowded. One that knows what it wants to say is
/// done in a fraction of that, also on a machine with other work to do.
const MOMENT: Duration = Duration::from_millis(100);

/// How often the same trouble is told.
const NEWS: Duration = Duration::from_secs(10);

/// What a thread that has answered a call is to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Come {
    /// Read the call.
    In,
    /// Start another thread, since nobody is left at the door; then read the call.
    InAndCallAnother,
    /// Hang up and go home: the door is closed.
    NotAtAll,
}

/// The door, open or closed.
#[derive(Debug)]
pub struct Door {
    account: Mutex<Account>,
    changed: Condvar,
}

impl Door {
    /// An open door with one thread at it, or on its way there.
    pub fn open() -> Self {
        let account = Account { at_door: 1, threads: 1, ..Account::default() };
        Self { account: Mutex::new(account), changed: Condvar::new() }
    }

    /// A thread at the door has answered `call`. When all lines are taken, the longest call is
    /// ended for it, so whoever wants to be heard gets in.
    pub fn answered(&self, call: &Arc<Call>) -> Come {
        let mut account = self.account();
        account.leaves_door_for(call);
        loop {
            match account.crowd(Instant::now()) {
                Crowd::Room => return account.who_comes(),
                Crowd::TooLong(longest) => {
                    drop(account);
                    longest.hang_up(Cut::Crowded);
                    account = self.account();
                }
                Crowd::Wait(moment) => {
                    let waited = self.changed.wait_timeout(account, moment);
                    account = waited.unwrap_or_else(PoisonError::into_inner).0;
                }
            }
        }
    }

    /// The thread that was to be called could not be started. Until somebody comes back there
    /// is nobody at the door, so the longest call is ended for it.
    pub fn nobody_came(&self) {
        let mut account = self.account();
        account.at_door -= 1;
        account.threads -= 1;
        drop(account);
        self.makes_room();
    }

    /// Ends the longest call, if it has had its moment: the system is short of something.
    pub fn makes_room(&self) {
        let longest = self.account().longest(Instant::now());
        if let Some(Ok(longest)) = longest {
            longest.hang_up(Cut::Crowded);
        }
    }

    /// A thread has been started, and is to be joined in the end.
    pub fn expect_back(&self, thread: JoinHandle<()>) {
        let mut account = self.account();
        account.started.retain(|thread| !thread.is_finished());
        account.started.push(thread);
    }

    /// Everybody who was started and may not have ended yet.
    pub fn everybody(&self) -> Vec<JoinHandle<()>> {
        std::mem::take(&mut self.account().started)
    }

    /// A thread has read its call; whether it is to stay at the door.
    pub fn comes_back(&self) -> bool {
        let stays = self.account().comes_back();
        self.changed.notify_all();
        stays
    }

    /// There is trouble at the door; whether it is time to tell. The same trouble comes again
    /// and again, and is told every ten seconds only.
    pub fn is_in_trouble_anew(&self) -> bool {
        self.account().is_in_trouble_anew(Instant::now())
    }

    /// Closes the door, and hangs up on everybody.
    pub fn close(&self) {
        let mut account = self.account();
        account.closed = true;
        let calls = std::mem::take(&mut account.calls);
        drop(account);
        self.changed.notify_all();
        calls.iter().filter_map(Weak::upgrade).for_each(|call| call.hang_up(Cut::Closing));
    }

    /// Waits until the door is closed, and no longer than `patience`; whether it is.
    pub fn is_closed_within(&self, patience: Duration) -> bool {
        let deadline = Instant::now() + patience;
        let mut account = self.account();
        while !account.closed {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let waited = self.changed.wait_timeout(account, left);
            account = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        account.closed
    }

    fn account(&self) -> MutexGuard<'_, Account> {
        // No step below can panic half-way, so the account is right whatever happened.
        self.account.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The account itself: rules without a thread.
#[derive(Debug, Default)]
struct Account {
    /// How many threads wait in `accept`, or are on their way there.
    at_door: usize,
    threads: usize,
    /// The calls on the line, the longest first. Weak, because a call ends when its reader is
    /// done with it, and this list is not to keep it alive.
    calls: Vec<Weak<Call>>,
    started: Vec<JoinHandle<()>>,
    closed: bool,
    /// When trouble was told last.
    told: Option<Instant>,
}

enum Crowd {
    Room,
    TooLong(Arc<Call>),
    Wait(Duration),
}

impl Account {
    fn leaves_door_for(&mut self, call: &Arc<Call>) {
        self.at_door -= 1;
        self.calls.push(Arc::downgrade(call));
    }

    /// Whether there is room for the latest call; if not, which one is to make room.
    fn crowd(&mut self, now: Instant) -> Crowd {
        self.calls.retain(|call| call.strong_count() > 0);
        if self.closed || self.calls.len() <= MAX_CALLERS {
            return Crowd::Room;
        }
        match self.longest(now) {
            None => Crowd::Room,
            Some(Ok(longest)) => Crowd::TooLong(longest),
            Some(Err(left)) => Crowd::Wait(left),
        }
    }

    /// Takes out the longest call; or, if it is younger than a moment, how long it still has.
    fn longest(&mut self, now: Instant) -> Option<Result<Arc<Call>, Duration>> {
        self.calls.retain(|call| call.strong_count() > 0);
        let longest = self.calls.first()?.upgrade()?;
        let age = now.saturating_duration_since(longest.begun());
        match MOMENT.checked_sub(age) {
            Some(left) if !left.is_zero() => Some(Err(left)),
            _ => {
                self.calls.remove(0);
                Some(Ok(longest))
            }
        }
    }

    fn is_in_trouble_anew(&mut self, now: Instant) -> bool {
        let is_old = |told| now.saturating_duration_since(told) < NEWS;
        let is_news = !self.told.is_some_and(is_old);
        if is_news {
            self.told = Some(now);
        }
        is_news
    }

    fn who_comes(&mut self) -> Come {
        if self.closed {
            return Come::NotAtAll;
        }
        if self.at_door > 0 || self.threads >= MAX_THREADS {
            return Come::In;
        }
        self.at_door += 1;
        self.threads += 1;
        Come::InAndCallAnother
    }

    fn comes_back(&mut self) -> bool {
        if self.closed || self.at_door >= AT_DOOR {
            self.threads -= 1;
            return false;
        }
        self.at_door += 1;
        true
    }
}

#[cfg(test)]
mod tests;
