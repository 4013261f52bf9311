//! A link: a session on a WebSocket, and what a program does with it.
//!
//! A session hands out messages to be sent, and calls and answers for the program. The link sorts
//! them: messages are gathered for one write, calls and answers go to the [`SessionHandler`].

use std::collections::VecDeque;

use crate::{AnswerId, CallId, Callee, Cap, Code, Key, Output, RpcError, Session, Stub};
use crate::{Value, Written};

use super::limits::code;

/// A call's result, with stubs and targets in it.
pub type Outcome<T> = Result<Value<Cap<T>>, RpcError>;

/// What a program does on one WebSocket. All of it runs on the thread `writer`, which owns the
/// session: no method may wait for the other side.
pub trait SessionHandler: Send + 'static {
    /// What the program has in hand for an object that it exports.
    type Target: Clone + Send + 'static;

    /// What other threads of the program send to this one.
    type Order: Send + 'static;

    /// The other side calls. The result goes to [`Link::answer`], now or later.
    fn on_call(&mut self, call: Call<Self::Target>, link: &mut Link<Self::Target>);

    /// The other side has answered a call of ours. If it never does, there is only `on_end`.
    fn on_answer(
        &mut self,
        id: CallId,
        result: Outcome<Self::Target>,
        link: &mut Link<Self::Target>,
    ) {
        let _ = (id, result, link);
    }

    /// Another thread has sent an order.
    fn on_order(&mut self, order: Self::Order, link: &mut Link<Self::Target>);

    /// Whether so many calls are under way that no further message is taken in. Then the other
    /// side has to wait, and nobody else.
    fn is_busy(&self) -> bool {
        false
    }

    /// The WebSocket is closed.
    fn on_end(self, end: End);
}

/// A call of the other side; without `args` it reads a property.
#[derive(Debug)]
pub struct Call<T> {
    /// For the answer.
    pub id: AnswerId,
    /// Whose method or property.
    pub target: T,
    /// Its name; more than one for a property of a property, none for the target itself.
    pub path: Vec<Key>,
    /// A stub in there can be called until the answer is given; see [`Link::keep`].
    pub args: Option<Vec<Value<Cap<T>>>>,
}

/// Why a WebSocket is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// The connection broke, or a close frame without a reason came, or one was sent.
    HungUp,
    /// The other side has closed it, for this reason.
    Closed(String),
    /// The session broke off, for this reason: the other side ended it by an error, broke a rule, or
    /// fell silent.
    Broken(String),
}

/// One session, and what it has to say.
#[derive(Debug)]
pub struct Link<T> {
    session: Session<T>,
    /// Messages to be sent, in this order.
    said: Vec<String>,
    /// Calls and answers for the program.
    inputs: VecDeque<Output<T>>,
    close: Option<(u16, String)>,
    end: Option<End>,
}

impl<T: Clone> Link<T> {
    /// A link that has nothing to say. [`talk`](super::talk) makes one of its own; this is for
    /// tests of a handler, which need no WebSocket.
    pub fn new(session: Session<T>) -> Self {
        let (said, inputs) = (Vec::new(), VecDeque::new());
        Self { session, said, inputs, close: None, end: None }
    }

    /// Calls a method, and asks for the answer.
    ///
    /// # Errors
    ///
    /// If the stub was released, or too many calls are under way.
    pub fn call(
        &mut self,
        callee: impl Into<Callee>,
        method: &str,
        args: Vec<Value<Cap<T>>>,
    ) -> Result<CallId, RpcError> {
        let (promise, outputs) = self.session.call(callee, method, args)?;
        self.sort(outputs);
        Ok(promise.call)
    }

    /// Calls a method, and does not ask for the answer. If the call cannot be sent, because the
    /// stub was released or a limit is reached, the link is closed.
    pub fn tell(&mut self, stub: Stub, method: &str, args: Vec<Value<Cap<T>>>) {
        let outputs = self.session.tell(stub, method, args);
        self.sort_or_close(outputs);
    }

    /// The same, with arguments that were written once for many sessions.
    pub fn tell_written(&mut self, stub: Stub, method: &str, args: &Written) {
        let outputs = self.session.tell_written(stub, method, args);
        self.sort_or_close(outputs);
    }

    /// Answers a call of the other side.
    pub fn answer(&mut self, id: AnswerId, result: Outcome<T>) {
        let outputs = self.session.answer(id, result);
        self.sort(outputs);
    }

    /// Keeps a stub that came with a call beyond the answer; see [`Session::keep`].
    pub fn keep(&mut self, stub: Stub) -> bool {
        self.session.keep(stub)
    }

