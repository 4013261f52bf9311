//! Messages per second from peer to peer over loopback, a connection for each message.
//!
//! In one run, in turns, so that whatever else the machine does hits all alike:
//!
//! * `bare loop`: connect, write, close against accept, read, close. Nothing could be faster.
//! * `our tasks`: the lab's sender against the lab's listener, with all deadlines and limits.
//! * `Python tasks`: the same two functions of the lab sheet's peer, called in a loop.
//! * `our program` and `Python program`: two whole peers; one is typed into, one is read. Ours
//!   pays for never blocking on a peer: a typed message crosses from the keyboard to the owner,
//!   to a sender and back before the next question is asked.
//!
//! Everything goes in bursts, each begun when the last one has arrived. The system queues a
//! number of calls that nobody has accepted yet (128 for Rust's std, 5 for the Python peer);
//! past that it drops them, and the caller tries again after a second, whoever listens.

use std::env;
use std::error::Error;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::bounded;
use grader::PortLease;
use week05::config::{HOST, Neighbourhood};
use week05::event::Event;
use week05::listener::{Listener, listen};
use week05::peer::Report;
use week05::sender::send_message;

const ROUNDS: usize = 7;

/// Messages in a round.
const MESSAGES: usize = 2000;

/// Messages in a burst between our loops, and between whole programs.
const LOOP_BURST: usize = 100;
const PROGRAM_BURST: usize = 5;

/// A benchmark that takes longer than this for one message has failed, not been slow.
const PATIENCE: Duration = Duration::from_secs(10);

const MESSAGE: &str = "Hello from peer 2";

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// One thing to be measured: sends a round of messages, and returns when all have arrived.
type Round = Box<dyn FnMut() -> Result<()>>;

fn main() -> Result<()> {
    let python = env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let peer = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");
    let ours = [env!("CARGO_BIN_EXE_week05")];
    let mut rows: Vec<(&str, Round, Vec<f64>)> = vec![
        ("bare loop", bare_loop()?, Vec::new()),
        ("our tasks", our_tasks()?, Vec::new()),
        ("our program", programs(&ours, &ours, &typed())?, Vec::new()),
    ];
    let functions =
        [&*python, "-c", PYTHON_TASKS, concat!(env!("CARGO_MANIFEST_DIR"), "/tests")];
    match programs(&functions, &functions, "send\n") {
        Ok(messages) => {
            rows.push(("Python tasks", messages, Vec::new()));
            let messages = programs(&[&python, peer], &[&python, peer], &typed())?;
            rows.push(("Python program", messages, Vec::new()));
        }
        Err(error) => println!("No Python peer to compare with: {error}"),
    }

    for round in 0..=ROUNDS {
        for (_, messages, rates) in &mut rows {
            let begun = Instant::now();
            messages()?;
            #[expect(clippy::cast_precision_loss, reason = "a few thousand")]
            let rate = MESSAGES as f64 / begun.elapsed().as_secs_f64();
            if round > 0 {
                rates.push(rate); // Round 0 warms up.
            }
        }
    }

    println!("{MESSAGES} messages a round, {ROUNDS} rounds");
    println!("| peer to peer | messages/s, median | slowest to fastest | to the bare loop |");
    println!("|---|---|---|---|");
    let bare = median(&rows[0].2);
    for (name, _, rates) in &rows {
        let rate = median(rates);
        let slowest = rates.iter().copied().fold(f64::INFINITY, f64::min);
        let fastest = rates.iter().copied().fold(0.0, f64::max);
        let ratio = rate / bare;
        println!("| {name} | {rate:.0} | {slowest:.0} to {fastest:.0} | {ratio:.2} |");
    }
    if let [_, our_tasks, our_program, tasks, program] = &rows[..] {
        let ratio = |ours: &[f64], theirs: &[f64]| median(ours) / median(theirs);
        println!("our tasks to Python's: {:.1}", ratio(&our_tasks.2, &tasks.2));
        println!("our program to Python's: {:.1}", ratio(&our_program.2, &program.2));
    }
    Ok(())
}

