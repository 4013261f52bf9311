//! The client's rules, with made-up time and a server that says what the test wants.

use capnweb::{Code, RpcError, Stub};

use super::*;
use crate::client::event::PROMPT;
use crate::client::tests::Folder;
use crate::name::RoomName;

/// A client, and all that it wants done and has not been looked at.
struct Alice {
    chat: ChatClient,
    now: Instant,
}

impl Alice {
    fn starts(name: Option<&str>) -> Self {
        let now = Instant::now();
        let chat = ChatClient::new(name.map(|name| Name::read(name).unwrap()), now);
        Self { chat, now }
    }

    /// She has joined, and Bob is there, too.
    fn chats() -> Self {
        let mut alice = Self::starts(Some("Alice"));
        alice.is_answered(Ok(room(&["Alice", "Bob"])));
        alice.wants();
        alice
    }

    fn on(&mut self, happened: Happened) {
        self.chat.on(happened, self.now);
    }

    fn types(&mut self, line: &str) {
        assert!(self.chat.takes_lines(), "{line:?} is not taken");
        self.on(Happened::Typed(Typed::Line(line.into())));
    }

    fn hears(&mut self, report: Report) {
        self.on(Happened::Reported(report));
    }

    fn is_told(&mut self, username: &str, text: &str, kind: Kind<Offer>) {
        let note = Note { username: username.into(), text: text.into(), kind };
        self.hears(Report::Told(note));
    }

    /// Her last call.
    fn last_ask(&self) -> AskId {
        AskId(self.chat.asked)
    }

    fn is_answered(&mut self, answer: Result<Reply>) {
        self.hears(Report::Answered(self.last_ask(), answer));
    }

    fn waits(&mut self, patience: Duration) {
        self.now += patience;
        self.chat.pass(self.now);
    }

    /// What she has wanted to be done since the last look.
    fn wants(&mut self) -> Vec<Action> {
        std::iter::from_fn(|| self.chat.next_action()).collect()
    }

    #[track_caller]
    fn shows(&mut self, text: &str) {
        let actions = self.wants();
        let shown = actions.iter().map(|act| match act {
            Action::Show(event) => event.lines(false) + "\n",
            other => panic!("{other:?}"),
        });
        assert_eq!(shown.collect::<String>(), text);
    }

    #[track_caller]
    fn asks(&mut self, ask: &Ask) {
        let id = self.last_ask();
        assert_eq!(self.wants(), [order(id, ask.clone())]);
    }
}

fn me() -> Name {
    Name::read("Alice").unwrap()
}

fn room(users: &[&str]) -> Reply {
    let users = users.iter().map(|&name| name.to_owned()).collect();
    Reply::Room { message: String::new(), users, room: "#lobby".into() }
}

fn join() -> Ask {
    Request::Join { username: me(), client: Callback::Client }
}

fn offer(number: u64) -> Offer {
    Offer { number, stub: Stub::MAIN }
}

fn order(id: AskId, ask: Ask) -> Action {
    Action::Order(Order::Ask(id, ask))
}

fn read(offset: u64) -> Ask {
    Request::ReadFile { file: offer(1), offset }
}

fn system(text: &str) -> Event {
    let (username, text) = ("System".to_owned(), text.to_owned());
    Event::Told { note: Note { username, text, kind: Kind::System }, is_ours: false }
}

fn no(text: &str) -> RpcError {
    RpcError::new(Code::BadRequest, text)
}

fn show(event: Event) -> Action {
    Action::Show(event)
}

fn file(name: &str, size: u64, number: u64) -> Kind<Offer> {
    Kind::File { name: name.into(), size, content: Some(offer(number)) }
}

/// A file of ours.
fn opened(folder: &Folder) -> Arc<SharedFile> {
    Arc::new(SharedFile::open(&folder.write("cat.png", &vec![0; 262_144])).unwrap())
}

