//! The room: the rules of the chat. What clients do goes in, with the time; what is to be done
//! comes out. It knows no socket and no thread, so every rule is tested with made-up time.
//!
//! It is the hub: it holds a capability to every client, and whatever one says, it tells the
//! others by calling theirs. Nobody else has these capabilities, so nobody else can tell a client
//! anything. Each further idea is a module of its own below this one.
//!
//! | file | idea |
//! |---|---|
//! | `room.rs` | who is here: join, say, leave |
//! | `room/report.rs` | what goes into the rules, and what comes out |
//! | `room/private.rs` | a message to one user |
//! | `room/rooms.rs` | rooms within the chat |
//! | `room/typing.rs` | who is typing |
//! | `room/emoji.rs` | `:wave:` becomes 👋 |
//! | `room/files.rs` | a file is asked from whoever shares it |
//! | `room/history.rs` | what was said last |
//! | `room/rate.rs` | how much one client may say |

mod emoji;
pub mod files;
pub mod history;
mod private;
mod rate;
mod report;
pub mod rooms;
mod typing;

#[cfg(test)]
mod tests;

pub use report::{Action, AskId, ClientId, Heard, Order, Rate};

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use std::{iter, mem};

use capnweb::{AnswerId, Code, RpcError, Stub};

use self::files::Files;
use self::history::History;
use self::rate::Bucket;
use self::rooms::Rooms;
use self::typing::Typing;
use crate::interface::{Call, Kind, Note, Notice, Reply};
use crate::name::{Name, RoomName};
use capnweb::websocket::code;

/// How long a client may be connected without joining. Whoever only looks has no reason to stay,
/// and keeps others out when there are many.
pub const JOIN_PATIENCE: Duration = Duration::from_mins(1);

/// The state of the chat.
#[derive(Debug)]
pub struct Room {
    rate: Rate,
    clients: BTreeMap<ClientId, Client>,
    /// How many notes there have been, in all rooms.
    count: u64,
    /// How often somebody has come into a room, for the order of those who are in it.
    arrivals: u64,
    history: History,
    rooms: Rooms,
    typing: Typing,
    files: Files,
}

/// A connection.
#[derive(Debug)]
struct Client {
    who: Who,
    /// What it may still say.
    words: Bucket,
    /// How often it may still tell that it is typing.
    strokes: Bucket,
    /// How many questions of ours it has not answered yet, whether anybody still waits or not.
    asked: usize,
}

/// Who is at the other end.
#[derive(Debug)]
enum Who {
    /// Somebody who has until then to join.
    Nobody { until: Instant },
    /// Somebody who has joined.
    User(User),
}

/// A user.
#[derive(Debug)]
struct User {
    name: Name,
    /// What is called to tell it something.
    stub: Stub,
    room: RoomName,
    /// When it came into the room, compared with others.
    came: u64,
}

impl Client {
    fn user(&self) -> Option<&User> {
        if let Who::User(user) = &self.who { Some(user) } else { None }
    }
}

impl Room {
    /// An empty chat, in which this was said before, in these rooms, oldest first.
    pub fn new(rate: Rate, past: Vec<(RoomName, Note)>) -> Self {
        let mut room = Self {
            rate,
            clients: BTreeMap::new(),
            count: 0,
            arrivals: 0,
            history: History::default(),
            rooms: Rooms::new(),
            typing: Typing::default(),
            files: Files::default(),
        };
        for (place, note) in past {
            room.count += 1;
            // Nobody is here, so there is an empty room to take the place of.
            if room.make_room(&place).is_ok() {
                room.history.add(&place, Arc::new(note));
            }
        }
        room
    }

    /// Takes in what a client does. Calls that it makes after it is gone are not answered.
    #[must_use]
    pub fn on(&mut self, client: ClientId, heard: Heard, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        match heard {
            Heard::Arrived => self.arrive(client, now),
            Heard::Called(id, call) => self.take_call(client, id, call, now, &mut actions),
            Heard::Brought(ask, bytes) => self.bring(client, ask, bytes, &mut actions),
            Heard::Gone => self.lose(client, &mut actions),
        }
        actions
    }

    /// When [`Room::pass`] has something to do.
    pub fn next_due(&self) -> Option<Instant> {
        let patience = self.clients.values().filter_map(|client| match client.who {
            Who::Nobody { until } => Some(until),
            Who::User(_) => None,
        });
        patience.chain(self.next_late()).min()
    }

