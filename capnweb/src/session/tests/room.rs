//! A chat room, as the next lab has it: two sessions that stay, and calls in both directions.
//! What an npm server has said to two npm clients is what ours says.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use super::*;

/// Whose connection.
type Conn = u64;

/// The room, and all its connections.
#[derive(Default)]
struct Room {
    sessions: BTreeMap<Conn, Side>,
    members: Vec<(String, Conn, Stub)>,
    history: Vec<Value<Cap<&'static str>>>,
    said: BTreeMap<Conn, Vec<Json>>,
}

impl Room {
    fn hears(&mut self, from: Conn, text: &str) {
        let session = self.sessions.entry(from).or_insert_with(|| Session::new(Some("room")));
        let outputs = session.receive(text);
        self.perform(from, outputs);
    }

    fn perform(&mut self, conn: Conn, outputs: Vec<Output<&'static str>>) {
        for output in outputs {
            match output {
                Output::Send(text) => {
                    self.said
                        .entry(conn)
                        .or_default()
                        .push(serde_json::from_str(&text).unwrap());
                }
                Output::Run { id, target: "room", path, args } => {
                    let [Key::Name(name)] = &path[..] else { panic!("{path:?}") };
                    let result = match args {
                        Some(args) => self.call(conn, name, &args),
                        None => Ok(u32::try_from(self.members.len()).unwrap().into()),
                    };
                    let outputs = self.session(conn).answer(id, result);
                    self.perform(conn, outputs);
                }
                // That a message was shown is nothing to tell.
                Output::Answered { result: Ok(Value::Undefined), .. } => {}
                other => panic!("{other:?}"),
            }
        }
    }

    fn session(&mut self, conn: Conn) -> &mut Side {
        self.sessions.get_mut(&conn).unwrap()
    }

    fn call(
        &mut self,
        conn: Conn,
        method: &str,
        args: &[Value<Cap<&'static str>>],
    ) -> Result<Value<Cap<&'static str>>, RpcError> {
        let text = |place: usize| args[place].as_str().unwrap().to_owned();
        match method {
            "join" => {
                let name = text(0);
                let Value::Cap(Cap::Stub(callback)) = &args[1] else { panic!("{args:?}") };
                if self.members.iter().any(|(member, ..)| *member == name) {
                    let text = format!("Username {name} is already taken");
                    return Err(RpcError::plain(text));
                }
                assert!(self.session(conn).keep(*callback));
                self.tell_all("System", &format!("{name} joined the chat"), "system");
                let message = format!("Welcome to the chat, {name}!");
                self.members.push((name, conn, *callback));
                Ok(Value::object([
                    ("message", message.into()),
                    ("userCount", u32::try_from(self.members.len()).unwrap().into()),
                    ("users", self.users()),
                ]))
            }
            "sendMessage" => {
                self.tell_all(&text(0), &text(1), "chat");
                let count = u32::try_from(self.history.len()).unwrap();
                Ok(Value::object([("status", "sent".into()), ("timestamp", count.into())]))
            }
            "listUsers" => Ok(self.users()),
            "getHistory" => Ok(self.history.clone().into()),
            "leave" => {
                let name = text(0);
                let place =
                    self.members.iter().position(|(member, ..)| *member == name).unwrap();
                let (_, conn, callback) = self.members.remove(place);
                let outputs = self.session(conn).release(callback);
                self.perform(conn, outputs);
                self.tell_all("System", &format!("{name} left the chat"), "system");
                Ok(Value::object([("message", format!("Goodbye, {name}!").into())]))
            }
            _ => Err(RpcError::not_a_function(method)),
        }
    }

    fn users(&self) -> Value<Cap<&'static str>> {
        self.members.iter().map(|(name, ..)| name.as_str().into()).collect::<Vec<_>>().into()
    }

    fn tell_all(&mut self, username: &str, text: &str, kind: &str) {
        let fields =
            [("username", username.into()), ("text", text.into()), ("type", kind.into())];
        let message = Value::object(fields);
        self.history.push(message.clone());
        for (_, conn, callback) in self.members.clone() {
            let args = vec![message.clone()];
            let (_, outputs) = self.session(conn).call(callback, "onMessage", args).unwrap();
            self.perform(conn, outputs);
        }
    }
}

#[test]
fn two_npm_clients_hear_from_us_what_they_have_heard_from_npm() {
    let mut room = Room::default();
    let mut theirs: BTreeMap<Conn, Vec<Json>> = BTreeMap::new();
    for line in include_str!("../../traces/js-js-room.jsonl").lines() {
        let mut recorded: Json = serde_json::from_str(line).unwrap();
        let conn = recorded["conn"].as_u64().unwrap();
        let message = recorded["data"].take();
        if recorded["dir"] == "c2s" {
            room.hears(conn, &message.to_string());
        } else {
            theirs.entry(conn).or_default().push(message);
        }
    }
    assert_eq!(room.said, theirs);
    assert_eq!(theirs.values().map(Vec::len).collect::<Vec<_>>(), [14, 9]);
    // Bob has left: nothing is left of him, and of Alice only her callback.
    assert_eq!(room.session(2).entries(), 1);
    assert_eq!(room.session(1).entries(), 2);
}
