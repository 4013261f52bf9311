//! The writing half, on real sockets: what it is handed and ordered, and what the other side gets.

use std::net::Shutdown;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread::{self, JoinHandle};

use crossbeam_channel::{Sender, bounded, unbounded};

use super::*;
use crate::Value;
use crate::websocket::limits::code;
use crate::websocket::link::Call;
use crate::websocket::tests::{LONG, SHORT, connection};

/// Says what it hears and what it is ordered.
struct Parrot {
    is_busy: Arc<AtomicBool>,
    ended: Sender<()>,
}

enum Order {
    Say(String),
    /// Two messages that belong together.
    SayBoth(String, String),
    Close(u16, String),
    /// Then the order is answered, and it is busy no more.
    NoLongerBusy,
}

impl SessionHandler for Parrot {
    type Target = ();
    type Order = Order;

    fn on_call(&mut self, call: Call<()>, link: &mut Link<()>) {
        let text = call.path[0].to_string();
        link.answer(call.id, Ok(Value::Undefined));
        match text.as_str() {
            "say nothing" => return,
            "busy" => self.is_busy.store(true, SeqCst),
            _ => {}
        }
        link.say(format!("heard {text}"));
    }

    fn on_order(&mut self, order: Order, link: &mut Link<()>) {
        match order {
            Order::Say(text) => link.say(text),
            Order::SayBoth(one, two) => {
                link.say(one);
                link.say(two);
            }
            Order::Close(code, why) => link.close(code, why),
            Order::NoLongerBusy => self.is_busy.store(false, SeqCst),
        }
    }

    fn is_busy(&self) -> bool {
        self.is_busy.load(SeqCst)
    }

    fn on_end(self, _: End) {
        self.ended.send(()).unwrap();
    }
}

