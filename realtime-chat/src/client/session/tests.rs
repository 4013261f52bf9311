//! The session handler: each test writes out the messages of the server, and reads ours.

use capnweb::Session;
use crossbeam_channel::{Receiver, unbounded};

use super::*;
use crate::client::tests::Folder;
use crate::interface::Kind;
use crate::name::{Name, RoomName};

/// A session handler, its link, and its reports.
struct Fixture {
    handler: ServerSession,
    reports: Receiver<Report>,
    link: Link<Callback>,
}

impl Fixture {
    fn begins() -> Self {
        let (report, reports) = unbounded();
        let link = Link::new(Session::new(None));
        Self { handler: ServerSession::new(report), reports, link }
    }

    /// The server has been asked to let us in, so it can call us: export -1.
    fn has_joined() -> Self {
        let mut alice = Self::begins();
        alice.asks(Request::Join { username: name(), client: Callback::Client });
        alice.sends(&[
            r#"["push",["pipeline",0,["join"],["Alice",["export",-1]]]]"#,
            r#"["pull",1]"#,
        ]);
        alice
    }

    fn asks(&mut self, request: Ask) {
        self.link.take_order(Order::Ask(AskId(1), request), &mut self.handler);
    }

    fn receives(&mut self, text: &str) {
        self.link.take_text(text, &mut self.handler);
    }

