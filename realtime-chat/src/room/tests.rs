//! The rules, tried with made-up time; each client with a real session, which has made up none of
//! its numbers.

mod chance;
mod files;
mod private;
mod rate;
mod room;
mod rooms;
mod typing;

use std::collections::BTreeSet;

use capnweb::{Output, Session};

use super::*;
use crate::interface::{Exported, Shared};

const ALICE: ClientId = ClientId(1);
const BOB: ClientId = ClientId(2);
const CAROL: ClientId = ClientId(3);

/// Enough for any test but those of the rate itself.
const FAST: Rate = Rate { burst: 1_000_000, per_second: 1_000_000 };

/// How many files are shared, and how many reads wait.
fn file_counts(room: &ChatRoom) -> (usize, usize) {
    let shared = room.clients.values().map(|client| client.shared.len());
    (shared.sum(), room.reads.len())
}

/// A room, and the sessions of its clients.
struct Chat {
    room: ChatRoom,
    now: Instant,
    /// With how often each has called.
    sessions: BTreeMap<ClientId, (Session<Exported>, i64)>,
    /// How many capabilities the clients have handed over.
    stubs: i64,
    /// What they have handed over, and not been given back.
    kept: BTreeSet<(ClientId, Stub)>,
    /// The question that was asked last.
    asked: Option<ReadId>,
    /// All files that were ever shared.
    files: Vec<Arc<Shared>>,
}

impl Chat {
    fn new() -> Self {
        Self::with(FAST, Vec::new())
    }

    fn with(rate: Rate, past: Vec<(RoomName, Note)>) -> Self {
        let room = ChatRoom::new(rate, past);
        let sessions = BTreeMap::new();
        Self {
            room,
            now: Instant::now(),
            sessions,
            stubs: 0,
            kept: BTreeSet::new(),
            asked: None,
            files: Vec::new(),
        }
    }

    /// A chat in which these have joined.
    fn of(clients: &[ClientId]) -> Self {
        let mut chat = Self::new();
        for client in clients {
            chat.arrives(*client);
            chat.joins(*client, label(*client));
        }
        chat
    }

    fn arrives(&mut self, client: ClientId) {
        self.sessions.insert(client, (Session::new(Some(Exported::Chat)), 0));
        assert_eq!(self.hears(client, Heard::Arrived), [""; 0]);
    }

    /// Its session is over, and everything in it.
    fn hangs_up(&mut self, client: ClientId) {
        self.sessions.remove(&client);
        self.kept.retain(|(owner, _)| *owner != client);
    }

    fn hears(&mut self, client: ClientId, heard: Heard) -> Vec<String> {
        if heard == Heard::Gone {
            self.hangs_up(client);
        }
        let actions = self.room.on(client, heard, self.now);
        self.carry_out(&actions)
    }

    fn passes(&mut self, time: Duration) -> Vec<String> {
        self.now += time;
        let actions = self.room.pass(self.now);
        self.carry_out(&actions)
    }

    /// A call, as it is when it has come through the session, which keeps what comes with it.
    fn call(&mut self, client: ClientId, target: &str, args: &str) -> (AnswerId, Request) {
        let Some((session, pushes)) = self.sessions.get_mut(&client) else {
            panic!("{client:?} is gone")
        };
        let push = format!("[\"push\",[\"pipeline\",0,[\"{target}\"],[{args}]]]");
        let outputs = session.receive(&push);
        // A client that drops the answer is served all the same, and nothing is left of it.
        *pushes += 1;
        assert_eq!(session.receive(&format!("[\"release\",{pushes},1]")), []);
        match &outputs[..] {
            [Output::Run { id, target, path, args }] => {
                let call =
                    Request::read(target.clone(), path, args.as_deref()).unwrap().unwrap();
                if let Some(stub) = call.stub() {
                    assert!(session.keep(stub) && self.kept.insert((client, stub)));
                }
                (*id, call)
            }
            outputs => panic!("{push}: {outputs:?}"),
        }
    }

    fn calls(&mut self, client: ClientId, method: &str, args: &str) -> Vec<String> {
        let (id, call) = self.call(client, method, args);
        self.hears(client, Heard::Called(id, call))
    }

    /// A property.
    fn asks(&mut self, client: ClientId, what: Request) -> Vec<String> {
        let (id, _) = self.call(client, "listUsers", "");
        self.hears(client, Heard::Called(id, what))
    }

    /// A capability that was not there before.
    fn new_stub(&mut self) -> i64 {
        self.stubs += 1;
        -self.stubs
    }

    fn joins(&mut self, client: ClientId, name: &str) -> Vec<String> {
        let stub = self.new_stub();
        self.calls(client, "join", &format!("\"{name}\",[\"export\",{stub}]"))
    }

    fn says(&mut self, client: ClientId, text: &str) -> Vec<String> {
        let args = format!("\"{}\",\"{text}\"", label(client));
        self.calls(client, "sendMessage", &args)
    }

    fn leaves(&mut self, client: ClientId) -> Vec<String> {
        self.calls(client, "leave", &format!("\"{}\"", label(client)))
    }

