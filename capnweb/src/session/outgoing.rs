//! Messages that go out: calls of ours, and answers.

use super::slot::{MAX_VALUE_DEPTH, Outcome, too_deep};
use super::{MAX_PENDING, Output, Session};
use crate::error::{Code, RpcError};
use crate::stub::{CallId, Callee, Key, Promise, Stub};
use crate::value::{Cap, Value};
use crate::wire::{MAX_PATH, Message, Ref, write_written_call};
use crate::written::Written;

impl<T: Clone> Session<T> {
    /// Calls a method, and asks for the answer: an [`Output::Answered`] will follow, unless the
    /// other side never answers.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub fn call(
        &mut self,
        to: impl Into<Callee>,
        method: &str,
        args: Vec<Value<Cap<T>>>,
    ) -> Result<(Promise, Vec<Output<T>>), RpcError> {
        let (promise, mut out) = self.push(to, [method.into()], Some(args))?;
        out.extend(self.pull(promise.call));
        Ok((promise, out))
    }

    /// Calls a method, and asks for no answer.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub fn tell(
        &mut self,
        to: impl Into<Callee>,
        method: &str,
        args: Vec<Value<Cap<T>>>,
    ) -> Result<Vec<Output<T>>, RpcError> {
        let (promise, mut out) = self.push(to, [method.into()], Some(args))?;
        out.extend(self.forget(promise.call));
        Ok(out)
    }

    /// The same, with arguments that were written before, for any session.
    ///
    /// # Errors
    ///
    /// As for [`push`](Self::push).
    pub fn tell_written(
        &mut self,
        to: impl Into<Callee>,
        method: &str,
        args: &Written,
    ) -> Result<Vec<Output<T>>, RpcError> {
        let Callee { id, mut path } = to.into();
        path.push(method.into());
        self.check(id, &path)?;
        self.called += 1;
        let push = write_written_call(id, &path, args.as_str());
        let release = Message::Release(self.called, 1).write();
        Ok(vec![Output::Send(push), Output::Send(release)])
    }

    /// Sends a call, or without `args` the reading of a property. Its result can be used in
    /// further calls at once; to have it here, [`pull`](Self::pull) it.
    ///
    /// # Errors
    ///
    /// `canceled` after the session has ended. `cap_revoked` for a stub that was released, and
    /// for a promise whose answer is here already. `too_many` if [`MAX_PENDING`] calls have no
    /// answer. `bad_request` if arguments or path are too deep. Then nothing is sent.
    pub fn push(
        &mut self,
        to: impl Into<Callee>,
        path: impl IntoIterator<Item = Key>,
        args: Option<Vec<Value<Cap<T>>>>,
    ) -> Result<(Promise, Vec<Output<T>>), RpcError> {
        let Callee { id, path: mut full } = to.into();
        full.extend(path);
        self.check(id, &full)?;
        if args.iter().flatten().any(|arg| arg.weight(MAX_VALUE_DEPTH).is_none()) {
            return Err(too_deep());
        }
        args.iter().flatten().try_for_each(|arg| self.can_send(arg))?;
        let mut refer = |cap| Ok(Value::Cap(self.refer(cap)));
        let args =
            args.map(|args| args.into_iter().map(|arg| arg.try_map(&mut refer)).collect());
        let args = args.transpose()?;
        self.called += 1;
        self.calls.insert(self.called, false);
        let push = Message::Push(Value::Cap(Ref::Pipeline { id, path: full, args }));
        let promise = Promise { call: CallId(self.called), path: Vec::new() };
        Ok((promise, vec![Output::Send(push.write())]))
    }

    /// Asks for the answer of a call. To ask twice is to ask once.
    #[must_use]
    pub fn pull(&mut self, CallId(call): CallId) -> Vec<Output<T>> {
        match self.calls.get_mut(&call) {
            Some(pulled) if !*pulled => {
                *pulled = true;
                vec![Output::Send(Message::Pull(call).write())]
            }
            _ => Vec::new(),
        }
    }

    /// Gives a call up. It still runs, but its answer is of no use any more.
    #[must_use]
    pub fn forget(&mut self, CallId(call): CallId) -> Vec<Output<T>> {
        let release = Output::Send(Message::Release(call, 1).write());
        self.calls.remove(&call).map(|_| release).into_iter().collect()
    }

    /// Keeps a stub that came as an argument, beyond the end of the call that brought it.
    ///
    /// The rule: a call may use the stubs in its arguments until it is answered. Then the session
    /// gives them back, except for those that were kept. Each `keep`, and each stub in an answer
    /// to us, is undone by one [`release`](Self::release). `false` if the stub is gone already.
    ///
    /// A stub is a number of this session. In another one, it means something else.
    #[must_use]
    pub fn keep(&mut self, stub: Stub) -> bool {
        self.hold_for_us(&Cap::Stub(stub));
        self.imports.contains_key(&stub.id)
    }

    /// Undoes a [`keep`](Self::keep). With the last one, the other side is told.
    #[must_use]
    pub fn release(&mut self, stub: Stub) -> Vec<Output<T>> {
        let mut out = Vec::new();
        if let Some(import) = self.imports.get_mut(&stub.id).filter(|import| import.kept > 0) {
            import.kept -= 1;
            self.let_go(stub.id, &mut out);
        }
        out
    }

    /// The text of an answer. What cannot be sent becomes an error.
    pub(super) fn write_answer(&mut self, id: i64, result: &Outcome<T>) -> String {
        let expr = result.clone().and_then(|value| {
            self.can_send(&value)?;
            value.try_map(&mut |cap| Ok(Value::Cap(self.refer(cap))))
        });
        match expr {
            Ok(expr) => Message::Resolve(id, expr).write(),
            Err(error) => Message::Reject(id, error).write(),
        }
    }

    /// Whether one more call can go there.
    fn check(&self, id: i64, path: &[Key]) -> Result<(), RpcError> {
        if self.is_over {
            return Err(RpcError::new(Code::Canceled, "the session has ended"));
        }
        if self.calls.len() >= MAX_PENDING {
            let text = format!("{MAX_PENDING} calls have no answer yet");
            return Err(RpcError::new(Code::TooMany, text));
        }
        has_room_for(path)?;
        self.is_callable(id)
    }

    /// Whether all capabilities in a value are still there to be sent, and all objects fit.
    pub(super) fn can_send(&self, value: &Value<Cap<T>>) -> Result<(), RpcError> {
        let (mut fits, mut targets) = (Ok(()), 0);
        value.each_cap(&mut |cap| {
            let this = match cap {
                Cap::Target(_) => {
                    targets += 1;
                    self.has_room(targets)
                }
                Cap::Stub(stub) => self.is_callable(stub.id),
                Cap::Promise(Promise { call, path }) => {
                    has_room_for(path).and_then(|()| self.is_callable(call.0))
                }
            };
            if fits.is_ok() {
                fits = this;
            }
        });
        fits
    }

    fn is_callable(&self, id: i64) -> Result<(), RpcError> {
        let known = match id {
            0 => true,
            1.. => self.calls.contains_key(&id),
            _ => self.imports.contains_key(&id),
        };
        let text =
            if id > 0 { "this answer is here already" } else { "this stub was released" };
        known.then_some(()).ok_or_else(|| RpcError::new(Code::CapRevoked, text))
    }

    /// What the other side is told for a capability. Each object of ours gets a new number each
    /// time: then the other side always has one reference to each.
    fn refer(&mut self, cap: Cap<T>) -> Ref {
        match cap {
            Cap::Target(target) => {
                self.exported -= 1;
                self.exports.insert(self.exported, (Some(target), 1));
                Ref::Export(self.exported)
            }
            Cap::Stub(stub) => Ref::Import(stub.id),
            Cap::Promise(Promise { call, path }) => {
                Ref::Pipeline { id: call.0, path, args: None }
            }
        }
    }
}

/// Whether the other side reads so long a path.
fn has_room_for(path: &[Key]) -> Result<(), RpcError> {
    let text = format!("a path has at most {MAX_PATH} names");
    (path.len() <= MAX_PATH).then_some(()).ok_or_else(|| RpcError::new(Code::BadRequest, text))
}
