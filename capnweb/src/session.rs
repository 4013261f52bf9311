//! A session: which objects may be called, what was called, and which calls wait for an answer.
//! Messages in, things to do out.
//!
//! Both sides keep the same tables, seen from two ends. What I *export* you *import*, under the
//! same number: 0 for the main object, negative for what I have sent you since, positive for the
//! results of what you have pushed. The positive numbers are not sent along: both sides count. So
//! nothing needs to be agreed on, and nothing may be lost.
//!
//! Messages go in by [`Session::receive`], and the calls of our own program by [`Session::call`],
//! [`Session::tell`] or [`Session::push`]. Each returns a list of [`Output`], to be done in this
//! order. A call of the other side is an [`Output::Run`]: do it now or later, in this thread or
//! another one, and give the result to [`Session::answer`].
//!
//! ```
//! use capnweb::{Output, Session, Stub};
//!
//! // `T` is the program's own type for the objects that it exports. Here, a word is enough.
//! let mut alice = Session::new(Some("Alice"));
//! let mut bob = Session::new(None::<&str>);
//!
//! let (promise, said) = bob.call(Stub::MAIN, "greet", vec![])?;
//! let [Output::Send(push), Output::Send(pull)] = &said[..] else { panic!() };
//! assert_eq!(push, r#"["push",["pipeline",0,["greet"],[]]]"#);
//!
//! let todo = alice.receive(push);
//! let [Output::Run { id, target: "Alice", .. }] = todo[..] else { panic!() };
//! assert_eq!(alice.receive(pull), []); // the call is still under way
//! let said = alice.answer(id, Ok("Hello!".into()));
//! let [Output::Send(answer)] = &said[..] else { panic!() };
//!
//! let said = bob.receive(answer);
//! let [Output::Send(release), Output::Answered { call, result: Ok(hello) }] = &said[..] else {
//!     panic!()
//! };
//! assert_eq!((*call, hello.as_str()), (promise.call, Some("Hello!")));
//! assert_eq!(alice.receive(release), []);
//! # Ok::<(), capnweb::RpcError>(())
//! ```

mod intake;
mod outgoing;
mod settle;
mod slot;
mod start;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

pub use self::slot::MAX_HELD;
use self::slot::{FIRST_HIDDEN, Slot, State, Uses};
pub(super) use self::slot::{MAX_VALUE_DEPTH, too_deep};
use super::error::{Code, RpcError};
use super::stub::{CallId, Key};
use super::value::{Cap, Value};
use super::wire::Message;

/// The most things that one side may have in use at the other: results not released, and stubs.
pub const MAX_ENTRIES: usize = 16_384;

/// The most calls that may be under way at once, in each direction.
pub const MAX_PENDING: usize = 1024;

/// A call of the other side that our program runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AnswerId(i64);

/// Something to be done.
#[derive(Clone, Debug, PartialEq)]
pub enum Output<T> {
    /// Send this message: a line of a batch, or a text frame.
    Send(String),
    /// Do this, and give the result to [`Session::answer`]. Calls come in the order in which they
    /// can start.
    Run {
        /// For the answer.
        id: AnswerId,
        /// Whose method or property.
        target: T,
        /// Its name; more than one if a property of a property is meant, none if the target
        /// itself is called. Never a name that every JavaScript object has.
        path: Vec<Key>,
        /// The arguments; `None` if a property is read.
        ///
        /// A stub in there can be called until the answer is given. See [`Session::keep`].
        args: Option<Vec<Value<Cap<T>>>>,
    },
    /// The answer to a call of ours. Stubs in it are ours to [`Session::release`].
    Answered {
        /// Which one.
        call: CallId,
        /// What it is.
        result: Result<Value<Cap<T>>, RpcError>,
    },
    /// The session is over, for this reason; each call of ours has been answered with it. If the
    /// reason is ours, an `abort` was sent before. Close the connection.
    Ended(RpcError),
}

