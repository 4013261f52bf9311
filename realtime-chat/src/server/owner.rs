//! The owner: the one thread that has the room. It alone decides, prints, and writes the history.
//!
//! It never waits for a client: what a client is to do goes into that client's outbox, at once or
//! not at all. A client whose outbox is full does not read, and is dropped; nobody else notices.
//! Only if many outboxes are filling does it take in nothing more for a moment: see
//! [`pressure`](crate::server::pressure).

use std::collections::BTreeMap;
use std::io;
use std::iter;
use std::mem::take;
use std::net::TcpListener;
use std::thread;
use std::time::{Duration, Instant};

use capability_peers::console::{LOOK_AGAIN, Screen};
use capnweb::listener::{self, Listener, PATIENCE};
use crossbeam_channel::{Receiver, bounded, never, select, unbounded};

use crate::room::{Action, ClientId, Heard, Order, Rate, Room};
use crate::server::archive::{Archive, Past};
use crate::server::desk::Report;
use crate::server::event::Event;
use crate::server::goodbye;
use crate::server::pressure::Pressure;
use crate::server::reception::Reception;
use crate::server::token::Token;
use capnweb::websocket::inbox::Outbox;

/// The most connections at once. Each costs two threads and a descriptor, and most systems give
/// a program 1024 of those.
pub const MAX_CLIENTS: usize = 768;

/// How many reports are taken in before what has come of them is handed out. So a client that is
/// told of several is woken once, and its writer writes once.
const AT_ONCE: usize = 32;

/// How long it looks for more before it sleeps, after it has taken something in. To wake a thread
/// on a processor that has gone to sleep as well takes tens of microseconds, and whoever was told
/// something often has an answer sooner than this. It costs as much time of a processor, once for
/// each time that something is said, and only if no other thread wants it.
const LINGER: Duration = Duration::from_micros(200);

/// Between two looks at outboxes that are not empty. Only where more is said than was heard does
/// it come to that.
const BREATH: Duration = Duration::from_micros(100);

/// How often it looks before it takes a breath. A few writers are done sooner than that.
const LOOKS: usize = 8;

/// How much text may wait for a terminal that is stopped, in bytes. Beyond that, it is not told.
const MAX_UNREAD: usize = 64 * 1024;

/// How long the terminal may take for the last line.
const LAST_LINE: Duration = Duration::from_millis(250);

/// How long to wait when nothing is due.
const QUIET: Duration = Duration::from_hours(1);

/// What the owner owns.
pub struct Owner {
    room: Room,
    /// Where orders for each client go.
    outboxes: BTreeMap<ClientId, Outbox<Order>>,
    pressure: Pressure,
    /// Something was handed out since everybody had read enough.
    fills: bool,
    /// What is taken in next, as soon as the clients have read enough.
    next: Option<Report>,
    archive: Option<Archive>,
    /// What is to be handed out.
    due: Vec<(ClientId, Order)>,
    screen: Screen,
    /// What has happened, and is not on the screen yet.
    news: Vec<Event>,
}

impl Owner {
    /// The owner of a new room, in which this was said before.
    ///
    /// # Errors
    ///
    /// If stdout is closed.
    pub fn new(rate: Rate, archive: Option<Archive>, past: Past) -> io::Result<Self> {
        Ok(Self {
            room: Room::new(rate, past.notes),
            outboxes: BTreeMap::new(),
            pressure: Pressure::default(),
            fills: false,
            next: None,
            archive,
            due: Vec::new(),
            screen: Screen::open()?,
            news: past.news,
        })
    }

    /// Lets clients come until the user ends it.
    ///
    /// # Errors
    ///
    /// If the system has no threads, or the terminal is gone.
    pub fn run(
        mut self,
        socket: TcpListener,
        token: Option<Token>,
        interrupts: &Receiver<()>,
    ) -> io::Result<()> {
        let address = socket.local_addr()?;
        // Its bound is that of each desk, see `MAX_AT_ONCE` there. If a desk had to wait until
        // there is room for a report, it would not empty its outbox meanwhile, for which we may
        // wait.
        let (report, reports) = unbounded();
        let (tell, told) = bounded(1);
        let with_token = token.is_some();
        let reception = Reception::new(token, report);
        let answer = move |request: &_| reception.answer(request);
        let listener = Listener::start(socket, MAX_CLIENTS, PATIENCE, tell, answer)?;

        self.news.insert(0, Event::Running { address, with_token });
        let ended = self.decide(&reports, &told, interrupts);
        self.news.push(Event::ShuttingDown);
        let said_goodbye = self.show().and_then(|()| self.screen.finish(LAST_LINE));
        goodbye::say_to_all(self.everybody(), &reports, &told, listener);
        ended.and(said_goodbye)
    }

