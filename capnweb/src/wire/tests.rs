//! Every form of the protocol, both ways; and everything that is almost one of them.

mod any_value;

use super::message::MAX_DIGITS;
use super::*;
use crate::error::{Code, RpcError};
use crate::stub::Key;
use crate::value::Value;

/// Reads an expression, where it stands in a push.
fn expr(text: &str) -> Result<Value<Ref>, RpcError> {
    match Message::read(&format!("[\"push\",{text}]"))? {
        Message::Push(value) => Ok(value),
        other => panic!("{other:?}"),
    }
}

/// Writes it, as it stands in a push.
fn written(value: &Value<Ref>) -> String {
    let line = Message::Push(value.clone()).write();
    line.strip_prefix("[\"push\",").unwrap().strip_suffix(']').unwrap().to_owned()
}

fn name(text: &str) -> Key {
    text.into()
}

#[test]
fn every_message_is_read_and_written() {
    let greet = || Ref::Pipeline { id: 0, path: vec![name("greet")], args: Some(vec![]) };
    for (text, message) in [
        (r#"["push",["pipeline",0,["greet"],[]]]"#, Message::Push(Value::Cap(greet()))),
        (r#"["pull",1]"#, Message::Pull(1)),
        (r#"["resolve",1,"hi"]"#, Message::Resolve(1, "hi".into())),
        (
            r#"["reject",2,["error","TypeError","no"]]"#,
            Message::Reject(2, RpcError::type_error("no")),
        ),
        (r#"["release",-1,1]"#, Message::Release(-1, 1)),
        (r#"["abort",["error","Error","over"]]"#, Message::Abort(RpcError::plain("over"))),
    ] {
        assert_eq!(Message::read(text), Ok(message.clone()));
        assert_eq!(message.clone().write(), text);
        // Python puts spaces after its commas.
        assert_eq!(Message::read(&text.replace(',', " , ")), Ok(message));
    }
    // The Python peers abort with a text; JavaScript counts in floating point.
    let over = Message::Abort(RpcError::plain("over"));
    assert_eq!(Message::read(r#"["abort","over"]"#), Ok(over));
    assert_eq!(Message::read(r#"["pull",1.0]"#), Ok(Message::Pull(1)));
    assert_eq!(Message::read(r#"["pull",1e3,"and more"]"#), Ok(Message::Pull(1000)));
}

#[test]
fn every_expression_is_read_and_written() {
    let list = |items: &[f64]| Value::Array(items.iter().copied().map(Value::Number).collect());
    let stats = Value::object([("name", "Bob".into()), ("messages_received", 1.into())]);
    let error = RpcError { name: "RangeError", message: "boom".into(), code: None };
    let coded = RpcError { code: Some(Code::BadRequest), ..error.clone() };
    let part = |id, path: &[Key], args| Ref::Pipeline { id, path: path.to_vec(), args };
    for (text, value) in [
        ("null", Value::Null),
        ("true", Value::Bool(true)),
        ("-1.5", Value::Number(-1.5)),
        ("9007199254740991", Value::Number(9_007_199_254_740_991.0)),
        ("-0.0", Value::Number(-0.0)),
        (r#""\u0000 \" ü""#, "\0 \" ü".into()),
        ("[[]]", list(&[])),
        ("[[1,2]]", list(&[1.0, 2.0])),
        ("[[[[1]]]]", Value::Array(vec![list(&[1.0])])),
        (r#"{"name":"Bob","messages_received":1}"#, stats),
        (r#"["undefined"]"#, Value::Undefined),
        (r#"["date",-1]"#, Value::Date(-1.0)),
        (r#"["bigint","-123"]"#, Value::BigInt("-123".into())),
        (r#"["bytes","AQID"]"#, Value::Bytes("AQID".into())),
        (r#"["inf"]"#, Value::Number(f64::INFINITY)),
        (r#"["-inf"]"#, Value::Number(f64::NEG_INFINITY)),
        (r#"["url","http://x/"]"#, Value::Url("http://x/".into())),
        (r#"["error","RangeError","boom"]"#, Value::Error(error.clone())),
        (r#"["error","RangeError","boom",null,{"code":"bad_request"}]"#, Value::Error(coded)),
        (r#"["export",-1]"#, Value::Cap(Ref::Export(-1))),
        (r#"["promise",-2]"#, Value::Cap(Ref::Promise(-2))),
        (r#"["import",-3]"#, Value::Cap(Ref::Import(-3))),
        (r#"["pipeline",1,["a",0]]"#, Value::Cap(part(1, &[name("a"), Key::Index(0)], None))),
        (r#"["pipeline",-1,[],[1]]"#, Value::Cap(part(-1, &[], Some(vec![1.into()])))),
    ] {
        assert_eq!(expr(text), Ok(value.clone()), "{text}");
        let again = written(&value);
        assert_eq!(expr(&again), Ok(value), "{again}");
        assert_eq!(again, text);
    }
    assert!(matches!(expr(r#"["nan"]"#), Ok(Value::Number(it)) if it.is_nan()));
    assert_eq!(written(&Value::Number(f64::NAN)), r#"["nan"]"#);
    assert!(matches!(expr(r#"["date",null]"#), Ok(Value::Date(it)) if it.is_nan()));
    assert_eq!(written(&Value::Date(f64::NAN)), r#"["date",null]"#);
    // The same in other words.
    assert_eq!(expr(r#"["bytes","AQI=","Uint8Array"]"#), Ok(Value::Bytes("AQI".into())));
    assert_eq!(expr(r#"["import",1,["a"]]"#), expr(r#"["pipeline",1,["a"]]"#));
    assert_eq!(expr(r#"["pipeline",1]"#), expr(r#"["import",1]"#));
    assert_eq!(written(&Value::Cap(part(1, &[], None))), r#"["pipeline",1]"#);
    let half = Value::Cap(part(1, &[name("1.5"), name("-1")], None));
    assert_eq!(expr(r#"["pipeline",1,[1.5,-1]]"#), Ok(half));
}

#[test]
fn text_that_is_no_message_is_refused_with_the_reason() {
    for (text, why) in [
        ("", "bad JSON: EOF while parsing a value at line 1 column 0"),
        (" ", "bad JSON: EOF"),
        ("[", "bad JSON: EOF"),
        ("[\"pull\",1]\n[\"pull\",2]", "bad JSON: trailing characters"),
        ("[\"pull\",1]]", "bad JSON: trailing characters"),
        ("['pull',1]", "bad JSON: expected value"),
        ("[\"push\",1e999]", "bad JSON: number out of range"),
        ("{}", "bad RPC message: {}"),
        ("17", "bad RPC message: 17"),
        ("null", "bad RPC message: null"),
        ("[]", "bad RPC message: []"),
        ("[1]", "bad RPC message: [1]"),
        (r#"["Push",1]"#, r#"bad RPC message: ["Push",1]"#),
        (r#"["sing","la"]"#, "bad RPC message"),
        (r#"["push"]"#, "bad RPC message"),
        (r#"["pull"]"#, "bad RPC message"),
        (r#"["pull","1"]"#, "bad RPC message"),
        (r#"["pull",1.5]"#, "bad RPC message"),
        (r#"["pull",9007199254740992]"#, "bad RPC message"),
        (r#"["pull",-9007199254740992]"#, "bad RPC message"),
        (r#"["pull",99999999999999999999999]"#, "bad RPC message"),
        (r#"["resolve",1]"#, "bad RPC message"),
        (r#"["resolve",null,1]"#, "bad RPC message"),
        (r#"["reject",1]"#, "bad RPC message"),
        (r#"["release",1]"#, "bad RPC message"),
        (r#"["release",1,-1]"#, "bad RPC message"),
        (r#"["release",1,0.5]"#, "bad RPC message"),
        (r#"["abort"]"#, "bad RPC message"),
        (r#"["stream",["pipeline",0,["x"],[]]]"#, "this peer takes no stream"),
        (r#"["pipe"]"#, "this peer takes no pipe"),
    ] {
        let error = Message::read(text).expect_err(text);
        assert!(error.message.starts_with(why), "{text}: {error}");
        assert_eq!(error.code, Some(Code::BadRequest));
    }
    // Not the whole of it, and not half a letter.
    let long = format!("\"{}\"", "ü".repeat(500));
    let error = Message::read(&long).expect_err("text");
    assert!(error.message.len() < 100 && error.message.ends_with('ü'), "{error}");
}

#[test]
fn json_that_is_no_expression_is_refused_with_the_reason() {
    for text in [
        "[]",
        "[1]",
        "[null]",
        r#"["a","b"]"#,
        r"[[1],2]",
        r#"["sing"]"#,
        r#"["date"]"#,
        r#"["date","now"]"#,
        r#"["bigint",1]"#,
        r#"["bigint",""]"#,
        r#"["bigint","-"]"#,
        r#"["bigint","1e3"]"#,
        r#"["bytes",1]"#,
        r#"["bytes","A"]"#,
        r#"["bytes","A?=="]"#,
        r#"["bytes","===="]"#,
        r#"["error"]"#,
        r#"["error","Error"]"#,
        r#"["error",1,"x"]"#,
        r#"["export"]"#,
        r#"["export",0]"#,
        r#"["export",1]"#,
        r#"["export","-1"]"#,
        r#"["promise",0]"#,
        r#"["promise",-1.5]"#,
        r#"["import"]"#,
        r#"["import",null]"#,
        r#"["pipeline"]"#,
        r#"["pipeline","0"]"#,
        r#"["pipeline",0,"greet"]"#,
        r#"["pipeline",0,[null]]"#,
        r#"["pipeline",0,["x"],{}]"#,
        r#"["pipeline",0,null,[]]"#,
    ] {
        let error = expr(text).expect_err(text);
        assert!(error.message.starts_with("unknown special value: "), "{text}: {error}");
        // Wherever it stands.
        for around in ["[[_]]", "{\"a\":_}", "[\"pipeline\",0,[\"x\"],[_]]"] {
            assert!(expr(&around.replace('_', text)).is_err(), "{around} {text}");
        }
    }
    let long = |digits| expr(&format!("[\"bigint\",\"{}\"]", "9".repeat(digits)));
    assert!(long(MAX_DIGITS).is_ok() && long(MAX_DIGITS + 1).is_err());
    let path = |names| expr(&format!("[\"pipeline\",0,[{}\"a\"]]", "\"a\",".repeat(names - 1)));
    assert!(path(MAX_PATH).is_ok() && path(MAX_PATH + 1).is_err());
}

#[test]
fn types_that_only_browsers_have_are_refused() {
    for tag in ["remap", "headers", "request", "response", "blob", "writable", "readable"] {
        let error = expr(&format!("[[1,[\"{tag}\",1,2]]]")).expect_err(tag);
        assert_eq!(error.message, format!("this peer takes no {tag}"));
    }
}

#[test]
fn names_of_every_object_are_dropped_from_objects() {
    let value = expr(r#"{"__proto__":1,"a":2,"toJSON":3,"constructor":4,"toString":5}"#);
    assert_eq!(value, Ok(Value::object([("a", 2.into())])));
}

#[test]
fn an_error_of_another_class_is_an_error_and_a_code_of_python_stays_one() {
    let revived = |text: &str| match expr(text) {
        Ok(Value::Error(error)) => (error.name, error.code),
        other => panic!("{other:?}"),
    };
    assert_eq!(revived(r#"["error","MyError","x"]"#), ("Error", None));
    assert_eq!(revived(r#"["error","not_found","x"]"#), ("Error", Some(Code::NotFound)));
    let with_stack =
        r#"["error","TypeError","x","at /home/me/x.js:1",{"code":"canceled","a":[]}]"#;
    assert_eq!(revived(with_stack), ("TypeError", Some(Code::Canceled)));
    assert_eq!(revived(r#"["error","Error","x",null,{"code":"ENOENT"}]"#), ("Error", None));
    assert_eq!(
        Message::read(r#"["reject",1,null]"#).unwrap().write(),
        "[\"reject\",1,[\"error\",\"Error\",\"no reason was given\"]]"
    );
}

#[test]
fn depth_is_bounded_and_a_bracket_in_a_text_is_none() {
    let deep = |levels: usize| {
        let (open, close) = ("{\"a\":".repeat(levels), "}".repeat(levels));
        Message::read(&format!("[\"push\",{open}1{close}]"))
    };
    assert!(deep(MAX_DEPTH - 1).is_ok());
    let error = deep(MAX_DEPTH).expect_err("too deep");
    assert_eq!(error.message, "more than 64 brackets are open at once");
    // A million of them cost no stack.
    assert!(deep(1_000_000).is_err() && Message::read(&"[".repeat(1_000_000)).is_err());
    let wide = format!("[\"push\",[[{}1]]]", "{},".repeat(1000));
    assert!(Message::read(&wide).is_ok());
    let text = format!(r#"["push","{}\"{}\\"]"#, "[".repeat(1000), "[".repeat(1000));
    assert!(Message::read(&text).is_ok());
    let after_text = format!(r#"["push",["\\",{}"#, "[".repeat(MAX_DEPTH));
    let error = Message::read(&after_text).expect_err("too deep");
    assert!(error.message.starts_with("more than"), "{error}");
}
