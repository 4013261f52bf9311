//! Reading: JSON to messages. A form that we do not know is an error, and nothing is guessed.

use serde_json::Value as Json;

use super::message::{MAX_DEPTH, MAX_DIGITS, MAX_ID, MAX_PATH, Message, Ref};
use crate::error::{Code, RpcError};
use crate::stub::{Key, is_forbidden};
use crate::value::Value;

/// How much of a bad thing is shown, in bytes.
const SHOWN: usize = 80;

impl Message {
    /// Reads one message. After one that we do not take, both sides no longer count alike, so the
    /// session cannot go on.
    pub(crate) fn read(text: &str) -> Result<Self, RpcError> {
        if is_too_deep(text) {
            return Err(bad(format!("more than {MAX_DEPTH} brackets are open at once")));
        }
        let json: Json =
            serde_json::from_str(text).map_err(|why| bad(format!("bad JSON: {why}")))?;
        let no_message = || bad(format!("bad RPC message: {}", start_of(text)));
        let Json::Array(items) = json else { return Err(no_message()) };
        let mut items = items.into_iter();
        let Some(Json::String(tag)) = items.next() else { return Err(no_message()) };
        let mut next = || items.next().ok_or_else(no_message);
        Ok(match tag.as_str() {
            "push" => Self::Push(value(next()?)?),
            "pull" => Self::Pull(id(&next()?).ok_or_else(no_message)?),
            "resolve" => Self::Resolve(id(&next()?).ok_or_else(no_message)?, value(next()?)?),
            "reject" => Self::Reject(id(&next()?).ok_or_else(no_message)?, reason(next()?)?),
            "release" => {
                let id = id(&next()?).ok_or_else(no_message)?;
                let count = whole(&next()?).and_then(|count| u64::try_from(count).ok());
                Self::Release(id, count.ok_or_else(no_message)?)
            }
            "abort" => Self::Abort(reason(next()?)?),
            "stream" | "pipe" => return Err(refused(&tag)),
            _ => return Err(no_message()),
        })
    }
}