    /// Gives a stub back.
    pub fn release(&mut self, stub: Stub) {
        let outputs = self.session.release(stub);
        self.sort(outputs);
    }

    /// Closes the WebSocket after all that was said so far. The first reason counts.
    pub fn close(&mut self, code: u16, reason: impl Into<String>) {
        self.close.get_or_insert_with(|| (code, reason.into()));
    }

    /// Takes in a message of the other side.
    pub fn take_text<H: SessionHandler<Target = T>>(&mut self, text: &str, handler: &mut H) {
        let outputs = self.session.receive(text);
        self.sort(outputs);
        self.run(handler);
    }

    /// Takes in an order of another thread.
    pub fn take_order<H: SessionHandler<Target = T>>(
        &mut self,
        order: H::Order,
        handler: &mut H,
    ) {
        handler.on_order(order, self);
        self.run(handler);
    }

    /// Messages to be sent, in this order.
    pub fn take_said(&mut self) -> Vec<String> {
        std::mem::take(&mut self.said)
    }

    /// With which code and reason to close the WebSocket, after these messages. The other side
    /// repeats them, and that is no reason of its own.
    pub fn take_close(&mut self) -> Option<(u16, String)> {
        let close = self.close.take()?;
        self.end.get_or_insert(End::HungUp);
        Some(close)
    }

    /// The other side breaks the rules of WebSocket.
    pub fn break_off<H: SessionHandler<Target = T>>(
        &mut self,
        code: u16,
        why: &str,
        handler: &mut H,
    ) {
        self.close(code, why);
        let outputs = self.session.abort(RpcError::new(Code::BadRequest, why));
        self.sort(outputs);
        self.run(handler);
    }

    /// The other side has sent a close frame.
    pub fn on_close_frame(&mut self, reason: &str) {
        if !reason.is_empty() {
            self.end.get_or_insert_with(|| End::Closed(reason.to_owned()));
        }
    }

    #[cfg(test)]
    pub(super) fn say(&mut self, text: String) {
        self.said.push(text);
    }

    pub(super) fn is_closing(&self) -> bool {
        self.close.is_some()
    }

    /// Why the WebSocket is closed.
    pub fn end(&mut self) -> End {
        self.end.take().unwrap_or(End::HungUp)
    }

    /// Has the program do what the other side wants, and what follows from that.
    fn run<H: SessionHandler<Target = T>>(&mut self, handler: &mut H) {
        while let Some(input) = self.inputs.pop_front() {
            match input {
                Output::Run { id, target, path, args } => {
                    handler.on_call(Call { id, target, path, args }, self);
                }
                Output::Answered { call, result } => handler.on_answer(call, result, self),
                Output::Send(_) | Output::Ended(_) => {} // See `sort`.
            }
        }
    }

    fn sort_or_close(&mut self, outputs: Result<Vec<Output<T>>, RpcError>) {
        match outputs {
            Ok(outputs) => self.sort(outputs),
            Err(error) => self.close(code::SESSION, error.message),
        }
    }

    fn sort(&mut self, outputs: Vec<Output<T>>) {
        for output in outputs {
            match output {
                Output::Send(text) => self.said.push(text),
                Output::Run { .. } | Output::Answered { .. } => self.inputs.push_back(output),
                Output::Ended(error) => {
                    // Without an answer of the other side, all that comes is `on_end`.
                    self.inputs.clear();
                    self.end.get_or_insert_with(|| End::Broken(error.message.clone()));
                    self.close(code::SESSION, error.message);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts answers.
    struct Counter(usize);

    impl SessionHandler for Counter {
        type Target = ();
        type Order = ();

        fn on_call(&mut self, _: Call<()>, _: &mut Link<()>) {}

        fn on_answer(&mut self, _: CallId, _: Outcome<()>, _: &mut Link<()>) {
            self.0 += 1;
        }

        fn on_order(&mut self, (): (), link: &mut Link<()>) {
            link.call(Stub::MAIN, "join", Vec::new()).unwrap();
        }

        fn on_end(self, _: End) {}
    }

    #[test]
    fn the_end_of_a_session_is_no_answer() {
        let (mut link, mut counter) = (Link::new(Session::new(None)), Counter(0));
        for _ in 0..3 {
            link.take_order((), &mut counter);
        }
        link.take_text(r#"["reject",1,["error","Error","not today"]]"#, &mut counter);
        assert_eq!(counter.0, 1, "this is one");
        link.take_text("nonsense", &mut counter);
        assert_eq!(counter.0, 1);
        assert!(matches!(link.end(), End::Broken(_)));
    }
}