/// Something of the other side that we may call.
#[derive(Clone, Copy, Debug)]
struct Import {
    /// How often we were sent it.
    refs: u64,
    /// How many calls, results, and `keep`s need it.
    holders: usize,
    /// How many of those our program has to undo.
    kept: usize,
    /// What it will be, if it is a promise.
    promise: Option<i64>,
}

/// One conversation with one other side. See [the module](self).
#[derive(Clone, Debug)]
pub struct Session<T> {
    /// Objects of ours that the other side may call, and how many references it has. There is
    /// always a 0, even without a main object.
    exports: BTreeMap<i64, (Option<T>, u64)>,
    /// What the other side has pushed, and values that wait for something.
    slots: BTreeMap<i64, Slot<T>>,
    /// Objects of the other side.
    imports: BTreeMap<i64, Import>,
    /// Calls of ours without an answer, and whether it was asked for.
    calls: BTreeMap<i64, bool>,
    /// The last number that was used of: their pushes, our stubs, our pushes, slots of our own.
    pushed: i64,
    exported: i64,
    called: i64,
    hidden: i64,
    /// How many slots are not done.
    pending: usize,
    /// About how many bytes are in the slots, and how many may be.
    held: usize,
    may_hold: usize,
    is_over: bool,
}

impl<T: Clone> Session<T> {
    /// A session that exports `main` to the other side, if there is one.
    pub fn new(main: Option<T>) -> Self {
        Self {
            exports: BTreeMap::from([(0, (main, 1))]),
            slots: BTreeMap::new(),
            imports: BTreeMap::new(),
            calls: BTreeMap::new(),
            pushed: 0,
            exported: 0,
            called: 0,
            hidden: FIRST_HIDDEN,
            pending: 0,
            held: 0,
            may_hold: MAX_HELD,
            is_over: false,
        }
    }

    /// The same session, which keeps at most so many bytes of results instead of [`MAX_HELD`]:
    /// for a program that has many sessions at once.
    #[must_use]
    pub fn holding_at_most(self, bytes: usize) -> Self {
        Self { may_hold: bytes, ..self }
    }

    /// Takes in one message. A message that makes no sense ends the session.
    #[must_use]
    pub fn receive(&mut self, text: &str) -> Vec<Output<T>> {
        let mut out = Vec::new();
        if self.is_over {
            return out;
        }
        if let Err(error) = Message::read(text).and_then(|message| self.on(message, &mut out)) {
            return self.abort(error);
        }
        out
    }

    /// Takes in what a [`Output::Run`] has come to. It may come late, or in another order; an
    /// answer for which no call waits any more is forgotten.
    #[must_use]
    pub fn answer(
        &mut self,
        AnswerId(id): AnswerId,
        result: Result<Value<Cap<T>>, RpcError>,
    ) -> Vec<Output<T>> {
        let mut out = Vec::new();
        if self.slots.get(&id).is_some_and(|slot| matches!(slot.state, State::Running)) {
            self.settle(id, result, &mut out);
        }
        out
    }

    /// Ends the session for a reason of ours, and tells the other side.
    #[must_use]
    pub fn abort(&mut self, error: RpcError) -> Vec<Output<T>> {
        if self.is_over {
            return Vec::new();
        }
        let mut out = vec![Output::Send(Message::Abort(error.clone()).write())];
        out.extend(self.lost(error));
        out
    }

    /// The connection is gone: ends the session without a word.
    #[must_use]
    pub fn lost(&mut self, error: RpcError) -> Vec<Output<T>> {
        if self.is_over {
            return Vec::new();
        }
        // Of ours: those without an answer, and those whose answer waits for a promise.
        let calls = self.calls.keys().copied();
        let calls = calls.chain(self.slots.values().filter_map(|slot| slot.answers));
        let answered =
            |call| Output::Answered { call: CallId(call), result: Err(error.clone()) };
        let mut out: Vec<_> = calls.map(answered).collect();
        out.push(Output::Ended(error));
        *self = Self { is_over: true, ..Self::new(None) };
        out
    }

