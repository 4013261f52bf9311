//! Writing: messages to JSON, compact, on one line. A tuple becomes an array, and so each form looks
//! here as it does on the wire.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};

use super::message::{Message, Ref};
use crate::error::RpcError;
use crate::stub::Key;
use crate::value::Value;

impl Message {
    /// The text of it.
    pub(crate) fn write(&self) -> String {
        match self {
            Self::Push(expr) => json(&("push", expr)),
            Self::Pull(id) => json(&("pull", id)),
            Self::Resolve(id, expr) => json(&("resolve", id, expr)),
            Self::Reject(id, error) => json(&("reject", id, error)),
            Self::Release(id, count) => json(&("release", id, count)),
            Self::Abort(error) => json(&("abort", error)),
        }
    }
}

/// The text of a `push`: a call with arguments that are written already, as a list.
pub(crate) fn write_written_call(id: i64, path: &[Key], args: &str) -> String {
    format!("[\"push\",[\"pipeline\",{id},{},{args}]]", json(&path))
}

/// The text of anything that is a part of a message.
pub(crate) fn json(it: &impl Serialize) -> String {
    serde_json::to_string(it).expect("all names in objects are text")
}

impl Serialize for Value<Ref> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Undefined => ["undefined"].serialize(to),
            Self::Null => to.serialize_unit(),
            Self::Bool(truth) => to.serialize_bool(*truth),
            Self::Number(number) => write_number(*number, to),
            Self::String(text) => to.serialize_str(text),
            Self::Array(items) => [items].serialize(to),
            Self::Object(entries) => {
                to.collect_map(entries.iter().map(|(key, entry)| (key, entry)))
            }
            Self::Date(ms) if ms.is_finite() => ("date", Self::Number(*ms)).serialize(to),
            Self::Date(_) => ("date", Self::Null).serialize(to),
            Self::BigInt(digits) => ["bigint", digits].serialize(to),
            Self::Bytes(base64) => ["bytes", base64].serialize(to),
            Self::Url(href) => ["url", href].serialize(to),
            Self::Error(error) => error.serialize(to),
            Self::Cap(it) => it.serialize(to),
        }
    }
}

fn write_number<S: Serializer>(number: f64, to: S) -> Result<S::Ok, S::Error> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_minus_zero = number == 0.0 && number.is_sign_negative();
    if number.is_nan() {
        ["nan"].serialize(to)
    } else if number.is_infinite() {
        [if number > 0.0 { "inf" } else { "-inf" }].serialize(to)
    } else if number.fract() == 0.0 && number.abs() <= EXACT && !is_minus_zero {
        // 1, not 1.0: some peers tell them apart.
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and exact")]
        to.serialize_i64(number as i64)
    } else {
        to.serialize_f64(number)
    }
}

impl Serialize for RpcError {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let Self { name, message, code } = self;
        match code {
            None => ["error", name, message].serialize(to),
            Some(code) => {
                let properties = BTreeMap::from([("code", code.as_str())]);
                // In the fourth place is a stack. Ours stays with us.
                ("error", name, message, (), properties).serialize(to)
            }
        }
    }
}

impl Serialize for Ref {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Export(id) => ("export", id).serialize(to),
            Self::Promise(id) => ("promise", id).serialize(to),
            Self::Import(id) => ("import", id).serialize(to),
            Self::Pipeline { id, path, args: Some(args) } => {
                ("pipeline", id, path, args).serialize(to)
            }
            Self::Pipeline { id, path, args: None } if path.is_empty() => {
                ("pipeline", id).serialize(to)
            }
            Self::Pipeline { id, path, args: None } => ("pipeline", id, path).serialize(to),
        }
    }
}

impl Serialize for Key {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Name(name) => to.serialize_str(name),
            Self::Index(index) => to.serialize_u32(*index),
        }
    }
}
