//! Messages per second from peer to peer over loopback, a connection for each message.
//!
//! * `bare loop`: connect, write, close against accept, read, close. Nothing could be faster.
//! * `our tasks`: the lab's sender against the lab's listener, with all deadlines and limits.
//! * `Python tasks`: the same two functions of `tests/peer.py`, called in a loop.
//! * `our program` and `Python program`: two whole peers; one is typed into, one is read. Ours
//!   pays for an owner that never waits for a peer: a typed message crosses from the keyboard to
//!   the owner, to a sender and back before the next prompt.
//!
//! Messages go in bursts, each begun when the last one has arrived. The system queues a number
//! of calls that were not accepted yet (128 for std, 5 for the Python program); past that it
//! drops them, and the caller tries again after a second.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use scenario::PortLease;
use week05::config::{AddressPlan, HOST};
use week05::listener::Listener;
use week05::report::{Dial, Purpose, Report};
use week05::sender::send_message;

use crate::program::Command;
use crate::{Result, quantile};

const ROUNDS: usize = 21;

/// Messages in a round.
const MESSAGES: usize = 2000;

/// Messages in a burst between our loops, and between whole programs.
const LOOP_BURST: usize = 100;
const PROGRAM_BURST: usize = 5;

/// A benchmark that waits longer than this for one message has failed, and is not slow.
const PATIENCE: Duration = Duration::from_secs(10);

const MESSAGE: &str = "Hello from peer 2";

/// One row of the table: sends a round of messages, and returns when all have arrived.
struct Row {
    name: &'static str,
    round: Box<dyn FnMut() -> Result<()>>,
    rates: Vec<f64>,
}

impl Row {
    fn new(name: &'static str, round: impl FnMut() -> Result<()> + 'static) -> Self {
        Self { name, round: Box::new(round), rates: Vec::new() }
    }
}

pub(crate) fn measure(ours: &Command, python: Option<(&Command, &Command)>) -> Result<()> {
    let mut rows = vec![bare_loop()?, our_tasks()?, programs("our program", ours, &typed())?];
    if let Some((tasks, program)) = python {
        rows.push(programs("Python tasks", tasks, "send\n")?);
        rows.push(programs("Python program", program, &typed())?);
    }
    for round in 0..=ROUNDS {
        for row in &mut rows {
            let begun = Instant::now();
            (row.round)()?;
            #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
            let rate = MESSAGES as f64 / begun.elapsed().as_secs_f64();
            if round > 0 {
                row.rates.push(rate); // Round 0 warms up.
            }
        }
    }

    println!("{MESSAGES} messages a round, {ROUNDS} rounds");
    println!("| peer to peer | messages/s, median | slowest to fastest | to the bare loop |");
    println!("|---|---|---|---|");
    let medians: Vec<_> = rows.iter_mut().map(|row| quantile(&mut row.rates, 0.5)).collect();
    for (Row { name, rates, .. }, median) in rows.iter_mut().zip(&medians) {
        let (slowest, fastest) = (quantile(rates, 0.0), quantile(rates, 1.0));
        let ratio = median / medians[0];
        println!("| {name} | {median:.0} | {slowest:.0} to {fastest:.0} | {ratio:.2} |");
    }
    if let [_, our_tasks, our_program, tasks, program] = medians[..] {
        println!("our tasks to Python's: {:.2}", our_tasks / tasks);
        println!("our program to Python's: {:.2}", our_program / program);
    }
    Ok(())
}

fn bare_loop() -> Result<Row> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = socket.local_addr()?;
    let (arrived, arrivals) = channel();
    thread::Builder::new().name("bare listener".into()).spawn(move || {
        for mut stream in socket.incoming().flatten() {
            let mut message = String::new();
            if stream.read_to_string(&mut message).is_ok() && arrived.send(message).is_err() {
                break;
            }
        }
    })?;
    Ok(Row::new("bare loop", move || {
        for _ in 0..MESSAGES / LOOP_BURST {
            for _ in 0..LOOP_BURST {
                TcpStream::connect(address)?.write_all(MESSAGE.as_bytes())?;
            }
            for _ in 0..LOOP_BURST {
                assert_eq!(arrivals.recv_timeout(PATIENCE)?, MESSAGE);
            }
        }
        Ok(())
    }))
}

fn our_tasks() -> Result<Row> {
    let socket = TcpListener::bind(SocketAddr::from((HOST, 0)))?;
    let plan = AddressPlan { host: HOST, base_port: socket.local_addr()?.port() };
    let (report, reports) = bounded(256);
    let listener = Listener::start(socket, report)?;
    let dial = Dial { to: 0, text: MESSAGE.into(), purpose: Purpose::Message };
    Ok(Row::new("our tasks", move || {
        let _running = &listener;
        for _ in 0..MESSAGES / LOOP_BURST {
            for _ in 0..LOOP_BURST {
                send_message(plan, &dial).map_err(|why| format!("{why:?}"))?;
            }
            for _ in 0..LOOP_BURST {
                let report = reports.recv_timeout(PATIENCE)?;
                let Report::Called { message, cut: None, .. } = report else {
                    return Err(format!("unexpected: {report:?}").into());
                };
                assert_eq!(message, MESSAGE.as_bytes());
            }
        }
        Ok(())
    }))
}

/// The two tasks of the Python program without its prompts: peer 1 listens, and peer 2 sends a
/// burst for every line it reads.
pub(crate) fn python_tasks(python: &str) -> Command {
    const TASKS: &str = "\
import sys
sys.path.insert(0, sys.argv[1])
sys.argv.pop(1)
import peer
if peer.me == 1:
    peer.listen(peer.open_socket())
peer.show('Listening on nothing')
for line in sys.stdin:
    for _ in range(5):
        peer.send_message(1, 'Hello from peer 2')
";
    Command::new(&[python, "-c", TASKS, concat!(env!("CARGO_MANIFEST_DIR"), "/tests")])
}

/// The lines that a user types for a burst.
fn typed() -> String {
    format!("1\n{MESSAGE}\n").repeat(PROGRAM_BURST)
}

/// Two programs: peer 2 is typed into, peer 1 is read.
fn programs(name: &'static str, command: &Command, typed: &str) -> Result<Row> {
    let ports = PortLease::lease();
    let receiver = command.start_listening(1, &ports)?;
    let mut sender = command.start_listening(2, &ports)?;
    let typed = typed.to_owned();
    Ok(Row::new(name, move || {
        let _leased = &ports;
        for _ in 0..MESSAGES / PROGRAM_BURST {
            sender.types(&typed)?;
            for _ in 0..PROGRAM_BURST {
                receiver.shows(MESSAGE)?;
            }
            sender.forgets();
        }
        Ok(())
    }))
}
