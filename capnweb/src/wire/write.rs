//! Writing: messages to JSON, compact, on one line.

use std::iter;

use serde_json::{Value as Json, json};

use super::message::{Message, Ref};
use crate::error::RpcError;
use crate::stub::Key;
use crate::value::Value;

impl Message {
    /// The text of it.
    pub(crate) fn write(self) -> String {
        let json = match self {
            Self::Push(expr) => tagged("push", [value(expr)]),
            Self::Pull(id) => tagged("pull", [id.into()]),
            Self::Resolve(id, expr) => tagged("resolve", [id.into(), value(expr)]),
            Self::Reject(id, reason) => tagged("reject", [id.into(), error(reason)]),
            Self::Release(id, count) => tagged("release", [id.into(), count.into()]),
            Self::Abort(reason) => tagged("abort", [error(reason)]),
        };
        json.to_string()
    }
}

/// The text of a list of values, as [`write_written_call`] takes it.
pub(crate) fn write_list(values: Vec<Value<Ref>>) -> String {
    list(values).to_string()
}

/// The text of a `push`: a call with arguments that are written already.
pub(crate) fn write_written_call(id: i64, path: Vec<Key>, args: &str) -> String {
    format!("[\"push\",[\"pipeline\",{id},{},{args}]]", keys(path))
}

/// An array that begins with a tag: a message, or a form of an expression.
fn tagged<const N: usize>(tag: &str, operands: [Json; N]) -> Json {
    iter::once(Json::from(tag)).chain(operands).collect()
}

fn value(expr: Value<Ref>) -> Json {
    match expr {
        Value::Undefined => tagged("undefined", []),
        Value::Null => Json::Null,
        Value::Bool(truth) => truth.into(),
        Value::Number(it) => number(it),
        Value::String(text) => text.into(),
        Value::Array(items) => Json::Array(vec![list(items)]),
        Value::Object(entries) => {
            entries.into_iter().map(|(key, entry)| (key, value(entry))).collect()
        }
        Value::Date(ms) if ms.is_finite() => tagged("date", [number(ms)]),
        Value::Date(_) => tagged("date", [Json::Null]),
        Value::BigInt(digits) => tagged("bigint", [digits.into()]),
        Value::Bytes(base64) => tagged("bytes", [base64.into()]),
        Value::Url(href) => tagged("url", [href.into()]),
        Value::Error(it) => error(it),
        Value::Cap(it) => capability(it),
    }
}

fn list(values: Vec<Value<Ref>>) -> Json {
    values.into_iter().map(value).collect()
}

fn number(number: f64) -> Json {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    let is_minus_zero = number == 0.0 && number.is_sign_negative();
    if number.is_nan() {
        tagged("nan", [])
    } else if number.is_infinite() {
        tagged(if number > 0.0 { "inf" } else { "-inf" }, [])
    } else if number.fract() == 0.0 && number.abs() <= EXACT && !is_minus_zero {
        // 1, not 1.0: some peers tell them apart.
        #[expect(clippy::cast_possible_truncation, reason = "it is whole, and exact")]
        let whole = number as i64;
        whole.into()
    } else {
        number.into()
    }
}

fn error(RpcError { name, message, code }: RpcError) -> Json {
    match code {
        None => tagged("error", [name.into(), message.into()]),
        Some(code) => {
            let stack = Json::Null; // Ours stays with us.
            let properties = json!({ "code": code.as_str() });
            tagged("error", [name.into(), message.into(), stack, properties])
        }
    }
}

fn capability(it: Ref) -> Json {
    match it {
        Ref::Export(id) => tagged("export", [id.into()]),
        Ref::Promise(id) => tagged("promise", [id.into()]),
        Ref::Import(id) => tagged("import", [id.into()]),
        Ref::Pipeline { id, path, args: Some(args) } => {
            tagged("pipeline", [id.into(), keys(path), list(args)])
        }
        Ref::Pipeline { id, path, args: None } if path.is_empty() => {
            tagged("pipeline", [id.into()])
        }
        Ref::Pipeline { id, path, args: None } => tagged("pipeline", [id.into(), keys(path)]),
    }
}

fn keys(path: Vec<Key>) -> Json {
    let key = |key| match key {
        Key::Name(name) => Json::from(name),
        Key::Index(index) => index.into(),
    };
    path.into_iter().map(key).collect()
}
