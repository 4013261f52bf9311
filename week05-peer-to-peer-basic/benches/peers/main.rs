//! The cost of a peer, beside a bare loop and beside `tests/peer.py`, the same in Python.
//!
//! All rows of a table are measured in one run and in turns, so that other work of the machine
//! slows all of them. Read the ratios; the absolute numbers belong to the machine.

mod delay;
mod first_line;
mod program;
mod throughput;

use std::env;
use std::error::Error;

use program::Command;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let peer = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/peer.py");
    let python = env::var("PYTHON").unwrap_or_else(|_| "python3".into());
    let ours = Command::new(&[env!("CARGO_BIN_EXE_week05")]);
    let theirs = Command::new(&[&python, peer]);
    let tasks = throughput::python_tasks(&python);
    if !theirs.runs() {
        println!("There is no Python here, so only our own peer was measured.");
        throughput::measure(&ours, None)?;
        first_line::measure(&[("our program", &ours)])?;
        delay::measure_typed(&[("our program", &ours)])?;
        return delay::measure_behind_silent_callers(&ours);
    }
    let both = [("our program", &ours), ("Python program", &theirs)];
    throughput::measure(&ours, Some((&tasks, &theirs)))?;
    first_line::measure(&both)?;
    delay::measure_typed(&both)?;
    delay::measure_behind_silent_callers(&ours)
}

/// The value that a `part` of all `values` does not exceed: 0.5 is the median.
fn quantile<T: PartialOrd + Copy>(values: &mut [T], part: f64) -> T {
    values.sort_by(|a, b| a.partial_cmp(b).expect("no measurement is NaN"));
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        clippy::cast_precision_loss,
        reason = "an index into a few thousand values"
    )]
    let index = ((values.len() - 1) as f64 * part).round() as usize;
    values[index]
}
