//! The caller's side of a batch: first all calls, then all answers.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::body::{MAX_MESSAGES, join, lines};
use crate::error::{Code, RpcError};
use crate::http::MAX_BODY;
use crate::session::{Output, Session};
use crate::stub::{CallId, Callee, Key, Promise, Stub};
use crate::value::{Target, Value};

/// Calls that go out together.
///
/// ```
/// use capnweb::Batch;
/// let mut batch = Batch::new();
/// let stats = batch.call("get_stats", vec![])?;
/// // What is not there yet can be an argument already: no second trip for the name.
/// let chat = batch.call("chat", vec![stats.get("name").into()])?;
/// let chat = batch.pull(&chat)?;
/// assert_eq!(batch.body().lines().last(), Some(r#"["pull",2]"#));
/// let mut reply = batch.read_reply(r#"["resolve",2,"Hello, Bob!"]"#);
/// assert_eq!(reply.take(chat)?.as_str(), Some("Hello, Bob!"));
/// # Ok::<(), capnweb::RpcError>(())
/// ```
#[derive(Debug)]
pub struct Batch {
    session: Session<Arc<dyn Target>>,
    body: String,
    messages: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self::new()
    }
}

impl Batch {
    /// A batch without calls.
    pub fn new() -> Self {
        Self { session: Session::new(None), body: String::new(), messages: 0 }
    }

    /// Adds a call of a method of the peer's main object. It will run, but is only answered if it
    /// is [pulled](Self::pull).
    ///
    /// # Errors
    ///
    /// If it cannot be sent: see [`Session::push`]. A batch has room for [`MAX_MESSAGES`] and
    /// [`MAX_BODY`], as much as the server takes.
    pub fn call(&mut self, method: &str, args: Vec<Value>) -> Result<Promise, RpcError> {
        self.call_on(Stub::MAIN, method, args)
    }

    /// Adds a call of a method of what an earlier call will return.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    pub fn call_on(
        &mut self,
        to: impl Into<Callee>,
        method: &str,
        args: Vec<Value>,
    ) -> Result<Promise, RpcError> {
        self.push(to, vec![method.into()], Some(args))
    }

    /// Adds the reading of a property of the peer's main object.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    pub fn get(&mut self, name: &str) -> Result<Promise, RpcError> {
        self.push(Stub::MAIN, vec![name.into()], None)
    }

    /// Asks for the answer to a call, or for a part of it.
    ///
    /// # Errors
    ///
    /// As for [`call`](Self::call).
    pub fn pull(&mut self, promise: &Promise) -> Result<CallId, RpcError> {
        let whole = if promise.path.is_empty() {
            promise.clone()
        } else {
            self.push(promise, Vec::new(), None)?
        };
        let outputs = self.session.pull(whole.call);
        self.add(outputs)?;
        Ok(whole.call)
    }

    /// The body of the request.
    pub fn body(&self) -> &str {
        &self.body
    }

    /// Reads the body of the reply. A pulled call without an answer there ends in an error.
    pub fn read_reply(self, body: &str) -> Reply {
        self.read(body, RpcError::new(Code::Canceled, "Batch RPC request ended."))
    }

    /// There is no reply, for this reason.
    pub(crate) fn fail(self, error: RpcError) -> Reply {
        self.read("", error)
    }

    fn read(mut self, body: &str, end: RpcError) -> Reply {
        let mut answers = BTreeMap::new();
        for line in lines(body.strip_prefix('\u{FEFF}').unwrap_or(body)) {
            // What is to be sent, or run, comes too late: the request is out.
            note(self.session.receive(line), &mut answers);
        }
        note(self.session.lost(end), &mut answers);
        Reply(answers)
    }

    fn push(
        &mut self,
        to: impl Into<Callee>,
        path: Vec<Key>,
        args: Option<Vec<Value>>,
    ) -> Result<Promise, RpcError> {
        let (promise, outputs) = self.session.push(to, path, args)?;
        self.add(outputs)?;
        Ok(promise)
    }

    fn add(&mut self, outputs: Vec<Output<Arc<dyn Target>>>) -> Result<(), RpcError> {
        for output in outputs {
            let Output::Send(line) = output else { continue };
            if self.messages == MAX_MESSAGES {
                let text =
                    format!("this batch is full: {MAX_MESSAGES} messages or {MAX_BODY} bytes");
                return Err(RpcError::new(Code::TooMany, text));
            }
            self.messages += 1;
            // The session has counted a call that does not fit, and the server never will. So no
            // further call can have its right number.
            join(&mut self.body, &line, MAX_BODY)
                .inspect_err(|_| self.messages = MAX_MESSAGES)?;
        }
        Ok(())
    }
}

fn note(
    outputs: Vec<Output<Arc<dyn Target>>>,
    answers: &mut BTreeMap<CallId, Result<Value, RpcError>>,
) {
    for output in outputs {
        if let Output::Answered { call, result } = output {
            answers.entry(call).or_insert(result);
        }
    }
}

/// The answers to a batch.
#[derive(Debug)]
pub struct Reply(BTreeMap<CallId, Result<Value, RpcError>>);

impl Reply {
    /// Takes out the answer to a call.
    ///
    /// # Errors
    ///
    /// The error that the call has ended with. `canceled` if there is no answer, as the call was
    /// not pulled, or its answer was taken already.
    pub fn take(&mut self, call: CallId) -> Result<Value, RpcError> {
        let none = || Err(RpcError::new(Code::Canceled, "Batch RPC request ended."));
        self.0.remove(&call).unwrap_or_else(none)
    }
}