    /// Ends all calls of the other side that are not done with this error. For a batch, whose
    /// caller sends nothing more that they could wait for.
    #[must_use]
    pub(crate) fn cancel(&mut self, error: &RpcError) -> Vec<Output<T>> {
        let mut out = Vec::new();
        // From the last to the first: so none starts because another one has failed.
        let ids: Vec<_> = self.slots.keys().copied().rev().collect();
        for id in ids {
            if self.slots.get(&id).is_some_and(|slot| !matches!(slot.state, State::Done(_))) {
                self.settle(id, Err(error.clone()), &mut out);
            }
        }
        out
    }

    /// How many entries are in the tables: a test sees by it that nothing is left over.
    #[cfg(test)]
    pub(crate) fn entries(&self) -> usize {
        self.exports.len() + self.slots.len() + self.imports.len() + self.calls.len()
    }

    fn too_much(&self) -> RpcError {
        let text =
            format!("more than {} bytes of results and arguments are kept", self.may_hold);
        RpcError::new(Code::TooMany, text)
    }

    fn on(&mut self, message: Message, out: &mut Vec<Output<T>>) -> Result<(), RpcError> {
        match message {
            Message::Push(expr) => {
                self.pushed += 1;
                let mut uses = Uses::default();
                let job = self.job(expr, &mut uses, out)?;
                self.open(self.pushed, Slot { uses, ..Slot::new(1, None) }, job, out)?;
            }
            Message::Pull(id) => {
                self.slot(id)?.pulled = true;
                self.deliver(id, out);
            }
            Message::Resolve(id, expr) => self.take_resolve(id, expr, out)?,
            Message::Reject(id, error) => {
                if self.calls.remove(&id).is_some() {
                    out.push(Output::Send(Message::Release(id, 1).write()));
                    out.push(Output::Answered { call: CallId(id), result: Err(error) });
                } else if let Some(promised) = self.promised(id) {
                    self.settle(promised, Err(error), out);
                }
            }
            Message::Release(id, count) => self.take_release(id, count, out)?,
            Message::Abort(error) => out.extend(self.lost(error)),
        }
        Ok(())
    }

    /// The slot behind a number that the other side may use.
    fn slot(&mut self, id: i64) -> Result<&mut Slot<T>, RpcError> {
        self.slots.get_mut(&id).filter(|slot| slot.refs > 0).ok_or_else(|| no_entry(id))
    }

    /// The slot that waits for a promise of the other side.
    fn promised(&self, id: i64) -> Option<i64> {
        let promised = self.imports.get(&id)?.promise?;
        let slot = self.slots.get(&promised)?;
        matches!(slot.state, State::Promised).then_some(promised)
    }

    fn take_release(
        &mut self,
        id: i64,
        count: u64,
        out: &mut Vec<Output<T>>,
    ) -> Result<(), RpcError> {
        let refs = match id {
            1.. => &mut self.slot(id)?.refs,
            _ => &mut self.exports.get_mut(&id).ok_or_else(|| no_entry(id))?.1,
        };
        let Some(left) = refs.checked_sub(count) else {
            let text = format!("cannot release {count} references to {id}: there are {refs}");
            return Err(RpcError::new(Code::BadRequest, text));
        };
        *refs = left;
        if id <= 0 && left == 0 {
            self.exports.remove(&id);
        }
        self.tidy(id, out);
        Ok(())
    }

    /// Whether so many more entries fit.
    fn has_room(&self, more: usize) -> Result<(), RpcError> {
        if self.slots.len() + self.exports.len() + more <= MAX_ENTRIES {
            return Ok(());
        }
        let text =
            format!("more than {MAX_ENTRIES} results and stubs are in use: release some");
        Err(RpcError::new(Code::TooMany, text))
    }
}

fn no_entry(id: i64) -> RpcError {
    RpcError::new(Code::BadRequest, format!("no such entry on exports table: {id}"))
}
