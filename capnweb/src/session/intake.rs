//! Messages that come in: each number in an expression is looked up at once. So an object that is
//! released a line later is still there for this one.

use super::slot::{Job, MAX_VALUE_DEPTH, Outcome, Part, Slot, State, Uses, too_deep, weight};
use super::{Import, MAX_ENTRIES, Output, Session, no_entry};
use crate::error::{Code, RpcError};
use crate::stub::{Key, Stub};
use crate::value::{Cap, Value};
use crate::wire::{Message, Ref};

impl<T: Clone> Session<T> {
    /// An answer, perhaps to a call that we have given up. Its stubs are taken in any
    /// case, so that they can be given back.
    pub(super) fn take_resolve(
        &mut self,
        id: i64,
        expr: Value<Ref>,
        out: &mut Vec<Output<T>>,
    ) -> Result<(), RpcError> {
        let promised = self.promised(id);
        let mut uses = Uses::default();
        let job = self.job(expr, &mut uses, out)?;
        if let Some(promised) = promised {
            let Some(slot) = self.slots.get_mut(&promised) else { return Ok(()) };
            if uses.needs.contains(&promised) {
                return Err(RpcError::new(Code::BadRequest, "a promise of itself"));
            }
            slot.uses = uses;
            slot.state = State::Running;
            self.begin(promised, job, out);
            return Ok(());
        }
        let answers = self.calls.contains_key(&id).then_some(id);
        if answers.is_some() {
            out.push(Output::Send(Message::Release(id, 1).write()));
        }
        self.hidden += 1;
        self.open(self.hidden, Slot { uses, ..Slot::new(0, answers) }, job, out)?;
        // Only now: if the answer makes no sense, the call is answered with the end of the session.
        self.calls.remove(&id);
        Ok(())
    }

    /// What an expression asks for. What it needs is noted in `uses`.
    pub(super) fn job(
        &mut self,
        expr: Value<Ref>,
        uses: &mut Uses,
        out: &mut Vec<Output<T>>,
    ) -> Result<Job<T>, RpcError> {
        match expr {
            Value::Cap(Ref::Pipeline { id, path, args }) => {
                self.call_job(id, path, args, uses, out)
            }
            expr => Ok(Job::Value(self.part(expr, uses, out)?)),
        }
    }

    fn call_job(
        &mut self,
        id: i64,
        path: Vec<Key>,
        args: Option<Vec<Value<Ref>>>,
        uses: &mut Uses,
        out: &mut Vec<Output<T>>,
    ) -> Result<Job<T>, RpcError> {
        let callee = self.own(id, uses)?;
        let part = |arg| self.part(arg, uses, out);
        let args = args.map(|args| args.into_iter().map(part).collect()).transpose()?;
        Ok(Job::Call { callee, path, args })
    }

    /// An object or a result of ours, under the number that the other side uses.
    fn own(&mut self, id: i64, uses: &mut Uses) -> Result<Part<T>, RpcError> {
        if id > 0 {
            self.slot(id)?.users += 1;
            uses.needs.push(id);
            return Ok(Part::Later(id));
        }
        match self.exports.get(&id) {
            Some((Some(target), _)) => Ok(Part::Now(Cap::Target(target.clone()))),
            Some((None, _)) => Ok(Part::NoMain),
            None => Err(no_entry(id)),
        }
    }

    fn part(
        &mut self,
        expr: Value<Ref>,
        uses: &mut Uses,
        out: &mut Vec<Output<T>>,
    ) -> Result<Value<Part<T>>, RpcError> {
        expr.try_map(&mut |it| {
            Ok(Value::Cap(match it {
                Ref::Import(id) => self.own(id, uses)?,
                Ref::Pipeline { id, path, args } => {
                    // A call within an argument, or a property: a result of its own.
                    let mut inner = Uses::default();
                    let job = self.call_job(id, path, args, &mut inner, out)?;
                    let slot = Slot { users: 1, uses: inner, ..Slot::new(0, None) };
                    self.hidden += 1;
                    let hidden = self.hidden;
                    uses.needs.push(hidden);
                    self.open(hidden, slot, job, out)?;
                    Part::Later(hidden)
                }
                Ref::Export(id) => {
                    self.import(id)?;
                    uses.borrowed.push(id);
                    Part::Now(Cap::Stub(Stub { id }))
                }
                Ref::Promise(id) => {
                    let promised = self.import(id)?.promise;
                    uses.borrowed.push(id);
                    let slot = promised.map_or_else(|| self.open_promise(id), Ok)?;
                    if let Some(slot) = self.slots.get_mut(&slot) {
                        slot.users += 1;
                    }
                    uses.needs.push(slot);
                    Part::Later(slot)
                }
            }))
        })
    }

    /// Notes one more reference to an import, and one more holder.
    fn import(&mut self, id: i64) -> Result<&mut Import, RpcError> {
        if self.imports.len() >= MAX_ENTRIES && !self.imports.contains_key(&id) {
            let text = format!("more than {MAX_ENTRIES} stubs were sent");
            return Err(RpcError::new(Code::TooMany, text));
        }
        let new = Import { refs: 0, holders: 0, kept: 0, promise: None };
        let import = self.imports.entry(id).or_insert(new);
        import.refs += 1;
        import.holders += 1;
        Ok(import)
    }

    fn open_promise(&mut self, id: i64) -> Result<i64, RpcError> {
        self.has_room(1)?;
        self.hidden += 1;
        self.pending += 1;
        let slot = Slot { state: State::Promised, ..Slot::new(0, None) };
        self.slots.insert(self.hidden, slot);
        if let Some(import) = self.imports.get_mut(&id) {
            import.promise = Some(self.hidden);
        }
        Ok(self.hidden)
    }

    /// One more call, result or `keep` holds this stub.
    pub(super) fn hold(&mut self, cap: &Cap<T>) -> Option<&mut Import> {
        let Cap::Stub(Stub { id }) = cap else { return None };
        let import = self.imports.get_mut(id)?;
        import.holders += 1;
        Some(import)
    }

    /// Our program holds this stub.
    pub(super) fn hold_for_us(&mut self, cap: &Cap<T>) {
        if let Some(import) = self.hold(cap) {
            import.kept += 1;
        }
    }

    /// One holder less. With the last one, the stub is given back.
    pub(super) fn let_go(&mut self, id: i64, out: &mut Vec<Output<T>>) {
        let Some(import) = self.imports.get_mut(&id) else { return };
        import.holders -= 1;
        if import.holders > 0 {
            return;
        }
        let Import { refs, promise, .. } = *import;
        self.imports.remove(&id);
        out.push(Output::Send(Message::Release(id, refs).write()));
        if let Some(slot) = promise {
            if let Some(slot) = self.slots.get_mut(&slot) {
                slot.is_forgotten = true;
            }
            self.tidy(slot, out);
        }
    }

    /// A result that is kept: not too big, not too deep, nothing in it is gone, and it holds its
    /// stubs.
    pub(super) fn hold_result(&mut self, result: Outcome<T>) -> Outcome<T> {
        let value = match result {
            // A short error takes the place of a long one, so this cannot go on and on.
            Err(error) if self.held + error.weight() > self.may_hold => {
                return Err(self.too_much());
            }
            result => result?,
        };
        if value.weight(MAX_VALUE_DEPTH).is_none() {
            return Err(too_deep());
        }
        if self.held + weight(&value) > self.may_hold {
            return Err(self.too_much());
        }
        self.can_send(&value)?;
        value.each_cap(&mut |cap| {
            self.hold(cap);
        });
        Ok(value)
    }
}
