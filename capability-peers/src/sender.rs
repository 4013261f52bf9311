//! The sender: calls the friend, one call after the other, and tells what comes back.
//!
//! Each call is a request of its own, as a person would make them. That several can go in one, and
//! that one can use the result of another that is still on its way, is shown on the lab sheet.

use std::io;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};
use ureq::Agent;

use crate::Event;
use crate::message::clean;
use crate::repr::{repr, shown};
use crate::role::Role;
use capnweb::batch::MAX_BODY;
use capnweb::{Batch, Code, RpcError, Value};

/// How long a call may take, from dialing to the last byte of the answer.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Between two tries to find a friend who is not there yet.
const AGAIN: Duration = Duration::from_millis(200);

/// Whom to call, and for how long to try.
#[derive(Clone, Debug)]
pub struct Friend {
    /// Where it is, without `/rpc/batch`.
    pub url: String,
    /// How long to wait for it to be there.
    pub wait: Duration,
}

/// Why a call has no result.
#[derive(Debug)]
enum Failure {
    /// Nobody is there. It is worth another try.
    NotThere(String),
    /// Somebody is there, and this went wrong.
    Error(String),
}

/// Starts calling, on a thread of its own. It ends when all is said, or when it is told to stop.
///
/// # Errors
///
/// If the system has no thread for it.
pub fn call(
    role: Role,
    friend: Friend,
    tell: Sender<Event>,
    stopped: Receiver<()>,
) -> io::Result<JoinHandle<()>> {
    let config = Agent::config_builder()
        .timeout_global(Some(PATIENCE))
        // A proxy would be a stranger between two peers on one machine.
        .proxy(None)
        .max_redirects(0)
        .http_status_as_error(false);
    let caller = Caller { role, friend, tell, stopped, agent: config.build().into() };
    thread::Builder::new().name("sender".into()).spawn(move || {
        // Fails when the owner is gone, and then there is nobody left to tell.
        let _ = caller.converse();
    })
}

struct Caller {
    role: Role,
    friend: Friend,
    tell: Sender<Event>,
    stopped: Receiver<()>,
    agent: Agent,
}

type Told = Result<(), crossbeam_channel::SendError<Event>>;

impl Caller {
    fn converse(&self) -> Told {
        self.tell.send(Event::Connecting(self.friend.url.clone()))?;
        match self.find() {
            None => return Ok(()), // We are shutting down.
            Some(Err(Failure::NotThere(why))) => self.tell.send(Event::NotConnected(why))?,
            Some(greeting) => {
                // Told only now: as long as nobody is there, we look in silence.
                self.tell.send(Event::Calls("greet", Vec::new()))?;
                self.told(greeting)?;
                let in_short = repr(&self.role.message_in_short.into());
                self.tell.send(Event::Calls("chat", vec![in_short]))?;
                self.told(self.request("chat", vec![self.role.message.into()]))?;
                self.tell.send(Event::Calls("get_stats", Vec::new()))?;
                self.told(self.request("get_stats", Vec::new()))?;
            }
        }
        self.tell.send(Event::Over)
    }

    fn told(&self, answer: Result<Value, Failure>) -> Told {
        self.tell.send(match answer {
            Ok(value) => Event::Answered(shown(&value)),
            Err(Failure::NotThere(why) | Failure::Error(why)) => Event::Refused(why),
        })
    }

    /// Calls `greet` until somebody answers, or patience ends. `None` if we are to stop.
    fn find(&self) -> Option<Result<Value, Failure>> {
        let deadline = Instant::now() + self.friend.wait;
        loop {
            let answer = self.request("greet", Vec::new());
            let left = deadline.saturating_duration_since(Instant::now());
            if !matches!(answer, Err(Failure::NotThere(_))) || left.is_zero() {
                return Some(answer);
            }
            match self.stopped.recv_timeout(AGAIN.min(left)) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return None,
            }
        }
    }

    /// One call in a request of its own.
    fn request(&self, method: &str, args: Vec<Value>) -> Result<Value, Failure> {
        let in_words = |error: RpcError| Failure::Error(clean(error.to_string().as_bytes()));
        let mut batch = Batch::new();
        let promise = batch.call(method, args).map_err(in_words)?;
        let call = batch.pull(&promise).map_err(in_words)?;
        let url = format!("{}/rpc/batch", self.friend.url);
        let sent = self.agent.post(&url).content_type("text/plain").send(batch.body());
        let mut response = sent.map_err(|error| not_sent(&error))?;
        let status = response.status();
        if !status.is_success() {
            let text = format!("RPC request failed: {status}");
            return Err(in_words(RpcError::new(Code::Internal, text)));
        }
        let limit = response.body_mut().with_config().limit(MAX_BODY as u64);
        let body = limit.read_to_string().map_err(|error| not_sent(&error))?;
        batch.read_reply(&body).take(call).map_err(in_words)
    }
}

fn not_sent(error: &ureq::Error) -> Failure {
    use io::ErrorKind::{ConnectionRefused, ConnectionReset, TimedOut};
    match error {
        ureq::Error::Io(error) if error.kind() == ConnectionRefused => {
            Failure::NotThere("nobody listens there".into())
        }
        ureq::Error::Io(error) if matches!(error.kind(), ConnectionReset | TimedOut) => {
            Failure::NotThere(error.to_string())
        }
        ureq::Error::Timeout(_) => {
            Failure::NotThere(format!("no answer within {} s", PATIENCE.as_secs()))
        }
        ureq::Error::ConnectionFailed | ureq::Error::HostNotFound => {
            Failure::NotThere(error.to_string())
        }
        error => Failure::Error(clean(error.to_string().as_bytes())),
    }
}
