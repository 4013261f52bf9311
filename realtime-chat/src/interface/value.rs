//! Values: how both sides read and write the parts of a call, and the objects in it.

use std::sync::Arc;

use capnweb::{Cap, RpcError, Stub, Value};
use terminal::clean;

use crate::name::Name;

/// The outcome of a call: its result, or the error that the caller gets.
pub(crate) type Result<T, E = RpcError> = std::result::Result<T, E>;

/// The number of a connection. None is used twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ClientId(pub u64);

/// A file that a client shares. It is the very object that others call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Shared {
    pub by: ClientId,
    /// The user that this client is.
    pub name: Name,
    pub stub: Stub,
}

/// An object that the server exports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Exported {
    /// The chat.
    Chat,
    /// A file of some other client.
    File(Arc<Shared>),
}

/// The text, fit for a terminal.
pub(super) fn text<C>(value: &Value<C>) -> Option<String> {
    value.as_str().map(|text| clean(text.as_bytes()))
}

/// The stub, if the value is one.
pub(super) fn stub<T>(value: &Value<Cap<T>>) -> Option<Stub> {
    if let Value::Cap(Cap::Stub(stub)) = value { Some(*stub) } else { None }
}

/// The bytes, as base64, if the value is bytes.
pub(crate) fn bytes<C>(value: Value<C>) -> Option<String> {
    if let Value::Bytes(base64) = value { Some(base64) } else { None }
}

/// A user's text, fit for a terminal. Its lines stay lines, each ended by `\n`.
pub(super) fn spoken(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let ends = ['\n', '\r', '\u{B}', '\u{C}', '\u{85}', '\u{2028}', '\u{2029}'];
    text.split(ends).map(|line| clean(line.as_bytes())).collect::<Vec<_>>().join("\n")
}

/// The number, if it is a whole one that can be counted to.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked")]
pub(crate) fn whole<C>(value: &Value<C>) -> Option<u64> {
    const MOST: f64 = 9_007_199_254_740_991.0; // JavaScript's Number.MAX_SAFE_INTEGER
    let number = value.as_number()?;
    let fits = (0.0..=MOST).contains(&number) && number.fract() == 0.0;
    fits.then_some(number as u64)
}

/// A number as JavaScript has it.
#[expect(clippy::cast_precision_loss, reason = "exact for the first 9 quadrillion")]
pub(crate) fn number<C>(number: u64) -> Value<C> {
    Value::Number(number as f64)
}