/// A message that the session takes for a call of this method.
fn call(text: &str) -> Incoming {
    Incoming::Text(format!(r#"["push",["pipeline",0,["{text}"],[]]]"#).into())
}

fn writer(patience: Patience, ours: Arc<TcpStream>) -> (Writer<Parrot>, Receiver<()>) {
    let (end, ended) = bounded(1);
    let parrot = Parrot { is_busy: Arc::new(AtomicBool::new(false)), ended: end };
    let session = Session::new(Some(()));
    (Writer::new(patience, ours, Role::Server, session, parrot), ended)
}

/// A writer, and everything around it.
struct Writing {
    theirs: TcpStream,
    read: Option<Sender<Incoming>>,
    order: Option<Sender<Order>>,
    ended: Receiver<()>,
    writer: JoinHandle<()>,
}

impl Writing {
    fn begins() -> Self {
        Self::begins_with(SHORT)
    }

    fn begins_with(patience: Patience) -> Self {
        let (ours, theirs) = connection();
        let ((read, incoming), (order, orders)) = (unbounded(), bounded(1000));
        let (mut writer, ended) = writer(patience, Arc::clone(&ours));
        let body = move || {
            writer.run(&incoming, &orders);
            drop(orders);
            let (parrot, end) = writer.end();
            parrot.on_end(end);
            let _ = ours.shutdown(Shutdown::Both);
        };
        let writer = thread::Builder::new().name("writer".into()).spawn(body).unwrap();
        Self { theirs, read: Some(read), order: Some(order), ended, writer }
    }

    fn hears(&self, incoming: Incoming) {
        self.read.as_ref().unwrap().send(incoming).unwrap();
    }

    fn is_ordered(&self, order: Order) {
        self.order.as_ref().unwrap().send(order).unwrap();
    }

    /// The next frame that is no ping: its first byte and what it carries. `None` at the end.
    fn writes(&mut self) -> Option<(u8, Vec<u8>)> {
        let deadline = Instant::now() + LONG;
        loop {
            assert!(Instant::now() < deadline, "it says something, and not only pings");
            let frame = self.next_frame()?;
            if frame.0 != PING {
                return Some(frame);
            }
        }
    }

    fn next_frame(&mut self) -> Option<(u8, Vec<u8>)> {
        next_frame(&mut self.theirs)
    }

    #[track_caller]
    fn says(&mut self, text: &str) {
        assert_eq!(self.writes(), Some((TEXT, text.as_bytes().to_vec())));
    }

    #[track_caller]
    fn closes(&mut self, code: u16, reason: &str) {
        let payload = [&code.to_be_bytes(), reason.as_bytes()].concat();
        assert_eq!(self.writes(), Some((0x88, payload)));
    }

    fn pings_three_times(&mut self) {
        let (begun, mut pings) = (Instant::now(), 0);
        while pings < 3 {
            assert!(begun.elapsed() < LONG, "{pings} pings");
            pings += usize::from(self.next_frame().unwrap().0 == PING);
        }
    }

    #[track_caller]
    fn ends(self) {
        assert_eq!(self.ended.recv_timeout(LONG), Ok(()), "the handler is told");
        self.writer.join().unwrap();
    }
}

/// The next frame: its first byte and what it carries. `None` at the end.
fn next_frame(theirs: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut head = [0; 2];
    theirs.read_exact(&mut head).ok()?;
    let length = match head[1] {
        short @ ..126 => u64::from(short),
        126 => {
            let mut length = [0; 2];
            theirs.read_exact(&mut length).unwrap();
            u16::from_be_bytes(length).into()
        }
        _ => {
            let mut length = [0; 8];
            theirs.read_exact(&mut length).unwrap();
            u64::from_be_bytes(length)
        }
    };
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    theirs.read_exact(&mut payload).unwrap();
    Some((head[0], payload))
}

const TEXT: u8 = 0x81;
const PING: u8 = 0x89;

#[test]
fn answers_and_orders_go_out_in_their_order() {
    let mut writing = Writing::begins();
    for number in 0..100 {
        writing.is_ordered(Order::Say(number.to_string()));
    }
    for number in 0..100 {
        writing.says(&number.to_string());
    }
    for number in 0..100 {
        writing.hears(call(&number.to_string()));
    }
    for number in 0..100 {
        writing.says(&format!("heard {number}"));
    }
    writing.is_ordered(Order::SayBoth("push".into(), "release".into()));
    writing.says("push");
    writing.says("release");
    let long = "x".repeat(3 * BATCH);
    writing.is_ordered(Order::Say(long.clone()));
    writing.says(&long);
}

#[test]
fn a_silent_side_is_pinged_also_while_it_is_told_much() {
    let patience = Patience { write: LONG, ..SHORT };
    let mut writing = Writing::begins_with(patience);
    writing.pings_three_times();
    let order = writing.order.take().unwrap();
    // There is always one more, until the writer ends.
    let flood = move || while order.send(Order::Say("flood".into())).is_ok() {};
    let flood = thread::Builder::new().name("flood".into()).spawn(flood).unwrap();
    writing.pings_three_times();
    drop(writing.theirs);
    assert_eq!(writing.ended.recv_timeout(LONG), Ok(()));
    writing.writer.join().unwrap();
    flood.join().unwrap();
}

/// What is ready comes in any order. So that all of the larger heap comes first, by chance, does
/// not happen within the age of the universe.
#[test]
fn a_side_that_is_told_much_is_heard_and_one_that_says_much_is_told_something() {
    let much = "x".repeat(BATCH / 4);
    for (calls, orders) in [(1, 96), (96, 1)] {
        let (ours, mut theirs) = connection();
        let (mut writer, _ended) = writer(SHORT, ours);
        let (read, incoming) = unbounded();
        let (order, ordered) = unbounded();
        let (said, told) = if calls < orders { ("hi", &*much) } else { (&*much, "hi") };
        for _ in 0..calls {
            read.send(call(said)).unwrap();
        }
        for _ in 0..orders {
            order.send(Order::Say(told.into())).unwrap();
        }
        let mut heard = Vec::new();
        while !(heard.contains(&told.to_owned()) && heard.contains(&format!("heard {said}"))) {
            assert_eq!(writer.take_all(&incoming, &ordered, LONG).unwrap(), Next::Talk);
            assert!(incoming.len() + ordered.len() > 0, "one write has an end");
            let count = 97 - incoming.len() - ordered.len() - heard.len();
            writer.flush().unwrap();
            for _ in 0..count {
                let (_, text) = next_frame(&mut theirs).unwrap();
                heard.push(String::from_utf8(text).unwrap());
            }
        }
    }
}

#[test]
fn an_order_goes_out_among_messages_that_need_no_answer() {
    let (ours, mut theirs) = connection();
    let (mut writer, _ended) = writer(SHORT, ours);
    let ((read, incoming), (order, orders)) = (unbounded(), bounded(1));
    for _ in 0..MAX_TAKEN {
        read.send(call("say nothing")).unwrap();
    }
    order.send(Order::Say("hi".into())).unwrap();
    assert_eq!(writer.take_all(&incoming, &orders, LONG).unwrap(), Next::Talk);
    assert!(!incoming.is_empty(), "it stops before all is heard");
    writer.flush().unwrap();
    assert_eq!(next_frame(&mut theirs), Some((TEXT, b"hi".to_vec())));
}

#[test]
fn a_pong_goes_out_between_two_messages() {
    let mut writing = Writing::begins();
    writing.hears(call("one"));
    writing.hears(Incoming::Frame(vec![0x8A, 2, b'h', b'i']));
    writing.hears(call("two"));
    writing.says("heard one");
    assert_eq!(writing.writes(), Some((0x8A, b"hi".to_vec())));
    writing.says("heard two");
}

#[test]
fn nothing_follows_the_answer_to_a_close() {
    let mut writing = Writing::begins();
    writing.hears(Incoming::Frame(vec![0x88, 2, 3, 232]));
    writing.closes(code::NORMAL, "");
    let _ = writing.order.as_ref().unwrap().send(Order::Say("too late".into()));
    let read = writing.read.take();
    assert_eq!(writing.writes(), None);
    drop(read);
    writing.ends();
}

#[test]
fn a_goodbye_comes_last_and_the_other_side_has_a_moment_for_its_own() {
    let mut writing = Writing::begins_with(Patience { close: LONG, ..SHORT });
    writing.is_ordered(Order::Say("last words".into()));
    writing.is_ordered(Order::Close(code::GOING_AWAY, "the end".into()));
    writing.is_ordered(Order::Say("too late".into()));
    writing.says("last words");
    writing.closes(code::GOING_AWAY, "the end");
    // The reader has seen the other side's answer.
    writing.hears(Incoming::Frame(vec![0x88, 2, 3, 233]));
    writing.read = None;
    assert_eq!(writing.writes(), None, "a goodbye is said once");
    writing.ends();
}

#[test]
fn a_side_that_does_not_close_is_hung_up_on() {
    // The longest reason that fits, also where that is in the middle of a letter.
    for fits in ["ä".repeat(30) + &"x".repeat(63), "ä".repeat(61)] {
        let mut writing = Writing::begins();
        let reason = fits.clone() + &"ä".repeat(30);
        writing.is_ordered(Order::Close(code::POLICY, reason));
        writing.closes(code::POLICY, &fits);
        assert_eq!(writing.writes(), None);
        writing.ends();
    }
}

#[test]
fn a_side_that_breaks_the_rules_is_told_so_and_closed() {
    let mut writing = Writing::begins();
    writing.hears(Incoming::Broken(code::INVALID, "text must be UTF-8"));
    let abort =
        r#"["abort",["error","Error","text must be UTF-8",null,{"code":"bad_request"}]]"#;
    writing.says(abort);
    writing.closes(code::INVALID, "text must be UTF-8");
    writing.ends();
}

#[test]
fn a_writer_ends_with_its_reader_and_with_its_owner() {
    let mut writing = Writing::begins();
    writing.read = None;
    assert_eq!(writing.writes(), None);
    writing.ends();
    let mut writing = Writing::begins();
    writing.is_ordered(Order::Say("last words".into()));
    writing.order = None;
    writing.says("last words");
    assert_eq!(writing.writes(), None);
    writing.ends();
}

/// The other side has closed, and has said why; but what we write first is refused.
#[test]
fn why_the_other_side_closes_is_heard_also_when_nothing_can_be_written() {
    let (ours, _theirs) = connection();
    ours.shutdown(Shutdown::Write).unwrap();
    let (mut writer, _ended) = writer(Patience { close: LONG, ..SHORT }, ours);
    let ((read, incoming), (_order, orders)) = (bounded(0), bounded(1));
    let reader = thread::Builder::new().spawn(move || {
        let why = "nothing was heard for 10 seconds".into();
        for incoming in [Incoming::Frame(vec![0x8A, 0]), Incoming::Closed(why)] {
            let _ = read.send(incoming);
        }
    });
    writer.run(&incoming, &orders);
    drop(incoming);
    reader.unwrap().join().unwrap();
    let (_, end) = writer.end();
    assert_eq!(end, End::Closed("nothing was heard for 10 seconds".into()));
}

/// The other side repeats our reason, as it should.
#[test]
fn our_own_reason_is_not_that_of_the_other_side() {
    let (ours, mut theirs) = connection();
    let (mut writer, _ended) = writer(SHORT, ours);
    let ((read, incoming), (order, orders)) = (bounded(1), bounded(1));
    order.send(Order::Close(code::GOING_AWAY, "the end".into())).unwrap();
    let reader = thread::Builder::new().spawn(move || {
        theirs.read_exact(&mut [0]).unwrap(); // Our close frame is there.
        read.send(Incoming::Closed("the end".into()))
    });
    writer.run(&incoming, &orders);
    drop(incoming);
    let _ = reader.unwrap().join().unwrap();
    assert_eq!(writer.end().1, End::HungUp);
}

#[test]
fn a_busy_handler_hears_nothing_and_misses_nothing() {
    const MANY: usize = 50;
    let mut writing = Writing::begins();
    writing.hears(call("busy"));
    for number in 0..MANY {
        writing.hears(call(&number.to_string()));
    }
    writing.says("heard busy");
    // Orders are obeyed meanwhile.
    for number in 0..MANY {
        writing.is_ordered(Order::Say(format!("order {number}")));
        writing.says(&format!("order {number}"));
    }
    writing.is_ordered(Order::NoLongerBusy);
    for number in 0..MANY {
        writing.says(&format!("heard {number}"));
    }
}

#[test]
fn a_side_that_does_not_read_is_given_up_alone_and_soon() {
    let writing = Writing::begins();
    let begun = Instant::now();
    let much = "x".repeat(1 << 20);
    // More than two sockets hold.
    for _ in 0..64 {
        let _ = writing.order.as_ref().unwrap().send(Order::Say(much.clone()));
    }
    let patience = Duration::from_secs(5);
    assert_eq!(writing.ended.recv_timeout(patience), Ok(()), "{:?}", begun.elapsed());
    writing.writer.join().unwrap();
    assert!(begun.elapsed() >= SHORT.write);
    drop(writing.theirs);
}

#[test]
fn messages_that_have_piled_up_go_out_in_one_write() {
    let (ours, _theirs) = connection();
    let (mut writer, _ended) = writer(SHORT, ours);
    let ((read, incoming), (order, orders)) = (unbounded(), unbounded());
    for text in ["push", "pull", "push", "release"] {
        order.send(Order::Say(text.into())).unwrap();
    }
    read.send(call("what a client says meanwhile")).unwrap();
    assert_eq!(writer.take_all(&incoming, &orders, LONG).unwrap(), Next::Talk);
    writer.flush().unwrap();
    assert_eq!(writer.socket.get_ref().writes, 1);
    assert!(incoming.is_empty() && orders.is_empty());
}
