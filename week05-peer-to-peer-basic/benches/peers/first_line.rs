//! How long a student waits for the first line, once the program is built.

use std::time::{Duration, Instant};

use scenario::PortLease;

use crate::program::Command;
use crate::{Result, quantile};

const STARTS: usize = 50;

pub(crate) fn measure(commands: &[(&str, &Command)]) -> Result<()> {
    let ports = PortLease::lease();
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); commands.len()];
    for _ in 0..STARTS {
        for ((_, command), times) in commands.iter().zip(&mut times) {
            let begun = Instant::now();
            let program = command.start(1, &ports)?;
            times.push(program.shows("Listening")?.duration_since(begun));
        }
    }
    println!("\n| start to first line, {STARTS} starts | median | slowest |");
    println!("|---|---|---|");
    for ((name, _), times) in commands.iter().zip(&mut times) {
        println!("| {name} | {:.1?} | {:.1?} |", quantile(times, 0.5), quantile(times, 1.0));
    }
    Ok(())
}