/// Counts brackets, and leaves it to the parser whether they match.
fn is_too_deep(text: &str) -> bool {
    let (mut depth, mut in_text, mut escaped) = (0_usize, false, false);
    for byte in text.bytes() {
        if in_text {
            in_text = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_text = true,
            b'[' | b'{' if depth == MAX_DEPTH => return true,
            b'[' | b'{' => depth += 1,
            b']' | b'}' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

fn value(json: Json) -> Result<Value<Ref>, RpcError> {
    Ok(match json {
        Json::Null => Value::Null,
        Json::Bool(truth) => Value::Bool(truth),
        Json::Number(number) => Value::Number(number.as_f64().unwrap_or(f64::NAN)),
        Json::String(text) => Value::String(text),
        Json::Object(entries) => {
            let allowed = entries.into_iter().filter(|(key, _)| !is_forbidden(key));
            let entries = allowed.map(|(key, json)| Ok((key, value(json)?)));
            Value::Object(entries.collect::<Result<_, RpcError>>()?)
        }
        Json::Array(mut items) => match items.as_mut_slice() {
            [Json::Array(list)] => {
                let list = std::mem::take(list).into_iter().map(value);
                Value::Array(list.collect::<Result<_, _>>()?)
            }
            [Json::String(_), ..] => return special(items),
            _ => return Err(unknown(&Json::Array(items))),
        },
    })
}

/// An array that begins with a tag. More items than the tag needs are ignored, as npm does.
fn special(items: Vec<Json>) -> Result<Value<Ref>, RpcError> {
    let tag = items[0].as_str().unwrap_or_default();
    let special = match (tag, &items[1..]) {
        ("undefined", _) => Some(Value::Undefined),
        ("inf", _) => Some(Value::Number(f64::INFINITY)),
        ("-inf", _) => Some(Value::Number(f64::NEG_INFINITY)),
        ("nan", _) => Some(Value::Number(f64::NAN)),
        ("date", [Json::Null, ..]) => Some(Value::Date(f64::NAN)),
        ("date", [Json::Number(ms), ..]) => ms.as_f64().map(Value::Date),
        ("bigint", [Json::String(digits), ..]) if is_whole(digits) => {
            Some(Value::BigInt(digits.clone()))
        }
        ("bytes", [Json::String(base64), ..]) => {
            let unpadded = base64.trim_end_matches('=');
            let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"+/".contains(&byte);
            let fits = unpadded.len() % 4 != 1 && base64.len() - unpadded.len() <= 2;
            let fits = fits && unpadded.bytes().all(is_base64);
            fits.then(|| Value::Bytes(unpadded.to_owned()))
        }
        ("url", [Json::String(href), ..]) => Some(Value::Url(href.clone())),
        ("error", [Json::String(name), Json::String(message), rest @ ..]) => {
            // A stack stays unread, and so do all properties but ours.
            let code = rest.get(1).and_then(|props| props.get("code")).and_then(Json::as_str);
            Some(Value::Error(RpcError::revived(name, message.clone(), code)))
        }
        ("export", [exported, ..]) => {
            id(exported).filter(|id| *id < 0).map(|id| Value::Cap(Ref::Export(id)))
        }
        ("promise", [promised, ..]) => {
            id(promised).filter(|id| *id < 0).map(|id| Value::Cap(Ref::Promise(id)))
        }
        ("import" | "pipeline", [_, ..]) => return pipeline(items),
        (
            "remap" | "headers" | "request" | "response" | "blob" | "writable" | "readable",
            _,
        ) => return Err(refused(tag)),
        _ => None,
    };
    special.ok_or_else(|| unknown(&Json::Array(items)))
}

/// An import, or what is asked of one. With nothing asked, both tags mean the same.
fn pipeline(items: Vec<Json>) -> Result<Value<Ref>, RpcError> {
    let bad_one = |items: Vec<Json>| unknown(&Json::Array(items));
    let Some(id) = id(&items[1]) else { return Err(bad_one(items)) };
    let path = match items.get(2) {
        None => Some(Vec::new()),
        Some(Json::Array(keys)) if keys.len() > MAX_PATH => {
            return Err(bad(format!("a path of more than {MAX_PATH} names")));
        }
        Some(Json::Array(keys)) => keys.iter().map(key).collect(),
        Some(_) => None,
    };
    let Some(path) = path else { return Err(bad_one(items)) };
    let args = match items.into_iter().nth(3) {
        None if path.is_empty() => return Ok(Value::Cap(Ref::Import(id))),
        None => None,
        Some(Json::Array(args)) => {
            Some(args.into_iter().map(value).collect::<Result<Vec<_>, _>>()?)
        }
        Some(other) => return Err(unknown(&other)),
    };
    Ok(Value::Cap(Ref::Pipeline { id, path, args }))
}

/// A name, or a number. A number that is no place in an array can only be a name.
fn key(json: &Json) -> Option<Key> {
    match json {
        Json::String(name) => Some(Key::Name(name.clone())),
        Json::Number(number) => {
            let index = whole(json).and_then(|index| u32::try_from(index).ok());
            Some(index.map_or_else(|| Key::Name(number.to_string()), Key::Index))
        }
        _ => None,
    }
}

fn reason(json: Json) -> Result<RpcError, RpcError> {
    Ok(match value(json)? {
        Value::Error(error) => error,
        // The Python peers abort with a bare text.
        Value::String(text) => RpcError::plain(text),
        _ => RpcError::plain("no reason was given"),
    })
}

fn id(json: &Json) -> Option<i64> {
    whole(json).filter(|id| (-MAX_ID..=MAX_ID).contains(id))
}

/// A whole number. To JavaScript, 1.0 is one, too.
fn whole(json: &Json) -> Option<i64> {
    #[expect(clippy::cast_precision_loss, reason = "MAX_ID is exact")]
    let is_exact = |number: &f64| number.fract() == 0.0 && number.abs() <= MAX_ID as f64;
    #[expect(clippy::cast_possible_truncation, reason = "it is whole, and below 2^53")]
    json.as_i64().or_else(|| json.as_f64().filter(is_exact).map(|number| number as i64))
}

fn is_whole(digits: &str) -> bool {
    let unsigned = digits.strip_prefix('-').unwrap_or(digits);
    (1..=MAX_DIGITS).contains(&unsigned.len())
        && unsigned.bytes().all(|byte| byte.is_ascii_digit())
}

fn bad(why: String) -> RpcError {
    RpcError::new(Code::BadRequest, why)
}

fn refused(tag: &str) -> RpcError {
    bad(format!("this peer takes no {tag}"))
}

fn unknown(json: &Json) -> RpcError {
    bad(format!("unknown special value: {}", start_of(&json.to_string())))
}

fn start_of(text: &str) -> &str {
    &text[..text.floor_char_boundary(SHOWN)]
}
