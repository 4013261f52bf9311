//! Batches as npm's client sends them, and batches that no client should send.

mod calling;
mod limits;
mod npm;
mod serving;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering::SeqCst};
use std::thread;

use serde_json::Value as Json;

use super::*;
use crate::error::{Code, RpcError};
use crate::http::MAX_BODY;
use crate::stub::Promise;
use crate::value::{Target, Value};
use crate::wire::{MAX_DEPTH, Message, STACK};

/// Alice, as lab 3 has her, and a method for each kind of trouble.
#[derive(Default)]
pub(crate) struct Alice {
    received: AtomicU32,
}

impl Alice {
    pub(crate) fn shared() -> Arc<dyn Target> {
        Arc::new(Self::default())
    }
}

impl Target for Alice {
    fn call(&self, method: &str, mut args: Vec<Value>) -> Result<Value, RpcError> {
        match method {
            "greet" => Ok("Hello! I'm Alice.".into()),
            "chat" => {
                if args.first().and_then(Value::as_str).is_none() {
                    let text = "chat(message): message must be a string";
                    return Err(RpcError::type_error(text));
                }
                let count = self.received.fetch_add(1, SeqCst) + 1;
                Ok(format!("Alice says: Thanks for the message #{count}!").into())
            }
            "get_stats" => {
                let count = self.received.load(SeqCst);
                let name = ("name", "Alice".into());
                Ok(Value::object([name, ("messages_received", count.into())]))
            }
            "echo" if !args.is_empty() => Ok(args.swap_remove(0)),
            "twice" => Ok(vec![args[0].clone(), args.swap_remove(0)].into()),
            "friend" => Ok(Value::object([("bob", Self::shared().into())])),
            _ => Err(RpcError::not_a_function(method)),
        }
    }

    fn property(&self, name: &str) -> Result<Value, RpcError> {
        match name {
            "name" => Ok("Alice".into()),
            "friend" => Ok(Self::shared().into()),
            "list" => Ok(vec![Value::object([("a", Self::shared().into())])].into()),
            "secret" => Err(RpcError::new(Code::PermissionDenied, "ask my mother")),
            _ => Ok(Value::Undefined),
        }
    }
}

/// The reply to these lines.
fn reply(lines: &[&str]) -> String {
    serve(lines.join("\n").as_bytes(), &Alice::shared()).unwrap()
}

/// The answer to one call, which is all that is said.
fn answer(expr: &str) -> String {
    let push = format!("[\"push\",{expr}]");
    let reply = reply(&[&push, "[\"pull\",1]"]);
    let answer = reply.strip_prefix("[\"resolve\",1,").or(reply.strip_prefix("[\"reject\",1,"));
    answer.unwrap_or_else(|| panic!("{reply}")).strip_suffix(']').unwrap().to_owned()
}

fn refusal(body: &[u8]) -> String {
    let refused = serve(body, &Alice::shared()).expect_err("refused");
    assert!(!Message::Abort(refused.clone()).write().contains('\n'));
    refused.message
}
