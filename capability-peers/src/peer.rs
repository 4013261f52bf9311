//! The peer: what Alice and Bob let others call. Whoever can call it may; there is no other lock.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::Sender;

use crate::Event;
use crate::message::{MAX_MESSAGE, clean};
use crate::role::Role;
use capnweb::{Code, RpcError, Target, Value};

/// How long a caller waits for our terminal, should that be stopped.
const PATIENCE: Duration = Duration::from_secs(1);

/// What is exported: `greet()`, `chat(message)`, `get_stats()`, and the property `name`.
#[derive(Debug)]
pub struct Peer {
    role: Role,
    /// A number and nothing else: callers on many threads count it up, and nobody waits for it.
    received: AtomicU64,
    tell: Sender<Event>,
}

impl Peer {
    /// The peer in this role. Messages are told to `tell`.
    pub fn new(role: Role, tell: Sender<Event>) -> Self {
        Self { role, received: AtomicU64::new(0), tell }
    }

    fn chat(&self, args: &[Value]) -> Result<Value, RpcError> {
        let Some(message) = args.first().and_then(Value::as_str) else {
            return Err(RpcError::type_error("chat(message): message must be a string"));
        };
        if message.len() > MAX_MESSAGE {
            let text = format!("chat(message): a message has at most {MAX_MESSAGE} bytes");
            return Err(RpcError::new(Code::TooMany, text));
        }
        let told = Event::Received(clean(message.as_bytes()));
        self.tell.send_timeout(told, PATIENCE).map_err(|_| {
            RpcError::new(Code::TooMany, "the terminal does not keep up: try again later")
        })?;
        let count = self.received.fetch_add(1, Ordering::SeqCst) + 1;
        Ok(format!("{}{count}!", self.role.thanks).into())
    }

    fn stats(&self) -> Value {
        #[expect(clippy::cast_precision_loss, reason = "exact for the first 9 quadrillion")]
        let received = self.received.load(Ordering::SeqCst) as f64;
        Value::object([
            ("name", self.role.name.into()),
            ("messages_received", Value::Number(received)),
        ])
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
        Ok(if name == "name" { self.role.name.into() } else { Value::Undefined })
    }
}
