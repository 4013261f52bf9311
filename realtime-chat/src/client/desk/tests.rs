//! The desk, with a server whose words the test writes down as they travel.

use crossbeam_channel::{Receiver, unbounded};

use super::*;

/// A desk, and what comes of it.
struct AtTheDesk {
    desk: ServersDesk,
    reports: Receiver<Report>,
    out: Out,
}

impl AtTheDesk {
    fn sits() -> Self {
        let (report, reports) = unbounded();
        Self { desk: ServersDesk::new(report), reports, out: Out::default() }
    }

    /// The server has been asked to let us in, so it can call us: export -1.
    fn has_joined() -> Self {
        let mut alice = Self::sits();
        alice.asks(Request::Join(name()));
        alice.says(&[
            r#"["push",["pipeline",0,["join"],["Alice",["export",-1]]]]"#,
            r#"["pull",1]"#,
        ]);
        alice
    }

    fn asks(&mut self, request: Request) {
        self.desk.on_order(Order::Ask(AskId(1), request), &mut self.out);
    }

    fn hears(&mut self, text: &str) {
        self.desk.on_text(text, &mut self.out);
    }

    /// A note with a file in it, which is the server's object `id`, and in its push `push`.
    fn is_offered(&mut self, id: i64) {
        let file = format!(r#"{{"name":"cat.png","size":4,"content":["export",{id}]}}"#);
        self.hears(&format!(
            r#"["push",["pipeline",-1,["onMessage"],[{{"username":"Bob","text":"shares","type":"file","file":{file}}}]]]"#
        ));
    }

    #[track_caller]
    fn says(&mut self, texts: &[&str]) {
        assert_eq!(std::mem::take(&mut self.out), Out { texts: owned(texts), close: None });
    }

    fn reports(&self) -> Vec<String> {
        self.reports.try_iter().map(|report| format!("{report:?}")).collect()
    }
}

fn owned(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|&text| text.to_owned()).collect()
}

fn name() -> Name {
    Name::read("Alice").unwrap()
}