#[test]
fn a_user_without_a_name_is_asked_until_there_is_one() {
    let mut alice = Alice::starts(None);
    assert_eq!(alice.wants(), [show(Event::Started)]);
    assert_eq!(alice.chat.prompt(), Some("\nEnter your username: "));
    alice.types("A]lice");
    alice.shows("❌ a name cannot contain ']'\n");
    assert_eq!(alice.chat.prompt(), Some(PROMPT));
    alice.on(Happened::Typed(Typed::TooLong(10_000)));
    alice.shows("❌ that is no name\n");
    assert_eq!(alice.chat.prompt(), Some(PROMPT));
    alice.types(" Alice ");
    let join = order(alice.last_ask(), join());
    assert_eq!(alice.wants(), [show(Event::Connecting(me())), Action::Dial, join]);
    assert_eq!(alice.chat.prompt(), None);
    assert!(!alice.chat.takes_lines(), "what is typed now is for the chat");
}

#[test]
fn who_leaves_before_joining_ends_well() {
    for line in [None, Some("/quit")] {
        let mut alice = Alice::starts(None);
        alice.wants();
        match line {
            Some(line) => alice.types(line),
            None => alice.on(Happened::Quit),
        }
        assert_eq!(alice.wants(), [Action::GiveUp, Action::End(Ok(()))]);
    }
    let mut alice = Alice::starts(Some("Alice"));
    alice.wants();
    alice.on(Happened::Quit);
    assert_eq!(alice.wants(), [Action::GiveUp, Action::End(Ok(()))]);
    alice.hears(Report::Ended(Gone::HungUp));
    assert_eq!(alice.wants(), []);
}

#[test]
fn a_name_that_is_taken_is_asked_for_again_if_it_was_asked_for() {
    let taken = || no("Username Alice is already taken");
    let mut alice = Alice::starts(None);
    alice.types("Alice");
    alice.wants();
    alice.is_answered(Err(taken()));
    let text = "Username Alice is already taken".to_owned();
    let again = [Action::GiveUp, Action::HangUp, show(Event::Refused(text.clone()))];
    assert_eq!(alice.wants(), again);
    assert_eq!(alice.chat.prompt(), Some(PROMPT));
    alice.hears(Report::Ended(Gone::HungUp));
    assert_eq!(alice.wants(), [], "it was us who hung up");
    alice.types("Alicia");
    assert_eq!(alice.wants()[1], Action::Dial);

    let mut alice = Alice::starts(Some("Alice"));
    alice.wants();
    alice.is_answered(Err(taken()));
    let ends = [Action::GiveUp, Action::End(Err(Gone::Refused(text)))];
    assert_eq!(alice.wants(), ends);
}

#[test]
fn what_is_told_before_the_welcome_stands_below_it() {
    let mut alice = Alice::starts(Some("Alice"));
    alice.wants();
    let joined = "Alice joined the chat";
    alice.is_told("System", joined, Kind::System);
    assert_eq!(alice.wants(), []);
    alice.is_answered(Ok(room(&["Alice"])));
    let welcome = Event::Welcome(me(), vec!["Alice".into()]);
    assert_eq!(alice.wants(), [show(welcome), show(system(joined))]);

    // But nobody holds our memory back with it.
    let mut alice = Alice::starts(Some("Alice"));
    alice.wants();
    for _ in 0..10_000 {
        alice.is_told("Bob", "hi", Kind::Chat);
    }
    assert_eq!(alice.wants().len(), 10_000 - MAX_HELD);
}

#[test]
fn notes_are_shown_as_what_they_are() {
    let mut alice = Alice::chats();
    alice.is_told("Bob", "hi", Kind::Chat);
    alice.is_told("Alice", "hello", Kind::Chat);
    alice.is_told("Bob", "psst", Kind::Private { to: "Alice".into() });
    alice.is_told("Alice", "psst", Kind::Private { to: "Bob".into() });
    alice.is_told("System", "Bob left the chat", Kind::System);
    alice.is_told("Bob", "shares", file("cat.png", 12_345, 1));
    let gone = Kind::File { name: "dog.png".into(), size: 1, content: None };
    alice.is_told("Bob", "shares", gone);
    alice.is_told("Alice", "shares", file("mine.png", 1, 2));
    alice.shows(
        "[Bob] hi\n[You] hello\n[Bob, privately] psst\n[You, privately to Bob] psst\n\
         *** Bob left the chat ***\n[Bob] shares cat.png (12.3 kB): /save 1\n\
         [Bob] shares dog.png (1 B), which cannot be had any more\n",
    );
}