    /// What is to be done because time has passed.
    #[must_use]
    pub fn pass(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        self.give_up_reads(now, &mut actions);
        let is_due =
            |client: &Client| matches!(client.who, Who::Nobody { until } if until <= now);
        let due = self.clients.iter().filter(|(_, client)| is_due(client));
        for client in due.map(|(id, _)| *id).collect::<Vec<_>>() {
            actions.push(Action::To(
                client,
                Order::Dismiss(code::POLICY, "join within 60 seconds"),
            ));
            self.lose(client, &mut actions);
        }
        actions
    }

    fn arrive(&mut self, client: ClientId, now: Instant) {
        let who = Who::Nobody { until: now + JOIN_PATIENCE };
        let (words, strokes) = (Bucket::full(self.rate, now), Bucket::full(self.rate, now));
        let new = Client { who, words, strokes, asked: 0 };
        self.clients.entry(client).or_insert(new);
    }

    fn take_call(
        &mut self,
        client: ClientId,
        id: AnswerId,
        call: Call,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let stub = call.stub();
        let result = match self.clients.get_mut(&client) {
            Some(caller) => caller.charge(&call, now),
            None => return,
        };
        let result = result.and_then(|()| self.obey(client, id, call, now, actions));
        // What came with a call that is refused is given back, and before it is refused.
        if let (Err(_), Some(stub)) = (&result, stub) {
            actions.push(Action::To(client, Order::Release(stub)));
        }
        if let Some(result) = result.transpose() {
            actions.push(Action::To(client, Order::Answer(id, result)));
        }
    }

    /// Does what is asked. No reply means that it was given already, or will be given later.
    fn obey(
        &mut self,
        client: ClientId,
        id: AnswerId,
        call: Call,
        now: Instant,
        actions: &mut Vec<Action>,
    ) -> Result<Option<Reply>, RpcError> {
        let reply = match call {
            Call::Join { username, client: stub } => {
                self.join(client, id, username, stub, actions)?;
                return Ok(None);
            }
            Call::SendMessage { username, text } => {
                self.send(client, &username, &text, actions)?
            }
            Call::Leave { username } => {
                self.leave(client, id, username, now, actions)?;
                return Ok(None);
            }
            Call::ListUsers => Reply::Users(self.users_in(&self.room_of(client))),
            Call::GetHistory => Reply::History(self.history.of(&self.room_of(client))),
            Call::UserCount => Reply::Number(self.users().count() as u64),
            Call::MessageCount => Reply::Number(self.count),
            Call::SendPrivate { username, to, text } => {
                self.send_private(client, &username, &to, &text, actions)?
            }
            Call::EnterRoom { username, room } => {
                self.enter_room(client, &username, room, actions)?
            }
            Call::ListRooms => Reply::Rooms(self.list_rooms()),
            Call::SetTyping { username, is_typing } => {
                self.set_typing(client, &username, is_typing, actions)?
            }
            Call::ShareFile { username, name, size, file } => {
                self.share_file(client, &username, &name, size, file, actions)?
            }
            Call::ReadFile { file, offset } => {
                self.read_file((client, id), file, offset, now, actions)?;
                return Ok(None);
            }
        };
        Ok(Some(reply))
    }

    fn join(
        &mut self,
        client: ClientId,
        id: AnswerId,
        name: Name,
        stub: Stub,
        actions: &mut Vec<Action>,
    ) -> Result<(), RpcError> {
        if let Some(user) = self.user(client) {
            let text = format!("you are here as {} already", user.name);
            return Err(RpcError::new(Code::BadRequest, text));
        }
        if self.find(&name).is_some() {
            let text = format!("Username {name} is already taken");
            return Err(RpcError::new(Code::BadRequest, text));
        }
        let room = RoomName::lobby();
        self.arrivals += 1;
        let user = User { name: name.clone(), stub, room: room.clone(), came: self.arrivals };
        self.turn_into(client, Who::User(user));
        let note = self.record(&room, Note::system(format!("{name} joined the chat")), actions);
        let users = self.users_in(&room);
        let is_alone = users.len() == 1;
        let welcome = Reply::Welcome { username: name, users, room: room.clone() };
        actions.push(Action::To(client, Order::Answer(id, Ok(welcome))));
        if !is_alone {
            self.notify(&room, &note, actions);
        }
        Ok(())
    }

