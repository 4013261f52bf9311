//! A slot: a place for one result, and for what has to happen before it is there.

use super::{MAX_HELD, Session};
use crate::error::{Code, RpcError};
use crate::stub::Key;
use crate::target::dotted;
use crate::value::{Cap, Found, Value, not_forwarded};
use crate::wire::MAX_DEPTH;

/// The slots that the other side cannot name have numbers that it cannot write.
pub(super) const FIRST_HIDDEN: i64 = 1 << 60;

/// How many brackets may be open in a value: what is left for it inside of a message.
pub(crate) const MAX_VALUE_DEPTH: usize = MAX_DEPTH - 5;

/// How a call has ended.
pub(super) type Outcome<T> = Result<Value<Cap<T>>, RpcError>;

/// A capability in a job that may have to wait.
#[derive(Clone, Debug)]
pub(super) enum Part<T> {
    /// It is here.
    Now(Cap<T>),
    /// The result of this slot goes here.
    Later(i64),
    /// The main object of a program that shows none.
    Nobody,
}

/// What a slot does to get its result.
#[derive(Clone, Debug)]
pub(super) enum Job<T> {
    /// Put a value together.
    Value(Value<Part<T>>),
    /// Call something, or read a property of it.
    Call { callee: Part<T>, path: Vec<Key>, args: Option<Vec<Value<Part<T>>>> },
}

/// What comes of a job.
pub(super) enum Next<T> {
    Done(Value<Cap<T>>),
    Run { target: T, path: Vec<Key>, args: Option<Vec<Value<Cap<T>>>> },
}

/// How far a slot is.
#[derive(Clone, Debug)]
pub(super) enum State<T> {
    /// Some slots that it needs are not done.
    Waiting(Job<T>),
    /// Our program is at it.
    Running,
    /// The other side has promised to resolve it.
    Promised,
    /// There it is.
    Done(Outcome<T>),
}

impl<T> State<T> {
    /// Takes out what is there, for a moment.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Running)
    }
}

/// One result, to come or here.
#[derive(Clone, Debug)]
pub(super) struct Slot<T> {
    pub(super) state: State<T>,
    /// How many references the other side has.
    pub(super) refs: u64,
    /// The other side wants to have it.
    pub(super) pulled: bool,
    /// And has got it.
    pub(super) is_sent: bool,
    /// It is the answer to this call of ours.
    pub(super) answers: Option<i64>,
    /// It is a promise that cannot be resolved any more.
    pub(super) is_forgotten: bool,
    /// The slots that it needs, each as often as it needs it.
    pub(super) needs: Vec<i64>,
    /// How many of them are not done.
    pub(super) missing: usize,
    /// How many slots need this one.
    pub(super) users: usize,
    /// Those that wait for it, in the order in which they came.
    pub(super) waiters: Vec<i64>,
    /// What it may call until it is done.
    pub(super) borrowed: Vec<i64>,
    /// How many bytes it holds, about.
    pub(super) weight: usize,
}

impl<T> Slot<T> {
    pub(super) fn new(refs: u64, answers: Option<i64>) -> Self {
        Self {
            state: State::Running,
            refs,
            pulled: false,
            is_sent: false,
            answers,
            is_forgotten: false,
            needs: Vec::new(),
            missing: 0,
            users: 0,
            waiters: Vec::new(),
            borrowed: Vec::new(),
            weight: 0,
        }
    }
}

/// How many bytes a value that is not too deep takes.
pub(super) fn weight<C>(value: &Value<C>) -> usize {
    value.weight(MAX_DEPTH).unwrap_or(MAX_HELD)
}

impl<T> Job<T> {
    pub(super) fn weight(&self) -> usize {
        match self {
            Self::Value(value) => weight(value),
            Self::Call { args, .. } => args.iter().flatten().map(weight).sum(),
        }
    }
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
                    Part::Nobody => return Err(nobody()),
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
                Ok(Next::Run { target, path, args })
            }
        }
    }

    /// The same value, with results where only their numbers were.
    fn fill(&mut self, id: i64, value: Value<Part<T>>, room: &mut usize) -> Outcome<T> {
        let mut filled = false;
        let value = value.try_map(&mut |part| match part {
            Part::Now(cap) => Ok(Value::Cap(cap)),
            Part::Nobody => Err(nobody()),
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
                slot.borrowed.push(stub.id);
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

fn nobody() -> RpcError {
    RpcError::plain("This connection has no main object.")
}

pub(crate) fn too_deep() -> RpcError {
    let text = format!("more than {MAX_DEPTH} brackets would be open at once");
    RpcError::new(Code::BadRequest, text)
}