#[test]
fn commands_become_calls_and_answers_are_shown() {
    let mut alice = Alice::chats();
    alice.types("hello");
    alice.asks(&Request::SendMessage { username: me(), text: "hello".into() });
    alice.is_answered(Ok(Reply::Nothing));
    alice.shows("");
    alice.types("hello");
    alice.wants();
    alice.is_answered(Err(no("slow down")));
    alice.shows("❌ slow down\n");
    alice.types("/users");
    alice.asks(&Request::ListUsers);
    alice.is_answered(Ok(Reply::Users(vec!["Alice".into(), "Bob".into()])));
    alice.shows("\nConnected users: Alice, Bob\n\n");
    alice.types("/rooms");
    alice.asks(&Request::ListRooms);
    alice.is_answered(Ok(Reply::Rooms(vec![("#lobby".into(), 2), ("#rust".into(), 1)])));
    alice.shows("\nRooms: #lobby (2), #rust (1)\n\n");
    alice.types("/join Rust");
    alice.asks(&Request::EnterRoom { username: me(), room: RoomName::read("#rust").unwrap() });
    alice.is_answered(Ok(Reply::Room {
        message: "You are in #rust now".into(),
        users: vec!["Alice".into()],
        room: "#rust".into(),
    }));
    alice.shows("\nYou are in #rust now\nConnected users (1): Alice\n\n");
    alice.types("/hlep");
    alice.shows(
        "❌ Unknown command /hlep: /help lists what there is, and a message that begins with / is \
         typed with two of them\n",
    );
    alice.types("/msg Bob");
    alice.shows("❌ Type it like this: /msg NAME TEXT\n");
    alice.types("  ");
    alice.shows("");
}

#[test]
fn a_private_message_finds_a_name_with_spaces_however_it_became_known() {
    let to = Name::read("Mary Ann").unwrap();
    for how in 0..4 {
        let mut alice = Alice::chats();
        match how {
            0 => alice.is_told("System", "Mary Ann joined the chat", Kind::System),
            1 => alice.is_told("System", "Mary Ann came from #rust", Kind::System),
            2 => alice.is_told("Mary Ann", "hi", Kind::Chat),
            _ => {
                alice.types("/users");
                alice.is_answered(Ok(Reply::Users(vec!["Mary Ann".into()])));
            }
        }
        alice.wants();
        alice.types("/msg Mary Ann psst");
        alice.asks(&Request::SendPrivate {
            username: me(),
            to: to.clone(),
            text: "psst".into(),
        });
    }
    let mut alice = Alice::chats();
    for number in 0..10_000 {
        alice.is_told(&format!("Bob {number}"), "hi", Kind::Chat);
    }
    assert_eq!(alice.chat.known.len(), MAX_KNOWN);
}

#[test]
fn leaving_waits_for_the_goodbye_but_not_for_long() {
    for how in 0..4 {
        let mut alice = Alice::chats();
        alice.types("unanswered");
        alice.wants();
        match how {
            0 => alice.types("/quit"),
            _ => alice.on(Happened::Quit),
        }
        let leave = order(alice.last_ask(), Request::Leave { username: me() });
        assert_eq!(alice.wants(), [Action::GiveUp, show(Event::Leaving), leave]);
        alice.on(Happened::Quit);
        assert_eq!(alice.wants(), [], "once is enough");
        match how {
            0 => alice.is_answered(Ok(Reply::Nothing)),
            1 => alice.is_answered(Err(no("you have not joined"))),
            2 => alice.hears(Report::Ended(Gone::HungUp)),
            _ => alice.waits(LEAVING),
        }
        let actions = alice.wants();
        assert_eq!(actions.last(), Some(&Action::End(Ok(()))), "{how}: {actions:?}");
        assert_eq!(alice.chat.next_due(), None);
    }
}