fn median(rates: &[f64]) -> f64 {
    let mut sorted = rates.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}

fn bare_loop() -> Result<Round> {
    let socket = TcpListener::bind("127.0.0.1:0")?;
    let address = socket.local_addr()?;
    let (arrived, arrivals) = channel();
    thread::Builder::new().name("bare listener".into()).spawn(move || {
        for stream in socket.incoming().flatten() {
            let mut message = String::new();
            let mut stream = stream;
            if stream.read_to_string(&mut message).is_ok() && arrived.send(message).is_err() {
                break;
            }
        }
    })?;
    Ok(Box::new(move || {
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

fn our_tasks() -> Result<Round> {
    let socket = TcpListener::bind(SocketAddr::from((HOST, 0)))?;
    let neighbourhood = Neighbourhood { host: HOST, base_port: socket.local_addr()?.port() };
    let (report, reports) = bounded(256);
    let listener: Listener = listen(socket, report)?;
    Ok(Box::new(move || {
        let _alive = &listener.door;
        for _ in 0..MESSAGES / LOOP_BURST {
            for _ in 0..LOOP_BURST {
                send_message(neighbourhood, 0, MESSAGE).map_err(|why| format!("{why:?}"))?;
            }
            for _ in 0..LOOP_BURST {
                let report = reports.recv_timeout(PATIENCE)?;
                let Report::Happened(Event::Received { message, .. }) = report else {
                    return Err(format!("unexpected: {report:?}").into());
                };
                assert_eq!(message, MESSAGE);
            }
        }
        Ok(())
    }))
}

/// The two tasks of the Python peer without its questions: peer 1 listens, and peer 2 sends a
/// burst for every line it reads.
const PYTHON_TASKS: &str = "\
import sys
sys.path.insert(0, sys.argv[1])
sys.argv.pop(1)
import peer
if peer.me == 1:
    peer.listen(peer.open_door())
peer.show('Listening on nothing')
for line in sys.stdin:
    for _ in range(5):
        peer.send_message(1, 'Hello from peer 2')
";

/// What a user types for a burst.
fn typed() -> String {
    format!("1\n{MESSAGE}\n").repeat(PROGRAM_BURST)
}

/// Two programs: peer 2 is typed into, peer 1 is read.
fn programs(first: &[&str], second: &[&str], typed: &str) -> Result<Round> {
    let ports = PortLease::lease();
    let (receiver, arrivals) = start(first, "1", &ports)?;
    let (mut sender, sent) = start(second, "2", &ports)?;
    let mut keyboard = sender.stdin.take().ok_or("no keyboard")?;
    let typed = typed.to_owned();
    for screen in [&arrivals, &sent] {
        while !screen.recv_timeout(PATIENCE)?.contains("Listening") {}
    }
    // Read and forgotten, or the sender's pipe would fill.
    thread::Builder::new().name("screen 2".into()).spawn(move || {
        while sent.recv().is_ok() {}
        let _ = sender.wait();
    })?;
    Ok(Box::new(move || {
        let _keep = (&ports, &receiver);
        for _ in 0..MESSAGES / PROGRAM_BURST {
            keyboard.write_all(typed.as_bytes())?;
            let mut left = PROGRAM_BURST;
            while left > 0 {
                let line = arrivals.recv_timeout(PATIENCE)?;
                left -= usize::from(line.ends_with(MESSAGE));
            }
        }
        Ok(())
    }))
}

fn start(words: &[&str], id: &str, ports: &PortLease) -> Result<(Child, Receiver<String>)> {
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .arg(id)
        .env("P2P_HOST", "127.0.0.1")
        .env("P2P_BASE_PORT", ports.base_port().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let stdout = child.stdout.take().ok_or("no screen")?;
    let (shown, lines) = channel();
    thread::Builder::new().name(format!("screen {id}")).spawn(move || {
        for line in BufReader::new(stdout).lines().map_while(std::result::Result::ok) {
            if shown.send(line).is_err() {
                break;
            }
        }
    })?;
    Ok((child, lines))
}