    fn decide(
        &mut self,
        reports: &Receiver<Report>,
        told: &Receiver<listener::Report>,
        interrupts: &Receiver<()>,
    ) -> io::Result<()> {
        let nothing = never();
        let mut lingers = false;
        loop {
            self.show()?;
            let now = Instant::now();
            let due = self.room.next_due();
            if due.is_some_and(|due| due <= now) {
                let actions = self.room.pass(now);
                self.carry_out(actions);
                self.hand_out(now);
                continue;
            }
            // The outboxes are looked at only with a report in hand: before, a look would be of no
            // use, and take time from the writers, most of which are done by then.
            let holds = self.next.is_some() && self.waits(now);
            if let Some(report) = self.next.take_if(|_| !holds) {
                for report in iter::once(report).chain(reports.try_iter().take(AT_ONCE)) {
                    self.hear(report, Instant::now());
                }
                self.hand_out(Instant::now());
                lingers = true;
                continue;
            }
            if take(&mut lingers) {
                linger(reports, now + LINGER);
            }
            let wait = due.map_or(QUIET, |due| due - now);
            let wait = if self.screen.backlog() > 0 { wait.min(LOOK_AGAIN) } else { wait };
            let wait = if holds { wait.min(BREATH) } else { wait };
            select! {
                // The listener has the other end, so there is always one.
                recv(if holds { &nothing } else { reports }) -> report => self.next = report.ok(),
                recv(told) -> report => match report {
                    Ok(listener::Report::AcceptFailed(why)) => {
                        self.news.push(Event::CannotAccept(why));
                    }
                    Err(_) => return Ok(()), // Nobody can come any more.
                },
                recv(interrupts) -> _ => return Ok(()),
                default(wait) => {} // Something is due, or the terminal may have room.
            }
        }
    }

    /// Whether no report is to be taken in before some outboxes have emptied.
    fn waits(&mut self, now: Instant) -> bool {
        for _ in 0..LOOKS {
            if !self.fills {
                return false;
            }
            let levels = self.outboxes.iter().map(|(client, outbox)| (*client, outbox.level()));
            self.fills = self.pressure.look(levels, now);
            if self.fills {
                thread::yield_now(); // To the writers: it is on them.
            }
        }
        self.fills
    }

    fn hear(&mut self, report: Report, now: Instant) {
        let (client, heard) = match report {
            Report::Arrived(client, outbox) => {
                self.outboxes.insert(client, outbox);
                (client, Heard::Arrived)
            }
            Report::Heard(client, Heard::Gone) => return self.drop_client(client, now),
            // What comes from a client that was dropped comes too late.
            Report::Heard(client, _) if !self.outboxes.contains_key(&client) => return,
            Report::Heard(client, heard) => (client, heard),
        };
        let actions = self.room.on(client, heard, now);
        self.carry_out(actions);
    }

    /// Without its outbox its writer ends, if it has not ended yet.
    fn drop_client(&mut self, client: ClientId, now: Instant) {
        if self.outboxes.remove(&client).is_some() {
            self.pressure.forget(client);
            let actions = self.room.on(client, Heard::Gone, now);
            self.carry_out(actions);
        }
    }

    fn carry_out(&mut self, actions: Vec<Action>) {
        for act in actions {
            match act {
                // At once: before anybody is told.
                Action::Record(room, note) => {
                    let written = self.archive.as_mut().map(|it| it.record(&room, &note));
                    self.news.extend(written.flatten());
                }
                Action::To(client, order) => self.due.push((client, order)),
            }
        }
    }

    /// Puts what is due into the outboxes.
    fn hand_out(&mut self, now: Instant) {
        // Whoever has no room for it is gone, of which others have to be told, and so on.
        while !self.due.is_empty() {
            let mut due = take(&mut self.due);
            // When many leave at once, most of it is for each other.
            due.retain(|(client, _)| self.outboxes.contains_key(client));
            for (client, order) in in_turn(due) {
                let Some(outbox) = self.outboxes.get(&client) else { continue };
                if outbox.try_send(order).is_ok() {
                    self.fills = true;
                } else {
                    self.drop_client(client, now);
                }
            }
        }
    }

