//! Clients that do anything at all, in any order: what must always hold. Always the same
//! numbers (xorshift64, Marsaglia 2003), so what fails once fails again.

use super::*;
use crate::room::files::READ_PATIENCE;

const STEPS: usize = 20_000;

/// Names that users want; some look the same.
const NAMES: [&str; 6] = ["Ann", "ann", "Ben", "Cid", "Dot", "Eve"];

/// A chat, and what we believe of it, only from what its clients were told.
struct Crowd {
    chat: Chat,
    chance: u64,
    next: u64,
    here: Vec<ClientId>,
    /// Who has joined: as whom, where, and how often it has shared a file.
    users: BTreeMap<ClientId, (String, RoomName, usize)>,
    /// Who is in the rooms, in the order in which they came.
    order: Vec<ClientId>,
    /// Calls that are not answered.
    open: BTreeSet<(ClientId, AnswerId)>,
    /// Questions to clients that they have not answered.
    asks: Vec<(ClientId, ReadId)>,
    /// How often something was answered, refused, or told.
    seen: BTreeMap<&'static str, usize>,
}

impl Crowd {
    fn new() -> Self {
        // Slow enough that some is refused.
        let chat = Chat::with(Rate { burst: 20, per_second: 3 }, Vec::new());
        Self {
            chat,
            chance: 0x9E37_79B9_7F4A_7C15,
            next: 0,
            here: Vec::new(),
            users: BTreeMap::new(),
            order: Vec::new(),
            open: BTreeSet::new(),
            asks: Vec::new(),
            seen: BTreeMap::new(),
        }
    }

    /// From 0 to below `bound`.
    fn below(&mut self, bound: usize) -> usize {
        self.chance ^= self.chance << 13;
        self.chance ^= self.chance >> 7;
        self.chance ^= self.chance << 17;
        usize::try_from(self.chance % bound as u64).unwrap()
    }

    fn step(&mut self) {
        if self.here.is_empty() || (self.here.len() < 8 && self.below(20) == 0) {
            self.next += 1;
            let new = ClientId(self.next + 10);
            self.chat.arrives(new);
            return self.here.push(new);
        }
        let index = self.below(self.here.len());
        let who = self.here[index];
        match self.below(40) {
            0 => self.hears(who, Heard::Gone),
            1 => self.passes(),
            2..6 if !self.asks.is_empty() => {
                let index = self.below(self.asks.len());
                let (sharer, ask) = self.asks.remove(index);
                let bytes = if self.below(3) == 0 {
                    Err(RpcError::plain("no"))
                } else {
                    Ok("AQ".into())
                };
                self.hears(sharer, Heard::Answered(ask, bytes));
            }
            // An answer to another question than those that it was asked.
            6 => self.hears(who, Heard::Answered(ReadId(u64::MAX), Ok(String::new()))),
            _ => {
                let (id, call) = self.any_call(who);
                assert!(self.open.insert((who, id)));
                self.hears(who, Heard::Called(id, call));
            }
        }
    }

    fn any_call(&mut self, who: ClientId) -> (AnswerId, Request) {
        let own = self.users.get(&who).map(|user| user.0.clone());
        let index = self.below(NAMES.len());
        let any = NAMES[index];
        // Most say who they are.
        let name = own.filter(|_| self.below(10) > 0).unwrap_or_else(|| any.to_owned());
        let (room, stub) = (self.below(4), self.chat.new_stub());
        let (method, args) = match self.below(15) {
            0..3 => ("join", format!("\"{name}\",[\"export\",{stub}]")),
            3..5 => ("sendMessage", format!("\"{name}\",\"hi\"")),
            5 => ("leave", format!("\"{name}\"")),
            6 => ("sendPrivate", format!("\"{name}\",\"{any}\",\"hi\"")),
            7 => ("enterRoom", format!("\"{name}\",\"#r{room}\"")),
            8 => ("enterRoom", format!("\"{name}\",\"#lobby\"")),
            9 => ("setTyping", format!("\"{name}\",{}", room > 0)),
            10 => {
                let file = "{\"name\":\"x\",\"size\":1}";
                ("shareFile", format!("\"{name}\",{file},[\"export\",{stub}]"))
            }
            11 => ("listUsers", String::new()),
            12 => ("listRooms", String::new()),
            _ => {
                let (id, _) = self.chat.call(who, "getHistory", "");
                let back = self.below(12);
                let files = &self.chat.files;
                let Some(file) = files.iter().rev().nth(back).map(Arc::clone) else {
                    return (id, Request::GetHistory);
                };
                return (id, Request::ReadFile { file, offset: 0 });
            }
        };
        self.chat.call(who, method, &args)
    }