    fn enters(&mut self, client: ClientId, room: &str) -> Vec<String> {
        self.calls(client, "enterRoom", &format!("\"{}\",\"{room}\"", label(client)))
    }

    /// Does what the sessions would do, and says what that is.
    fn carry_out(&mut self, actions: &[Action]) -> Vec<String> {
        for act in actions {
            let (client, order) = match act {
                Action::To(client, order) => (client, order),
                Action::Record(_, note) => {
                    if let Kind::File { content: Some(file), .. } = &note.kind {
                        self.files.push(Arc::clone(file));
                    }
                    continue;
                }
            };
            let Some((session, _)) = self.sessions.get_mut(client) else { panic!("{act:?}") };
            match order {
                Order::Answer(id, result) => {
                    let result = result.clone().map(|reply| reply.write());
                    // Nobody wants the answer; but what came with the call goes back with it.
                    assert!(session.answer(*id, result).iter().all(gives_back), "{act:?}");
                }
                Order::Release(stub) => {
                    assert!(self.kept.remove(&(*client, *stub)), "{act:?}: not ours");
                    assert!(session.release(*stub).iter().all(gives_back), "{act:?}");
                }
                Order::Read { read, file: stub, .. } => {
                    assert!(self.kept.contains(&(*client, *stub)), "{act:?}: not ours");
                    self.asked = Some(*read);
                }
                Order::Notify(stub, _) | Order::Typing(stub, ..) => {
                    assert!(self.kept.contains(&(*client, *stub)), "{act:?}: not ours");
                }
                Order::Close(..) => self.hangs_up(*client),
            }
        }
        actions.iter().map(words).collect()
    }
}

fn gives_back(said: &Output<Exported>) -> bool {
    matches!(said, Output::Send(text) if text.starts_with("[\"release\",-"))
}

/// What a client is called here.
fn label(client: ClientId) -> &'static str {
    match client {
        ALICE => "Alice",
        BOB => "Bob",
        CAROL => "Carol",
        _ => "Somebody",
    }
}

/// An act, for people to read.
fn words(act: &Action) -> String {
    match act {
        Action::Record(room, note) => format!("record in {room}: {}", said(note)),
        Action::To(client, order) => {
            let what = match order {
                Order::Answer(_, Ok(reply)) => format!("gets {}", shown(reply)),
                Order::Answer(_, Err(error)) => {
                    let code = error.code.map_or("", Code::as_str);
                    format!("is refused: {code}: {}", error.message)
                }
                Order::Notify(_, notice) => format!("hears {}", said(&notice.note)),
                Order::Typing(_, name, true) => format!("sees that {name} is typing"),
                Order::Typing(_, name, false) => format!("sees that {name} is not typing"),
                Order::Read { file, offset, .. } => {
                    format!("reads {} from {offset}", id(*file))
                }
                Order::Release(stub) => format!("gets back {}", id(*stub)),
                Order::Close(code, why) => format!("is disconnected: {code}: {why}"),
            };
            format!("{} {what}", label(*client))
        }
    }
}

/// The number of a stub, which only its session knows otherwise.
fn id(stub: Stub) -> String {
    format!("{stub:?}").replace("Stub { id: ", "").replace(" }", "")
}

fn said(note: &Note) -> String {
    match &note.kind {
        Kind::Private { to } => format!("{}, privately to {to}: {}", note.username, note.text),
        Kind::Chat | Kind::System | Kind::File { .. } => {
            format!("{}: {}", note.username, note.text)
        }
    }
}

fn shown(reply: &Reply) -> String {
    match reply {
        Reply::Room { message, users, room } => {
            let users = users.join(", ");
            if let Some(name) = message.strip_prefix("Welcome to the chat, ") {
                return format!("welcome {} in {room}: {users}", name.trim_end_matches('!'));
            }
            assert_eq!(*message, format!("You are in {room} now"));
            format!("entered {room}: {users}")
        }
        Reply::Sent { count } => format!("sent {count}"),
        Reply::Status("sent") => "SentPrivately".into(),
        Reply::Status("shared") => "Shared".into(),
        Reply::Message(message) => {
            let name = message.strip_prefix("Goodbye, ").expect("there is one message");
            format!("goodbye {}", name.trim_end_matches('!'))
        }
        Reply::Users(users) => format!("users: {}", users.join(", ")),
        Reply::History(notes) => {
            let notes: Vec<_> = notes.iter().map(|note| said(note)).collect();
            format!("history: {}", notes.join(" / "))
        }
        Reply::Number(number) => number.to_string(),
        Reply::Rooms(rooms) => {
            let rooms: Vec<_> =
                rooms.iter().map(|(room, users)| format!("{room} {users}")).collect();
            format!("rooms: {}", rooms.join(", "))
        }
        Reply::Bytes(base64) => format!("bytes {base64}"),
        Reply::Status(_) | Reply::Nothing => format!("{reply:?}"),
    }
}

/// What was done to this client.
fn to(client: ClientId, actions: &[String]) -> Vec<&str> {
    let actions = actions.iter().filter_map(|act| act.strip_prefix(label(client)));
    actions.map(str::trim_start).collect()
}
