//! How long a student waits for the first line, once the program is built.
//!
//! From the start of the process to the first byte on its screen, beside the lab sheet's peer
//! in Python, in turns. Bounded: [`STARTS`] starts of each.

use std::error::Error;
use std::io::Read;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use grader::PortLease;

const STARTS: usize = 50;

fn main() {
    let peer = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");
    let mut rows: Vec<(&str, Vec<&str>, Vec<Duration>)> = vec![
        ("our program", vec![env!("CARGO_BIN_EXE_week05")], Vec::new()),
        ("Python program", vec!["python3", peer], Vec::new()),
    ];
    let ports = PortLease::lease();
    for _ in 0..STARTS {
        for (_, words, times) in &mut rows {
            times.extend(first_byte(words, &ports).ok());
        }
    }
    println!("| start to first line, {STARTS} starts | median | slowest |");
    println!("|---|---|---|");
    for (name, _, mut times) in rows {
        times.sort();
        if let [.., slowest] = times[..] {
            println!("| {name} | {:.1?} | {slowest:.1?} |", times[times.len() / 2]);
        } else {
            println!("| {name} | could not be started | |");
        }
    }
}

fn first_byte(words: &[&str], ports: &PortLease) -> Result<Duration, Box<dyn Error>> {
    let begun = Instant::now();
    let mut child = Command::new(words[0])
        .args(&words[1..])
        .arg("1")
        .env("P2P_HOST", "127.0.0.1")
        .env("P2P_BASE_PORT", ports.base_port().to_string())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()?;
    let read = child.stdout.take().ok_or("no screen")?.read_exact(&mut [0]);
    let took = begun.elapsed();
    child.kill()?;
    child.wait()?;
    read?;
    Ok(took)
}