    fn passes(&mut self) {
        let choice = self.below(5);
        let time = [1, 100, 1000, 4000, 20_000][choice];
        self.chat.now += Duration::from_millis(time);
        let actions = self.chat.room.pass(self.chat.now);
        self.check(None, &actions);
    }

    fn hears(&mut self, who: ClientId, heard: Heard) {
        if heard == Heard::Gone {
            self.chat.hangs_up(who);
        }
        let actions = self.chat.room.on(who, heard.clone(), self.chat.now);
        let before = self.users.clone();
        if heard == Heard::Gone {
            self.forget(who);
        }
        self.check(Some(who), &actions);
        self.check_told(who, &before, &actions);
        // All is answered at once, but reads.
        if let Heard::Called(id, call) = heard {
            let waits = self.open.contains(&(who, id));
            assert!(!waits || matches!(call, Request::ReadFile { .. }), "{call:?}");
        }
    }

    fn forget(&mut self, who: ClientId) {
        self.here.retain(|client| *client != who);
        self.order.retain(|client| *client != who);
        self.users.remove(&who);
        self.open.retain(|(client, _)| *client != who);
        self.asks.retain(|(client, _)| *client != who);
    }

    fn count(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// Follows what is done, and compares.
    fn check(&mut self, who: Option<ClientId>, actions: &[Action]) {
        // This one sees to it that nothing is given back twice, or used after that, and that
        // nothing is done to a client that is gone.
        let _ = self.chat.carry_out(actions);
        for act in actions {
            let Action::To(client, order) = act else { continue };
            let client = *client;
            match order {
                Order::Answer(id, result) => {
                    assert!(self.open.remove(&(client, *id)), "{act:?}: answered already");
                    self.learn(client, result);
                }
                Order::Read { read, .. } => self.asks.push((client, *read)),
                Order::Close(..) => {
                    assert!(!self.users.contains_key(&client) && who.is_none());
                    self.count("Close");
                    self.forget(client);
                }
                Order::Typing(..) => self.count("Typing"),
                Order::Notify(..) | Order::Release(_) => {}
            }
        }
        for client in &self.here {
            let kept = self.chat.kept.iter().filter(|(owner, _)| owner == client).count();
            let needed = self.users.get(client).map_or(0, |(.., shared)| 1 + shared);
            assert_eq!(kept, needed, "{client:?} has handed over more, or less: {actions:?}");
        }
        let rooms: BTreeSet<_> = self.users.values().map(|(_, room, _)| room.clone()).collect();
        for room in rooms {
            let order = self.order.iter().map(|client| &self.users[client]);
            let names: Vec<_> =
                order.filter(|user| user.1 == room).map(|user| user.0.as_str()).collect();
            let users = self.chat.room.users_in(&room);
            assert_eq!(users, names, "{room}");
        }
        assert_eq!(self.chat.room.users().count(), self.users.len());
        assert_eq!(self.chat.room.clients.len(), self.here.len());
    }

    /// Follows what a client was answered.
    fn learn(&mut self, client: ClientId, result: &Result<Reply, RpcError>) {
        match result {
            Ok(Reply::Room { message, room, .. }) if message.starts_with("Welcome") => {
                self.count("Welcome");
                self.order.push(client);
                let name = message.strip_prefix("Welcome to the chat, ").unwrap();
                let room = RoomName::read(room).unwrap();
                let user = (name.trim_end_matches('!').to_owned(), room, 0);
                assert_eq!(self.users.insert(client, user), None);
            }
            Ok(Reply::Message(_)) => {
                self.count("Goodbye");
                self.order.retain(|user| *user != client);
                assert!(self.users.remove(&client).is_some());
            }
            Ok(Reply::Room { room, .. }) => {
                let room = RoomName::read(room).unwrap();
                let user = self.users.get_mut(&client).unwrap();
                if user.1 != room {
                    user.1 = room;
                    self.order.retain(|user| *user != client);
                    self.order.push(client);
                    self.count("Entered");
                }
            }
            Ok(Reply::Status("shared")) => {
                self.users.get_mut(&client).unwrap().2 += 1;
                self.count("Shared");
            }
            Ok(Reply::Status(_)) => self.count("SentPrivately"),
            Ok(Reply::Sent { .. }) => self.count("Sent"),
            Ok(Reply::Bytes(_)) => self.count("Bytes"),
            Ok(_) => {}
            Err(error) => self.count(error.code.unwrap().as_str()),
        }
    }

    /// A note is heard once by each who is in its room, and by nobody else. A client that moves, joins
    /// alone, or is not there any more is the one exception.
    fn check_told(
        &self,
        who: ClientId,
        before: &BTreeMap<ClientId, (String, RoomName, usize)>,
        actions: &[Action],
    ) {
        let heard_by = |note: &Arc<Note>| -> Vec<_> {
            let hearers = actions.iter().filter_map(|act| match act {
                Action::To(client, Order::Notify(_, heard))
                    if Arc::ptr_eq(&heard.note, note) =>
                {
                    Some(*client)
                }
                _ => None,
            });
            hearers.collect()
        };
        let mut public = 0;
        for act in actions {
            let Action::Record(room, note) = act else { continue };
            let hearers = heard_by(note);
            public += hearers.len();
            let is_in = |(_, user): &(&ClientId, &(String, RoomName, usize))| user.1 == *room;
            let mut others: Vec<_> =
                self.users.iter().filter(is_in).map(|user| *user.0).collect();
            let moved = self.users.get(&who).map(|user| &user.1)
                != before.get(&who).map(|user| &user.1);
            if moved && (before.contains_key(&who) || others.len() == 1) {
                others.retain(|client| *client != who);
            }
            assert_eq!(hearers, others, "{actions:?}");
        }
        let private = actions.iter().filter_map(|act| match act {
            Action::To(client, Order::Notify(_, notice)) => match &notice.note.kind {
                Kind::Private { to } => Some((*client, to)),
                _ => None,
            },
            _ => None,
        });
        let private: Vec<_> = private.collect();
        assert!(
            private.iter().all(|(client, to)| *client == who || self.users[client].0 == **to)
        );
        let told = actions
            .iter()
            .filter(|act| matches!(act, Action::To(_, Order::Notify(..))))
            .count();
        assert_eq!(told, public + private.len(), "{actions:?}");
    }
}

#[test]
fn nothing_is_answered_given_back_or_told_twice_and_nothing_is_left() {
    let mut crowd = Crowd::new();
    for _ in 0..STEPS {
        crowd.step();
    }
    // All of it has been tried, and often.
    for what in [
        "Welcome",
        "Goodbye",
        "Entered",
        "Shared",
        "Sent",
        "SentPrivately",
        "Bytes",
        "Typing",
        "Close",
        "bad_request",
        "permission_denied",
        "too_many",
        "not_found",
        "internal",
        "cap_revoked",
    ] {
        let seen = crowd.seen.get(what).copied().unwrap_or(0);
        assert!(seen >= 20, "{what}: {seen}, of {:?}", crowd.seen);
    }
    // A client that waits is answered at last.
    crowd.chat.now += READ_PATIENCE;
    let actions = crowd.chat.room.pass(crowd.chat.now);
    crowd.check(None, &actions);
    assert_eq!(crowd.open, BTreeSet::new());
    for client in crowd.here.clone() {
        crowd.hears(client, Heard::Gone);
    }
    let room = &crowd.chat.room;
    assert_eq!(room.clients.len() + room.typing.len(), 0);
    assert_eq!(file_counts(room), (0, 0));
    assert_eq!((room.next_due(), crowd.chat.kept.len()), (None, 0));
}