#[test]
fn what_was_asked_before_leaving_is_still_answered() {
    let mut alice = Alice::chats();
    alice.types("/users");
    let users = alice.last_ask();
    alice.on(Happened::Quit);
    alice.wants();
    alice.hears(Report::Answered(users, Ok(Reply::Users(vec!["Alice".into()]))));
    alice.is_told("Alice", "hello", Kind::Chat);
    alice.shows("\nConnected users: Alice\n\n[You] hello\n");
}

#[test]
fn a_server_that_is_gone_ends_it() {
    let mut alice = Alice::chats();
    alice.hears(Report::Ended(Gone::HungUp));
    assert_eq!(alice.wants(), [Action::GiveUp, Action::End(Err(Gone::HungUp))]);
    alice.hears(Report::Ended(Gone::HungUp));
    assert_eq!(alice.wants(), []);
}

#[test]
fn a_server_that_does_not_answer_is_told_and_makes_the_keyboard_wait() {
    let mut alice = Alice::chats();
    for _ in 0..MAX_ASKS {
        alice.types("hello?");
    }
    assert!(!alice.chat.takes_lines());
    alice.wants();
    alice.waits(PATIENCE / 2);
    assert_eq!(alice.wants(), []);
    assert_eq!(alice.chat.next_due(), Some(alice.now + PATIENCE / 2));
    alice.waits(PATIENCE / 2);
    assert_eq!(alice.wants(), vec![show(Event::NoAnswer(PATIENCE.as_secs())); MAX_ASKS]);
    assert!(alice.chat.takes_lines());
    alice.is_answered(Err(no("late")));
    assert_eq!(alice.wants(), [], "it was given up");

    let mut alice = Alice::starts(Some("Alice"));
    alice.wants();
    alice.waits(PATIENCE);
    let gone = Gone::NotLetIn(PATIENCE.as_secs());
    assert_eq!(alice.wants(), [Action::GiveUp, Action::End(Err(gone))]);
}

#[test]
fn an_error_is_clean_and_short() {
    let mut alice = Alice::chats();
    alice.types("hello");
    alice.wants();
    alice.is_answered(Err(no(&format!("\x1b[2J{}", "é".repeat(100_000)))));
    let actions = alice.wants();
    let [Action::Show(Event::Refused(why))] = &actions[..] else { panic!("{actions:?}") };
    assert!(why.starts_with("\u{FFFD}[2Jé") && why.ends_with("é…"), "{why}");
    assert!(why.len() <= MAX_WHY + 8, "{}", why.len());
}

#[test]
fn a_file_is_asked_for_part_by_part() {
    let mut alice = Alice::chats();
    alice.types("/save 1");
    alice.shows(
        "❌ There is no file 1 to be saved: take the number of one that was shared lately\n",
    );
    alice.is_told("Bob", "shares", file("cat.png", 12_345, 1));
    alice.wants();
    alice.types("/save 1");
    assert_eq!(alice.wants(), [Action::Save(offer(1), "cat.png".into(), 12_345)]);
    for offset in [0, 12_345] {
        alice.on(Happened::Saving(offer(1), (Some(offset), None)));
        alice.asks(&read(offset));
        alice.is_answered(Ok(Reply::Bytes("aGk".into())));
        assert_eq!(alice.wants(), [Action::TakePart(offer(1), Ok("aGk".into()))]);
    }
    alice.on(Happened::Saving(offer(1), (None, Some(Event::Fetched("cat.png".into(), 75)))));
    alice.shows("📥 cat.png: 75 %\n");
}

