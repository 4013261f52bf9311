//! Writing: messages to JSON, compact, on one line.

use std::convert::Infallible;
use std::io::Write;

use super::message::{Message, Ref};
use crate::error::RpcError;
use crate::stub::Key;
use crate::value::Value;

impl Message {
    /// The text of it.
    pub(crate) fn write(&self) -> String {
        match self {
            Self::Push(expr) => written("push", |line| line.value(expr, &mut Ref::clone)),
            Self::Pull(id) => format!("[\"pull\",{id}]"),
            Self::Resolve(id, expr) => write_resolve(*id, expr, &mut Ref::clone),
            Self::Reject(id, error) => write_reject(*id, error),
            Self::Release(id, count) => format!("[\"release\",{id},{count}]"),
            Self::Abort(error) => written("abort", |line| line.error(error)),
        }
    }
}

/// The text of a message with this tag; `rest` writes what comes after it.
fn written(tag: &str, rest: impl FnOnce(&mut Line)) -> String {
    let mut line = Line(Vec::with_capacity(64));
    line.raw("[");
    line.text(tag);
    line.raw(",");
    rest(&mut line);
    line.raw("]");
    line.into_text()
}

/// The text of a `resolve`, of a value whose capabilities become what `cap` says.
pub(crate) fn write_resolve<C>(
    id: i64,
    value: &Value<C>,
    cap: &mut impl FnMut(&C) -> Ref,
) -> String {
    written("resolve", |line| {
        line.number(id);
        line.raw(",");
        line.value(value, cap);
    })
}

/// The text of a `reject`.
pub(crate) fn write_reject(id: i64, error: &RpcError) -> String {
    written("reject", |line| {
        line.number(id);
        line.raw(",");
        line.error(error);
    })
}

/// The text of a list of values that are the same in all sessions.
pub(crate) fn write_list(values: &[Value<Infallible>]) -> String {
    let mut line = Line(Vec::new());
    line.list(values, &mut |never| match *never {});
    line.into_text()
}

/// The text of a `push`: a call with arguments that are written already.
pub(crate) fn write_written_call(id: i64, path: &[Key], args: &str) -> String {
    written("push", |line| {
        line.raw("[\"pipeline\",");
        line.number(id);
        line.raw(",");
        line.path(path);
        line.raw(",");
        line.raw(args);
        line.raw("]");
    })
}

/// A line that is being written.
struct Line(Vec<u8>);

impl Line {
    fn into_text(self) -> String {
        String::from_utf8(self.0).expect("JSON is UTF-8")
    }

    fn raw(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
    }

    fn text(&mut self, text: &str) {
        serde_json::to_writer(&mut self.0, text).expect("a vector takes all");
    }

    fn number(&mut self, number: i64) {
        write!(self.0, "{number}").expect("a vector takes all");
    }

    /// A form with one operand, which is text.
    fn tagged(&mut self, tag: &str, operand: &str) {
        self.raw("[");
        self.text(tag);
        self.raw(",");
        self.text(operand);
        self.raw("]");
    }

    /// Items with commas between them.
    fn each<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        for (place, item) in items.iter().enumerate() {
            if place > 0 {
                self.raw(",");
            }
            write(self, item);
        }
    }

    fn list<C>(&mut self, items: &[Value<C>], cap: &mut impl FnMut(&C) -> Ref) {
        self.raw("[");
        self.each(items, |line, item| line.value(item, cap));
        self.raw("]");
    }

    fn value<C>(&mut self, value: &Value<C>, cap: &mut impl FnMut(&C) -> Ref) {
        match value {
            Value::Undefined => self.raw("[\"undefined\"]"),
            Value::Null => self.raw("null"),
            Value::Bool(truth) => self.raw(if *truth { "true" } else { "false" }),
            Value::Number(number) => self.float(*number),
            Value::String(text) => self.text(text),
            Value::Array(items) => {
                self.raw("[");
                self.list(items, cap);
                self.raw("]");
            }
            Value::Object(entries) => {
                self.raw("{");
                self.each(entries, |line, (key, value)| {
                    line.text(key);
                    line.raw(":");
                    line.value(value, cap);
                });
                self.raw("}");
            }
            Value::Date(ms) if ms.is_finite() => {
                self.raw("[\"date\",");
                self.float(*ms);
                self.raw("]");
            }
            Value::Date(_) => self.raw("[\"date\",null]"),
            Value::BigInt(digits) => self.tagged("bigint", digits),
            Value::Bytes(base64) => self.tagged("bytes", base64),
            Value::Url(href) => self.tagged("url", href),
            Value::Error(error) => self.error(error),
            Value::Cap(it) => self.capability(&cap(it)),
        }
    }

    fn float(&mut self, number: f64) {
        const EXACT: f64 = 9_007_199_254_740_992.0;
        if number.is_nan() {
            self.raw("[\"nan\"]");
        } else if number.is_infinite() {
            self.raw(if number > 0.0 { "[\"inf\"]" } else { "[\"-inf\"]" });
        } else if number.fract() == 0.0 && number.abs() <= EXACT && number.to_bits() != 1 << 63
        {
            // 1, not 1.0: some peers tell them apart.
            #[expect(clippy::cast_possible_truncation, reason = "it is whole, and exact")]
            self.number(number as i64);
        } else {
            serde_json::to_writer(&mut self.0, &number).expect("a vector takes all");
        }
    }

    fn error(&mut self, error: &RpcError) {
        self.raw("[\"error\",");
        self.text(error.name);
        self.raw(",");
        self.text(&error.message);
        if let Some(code) = error.code {
            self.raw(",null,{\"code\":");
            self.text(code.as_str());
            self.raw("}");
        }
        self.raw("]");
    }

    fn capability(&mut self, it: &Ref) {
        let (tag, id) = match it {
            Ref::Export(id) => ("[\"export\",", *id),
            Ref::Promise(id) => ("[\"promise\",", *id),
            Ref::Import(id) => ("[\"import\",", *id),
            Ref::Pipeline { id, .. } => ("[\"pipeline\",", *id),
        };
        self.raw(tag);
        self.number(id);
        if let Ref::Pipeline { path, args, .. } = it {
            if !path.is_empty() || args.is_some() {
                self.raw(",");
                self.path(path);
            }
            if let Some(args) = args {
                self.raw(",");
                self.list(args, &mut Ref::clone);
            }
        }
        self.raw("]");
    }

    fn path(&mut self, path: &[Key]) {
        self.raw("[");
        self.each(path, |line, key| match key {
            Key::Name(name) => line.text(name),
            Key::Index(index) => line.number((*index).into()),
        });
        self.raw("]");
    }
}
