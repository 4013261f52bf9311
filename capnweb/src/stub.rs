//! What can be called: a stub, which stands for an object of the other side, and a promise, which
//! stands for an answer that is not here yet. Both are only numbers: to call one, ask its session.
//!
//! A stub can be copied, but keeps nothing alive by itself:
//! [`Session::keep`](super::Session::keep) says how long it can be called.

use std::fmt;

/// A step into a value: a name in an object, or a place in an array.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Key {
    /// A property or a method.
    Name(String),
    /// A place in an array, from 0.
    Index(u32),
}

impl Key {
    /// Whether every JavaScript object has this one. For the other side such a name is not there:
    /// not as a property, not as a method, and not as a key of an object.
    pub(crate) fn is_forbidden(&self) -> bool {
        matches!(self, Self::Name(name) if is_forbidden(name))
    }
}

/// Whether this is a property of JavaScript's `Object.prototype`, or `toJSON`, as in npm.
pub(crate) fn is_forbidden(name: &str) -> bool {
    matches!(
        name,
        "__defineGetter__"
            | "__defineSetter__"
            | "__lookupGetter__"
            | "__lookupSetter__"
            | "__proto__"
            | "constructor"
            | "hasOwnProperty"
            | "isPrototypeOf"
            | "propertyIsEnumerable"
            | "toJSON"
            | "toLocaleString"
            | "toString"
            | "valueOf"
    )
}

impl From<&str> for Key {
    fn from(name: &str) -> Self {
        Self::Name(name.to_owned())
    }
}

impl From<u32> for Key {
    fn from(index: u32) -> Self {
        Self::Index(index)
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Name(name) => f.write_str(name),
            Self::Index(index) => write!(f, "{index}"),
        }
    }
}

/// An object of the other side.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Stub {
    /// Our import: 0, or negative.
    pub(crate) id: i64,
}

impl Stub {
    /// The main object of the other side. Every session may call it.
    pub const MAIN: Self = Self { id: 0 };
}

/// One call of ours, by the number that both sides count it by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CallId(pub(crate) i64);

/// The answer to a call of ours, or a part of it, before it is here.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Promise {
    /// The call it is the answer to.
    pub call: CallId,
    /// Where in that answer.
    pub(crate) path: Vec<Key>,
}

impl Promise {
    /// A part of this answer. Nothing is sent yet.
    #[must_use]
    pub fn get(mut self, key: impl Into<Key>) -> Self {
        self.path.push(key.into());
        self
    }
}

/// The object that a call goes to: a [`Stub`], or a [`Promise`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callee {
    pub(crate) id: i64,
    pub(crate) path: Vec<Key>,
}

impl From<Stub> for Callee {
    fn from(stub: Stub) -> Self {
        Self { id: stub.id, path: Vec::new() }
    }
}

impl From<Promise> for Callee {
    fn from(promise: Promise) -> Self {
        Self { id: promise.call.0, path: promise.path }
    }
}

impl From<&Promise> for Callee {
    fn from(promise: &Promise) -> Self {
        promise.clone().into()
    }
}