#[test]
fn a_save_that_fails_is_given_up_with_the_reason() {
    let fails = |happens: &dyn Fn(&mut Alice), why: Trouble| {
        let mut alice = Alice::chats();
        alice.on(Happened::Saving(offer(1), (Some(0), None)));
        alice.wants();
        happens(&mut alice);
        assert_eq!(alice.wants(), [Action::TakePart(offer(1), Err(why))]);
    };
    let refused = Trouble::Other("the file left with Bob".into());
    fails(&|alice| alice.is_answered(Err(no("the file left with Bob"))), refused);
    fails(&|alice| alice.waits(FILE_PATIENCE), Trouble::NoAnswer(15));
    for end in [Happened::Quit, Happened::Reported(Report::Ended(Gone::HungUp))] {
        let mut alice = Alice::chats();
        alice.on(end);
        assert_eq!(alice.wants()[0], Action::GiveUp);
    }
}

#[test]
fn the_oldest_file_that_is_not_being_saved_is_given_back_for_a_new_one() {
    let mut alice = Alice::chats();
    let most = MAX_OFFERS as u64;
    for number in 1..=most {
        alice.is_told("Bob", "shares", file("cat.png", 12_345, number));
        assert_eq!(alice.wants().len(), 1);
    }
    alice.on(Happened::Saving(offer(1), (Some(0), None)));
    alice.wants();
    for _ in 0..2 {
        // Also a file of ours needs room.
        alice.is_told("Alice", "shares", file("cat.png", 12_345, most + 1));
        assert_eq!(alice.wants(), [Action::Order(Order::Release(Stub::MAIN))]);
    }
    let is_there = |alice: &mut Alice, number: u64| {
        alice.types(&format!("/save {number}"));
        matches!(alice.wants()[0], Action::Save(..))
    };
    assert!(is_there(&mut alice, 1) && is_there(&mut alice, 4));
    assert!(!is_there(&mut alice, 2) && !is_there(&mut alice, 3));
}

#[test]
fn a_file_of_ours_is_offered_and_read_by_others() {
    let folder = Folder::new();
    let mut alice = Alice::chats();
    alice.types("/send my/cat.png");
    assert_eq!(alice.wants(), [Action::Open("my/cat.png".into())]);
    let cat = opened(&folder);
    alice.on(Happened::Opened("my/cat.png".into(), Ok(Arc::clone(&cat))));
    alice.asks(&Request::ShareFile {
        username: me(),
        name: cat.name.clone(),
        size: 262_144,
        file: Callback::File(cat),
    });
    alice.is_answered(Ok(Reply::Nothing));
    alice.shows("📤 Sharing cat.png (262.1 kB)\n");
    alice.hears(Report::Sent("cat.png".into(), 25));
    alice.shows("📤 cat.png: 25 % sent\n");
}

/// Whoever can read a file can read its end again and again, and no token is charged for it.
#[test]
fn a_file_that_is_read_again_and_again_does_not_flood_the_screen() {
    let shown = |alice: &mut Alice, reads| {
        for _ in 0..reads {
            alice.hears(Report::Sent("cat.png".into(), 100));
        }
        alice.wants().len()
    };
    let mut alice = Alice::chats();
    assert_eq!(shown(&mut alice, 99), 99, "a crowd that saves it is told of");
    assert_eq!(shown(&mut alice, 10_000), 1);
    alice.is_told("Bob", "hi", Kind::Chat);
    alice.shows("[Bob] hi\n");
    alice.waits(Duration::from_millis(999));
    assert_eq!(shown(&mut alice, 1), 0);
    alice.waits(Duration::from_millis(1));
    assert_eq!(shown(&mut alice, 2), 1);
    alice.waits(Duration::from_hours(1));
    assert_eq!(shown(&mut alice, 10_000), 100, "a pause saves up no more than that");
}

#[test]
fn a_file_that_cannot_be_offered_is_told_and_closed() {
    let folder = Folder::new();
    let mut alice = Alice::chats();
    alice.on(Happened::Opened("cat.png".into(), Err(Trouble::Missing)));
    alice.shows("❌ Cannot send cat.png: there is no such file\n");
    let cat = opened(&folder);
    alice.on(Happened::Opened("cat.png".into(), Ok(Arc::clone(&cat))));
    alice.wants();
    alice.is_answered(Err(no("too many")));
    alice.shows("❌ Cannot send cat.png: too many\n");
    assert_eq!(Arc::strong_count(&cat), 1);
}
