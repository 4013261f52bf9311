//! Any value at all is the same after it was written and read.
//!
//! `RPC_DAMAGE=10000000 cargo test -p capnweb any_value --release` tries as many as you have time
//! for.

use std::env;

use super::{expr, written};
use crate::stub::Key;
use crate::tests::chance::Chance;
use crate::value::Value;
use crate::wire::Ref;

/// How many values an ordinary run tries.
const VALUES: u64 = 20_000;

#[test]
fn any_value_survives_writing_and_reading() {
    let values = env::var("RPC_DAMAGE").ok().and_then(|text| text.parse().ok());
    let mut chance = Chance(0x9E37_79B9_7F4A_7C15);
    let (mut deepest, mut longest) = (0, 0);
    for _ in 0..values.unwrap_or(VALUES) {
        let levels = chance.below(12);
        let value = chance.value(levels, &mut |chance| {
            let id = -1 - i64::try_from(chance.below(100)).unwrap_or(0);
            Some(match chance.below(4) {
                0 => Ref::Export(id),
                1 => Ref::Promise(id),
                2 => Ref::Import(-id),
                _ => {
                    let path = vec![Key::Name("a".into()), Key::Index(2)];
                    Ref::Pipeline { id: -id, path, args: Some(vec![Value::Undefined]) }
                }
            })
        });
        let text = written(&value);
        assert!(!text.contains(['\n', '\r']), "{text:?}");
        let again = expr(&text);
        assert_eq!(again.as_ref(), Ok(&value), "{text}");
        deepest = deepest.max(text.len() - text.trim_start_matches(['[', '{']).len());
        longest = longest.max(text.len());
    }
    // A test that only ever sees leaves tests nothing.
    assert!(deepest > 8 && longest > 500, "{deepest} {longest}");
}

#[test]
fn any_json_is_a_value_once_its_lists_are_wrapped() {
    fn wrapped(json: serde_json::Value) -> serde_json::Value {
        match json {
            serde_json::Value::Array(items) => {
                serde_json::json!([items.into_iter().map(wrapped).collect::<Vec<_>>()])
            }
            serde_json::Value::Object(entries) => {
                entries.into_iter().map(|(key, value)| (key, wrapped(value))).collect()
            }
            leaf => leaf,
        }
    }
    for json in [
        "[]",
        "[[]]",
        "[[],[[]]]",
        "[\"export\",-1]",
        "[\"pipeline\",0,[\"x\"],[]]",
        "{\"a\":[1,{\"b\":[\"undefined\"]},null]}",
        "[{},\"\",0,-1,true]",
    ] {
        let wrapped = wrapped(serde_json::from_str(json).unwrap()).to_string();
        let value = expr(&wrapped).unwrap();
        assert_eq!(written(&value), wrapped);
        value.each_cap(&mut |cap| panic!("{cap:?} in {json}"));
    }
}
