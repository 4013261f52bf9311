//! A value that travels: what JSON has, what JavaScript has besides, and capabilities.
//!
//! A value can hold an object that is exported, and such an object takes and returns values. So
//! the trait of both stands here.
//!
//! `C` is the form of its capabilities: numbers on the wire, a [`Cap`] in a session. They are two
//! types, so no value is delivered in which a number is still to be looked up.

use std::fmt;
use std::sync::Arc;

use super::error::RpcError;
use super::stub::{Promise, Stub};

/// An object that others may call.
///
/// Names that every JavaScript object has, such as `toString` or `constructor`, never get here:
/// the session says that there is nothing of that name, and so does npm.
pub trait Target: Send + Sync {
    /// Calls a method. The empty name means the object itself, where it is a function.
    /// For a name that is no method, the error is [`RpcError::not_a_function`].
    fn call(&self, method: &str, args: Vec<Value>) -> Result<Value, RpcError>;

    /// Reads a property; [`Value::Undefined`] if there is none of this name.
    fn property(&self, name: &str) -> Result<Value, RpcError> {
        let _ = name;
        Ok(Value::Undefined)
    }
}

impl fmt::Debug for dyn Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target")
    }
}

impl PartialEq for dyn Target {
    /// The same object, not an equal one.
    fn eq(&self, other: &Self) -> bool {
        std::ptr::addr_eq(self, other)
    }
}

/// The right to call something. `T` is the program's own type for the objects that it exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cap<T> {
    /// An object of ours. The other side gets a stub for it, or has handed its stub back.
    Target(T),
    /// An object of the other side.
    Stub(Stub),
    /// An answer that is not here yet; only in what we send. The other side puts it in.
    Promise(Promise),
}

/// What can be an argument or a result.
#[derive(Clone, Debug, PartialEq)]
pub enum Value<C = Cap<Arc<dyn Target>>> {
    /// What a method without a result returns.
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number of JavaScript, also infinity and NaN. Whole ones are exact up to 2^53.
    Number(f64),
    /// Text.
    String(String),
    /// A list.
    Array(Vec<Self>),
    /// Names and values, in their order.
    Object(Vec<(String, Self)>),
    /// Milliseconds since 1970; NaN for JavaScript's invalid date.
    Date(f64),
    /// The decimal digits of a whole number of any size.
    BigInt(String),
    /// Bytes, as base64 without padding.
    Bytes(String),
    /// A `URL` object. npm sends it where a text would do, so it is not refused.
    Url(String),
    /// An error that is a value, and not the fate of a call.
    Error(RpcError),
    /// Something to call.
    Cap(C),
}

impl<C> Value<C> {
    /// An object of these names and values.
    ///
    /// ```
    /// use capnweb::Value;
    /// let stats: Value = Value::object([("name", "Bob".into()), ("messages_received", 1.into())]);
    /// assert_eq!(stats.get("name").and_then(Value::as_str), Some("Bob"));
    /// ```
    pub fn object<const N: usize>(entries: [(&str, Self); N]) -> Self {
        Self::Object(
            entries.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
        )
    }

    /// The text, if it is text.
    pub fn as_str(&self) -> Option<&str> {
        if let Self::String(text) = self { Some(text) } else { None }
    }

    /// The number, if it is a number.
    pub fn as_number(&self) -> Option<f64> {
        if let Self::Number(number) = self { Some(*number) } else { None }
    }

