//! The service: the handler of requests, and how long it waits for callers. All callers share it,
//! and nothing in it changes but one flag.

use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::time::{Duration, Instant};

use crate::http::{Origin, Request, Response};

/// How long callers are waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Patience {
    /// For the first byte of a request.
    pub idle: Duration,
    /// For the first byte of a new caller, before another one can have its slot: when many dial at
    /// once, their requests come a little later.
    pub new: Duration,
    /// For a head, from its first byte to its last.
    pub head: Duration,
    /// For a body, all of it.
    pub body: Duration,
    /// For our answer to be taken, all of it.
    pub write: Duration,
    /// For the other side to hang up after our last answer.
    pub close: Duration,
    /// For the next caller, by a thread whose caller is gone.
    pub next: Duration,
    /// When we stop: for answers that are being made, all together.
    pub stop: Duration,
}

/// Enough for a caller on the other side of the world.
pub const PATIENCE: Patience = Patience {
    idle: Duration::from_secs(30),
    new: Duration::from_millis(250),
    head: Duration::from_secs(5),
    body: Duration::from_secs(10),
    write: Duration::from_secs(5),
    close: Duration::from_secs(1),
    next: Duration::from_millis(250),
    stop: Duration::from_secs(2),
};

/// What to do with a request.
pub enum Answer {
    /// Answer it.
    Reply(Response),
    /// Answer it with `101 Switching Protocols`, and go on in another protocol.
    TakeOver(Response, TakeOver),
}

/// Goes on with a connection, on its thread: gets the stream, without any timeout, and the bytes
/// that were read too far. When the listener stops, it has as long as an answer has; then the
/// stream is shut down, and it has to return.
pub type TakeOver = Box<dyn FnOnce(Arc<TcpStream>, Vec<u8>) + Send>;

impl From<Response> for Answer {
    fn from(response: Response) -> Self {
        Self::Reply(response)
    }
}

/// What all callers share.
pub(super) struct Service {
    pub(super) handle: Box<dyn Fn(&Request) -> Answer + Send + Sync>,
    pub(super) origins: Arc<[Origin]>,
    pub(super) max_callers: usize,
    pub(super) patience: Patience,
    pub(super) started: Instant,
    pub(super) is_closing: AtomicBool,
}

impl Service {
    /// Now, as a number: in nanoseconds, of which there are enough for 500 years.
    pub(super) fn moment(&self) -> u64 {
        self.started.elapsed().as_nanos().try_into().unwrap_or_default()
    }

    pub(super) fn is_closing(&self) -> bool {
        self.is_closing.load(SeqCst)
    }
}
