//! Starting a job: results are put where only their numbers were, and out comes a value, or a call
//! to be run.

use super::Session;
use super::slot::{Job, MAX_VALUE_DEPTH, Outcome, Part, State, too_deep, weight};
use crate::error::{Code, RpcError};
use crate::path::{Found, dotted, not_forwarded};
use crate::stub::Key;
use crate::value::{Cap, Value};

/// What comes of a job.
pub(super) enum Next<T> {
    Done(Value<Cap<T>>),
    Run { target: T, path: Vec<Key>, args: Option<Vec<Value<Cap<T>>>> },
}

impl<T: Clone> Session<T> {
    /// Puts the results of other slots into a job, and says what comes next.
    pub(super) fn work_out(&mut self, id: i64, job: Job<T>) -> Result<Next<T>, RpcError> {
        let mut room = self.may_hold.saturating_sub(self.held);
        match job {
            Job::Value(value) => Ok(Next::Done(self.fill(id, value, &mut room)?)),
            Job::Call { callee, path, args } => {
                let (target, path) = match callee {
                    Part::Now(Cap::Target(target)) => (target, path),
                    Part::Now(_) => return Err(not_forwarded()),
                    Part::NoMain => return Err(no_main()),
                    Part::Later(slot) => {
                        let value = self.result(slot)?;
                        match value.follow(&path)? {
                            Found::Target(target, rest) => (target.clone(), rest.to_vec()),
                            Found::Value(value) if args.is_none() => {
                                self.hold_borrowed(id, &value);
                                return Ok(Next::Done(value));
                            }
                            Found::Value(Value::Cap(_)) => return Err(not_forwarded()),
                            Found::Value(_) => {
                                return Err(RpcError::not_a_function(&dotted(&path)));
                            }
                        }
                    }
                };
                if let Some(place) = path.iter().position(Key::is_forbidden) {
                    return nothing_of_that_name(&path, place, args.is_some());
                }
                if path.is_empty() && args.is_none() {
                    return Ok(Next::Done(Value::Cap(Cap::Target(target))));
                }
                let fill = |arg| self.fill(id, arg, &mut room);
                let args = args.map(|args| args.into_iter().map(fill).collect()).transpose()?;
                // Until the call is answered. Else a result could be put into a thousand calls.
                let filled = self.may_hold.saturating_sub(self.held) - room;
                self.held += filled;
                self.slots.entry(id).and_modify(|slot| slot.weight += filled);
                Ok(Next::Run { target, path, args })
            }
        }
    }

    /// The same value, with results where only their numbers were.
    fn fill(&mut self, id: i64, value: Value<Part<T>>, room: &mut usize) -> Outcome<T> {
        let mut filled = false;
        let value = value.try_map(&mut |part| match part {
            Part::Now(cap) => Ok(Value::Cap(cap)),
            Part::NoMain => Err(no_main()),
            Part::Later(slot) => {
                filled = true;
                let value = self.result(slot)?;
                *room = room.checked_sub(weight(value)).ok_or_else(|| self.too_much())?;
                let value = value.clone();
                self.hold_borrowed(id, &value);
                Ok(value)
            }
        })?;
        if filled && value.weight(MAX_VALUE_DEPTH).is_none() {
            return Err(too_deep());
        }
        Ok(value)
    }

    fn result(&self, slot: i64) -> Result<&Value<Cap<T>>, RpcError> {
        match self.slots.get(&slot).map(|slot| &slot.state) {
            Some(State::Done(result)) => result.as_ref().map_err(Clone::clone),
            _ => Err(RpcError::new(Code::Canceled, "the result is gone")),
        }
    }

    /// A result that goes into a job takes its stubs along.
    fn hold_borrowed(&mut self, id: i64, value: &Value<Cap<T>>) {
        if self.imports.is_empty() {
            return;
        }
        value.each_cap(&mut |cap| {
            if let (Cap::Stub(stub), Some(slot)) = (cap, self.slots.get_mut(&id)) {
                slot.uses.borrowed.push(stub.id);
            }
            self.hold(cap);
        });
    }
}

/// What JavaScript says of a property that is undefined.
fn nothing_of_that_name<T>(
    path: &[Key],
    place: usize,
    is_call: bool,
) -> Result<Next<T>, RpcError> {
    if let Some(next) = path[place..].iter().find(|key| !key.is_forbidden()) {
        let text = format!("Cannot read properties of undefined (reading '{next}')");
        return Err(RpcError::type_error(text));
    }
    if is_call {
        Err(RpcError::not_a_function(&dotted(path)))
    } else {
        Ok(Next::Done(Value::Undefined))
    }
}

fn no_main() -> RpcError {
    RpcError::plain("This connection has no main object.")
}
