//! The delays that a user feels: from Enter at one peer to the line on the other peer's screen,
//! and of a message behind callers that say nothing.

use std::io::Write;
use std::net::{Ipv4Addr, TcpStream};
use std::time::{Duration, Instant};

use scenario::PortLease;

use crate::program::{Command, Program};
use crate::{Result, quantile};

const MESSAGES: usize = 500;

/// How many silent callers there are before a message comes.
const SILENT: [usize; 3] = [20, 100, 1000];

/// Messages one at a time, each typed when the last one has been shown.
pub(crate) fn measure_typed(commands: &[(&str, &Command)]) -> Result<()> {
    let mut pairs = Vec::new();
    for (name, command) in commands {
        let ports = PortLease::lease();
        let receiver = command.start_listening(1, &ports)?;
        let sender = command.start_listening(2, &ports)?;
        pairs.push((*name, ports, receiver, sender, Vec::new()));
    }
    for number in 0..MESSAGES {
        for (_, _, receiver, sender, times) in &mut pairs {
            times.push(typed_to_shown(receiver, sender, number)?);
        }
    }
    println!("\n| typed here to shown there, {MESSAGES} messages | p50 | p99 |");
    println!("|---|---|---|");
    for (name, _, _, _, times) in &mut pairs {
        println!("| {name} | {:.0?} | {:.0?} |", quantile(times, 0.5), quantile(times, 0.99));
    }
    Ok(())
}

fn typed_to_shown(receiver: &Program, sender: &mut Program, number: usize) -> Result<Duration> {
    sender.types("1\n")?;
    let begun = Instant::now();
    sender.types(&format!("message {number}\n"))?;
    let shown = receiver.shows(&format!(": message {number}"))?;
    sender.shows("Sent to peer 1")?;
    Ok(shown.duration_since(begun))
}

/// One message behind callers that have connected and say nothing.
pub(crate) fn measure_behind_silent_callers(command: &Command) -> Result<()> {
    println!("\n| silent callers before a message | from dialing to shown |");
    println!("|---|---|");
    for count in SILENT {
        let ports = PortLease::lease();
        let program = command.start_listening(1, &ports)?;
        let address = (Ipv4Addr::LOCALHOST, ports.port(1));
        let silent = (0..count).map(|_| TcpStream::connect(address));
        let silent = silent.collect::<std::io::Result<Vec<_>>>()?;
        let begun = Instant::now();
        TcpStream::connect(address)?.write_all(b"I have something to say")?;
        let shown = program.shows("I have something to say")?;
        println!("| {count} | {:.0?} |", shown.duration_since(begun));
        drop(silent);
    }
    Ok(())
}