    /// A note with a file in it, which is the server's object `id`, and in its push `push`.
    fn is_offered(&mut self, id: i64) {
        let file = format!(r#"{{"name":"cat.png","size":4,"content":["export",{id}]}}"#);
        self.receives(&format!(
            r#"["push",["pipeline",-1,["onMessage"],[{{"username":"Bob","text":"shares","type":"file","file":{file}}}]]]"#
        ));
    }

    #[track_caller]
    fn sends(&mut self, texts: &[&str]) {
        assert_eq!(self.link.take_said(), texts);
        assert_eq!(self.link.take_close(), None);
    }

    fn reports(&self) -> Vec<String> {
        self.reports.try_iter().map(|report| format!("{report:?}")).collect()
    }
}

/// A file of ours, with 4 bytes.
fn cat(folder: &Folder) -> Arc<SharedFile> {
    Arc::new(SharedFile::open(&folder.write("cat.png", b"meow")).unwrap())
}

fn shares(file: &Arc<SharedFile>) -> Ask {
    let (username, name, size) = (name(), file.name.clone(), file.size);
    Request::ShareFile { username, name, size, file: Callback::File(Arc::clone(file)) }
}

fn name() -> Name {
    Name::read("Alice").unwrap()
}

#[test]
fn each_request_is_a_call_of_the_interface() {
    let room = RoomName::read("rust").unwrap();
    let folder = Folder::new();
    let bob = Name::read("Bob").unwrap();
    for (request, call) in [
        (
            Request::SendMessage { username: name(), text: "hi".into() },
            r#"["sendMessage"],["Alice","hi"]"#,
        ),
        (
            Request::SendPrivate { username: name(), to: bob, text: "psst".into() },
            r#"["sendPrivate"],["Alice","Bob","psst"]"#,
        ),
        (Request::Leave { username: name() }, r#"["leave"],["Alice"]"#),
        (Request::ListUsers, r#"["listUsers"],[]"#),
        (Request::EnterRoom { username: name(), room }, r##"["enterRoom"],["Alice","#rust"]"##),
        (Request::ListRooms, r#"["listRooms"],[]"#),
        (
            shares(&cat(&folder)),
            r#"["shareFile"],["Alice",{"name":"cat.png","size":4},["export",-1]]"#,
        ),
    ] {
        let mut alice = Fixture::begins();
        alice.asks(request);
        alice.sends(&[&format!(r#"["push",["pipeline",0,{call}]]"#), r#"["pull",1]"#]);
    }
}

#[test]
fn an_answer_is_read_as_what_was_asked_for() {
    let mut alice = Fixture::has_joined();
    alice.receives(r#"["resolve",1,{"message":"Welcome","users":[["Alice"]]}]"#);
    alice.sends(&[r#"["release",1,1]"#]);
    assert_eq!(
        alice.reports(),
        [
            r#"Answered(AskId(1), Ok(Room { message: "Welcome", users: ["Alice"], room: "another room" }))"#
        ]
    );
    alice.asks(Request::ListUsers);
    alice.receives(r#"["resolve",2,"nobody"]"#);
    assert!(alice.reports()[0].contains("makes no sense"));
    alice.asks(Request::ListRooms);
    alice.receives(r#"["reject",3,["error","Error","not today"]]"#);
    assert!(alice.reports()[0].contains("not today"));
}

/// We keep nothing that a server puts into its answers.
#[test]
fn stubs_in_an_answer_are_given_back() {
    let mut alice = Fixture::has_joined();
    alice.receives(r#"["resolve",1,{"users":[["Alice"]],"gift":[[{"more":["export",-5]}]]}]"#);
    alice.sends(&[r#"["release",1,1]"#, r#"["release",-5,1]"#]);
}

#[test]
fn a_note_is_told_and_answered_if_somebody_waits_for_it() {
    let mut alice = Fixture::has_joined();
    let note = r#"{"username":"Bob","text":"a\u001bb","type":"chat"}"#;
    alice.receives(&format!(r#"["push",["pipeline",-1,["onMessage"],[{note}]]]"#));
    alice.sends(&[]);
    alice.receives(r#"["pull",1]"#);
    alice.sends(&[r#"["resolve",1,["undefined"]]"#]);
    assert_eq!(
        alice.reports(),
        ["Told(Note { username: \"Bob\", text: \"a\u{FFFD}b\", kind: Chat })"]
    );
    for (call, answer) in [
        (r#"["onMessage"],["hi"]"#, r#"["error","TypeError","onMessage: this is no note"]"#),
        (r#"["onMessage"],[]"#, r#"["error","TypeError","onMessage: this is no note"]"#),
        (r#"["nope"],[]"#, r#"["error","TypeError","'nope' is not a function."]"#),
    ] {
        let mut alice = Fixture::has_joined();
        alice.receives(&format!(r#"["push",["pipeline",-1,{call}]]"#));
        alice.receives(r#"["pull",1]"#);
        alice.sends(&[&format!(r#"["reject",1,{answer}]"#)]);
        assert_eq!(alice.reports(), [""; 0]);
    }
    alice.receives(r#"["push",["pipeline",-1,["onTyping"],[{}]]]"#);
    alice.receives(r#"["pull",2]"#);
    alice.sends(&[r#"["resolve",2,["undefined"]]"#]);
    assert_eq!(alice.reports(), [""; 0]);
}

#[test]
fn a_file_of_somebody_else_is_held_until_it_is_given_back() {
    let mut alice = Fixture::has_joined();
    alice.is_offered(-2);
    alice.is_offered(-3);
    alice.sends(&[]);
    let Ok(Report::Told(Note { kind: Kind::File { content: Some(offer), .. }, .. })) =
        alice.reports.try_recv()
    else {
        panic!("she is told of it")
    };
    assert_eq!(offer.number, 1);
    assert!(alice.reports()[0].contains("number: 2"));
    alice.asks(Request::ReadFile { file: offer, offset: 7 });
    alice.sends(&[r#"["push",["pipeline",-2,["read"],[7]]]"#, r#"["pull",2]"#]);
    alice.receives(r#"["resolve",2,["bytes","aGk"]]"#);
    alice.sends(&[r#"["release",2,1]"#]);
    assert_eq!(alice.reports(), [r#"Answered(AskId(1), Ok(Bytes("aGk")))"#]);
    alice.link.take_order(Order::Release(offer.stub), &mut alice.handler);
    alice.sends(&[r#"["release",-2,1]"#]);
    alice.asks(Request::ReadFile { file: offer, offset: 0 });
    assert!(alice.reports()[0].contains("this stub was released"));
}

#[test]
fn a_file_of_ours_is_read_by_a_client_that_may_and_closed_when_none_can() {
    let folder = Folder::new();
    let mut alice = Fixture::begins();
    let file = cat(&folder);
    alice.asks(shares(&file));
    alice.link.take_said();
    alice.receives(r#"["push",["pipeline",-1,["read"],[-1]]]"#);
    alice.receives(r#"["pull",1]"#);
    let error = r#"["error","TypeError","read: offset must be a place in the file"]"#;
    alice.sends(&[&format!(r#"["reject",1,{error}]"#)]);
    for (push, offset, answer, told) in [
        (2, 0, r#"["resolve",2,["bytes","bWVvdw"]]"#, &[""; 0][..]),
        (3, 4, r#"["resolve",3,["bytes",""]]"#, &[r#"Sent("cat.png", 100)"#]),
    ] {
        alice.receives(&format!(r#"["push",["pipeline",-1,["read"],[{offset}]]]"#));
        alice.receives(&format!(r#"["pull",{push}]"#));
        alice.sends(&[answer]);
        assert_eq!(alice.reports(), told);
    }
    alice.receives(r#"["resolve",1,{"status":"shared"}]"#);
    drop(alice.reports());
    assert_eq!(Arc::strong_count(&file), 2, "the session has it");
    alice.receives(r#"["release",-1,1]"#);
    assert_eq!(Arc::strong_count(&file), 1, "the server has given it back");
}

#[test]
fn the_end_is_told_with_its_reason() {
    let end = |happens: &dyn Fn(&mut Fixture)| {
        let mut alice = Fixture::has_joined();
        happens(&mut alice);
        let end = alice.link.end();
        alice.handler.on_end(end);
        let reports: Vec<_> = alice.reports.try_iter().collect();
        // That nobody lets her in any more is not told as an answer, which would be a refusal.
        match &reports[..] {
            [Report::Ended(gone)] => gone.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(end(&|_| {}), Gone::HungUp);
    assert_eq!(end(&|alice| alice.link.on_close_frame("")), Gone::HungUp);
    let bye = end(&|alice| alice.link.on_close_frame("the server\n is shutting down"));
    assert_eq!(bye, Gone::Closed("the server\u{FFFD} is shutting down".into()));
    let aborted =
        end(&|alice| alice.receives(r#"["abort",["error","Error","no \u001bmore"]]"#));
    assert_eq!(aborted, Gone::Broken("no \u{FFFD}more".into()));
    let silent = end(&|alice| {
        alice.link.break_off(code::POLICY, "nothing was heard", &mut alice.handler);
        let close = Some((code::POLICY, "nothing was heard".into()));
        assert_eq!(alice.link.take_close(), close);
    });
    assert_eq!(silent, Gone::Broken("nothing was heard".into()));
    end(&|alice| {
        alice.receives("nonsense");
        assert_eq!(alice.link.take_close().map(|(code, _)| code), Some(code::SESSION));
    });
}
