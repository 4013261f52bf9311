//! A slot: one result of a session, and the job that comes before it.

use crate::error::{Code, RpcError};
use crate::stub::Key;
use crate::value::{Cap, Value};
use crate::wire::MAX_DEPTH;

/// The most bytes of results that are kept for a caller that has not released them, and of
/// arguments that wait. Results can be put into further calls, and again, so a few lines could
/// fill all memory.
pub const MAX_HELD: usize = 4 << 20;

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
    /// The main object of a program that exports none.
    NoMain,
}

/// What a slot does to get its result.
#[derive(Clone, Debug)]
pub(super) enum Job<T> {
    /// Put a value together.
    Value(Value<Part<T>>),
    /// Call something, or read a property of it.
    Call { callee: Part<T>, path: Vec<Key>, args: Option<Vec<Value<Part<T>>>> },
}

/// The stages of a slot.
#[derive(Clone, Debug)]
pub(super) enum State<T> {
    /// Some slots that it needs are not done.
    Waiting(Job<T>),
    /// Our program runs the call.
    Running,
    /// The other side has promised to resolve it.
    Promised,
    /// The result is there.
    Done(Outcome<T>),
}

impl<T> State<T> {
    /// Takes the state out. [`State::Running`] stands in for it until it is put back.
    pub(super) fn take(&mut self) -> Self {
        std::mem::replace(self, Self::Running)
    }
}

/// What a job uses until it is done.
#[derive(Clone, Debug, Default)]
pub(super) struct Uses {
    /// The slots that it needs, each as often as it needs it.
    pub(super) needs: Vec<i64>,
    /// The imports that it may call.
    pub(super) borrowed: Vec<i64>,
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
    /// What its job needs and may call.
    pub(super) uses: Uses,
    /// How many of the slots that it needs are not done.
    pub(super) missing: usize,
    /// How many slots need this one.
    pub(super) users: usize,
    /// Those that wait for it, in the order in which they came.
    pub(super) waiters: Vec<i64>,
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
            uses: Uses::default(),
            missing: 0,
            users: 0,
            waiters: Vec::new(),
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
            Self::Call { path, args, .. } => {
                let names = path.iter().map(|key| key.to_string().len());
                names.chain(args.iter().flatten().map(weight)).sum()
            }
        }
    }
}

pub(crate) fn too_deep() -> RpcError {
    let text = format!("more than {MAX_DEPTH} brackets would be open at once");
    RpcError::new(Code::BadRequest, text)
}
