//! The chat: the state of the hub, and its rules. (A *room* such as `#lobby` is a part of the chat:
//! see `room/rooms.rs`.) Events of clients go in, with the time; actions come out. It knows no socket
//! and no thread, so every rule is tested with made-up time.
//!
//! It is the hub: it holds a capability to every client, and what one says, it tells the
//! others by calling theirs. No other program has these capabilities, so none can tell a client
//! anything. Each further idea is a module of its own below this one.
//!
//! | file | idea |
//! |---|---|
//! | `room.rs` | the state; join, send, leave |
//! | `room/report.rs` | events in, actions out |
//! | `room/private.rs` | a message to one user |
//! | `room/rooms.rs` | rooms within the chat |
//! | `room/typing.rs` | who is typing |
//! | `room/emoji.rs` | `:wave:` becomes 👋 |
//! | `room/files.rs` | a file is read from the client that shares it |
//! | `room/history.rs` | the last notes of each room |
//! | `room/rate.rs` | how much one client may say |

mod emoji;
pub(crate) mod files;
mod history;
mod private;
mod rate;
mod report;
mod rooms;
mod typing;

#[cfg(test)]
mod tests;

pub(crate) use crate::interface::ClientId;
pub(crate) use report::{Action, Heard, Order, Rate, ReadId};

use std::collections::{BTreeMap, BTreeSet};
use std::mem;
use std::sync::Arc;
use std::time::{Duration, Instant};

use capnweb::websocket::code;
use capnweb::{AnswerId, Code, RpcError, Stub};

use self::history::History;
use self::rate::Tokens;
use crate::interface::{Kind, Note, Notice, Reply, Request, Result, Shared};
use crate::name::{Name, RoomName};

/// How long a client may be connected without joining. A client that only looks has no reason to
/// stay, and keeps others out when there are many.
const JOIN_PATIENCE: Duration = Duration::from_mins(1);

/// The state of the chat.
#[derive(Debug, Default)]
pub(crate) struct ChatRoom {
    rate: Rate,
    clients: BTreeMap<ClientId, Client>,
    /// How many notes there have been, in all rooms.
    count: u64,
    history: History,
    /// The rooms that there are: first the lobby, which is always there, and at the end the one
    /// that was entered last.
    rooms: Vec<RoomName>,
    /// The clients that are typing.
    typing: BTreeSet<ClientId>,
    /// The reads that wait, in the order in which they were asked: the first is late first.
    reads: BTreeMap<ReadId, Read>,
    /// The number of the next read.
    next_read: u64,
    /// Actions that were not handed out yet.
    actions: Vec<Action>,
}

/// A connection.
#[derive(Debug)]
struct Client {
    /// `None` until it has joined.
    user: Option<User>,
    /// When its connection is closed if it has not joined.
    join_until: Instant,
    tokens: Tokens,
    partners: Partners,
    /// The files that it shares.
    shared: Vec<Arc<Shared>>,
    /// How many reads of its files it has not answered yet, whether anybody still waits or not.
    asked: usize,
}

/// A client that has joined.
#[derive(Clone, Debug)]
struct User {
    id: ClientId,
    name: Name,
    /// Its capability, which the room calls.
    stub: Stub,
    room: RoomName,
    /// How many notes there were when it came into the room, with the one that tells of it: users
    /// are listed in this order.
    came: u64,
}

/// The name of a user that a client has written with privately, and which client that user is. Who
/// has the name now may be somebody else.
type Partner = (Name, ClientId);

/// With whom a client has written privately, each the newest first. They are two lists, so that no
/// crowd that writes to a client makes it forget to whom it has written.
#[derive(Debug, Default)]
struct Partners {
    written_to: Vec<Partner>,
    have_written: Vec<Partner>,
    /// The last message that was refused, and who would have got it.
    refused: Option<(ClientId, String)>,
}

/// A read that waits.
#[derive(Debug)]
struct Read {
    reader: ClientId,
    call: AnswerId,
    file: Arc<Shared>,
    until: Instant,
}

impl ChatRoom {
    /// An empty chat, in which this was said before, in these rooms, oldest first.
    pub(crate) fn new(rate: Rate, past: Vec<(RoomName, Note)>) -> Self {
        let mut chat = Self { rate, rooms: vec![RoomName::lobby()], ..Self::default() };
        for (room, note) in past {
            chat.count += 1;
            // Nobody is here, so there is an empty room to take the place of.
            if chat.make_room(&room).is_ok() {
                chat.history.add(&room, Arc::new(note));
            }
        }
        chat
    }

