//! A guest: a client of the chat, written without any of its code. It calls, and is called.

use std::collections::VecDeque;
use std::time::Instant;

use serde_json::{Value, json};

use super::stranger::{CLOSE, PATIENCE, PING, PONG, Stranger, TEXT};

/// Why a call has failed.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) class: String,
    pub(crate) message: String,
    pub(crate) code: String,
}

/// A client: one who calls, and is called.
pub(crate) struct Guest {
    pub(crate) line: Stranger,
    /// How many calls it has made.
    pub(crate) calls: u64,
    /// What it was told and has not looked at: the arguments of `onMessage`.
    pub(crate) notes: VecDeque<Value>,
}

impl Guest {
    pub(crate) fn of(line: Stranger) -> Self {
        Self { line, calls: 0, notes: VecDeque::new() }
    }

    #[track_caller]
    pub(crate) fn joins(&mut self, name: &str) -> Result<Value, Refused> {
        self.asks("join", &json!([name, ["export", -1]]))
    }

    /// Calls a method, and wants to have the answer, which is number so and so.
    #[track_caller]
    pub(crate) fn calls(&mut self, method: &str, args: &Value) -> u64 {
        self.calls += 1;
        let id = self.calls;
        self.line.says(TEXT, json!(["push", ["pipeline", 0, [method], args]]).to_string());
        self.line.says(TEXT, json!(["pull", id]).to_string());
        id
    }

    /// Calls a method, and waits for the answer. In `args`, a list is wrapped once more.
    #[track_caller]
    pub(crate) fn asks(&mut self, method: &str, args: &Value) -> Result<Value, Refused> {
        let id = self.calls(method, args);
        self.hears_answer(id)
    }

    #[track_caller]
    pub(crate) fn hears_answer(&mut self, id: u64) -> Result<Value, Refused> {
        loop {
            let message = self.next_message().expect("the server answers before it hangs up");
            if message[1] != json!(id) || message[0] == "release" {
                continue;
            }
            self.line.says(TEXT, json!(["release", id, 1]).to_string());
            return match message[0].as_str() {
                Some("resolve") => Ok(message[2].clone()),
                _ => Err(Refused {
                    class: message[2][1].as_str().unwrap_or_default().to_owned(),
                    message: message[2][2].as_str().unwrap_or_default().to_owned(),
                    code: message[2][4]["code"].as_str().unwrap_or_default().to_owned(),
                }),
            };
        }
    }

    /// The next note, whatever it is.
    #[track_caller]
    pub(crate) fn next_note(&mut self) -> Value {
        loop {
            if let Some(note) = self.notes.pop_front() {
                return note;
            }
            self.next_message().expect("the server tells it before it hangs up");
        }
    }

    /// Waits for a note that says this; passes over others.
    #[track_caller]
    pub(crate) fn is_told(&mut self, text: &str) {
        while self.next_note()["text"] != text {}
    }

    /// The next message that is no push; `None` when the server has hung up. What it is told goes
    /// to the notes, and pings are answered.
    #[track_caller]
    pub(crate) fn next_message(&mut self) -> Option<Value> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            assert!(Instant::now() < deadline, "the server says something, and not only pings");
            match self.line.hears()? {
                (PING, payload) => self.line.says(PONG, payload),
                (TEXT, payload) => {
                    let message: Value = serde_json::from_slice(&payload).expect("it is JSON");
                    if message[0] != "push" {
                        return Some(message);
                    }
                    if message[1][2] == json!(["onMessage"]) {
                        self.notes.push_back(message[1][3][0].clone());
                        return Some(Value::Null);
                    }
                }
                (CLOSE, _) => return None,
                _ => {}
            }
        }
    }
}
