//! Messages a second in the three designs, side by side: the cost of a peer that is borrowed,
//! that is shared, and that is a thread with a mailbox.
//!
//! The designs take turns, round by round, so a computer that gets warm or busy is warm and
//! busy for all of them; the median round is shown. A message counts when it lies in
//! the receiver's inbox and the sender holds the event. The work around that is the same in
//! all designs, so they differ in the way from one peer to the other. Borrowed peers know
//! each other by name and shared ones by pointer: the first two rows differ by that comparison.

use std::hint::black_box;
use std::io::{self, Write};
use std::time::{Duration, Instant};
use std::{env, iter};

use pattern_in_memory::Peer;
use pattern_in_memory::event::Event;

use mailboxes::{Call, MAILBOX};

#[path = "../examples/mailboxes.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "only its design is used; its story and tests rest"
)]
mod mailboxes;
#[path = "../examples/shared.rs"]
#[expect(
    dead_code,
    unused_imports,
    reason = "only its design is used; its story and tests rest"
)]
mod shared;

/// Messages that each design sends in a round: 500 full mailboxes.
const MESSAGES: u32 = 16_000;

/// The text of each message.
const MESSAGE: &str = "Hello";

/// How many rounds there are, and how long after the first one a round may still begin.
const ROUNDS: usize = 9;
const LAST_START: Duration = Duration::from_secs(10);

/// One design: a way to send `at_a_time` messages, and the time that each round took.
struct Design<'a> {
    name: &'static str,
    at_a_time: usize,
    send: Box<dyn FnMut() -> Vec<Event> + 'a>,
    rounds: Vec<Duration>,
}

impl<'a> Design<'a> {
    fn new(
        name: &'static str,
        at_a_time: usize,
        send: impl FnMut() -> Vec<Event> + 'a,
    ) -> Self {
        Self { name, at_a_time, send: Box::new(send), rounds: Vec::new() }
    }

    /// Sends one round of messages, and demands that all of them arrive.
    fn play(&mut self) {
        let begun = Instant::now();
        let mut arrived = 0;
        for _ in 0..MESSAGES as usize / self.at_a_time {
            arrived += black_box((self.send)()).len();
        }
        self.rounds.push(begun.elapsed());
        assert_eq!(arrived, MESSAGES as usize, "{}: one event for each message", self.name);
    }

    fn messages_per_second(&mut self) -> f64 {
        self.rounds.sort();
        f64::from(MESSAGES) / self.rounds[self.rounds.len() / 2].as_secs_f64()
    }
}

fn main() -> io::Result<()> {
    let (mut borrowed1, mut borrowed2) = (Peer::new("Peer 1"), Peer::new("Peer 2"));
    let _ = borrowed1.add_peer(&mut borrowed2);
    let (shared1, shared2) = (shared::Peer::new("Peer 1"), shared::Peer::new("Peer 2"));
    shared1.add_peer(&shared2);
    mailboxes::with_peers(["Peer 1", "Peer 2"], |[peer1, peer2]| {
        peer1.ask(&peer2, [Call::AddPeer]);
        let ask = |count| {
            let call = || Call::SendMessage(MESSAGE.to_owned());
            peer1.ask(&peer2, iter::repeat_with(call).take(count))
        };
        let mut designs = [
            Design::new("borrowed for a call (src/peer.rs)", 1, || {
                borrowed1.send_message(&mut borrowed2, MESSAGE)
            }),
            Design::new("shared (examples/shared.rs)", 1, || {
                shared1.send_message(&shared2, MESSAGE)
            }),
            Design::new("a thread each (examples/mailboxes.rs)", 1, || ask(1)),
            Design::new("a thread each, a full mailbox at a time", MAILBOX, || ask(MAILBOX)),
        ];
        let rounds = play(&mut designs);
        show(&mut designs, rounds)
    })
}

/// Lets the designs take turns, and returns how often.
fn play(designs: &mut [Design]) -> usize {
    // `cargo test --all-targets` starts this program too, only to see that it still runs.
    let rounds = if env::args().any(|arg| arg == "--bench") { ROUNDS } else { 1 };
    let begun = Instant::now();
    let in_time = (0..rounds).take_while(|round| *round == 0 || begun.elapsed() < LAST_START);
    in_time.map(|_| designs.iter_mut().for_each(Design::play)).count()
}

fn show(designs: &mut [Design], rounds: usize) -> io::Result<()> {
    let mut screen = io::stdout();
    writeln!(screen, "Messages a second, median of {rounds} rounds of {MESSAGES} messages\n")?;
    writeln!(screen, "{:<40} {:>12} {:>10}", "design", "messages/s", "ratio")?;
    let first = designs[0].messages_per_second();
    for design in designs {
        let (name, rate) = (design.name, design.messages_per_second());
        writeln!(screen, "{name:<40} {rate:>12.0} {:>10.3}", rate / first)?;
    }
    Ok(())
}