    fn send(
        &mut self,
        client: ClientId,
        username: &Name,
        text: &str,
        actions: &mut Vec<Action>,
    ) -> Result<Reply, RpcError> {
        let room = self.user_called(client, username)?.room.clone();
        let text = emoji::with_emoji(text);
        let note = Note { username: username.to_string(), text, kind: Kind::Chat };
        let note = self.record(&room, note, actions);
        self.stop_typing(client, username, &room, actions);
        self.notify(&room, &note, actions);
        Ok(Reply::Sent { count: self.count })
    }

    fn leave(
        &mut self,
        client: ClientId,
        id: AnswerId,
        username: Name,
        now: Instant,
        actions: &mut Vec<Action>,
    ) -> Result<(), RpcError> {
        let stub = self.user_called(client, &username)?.stub;
        for stub in iter::once(stub).chain(self.files_of(client)) {
            actions.push(Action::To(client, Order::Release(stub)));
        }
        actions.push(Action::To(client, Order::Answer(id, Ok(Reply::Goodbye { username }))));
        let nobody = Who::Nobody { until: now + JOIN_PATIENCE };
        if let Some(Who::User(user)) = self.turn_into(client, nobody) {
            self.miss(client, &user, actions);
        }
        Ok(())
    }

    /// The client is gone. Nothing is given back: everything is, with its session.
    fn lose(&mut self, client: ClientId, actions: &mut Vec<Action>) {
        self.forget_reads_by(client);
        if let Some(Client { who: Who::User(user), .. }) = self.clients.remove(&client) {
            self.miss(client, &user, actions);
        }
    }

    /// Tells those who are left that this user is not here any more.
    fn miss(&mut self, client: ClientId, user: &User, actions: &mut Vec<Action>) {
        let text = format!("{} left the chat", user.name);
        let note = self.record(&user.room, Note::system(text), actions);
        self.stop_typing(client, &user.name, &user.room, actions);
        self.withdraw_files(client, &user.name, actions);
        self.notify(&user.room, &note, actions);
    }

    /// Makes somebody else of a client; and says who it was.
    fn turn_into(&mut self, client: ClientId, who: Who) -> Option<Who> {
        self.clients.get_mut(&client).map(|client| mem::replace(&mut client.who, who))
    }

    /// Puts a note into the history of a room.
    fn record(&mut self, room: &RoomName, note: Note, actions: &mut Vec<Action>) -> Arc<Note> {
        let note = Arc::new(note);
        self.count += 1;
        self.history.add(room, Arc::clone(&note));
        actions.push(Action::Record(room.clone(), Arc::clone(&note)));
        note
    }

    /// Tells everybody in a room.
    fn notify(&self, room: &RoomName, note: &Arc<Note>, actions: &mut Vec<Action>) {
        let notice = Notice::new(Arc::clone(note));
        let here = self.users().filter(|(_, user)| user.room == *room);
        let told =
            here.map(|(id, user)| Action::To(id, Order::Notify(user.stub, notice.clone())));
        actions.extend(told);
    }

    /// Everybody who has joined.
    fn users(&self) -> impl Iterator<Item = (ClientId, &User)> {
        self.clients.iter().filter_map(|(id, client)| Some((*id, client.user()?)))
    }

    /// Who is in a room, in the order in which they came.
    fn users_in(&self, room: &RoomName) -> Vec<Name> {
        let here = self.users().map(|(_, user)| user).filter(|user| user.room == *room);
        let mut here: Vec<_> = here.collect();
        here.sort_by_key(|user| user.came);
        here.into_iter().map(|user| user.name.clone()).collect()
    }

    /// Whoever has a name that looks like this one: there is at most one.
    fn find(&self, name: &Name) -> Option<(ClientId, &User)> {
        self.users().find(|(_, user)| user.name.looks_like(name))
    }

    /// Who this client is, if it has joined.
    fn user(&self, client: ClientId) -> Option<&User> {
        self.clients.get(&client)?.user()
    }

    /// Who this client is, if that is who it says it is.
    fn user_called(&self, client: ClientId, username: &Name) -> Result<&User, RpcError> {
        self.user(client).filter(|user| user.name == *username).ok_or_else(|| {
            let text = format!("you have not joined as {username}");
            RpcError::new(Code::PermissionDenied, text)
        })
    }

    /// Where this client is, or would be.
    fn room_of(&self, client: ClientId) -> RoomName {
        self.user(client).map_or_else(RoomName::lobby, |user| user.room.clone())
    }
}
