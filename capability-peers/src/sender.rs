//! The sender: finds the friend, calls it, and reports what comes back.
//!
//! Each call is a request of its own. With `--pipeline` the sender makes two more in one request,
//! of which the second uses the answer of the first.

use std::io;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use capnweb::{Batch, CallId, Client, RpcError, SendError, Value};
use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, bounded};

use crate::arguments::Friend;
use crate::event::Event;
use crate::listener::PATH;
use crate::repr::{repr, short, shown};
use crate::role::Role;

/// How long a call may take, from dialing to the last byte of the answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two tries to find a friend who is not there yet.
const RETRY: Duration = Duration::from_millis(200);

/// How long the sender may take to notice that we stop.
const JOINING: Duration = Duration::from_millis(250);

/// The sender's thread, and how to end it.
pub(crate) struct SenderThread {
    stop: Sender<()>,
    thread: JoinHandle<()>,
}

impl SenderThread {
    /// Starts to call. The thread ends when all calls are made.
    pub(crate) fn start(role: Role, friend: Friend, report: Sender<Event>) -> io::Result<Self> {
        let (stop, stop_requested) = bounded(0);
        let client = Client::new(format!("{}{PATH}", friend.url), PATIENCE);
        let calls = OwnCalls { role, friend, client, report, stop_requested };
        let thread = thread::Builder::new().name("sender".into()).spawn(move || {
            let _ = calls.make(); // Fails when the owner has gone, and shows nothing more.
        })?;
        Ok(Self { stop, thread })
    }

    /// Ends the thread and joins it. If it waits for an answer, it is left to the end of the
    /// process: our user should not have to wait for the friend.
    pub(crate) fn stop(self) {
        let stopped = self.stop.send_timeout((), JOINING);
        if !matches!(stopped, Err(SendTimeoutError::Timeout(()))) {
            let _ = self.thread.join(); // A panic has been printed already.
        }
    }
}

/// Why a call has no result.
#[derive(Debug)]
enum Failure {
    /// No program answers there. It is worth another try.
    NotThere(String),
    /// A program is there, and this went wrong.
    Error(String),
}

impl From<RpcError> for Failure {
    fn from(error: RpcError) -> Self {
        Self::Error(short(&error.to_string()))
    }
}

impl From<SendError> for Failure {
    fn from(error: SendError) -> Self {
        let why = short(&error.to_string());
        match error {
            SendError::BadReply(_) => Self::Error(why),
            _ => Self::NotThere(why),
        }
    }
}

/// Our own calls, and what they need. The sender's thread owns it.
struct OwnCalls {
    role: Role,
    friend: Friend,
    client: Client,
    report: Sender<Event>,
    stop_requested: Receiver<()>,
}

type Reported = Result<(), crossbeam_channel::SendError<Event>>;

impl OwnCalls {
    fn make(&self) -> Reported {
        self.report.send(Event::Connecting(self.friend.url.clone()))?;
        match self.find() {
            None => return Ok(()), // We are shutting down.
            Some(Err(Failure::NotThere(why))) => self.report.send(Event::NotConnected(why))?,
            Some(greeting) => {
                // Shown only now: the tries before, with no friend there, are not shown.
                self.report_call("greet", Vec::new())?;
                self.report_answer(greeting)?;
                self.report_call("chat", vec![repr(&self.role.message_in_short.into())])?;
                self.report_answer(self.call("chat", vec![self.role.message.into()]))?;
                self.report_call("get_stats", Vec::new())?;
                self.report_answer(self.call("get_stats", Vec::new()))?;
                if self.friend.pipeline {
                    let name = format!("{}.get_stats().name", self.role.friend);
                    self.report_call("chat", vec![name])?;
                    self.report_answer(self.call_with_name())?;
                }
            }
        }
        self.report.send(Event::Over)
    }

    fn report_call(&self, method: &'static str, args: Vec<String>) -> Reported {
        self.report.send(Event::Calls(method, args))
    }

    fn report_answer(&self, answer: Result<Value, Failure>) -> Reported {
        self.report.send(match answer {
            Ok(value) => Event::Answered(shown(&value)),
            Err(Failure::NotThere(why) | Failure::Error(why)) => Event::Refused(why),
        })
    }

    /// Calls `greet` until the friend answers, or the wait is over. `None` if we are to stop.
    fn find(&self) -> Option<Result<Value, Failure>> {
        let deadline = Instant::now() + self.friend.wait;
        loop {
            let answer = self.call("greet", Vec::new());
            let left = deadline.saturating_duration_since(Instant::now());
            if !matches!(answer, Err(Failure::NotThere(_))) || left.is_zero() {
                return Some(answer);
            }
            match self.stop_requested.recv_timeout(RETRY.min(left)) {
                Err(RecvTimeoutError::Timeout) => {}
                _ => return None,
            }
        }
    }

    /// One call in a request of its own.
    fn call(&self, method: &str, args: Vec<Value>) -> Result<Value, Failure> {
        let mut batch = Batch::new();
        let answer = batch.call(method, args)?;
        let answer = batch.pull(&answer)?;
        Ok(self.client.send(batch)?.take(answer)?)
    }

    /// Sends the two calls of [`chat_with_name`], and waits for the answer of the second.
    fn call_with_name(&self) -> Result<Value, Failure> {
        let (batch, answer) = chat_with_name()?;
        Ok(self.client.send(batch)?.take(answer)?)
    }
}

/// Two calls in one request: `get_stats()`, and `chat` with the name in its answer, which is not
/// there yet. Only the second is asked for.
fn chat_with_name() -> Result<(Batch, CallId), RpcError> {
    let mut batch = Batch::new();
    // LAB:BEGIN pipeline
    let stats = batch.call("get_stats", Vec::new())?;
    let answer = batch.call("chat", vec![stats.get("name").into()])?;
    // LAB:STUB
    //| let answer = batch.call("chat", vec!["(task pipeline is not written yet)".into()])?;
    // LAB:END pipeline
    let answer = batch.pull(&answer)?;
    Ok((batch, answer))
}
