//! How a value looks on the screen: as Python prints it, since that is what the lab sheet shows.

use capnweb::Value;
use terminal::clean;

/// The longest value or error that is shown whole, in characters.
const MAX_SHOWN: usize = 1000;

/// A result: text as it is, anything else as Python's `repr` has it.
pub(crate) fn shown(value: &Value) -> String {
    let text = value.as_str().map_or_else(|| repr(value), str::to_owned);
    short(&text)
}

/// Text of others, on one line, and not longer than a line should be.
pub(crate) fn short(text: &str) -> String {
    let text = harmless(text);
    match text.char_indices().nth(MAX_SHOWN) {
        Some((end, _)) => format!("{} ... ({} bytes in all)", &text[..end], text.len()),
        None => text,
    }
}

/// Text of others, fit for one line of a terminal.
fn harmless(text: &str) -> String {
    clean(text.as_bytes())
}

/// A message of others. Its lines stay lines, marked, so that none passes for somebody else's.
pub(crate) fn harmless_lines(text: &str) -> String {
    let text = text.replace("\r\n", "\n");
    let lines: Vec<_> = text.trim_end_matches('\n').split('\n').map(harmless).collect();
    lines.join("\n    | ")
}

/// A value as Python's `repr` has it.
pub(crate) fn repr(value: &Value) -> String {
    match value {
        Value::Undefined | Value::Null => "None".into(),
        Value::Bool(true) => "True".into(),
        Value::Bool(false) => "False".into(),
        Value::Number(number) => number.to_string(),
        Value::BigInt(digits) => digits.clone(),
        Value::String(text) if text.contains('\'') && !text.contains('"') => {
            format!("\"{}\"", text.replace('\\', "\\\\"))
        }
        Value::String(text) => format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'")),
        Value::Array(items) => {
            let items: Vec<_> = items.iter().map(repr).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Object(entries) => {
            let entry = |(name, value): &(String, Value)| {
                format!("{}: {}", repr(&name.as_str().into()), repr(value))
            };
            let entries: Vec<_> = entries.iter().map(entry).collect();
            format!("{{{}}}", entries.join(", "))
        }
        Value::Date(ms) => format!("Date({ms})"),
        Value::Bytes(base64) => format!("Bytes('{base64}')"),
        Value::Url(url) => format!("Url('{url}')"),
        Value::Error(error) => format!("Error('{error}')"),
        Value::Cap(_) => "<capability>".into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_of_lines_stays_one_and_each_line_is_marked() {
        for (text, shown) in [
            ("one", "one"),
            ("one\ntwo\r\n📨 Bob received: 3", "one\n    | two\n    | 📨 Bob received: 3"),
            ("one\n\ntwo\n", "one\n    | \n    | two"),
            ("a\rb\u{1b}[2J\u{2028}c\n\rd", "a\u{FFFD}b\u{FFFD}[2J\u{FFFD}c\n    | \u{FFFD}d"),
            ("\n", ""),
        ] {
            assert_eq!(harmless_lines(text), shown);
        }
    }

    #[test]
    fn values_look_as_in_python_and_do_no_harm() {
        assert_eq!(shown(&"Hello! I'm Alice.".into()), "Hello! I'm Alice.");
        let stats = Value::object([("name", "Bob".into()), ("messages_received", 1.into())]);
        assert_eq!(shown(&stats), "{'name': 'Bob', 'messages_received': 1}");
        let value = Value::object([
            ("it's", Value::Array(vec![Value::Null, Value::Bool(true), 1.5.into()])),
            ("a\u{1b}[2J", "say \"it's\"".into()),
        ]);
        let expected = "{\"it's\": [None, True, 1.5], 'a\u{FFFD}[2J': 'say \"it\\'s\"'}";
        assert_eq!(shown(&value), expected);
        let with_backslash = Value::Array(vec![r"it's a\b".into()]);
        assert_eq!(shown(&with_backslash), r#"["it's a\\b"]"#);
        let long = shown(&"x".repeat(5000).as_str().into());
        assert!(long.len() < 1100 && long.ends_with("(5000 bytes in all)"), "{long}");
    }
}