#[test]
fn each_request_is_a_call_of_the_interface() {
    let room = RoomName::read("rust").unwrap();
    let cat = FileName::read("cat.png").unwrap();
    for (request, call) in [
        (Request::SendMessage(name(), "hi".into()), r#"["sendMessage"],["Alice","hi"]"#),
        (
            Request::SendPrivate(name(), "Bob".into(), "psst".into()),
            r#"["sendPrivate"],["Alice","Bob","psst"]"#,
        ),
        (Request::Leave(name()), r#"["leave"],["Alice"]"#),
        (Request::ListUsers, r#"["listUsers"],[]"#),
        (Request::EnterRoom(name(), room), r##"["enterRoom"],["Alice","#rust"]"##),
        (Request::ListRooms, r#"["listRooms"],[]"#),
        (
            Request::ShareFile(name(), cat, 4, FileId(1)),
            r#"["shareFile"],["Alice",{"name":"cat.png","size":4},["export",-1]]"#,
        ),
    ] {
        let mut alice = AtTheDesk::sits();
        alice.asks(request);
        alice.says(&[&format!(r#"["push",["pipeline",0,{call}]]"#), r#"["pull",1]"#]);
    }
}

#[test]
fn an_answer_is_read_as_what_was_asked_for() {
    let mut alice = AtTheDesk::has_joined();
    alice.hears(r#"["resolve",1,{"message":"Welcome","users":[["Alice"]]}]"#);
    alice.says(&[r#"["release",1,1]"#]);
    assert_eq!(alice.reports(), [r#"Answered(AskId(1), Ok(Room(["Alice"], None)))"#]);
    alice.asks(Request::ListUsers);
    alice.hears(r#"["resolve",2,"nobody"]"#);
    assert!(alice.reports()[0].contains("makes no sense"));
    alice.asks(Request::ListRooms);
    alice.hears(r#"["reject",3,["error","Error","not today"]]"#);
    assert!(alice.reports()[0].contains("not today"));
}

/// Whatever a server puts into its answers, we do not hold it.
#[test]
fn stubs_in_an_answer_are_given_back() {
    let mut alice = AtTheDesk::has_joined();
    alice.hears(r#"["resolve",1,{"users":[["Alice"]],"gift":[[{"more":["export",-5]}]]}]"#);
    alice.says(&[r#"["release",1,1]"#, r#"["release",-5,1]"#]);
}

#[test]
fn a_note_is_told_and_answered_if_somebody_waits_for_it() {
    let mut alice = AtTheDesk::has_joined();
    let note = r#"{"username":"Bob","text":"a\u001bb","type":"chat"}"#;
    alice.hears(&format!(r#"["push",["pipeline",-1,["onMessage"],[{note}]]]"#));
    alice.says(&[]);
    alice.hears(r#"["pull",1]"#);
    alice.says(&[r#"["resolve",1,["undefined"]]"#]);
    assert_eq!(
        alice.reports(),
        ["Told(Note { username: \"Bob\", text: \"a\u{FFFD}b\", kind: Chat })"]
    );
    for (call, answer) in [
        (r#"["onMessage"],["hi"]"#, r#"["error","TypeError","onMessage: this is no note"]"#),
        (r#"["onMessage"],[]"#, r#"["error","TypeError","onMessage: this is no note"]"#),
        (r#"["nope"],[]"#, r#"["error","TypeError","'nope' is not a function."]"#),
    ] {
        let mut alice = AtTheDesk::has_joined();
        alice.hears(&format!(r#"["push",["pipeline",-1,{call}]]"#));
        alice.hears(r#"["pull",1]"#);
        alice.says(&[&format!(r#"["reject",1,{answer}]"#)]);
        assert_eq!(alice.reports(), [""; 0]);
    }
    alice.hears(r#"["push",["pipeline",-1,["onTyping"],[{}]]]"#);
    alice.hears(r#"["pull",2]"#);
    alice.says(&[r#"["resolve",2,["undefined"]]"#]);
    assert_eq!(alice.reports(), [""; 0]);
}

#[test]
fn a_file_of_somebody_else_is_held_while_there_is_room() {
    let mut alice = AtTheDesk::has_joined();
    for id in 2..2 + MAX_OFFERS {
        alice.is_offered(-i64::try_from(id).unwrap());
    }
    alice.says(&[]);
    assert!(alice.reports()[0].contains("content: Some(OfferId(1))"));
    // Who reads one holds it for longer.
    alice.asks(Request::Read(OfferId(1), 7));
    alice.says(&[r#"["push",["pipeline",-2,["read"],[7]]]"#, r#"["pull",2]"#]);
    alice.hears(r#"["resolve",2,["bytes","aGk"]]"#);
    alice.says(&[r#"["release",2,1]"#]);
    assert_eq!(alice.reports(), ["Answered(AskId(1), Ok(Bytes([104, 105])))"]);
    alice.is_offered(-100);
    alice.says(&[r#"["release",-3,1]"#]);
    alice.reports();
    alice.asks(Request::Read(OfferId(2), 0));
    alice.says(&[]);
    assert!(alice.reports()[0].contains("too many other files were shared since then"));
}

#[test]
fn a_file_of_ours_is_read_by_whoever_may_and_not_too_often() {
    let mut alice = AtTheDesk::sits();
    let cat = FileName::read("cat.png").unwrap();
    alice.asks(Request::ShareFile(name(), cat, 4, FileId(3)));
    alice.out = Out::default();
    alice.hears(r#"["push",["pipeline",-1,["read"],[-1]]]"#);
    alice.hears(r#"["pull",1]"#);
    let error = r#"["error","TypeError","read: offset must be a place in the file"]"#;
    alice.says(&[&format!(r#"["reject",1,{error}]"#)]);
    for push in 2..2 + MAX_READS {
        assert!(!alice.desk.is_busy());
        alice.hears(r#"["push",["pipeline",-1,["read"],[2]]]"#);
        alice.hears(&format!(r#"["pull",{push}]"#));
    }
    assert!(alice.desk.is_busy());
    let Ok(Report::Wanted(id, FileId(3), 2)) = alice.reports.try_recv() else {
        panic!("a file was asked for")
    };
    alice.desk.on_order(Order::Bring(id, Ok("aGk".into())), &mut alice.out);
    alice.says(&[r#"["resolve",2,["bytes","aGk"]]"#]);
    assert!(!alice.desk.is_busy());
}

#[test]
fn the_end_is_told_with_its_reason() {
    let end = |happens: &dyn Fn(&mut AtTheDesk)| {
        let mut alice = AtTheDesk::has_joined();
        happens(&mut alice);
        alice.desk.on_end();
        let reports: Vec<_> = alice.reports.try_iter().collect();
        match reports.last() {
            Some(Report::Ended(gone)) => gone.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(end(&|_| {}), Gone::HungUp);
    assert_eq!(end(&|alice| alice.desk.on_goodbye("")), Gone::HungUp);
    let bye = end(&|alice| alice.desk.on_goodbye("the server\n is shutting down"));
    assert_eq!(bye, Gone::Dismissed("the server\u{FFFD} is shutting down".into()));
    let aborted = end(&|alice| alice.hears(r#"["abort",["error","Error","no \u001bmore"]]"#));
    assert_eq!(aborted, Gone::Broken("no \u{FFFD}more".into()));
    let silent = end(&|alice| {
        alice.desk.on_breach(code::POLICY, "nothing was heard", &mut alice.out);
        assert_eq!(alice.out.close, Some((code::POLICY, "nothing was heard".into())));
    });
    assert_eq!(silent, Gone::Broken("nothing was heard".into()));
    end(&|alice| {
        alice.hears("nonsense");
        assert_eq!(alice.out.close.as_ref().map(|(code, _)| *code), Some(code::SESSION));
    });
}