    /// Takes in an event of a client. Calls of a client that is gone are not answered.
    #[must_use]
    pub(crate) fn on(&mut self, client: ClientId, heard: Heard, now: Instant) -> Vec<Action> {
        match heard {
            Heard::Arrived => self.arrive(client, now),
            Heard::Called(id, request) => self.take_call(client, id, request, now),
            Heard::Answered(read, bytes) => self.take_answer(client, read, bytes),
            Heard::Gone => self.client_gone(client),
        }
        mem::take(&mut self.actions)
    }

    /// When [`ChatRoom::pass`] has something to do.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        let waiting = self.clients.values().filter(|client| client.user.is_none());
        let patience = waiting.map(|client| client.join_until);
        let first_read = self.reads.first_key_value().map(|(_, read)| read.until);
        patience.chain(first_read).min()
    }

    /// The actions that are due because time has passed.
    #[must_use]
    pub(crate) fn pass(&mut self, now: Instant) -> Vec<Action> {
        self.give_up_reads(now);
        let is_due = |client: &Client| client.user.is_none() && client.join_until <= now;
        let due = self.clients.iter().filter(|(_, client)| is_due(client));
        for client in due.map(|(id, _)| *id).collect::<Vec<_>>() {
            self.order(client, Order::Close(code::POLICY, "join within 60 seconds"));
            self.client_gone(client);
        }
        mem::take(&mut self.actions)
    }

    fn order(&mut self, client: ClientId, order: Order) {
        self.actions.push(Action::To(client, order));
    }

    fn arrive(&mut self, client: ClientId, now: Instant) {
        self.clients.entry(client).or_insert(Client {
            user: None,
            join_until: now + JOIN_PATIENCE,
            tokens: Tokens::full(self.rate, now),
            partners: Partners::default(),
            shared: Vec::new(),
            asked: 0,
        });
    }

    fn take_call(&mut self, client: ClientId, id: AnswerId, request: Request, now: Instant) {
        let stub = request.stub();
        let Some(caller) = self.clients.get_mut(&client) else { return };
        let charged = caller.tokens.charge(&request, now);
        let result = charged.and_then(|()| self.perform(client, id, request, now));
        // What came with a call that is refused is given back, and before it is refused.
        if let (Err(_), Some(stub)) = (&result, stub) {
            self.order(client, Order::Release(stub));
        }
        if let Some(result) = result.transpose() {
            self.order(client, Order::Answer(id, result));
        }
    }

    /// Performs a request. Without a reply, it was answered already, or will be later.
    fn perform(
        &mut self,
        client: ClientId,
        id: AnswerId,
        request: Request,
        now: Instant,
    ) -> Result<Option<Reply>> {
        let reply = match request {
            Request::Join { username, client: stub } => {
                return self.join(client, id, &username, stub).map(|()| None);
            }
            Request::SendMessage { username, text } => {
                self.send(&self.user_named(client, &username)?, &text)
            }
            Request::Leave { username } => {
                self.leave(&self.user_named(client, &username)?, now)
            }
            Request::ListUsers => Reply::Users(self.users_in(&self.room_of(client))),
            Request::GetHistory => Reply::History(self.history.of(&self.room_of(client))),
            Request::UserCount => Reply::Number(self.users().count() as u64),
            Request::MessageCount => Reply::Number(self.count),
            Request::SendPrivate { username, to, text } => {
                let user = self.user_named(client, &username)?;
                self.check_receiver(&user, &to, &text)?;
                self.send_private(&user, &to, &text)?
            }
            Request::EnterRoom { username, room } => {
                self.enter_room(&self.user_named(client, &username)?, &room)?
            }
            Request::ListRooms => Reply::Rooms(self.list_rooms()),
            Request::SetTyping { username, is_typing } => {
                self.set_typing(&self.user_named(client, &username)?, is_typing)
            }
            Request::ShareFile { username, name, size, file } => {
                self.share_file(&self.user_named(client, &username)?, &name, size, file)?
            }
            Request::ReadFile { file, offset } => {
                return self.read_file(client, id, file, offset, now).map(|()| None);
            }
        };
        Ok(Some(reply))
    }

    fn join(&mut self, client: ClientId, id: AnswerId, name: &Name, stub: Stub) -> Result<()> {
        if let Some(user) = self.user(client) {
            let text = format!("you are here as {} already", user.name);
            return Err(RpcError::new(Code::BadRequest, text));
        }
        if self.find(name).is_some() {
            let text = format!("Username {name} is already taken");
            return Err(RpcError::new(Code::BadRequest, text));
        }
        let room = RoomName::lobby();
        let note = self.record(&room, Note::system(format!("{name} joined the chat")));
        let came = self.count;
        let user = User { id: client, name: name.clone(), stub, room: room.clone(), came };
        self.clients.entry(client).and_modify(|client| client.user = Some(user));
        let users = self.users_in(&room);
        let is_alone = users.len() == 1;
        let message = format!("Welcome to the chat, {name}!");
        let welcome = Reply::Room { message, users, room: room.to_string() };
        self.order(client, Order::Answer(id, Ok(welcome)));
        if !is_alone {
            self.notify(&room, &note);
        }
        Ok(())
    }

    fn send(&mut self, user: &User, text: &str) -> Reply {
        let text = emoji::with_emoji(text);
        let note = Note { username: user.name.to_string(), text, kind: Kind::Chat };
        let note = self.record(&user.room, note);
        self.stop_typing(user);
        self.notify(&user.room, &note);
        Reply::Sent { count: self.count }
    }

    fn leave(&mut self, user: &User, now: Instant) -> Reply {
        self.order(user.id, Order::Release(user.stub));
        if let Some(client) = self.clients.get_mut(&user.id) {
            (client.user, client.join_until) = (None, now + JOIN_PATIENCE);
            for file in mem::take(&mut client.shared) {
                self.order(user.id, Order::Release(file.stub));
            }
        }
        self.user_left(user);
        Reply::Message(format!("Goodbye, {}!", user.name))
    }

    /// The client is gone. Its stubs need no release: the end of its session has released all.
    fn client_gone(&mut self, client: ClientId) {
        self.reads.retain(|_, read| read.reader != client); // Nobody waits for them any more.
        if let Some(Client { user: Some(user), .. }) = self.clients.remove(&client) {
            self.user_left(&user);
        }
    }

    /// A user has left, and with it its files. The other users of its room are told.
    fn user_left(&mut self, user: &User) {
        let note =
            self.record(&user.room, Note::system(format!("{} left the chat", user.name)));
        self.stop_typing(user);
        self.withdraw_files(user);
        self.notify(&user.room, &note);
    }

    /// Puts a note into the history of a room.
    fn record(&mut self, room: &RoomName, note: Note) -> Arc<Note> {
        let note = Arc::new(note);
        self.count += 1;
        self.history.add(room, Arc::clone(&note));
        self.actions.push(Action::Record(room.clone(), Arc::clone(&note)));
        note
    }

    /// Tells everybody in a room.
    fn notify(&mut self, room: &RoomName, note: &Arc<Note>) {
        let notice = Notice::new(Arc::clone(note));
        self.order_all(room, |user| Some(Order::Notify(user.stub, notice.clone())));
    }

    /// Gives each user in a room its order, if there is one.
    fn order_all(&mut self, room: &RoomName, order: impl Fn(&User) -> Option<Order>) {
        let here = self.users().filter(|user| user.room == *room);
        let orders = here.filter_map(|user| Some(Action::To(user.id, order(user)?)));
        self.actions.extend(orders.collect::<Vec<_>>());
    }

    /// All clients that have joined.
    fn users(&self) -> impl Iterator<Item = &User> {
        self.clients.values().filter_map(|client| client.user.as_ref())
    }

    /// The users in a room, in the order in which they came.
    fn users_in(&self, room: &RoomName) -> Vec<String> {
        let mut here: Vec<_> = self.users().filter(|user| user.room == *room).collect();
        here.sort_by_key(|user| user.came);
        here.into_iter().map(|user| user.name.to_string()).collect()
    }

    /// The user whose name looks like this one: there is at most one.
    fn find(&self, name: &Name) -> Option<&User> {
        self.users().find(|user| user.name.looks_like(name))
    }

    /// The user that a client is, if it has joined.
    fn user(&self, client: ClientId) -> Option<&User> {
        self.clients.get(&client)?.user.as_ref()
    }

    /// The user that a client is, if it says so itself.
    fn user_named(&self, client: ClientId, username: &Name) -> Result<User> {
        self.user(client).filter(|user| user.name == *username).cloned().ok_or_else(|| {
            let text = format!("you have not joined as {username}");
            RpcError::new(Code::PermissionDenied, text)
        })
    }

    /// Where this client is, or would be.
    fn room_of(&self, client: ClientId) -> RoomName {
        self.user(client).map_or_else(RoomName::lobby, |user| user.room.clone())
    }
}