    /// The boolean, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        if let Self::Bool(truth) = self { Some(*truth) } else { None }
    }

    /// The items, if it is a list.
    pub fn as_array(&self) -> Option<&[Self]> {
        if let Self::Array(items) = self { Some(items) } else { None }
    }

    /// The value of this name, if this is an object that has the name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        let Self::Object(entries) = self else { return None };
        entries.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// The same tree, with `f` of each capability in its place. `f` may put a whole tree there.
    pub(crate) fn try_map<D>(
        self,
        f: &mut impl FnMut(C) -> Result<Value<D>, RpcError>,
    ) -> Result<Value<D>, RpcError> {
        Ok(match self {
            Self::Undefined => Value::Undefined,
            Self::Null => Value::Null,
            Self::Bool(truth) => Value::Bool(truth),
            Self::Number(number) => Value::Number(number),
            Self::String(text) => Value::String(text),
            Self::Array(items) => {
                let items = items.into_iter().map(|item| item.try_map(f));
                Value::Array(items.collect::<Result<_, _>>()?)
            }
            Self::Object(entries) => {
                let entries =
                    entries.into_iter().map(|(key, value)| Ok((key, value.try_map(f)?)));
                Value::Object(entries.collect::<Result<_, RpcError>>()?)
            }
            Self::Date(ms) => Value::Date(ms),
            Self::BigInt(digits) => Value::BigInt(digits),
            Self::Bytes(base64) => Value::Bytes(base64),
            Self::Url(href) => Value::Url(href),
            Self::Error(error) => Value::Error(error),
            Self::Cap(cap) => f(cap)?,
        })
    }

    /// Shows each capability in it to `f`.
    pub(crate) fn each_cap(&self, f: &mut impl FnMut(&C)) {
        match self {
            Self::Array(items) => items.iter().for_each(|item| item.each_cap(f)),
            Self::Object(entries) => entries.iter().for_each(|(_, value)| value.each_cap(f)),
            Self::Cap(cap) => f(cap),
            _ => {}
        }
    }

    /// About how many bytes it takes, if it is written with at most so many open brackets.
    pub(crate) fn weight(&self, brackets: usize) -> Option<usize> {
        let inside = match self {
            Self::String(text) | Self::BigInt(text) | Self::Bytes(text) | Self::Url(text) => {
                text.len()
            }
            Self::Array(items) => {
                let brackets = brackets.checked_sub(2)?;
                items.iter().try_fold(0, |sum, item| Some(sum + item.weight(brackets)?))?
            }
            Self::Object(entries) => {
                let brackets = brackets.checked_sub(1)?;
                let mut entries = entries.iter();
                entries.try_fold(0, |sum, (key, value)| {
                    Some(sum + size_of::<String>() + key.len() + value.weight(brackets)?)
                })?
            }
            Self::Error(error) => error.weight(),
            _ => 0,
        };
        Some(size_of::<Self>() + inside)
    }
}

impl<C> From<&str> for Value<C> {
    fn from(text: &str) -> Self {
        Self::String(text.to_owned())
    }
}

impl<C> From<String> for Value<C> {
    fn from(text: String) -> Self {
        Self::String(text)
    }
}

impl<C> From<bool> for Value<C> {
    fn from(truth: bool) -> Self {
        Self::Bool(truth)
    }
}

impl<C> From<f64> for Value<C> {
    fn from(number: f64) -> Self {
        Self::Number(number)
    }
}

impl<C> From<i32> for Value<C> {
    fn from(number: i32) -> Self {
        Self::Number(number.into())
    }
}

impl<C> From<u32> for Value<C> {
    fn from(number: u32) -> Self {
        Self::Number(number.into())
    }
}

impl<C> From<Vec<Self>> for Value<C> {
    fn from(items: Vec<Self>) -> Self {
        Self::Array(items)
    }
}

impl<T> From<Stub> for Value<Cap<T>> {
    fn from(stub: Stub) -> Self {
        Self::Cap(Cap::Stub(stub))
    }
}

impl<T> From<Promise> for Value<Cap<T>> {
    fn from(promise: Promise) -> Self {
        Self::Cap(Cap::Promise(promise))
    }
}

impl From<Arc<dyn Target>> for Value {
    fn from(target: Arc<dyn Target>) -> Self {
        Self::Cap(Cap::Target(target))
    }
}
