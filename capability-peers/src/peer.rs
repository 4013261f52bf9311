//! The peer: what Alice and Bob let others call. A program that can reach it may call it; no
//! password is asked for.

use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use capnweb::{Code, RpcError, Target, Value};
use crossbeam_channel::Sender;

use crate::event::Event;
use crate::repr::harmless_lines;
use crate::role::Role;

/// The longest message, in bytes of UTF-8.
const MAX_MESSAGE: usize = 4096;

/// What is exported: `greet()`, `chat(message)`, `get_stats()`, and the property `name`.
#[derive(Debug)]
pub(crate) struct Peer {
    role: Role,
    /// Callers on many threads add to it, and none waits for another: an atomic number needs no
    /// lock.
    received: AtomicU32,
    /// The terminal takes no text, and much is waiting for it.
    is_stopped: AtomicBool,
    report: Sender<Event>,
}

impl Peer {
    /// The peer in this role. Messages are reported.
    pub(crate) fn new(role: Role, report: Sender<Event>) -> Self {
        let is_stopped = AtomicBool::new(false);
        Self { role, received: AtomicU32::new(0), is_stopped, report }
    }

    /// Refuses messages while the terminal is stopped, so that our memory does not grow.
    pub(crate) fn terminal_is_stopped(&self, is_stopped: bool) {
        self.is_stopped.store(is_stopped, Ordering::SeqCst);
    }

    fn chat(&self, args: &[Value]) -> Result<Value, RpcError> {
        let Some(message) = args.first().and_then(Value::as_str) else {
            return Err(RpcError::type_error("chat(message): message must be a string"));
        };
        if message.len() > MAX_MESSAGE {
            let text = format!("chat(message): a message has at most {MAX_MESSAGE} bytes");
            return Err(RpcError::new(Code::TooMany, text));
        }
        if self.is_stopped.load(Ordering::SeqCst) {
            let text = "the terminal does not keep up: try again later";
            return Err(RpcError::new(Code::TooMany, text));
        }
        // Counted before it is shown: a message that a user has seen has a number.
        // LAB:BEGIN stats
        let count = self.received.fetch_add(1, Ordering::SeqCst) + 1;
        // LAB:STUB
        //| let count = self.received.load(Ordering::SeqCst);
        // LAB:END stats
        // Waits until the owner has it: what is answered is shown.
        if self.report.send(Event::Received(harmless_lines(message))).is_err() {
            let text = format!("{} is shutting down", self.role.name);
            return Err(RpcError::new(Code::Canceled, text));
        }
        Ok(format!("{}{count}!", self.role.thanks).into())
    }

    fn stats(&self) -> Value {
        // LAB:BEGIN stats
        Value::object([
            ("name", self.role.name.into()),
            ("messages_received", self.received.load(Ordering::SeqCst).into()),
        ])
        // LAB:STUB
        //| let _ = (self.role.name, &self.received); // What there is to use.
        //| Value::Undefined
        // LAB:END stats
    }
}

impl Target for Peer {
    fn call(&self, method: &str, args: Vec<Value>) -> Result<Value, RpcError> {
        match method {
            "greet" => Ok(self.role.greeting.into()),
            "chat" => self.chat(&args),
            "get_stats" => Ok(self.stats()),
            _ => Err(RpcError::not_a_function(method)),
        }
    }

    fn property(&self, name: &str) -> Result<Value, RpcError> {
        // LAB:BEGIN property
        Ok(if name == "name" { self.role.name.into() } else { Value::Undefined })
        // LAB:STUB
        //| let text = format!("{}.{name}: task property is not written yet", self.role.name);
        //| Err(RpcError::plain(text))
        // LAB:END property
    }
}