    /// Who is here, also if it has not been taken in yet.
    fn everybody(self) -> impl Iterator<Item = Outbox<Order>> {
        self.outboxes.into_values().chain(self.next.and_then(Report::newcomer))
    }

    fn show(&mut self) -> io::Result<()> {
        for event in take(&mut self.news) {
            if self.screen.backlog() < MAX_UNREAD {
                self.screen.show(&event.to_string())?;
            }
        }
        self.screen.refresh()
    }
}

/// Looks until there is something to be taken in, or until then. Between two looks it lets other
/// threads go first.
fn linger(reports: &Receiver<Report>, until: Instant) {
    while reports.is_empty() && Instant::now() < until {
        thread::yield_now();
    }
}

/// In which turn things are handed out: for each client in the order in which they came up, and
/// last for whoever has the last of them. That is who has said something, and is answered: it
/// should not say more before the others are told.
fn in_turn<T>(mut due: Vec<(ClientId, T)>) -> Vec<(ClientId, T)> {
    let places = due.iter().enumerate().map(|(place, (client, _))| (*client, place));
    let last: BTreeMap<_, _> = places.collect();
    due.sort_by_cached_key(|(client, _)| last[client]); // It keeps the order of equal ones.
    due
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::desk::ClientsDesk;
    use capnweb::websocket::code;
    use capnweb::websocket::inbox::Inbox;
    use capnweb::websocket::writer::{Desk, Out};

    /// A test that passes never waits this long.
    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn nothing_more_is_taken_in_while_somebody_has_something_to_read() {
        let alice = ClientId(1);
        let rate = Rate { burst: 1, per_second: 1 };
        let mut owner = Owner::new(rate, None, Past::default()).unwrap();
        let (report, reports) = unbounded();
        let (_tell, told) = bounded(1);
        let (interrupt, interrupts) = bounded::<()>(1);
        let (inbox, _read, order) = Inbox::new(8);
        let mut desk = ClientsDesk::new(alice, report.clone());
        let mut ask = || {
            desk.on_text(r#"["push",["pipeline",0,["listUsers"],[]]]"#, &mut Out::default());
        };
        let is_answered = || {
            let deadline = Instant::now() + LONG;
            inbox.bell.wait_until(deadline);
            assert!(Instant::now() < deadline);
        };
        report.send(Report::Arrived(alice, order)).unwrap();
        thread::scope(|scope| {
            let _ends_it = interrupt;
            scope.spawn(|| owner.decide(&reports, &told, &interrupts).unwrap());
            ask();
            is_answered();
            // It does not read that, and so it is waited for, but not for ever.
            let begun = Instant::now();
            ask();
            is_answered();
            assert!(begun.elapsed() >= Duration::from_millis(100), "{:?}", begun.elapsed());
            assert_eq!(inbox.orders.len(), 2);
        });
    }

    #[test]
    fn who_has_not_been_taken_in_yet_is_somebody_too() {
        let rate = Rate { burst: 1, per_second: 1 };
        let mut owner = Owner::new(rate, None, Past::default()).unwrap();
        let [(alice, _, here), (bob, _, comes)] = [(); 2].map(|()| Inbox::new(1));
        owner.hear(Report::Arrived(ClientId(1), here), Instant::now());
        owner.next = Some(Report::Arrived(ClientId(2), comes));
        for outbox in owner.everybody() {
            outbox.try_send(Order::Dismiss(code::GOING_AWAY, "goodbye")).unwrap();
        }
        assert_eq!((alice.orders.len(), bob.orders.len()), (1, 1));
    }

    #[test]
    fn each_is_woken_once_and_who_has_said_something_is_answered_last() {
        let due =
            [(1, "note"), (2, "note"), (3, "note"), (2, "answer"), (1, "note"), (3, "note")];
        let due = due.map(|(client, order)| (ClientId(client), order)).to_vec();
        let turns: Vec<_> =
            in_turn(due).into_iter().map(|(client, it)| (client.0, it)).collect();
        assert_eq!(
            turns,
            [(2, "note"), (2, "answer"), (1, "note"), (1, "note"), (3, "note"), (3, "note")]
        );
    }
}
