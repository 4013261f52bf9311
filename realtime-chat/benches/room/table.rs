//! The cases, in turns, and the table that comes of them.

use std::thread;
use std::time::Duration;

use crate::Result;
use crate::crowd::{Crowd, Outcome};
use crate::server::Server;

/// Short turns: what is busy besides us is then busy for all servers of a round.
const ROUNDS: usize = 9;

/// How long somebody talks in each case and round.
const TURN: Duration = Duration::from_millis(400);

/// Between two turns. Who had the last one may still be tidying up, which takes time from the next:
/// npm above all, so whom it is compared with does not come right after it. Meanwhile all clients
/// answer pings, or their servers would take them for dead.
const REST: Duration = Duration::from_millis(100);

/// How many clients are in the room, and how many messages may be unanswered.
const CROWDS: [usize; 3] = [10, 100, 500];
const OUTSTANDING: [u64; 2] = [1, 16];

/// What all rows promise of npm's rate; and the rows with many clients and messages.
const AHEAD: f64 = 1.0;
const FAR_AHEAD: f64 = 3.0;

/// How long 500 clients may take to join.
const JOINS: Duration = Duration::from_secs(3);

/// What is known about one server in one case, from each round.
#[derive(Default)]
struct Known {
    rates: Vec<f64>,
    /// How long it took at the median, in microseconds.
    medians: Vec<f64>,
    /// How long it took for the slowest in a hundred.
    tails: Vec<f64>,
}

impl Known {
    fn learn(&mut self, outcome: &Outcome) {
        self.rates.push(outcome.rate);
        self.medians.push(percentile(&outcome.times, 50));
        self.tails.push(percentile(&outcome.times, 99));
    }

    /// The ratio of the rates, from round to round.
    fn to(&self, other: &Self) -> f64 {
        let ratios = self.rates.iter().zip(&other.rates).map(|(ours, theirs)| ours / theirs);
        percentile(&ratios.collect::<Vec<_>>(), 50)
    }

    fn rate(&self) -> f64 {
        percentile(&self.rates, 50)
    }

    fn times(&self) -> String {
        let [median, tail] =
            [&self.medians, &self.tails].map(|times| percentile(times, 50) / 1000.0);
        format!("{median:.2} / {tail:.2}")
    }

    fn tail(&self) -> f64 {
        percentile(&self.tails, 50)
    }
}

/// One server, its crowd, and what is known.
struct Subject {
    server: Server,
    crowd: Crowd,
    known: [Known; OUTSTANDING.len()],
}

pub(crate) fn measure_and_show() -> Result<()> {
    println!(
        "| clients | unanswered | bare, /s | npm, /s | ours, /s | to bare | to npm | goal | |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    let (mut times, mut rest) = (Vec::new(), Vec::new());
    for size in CROWDS {
        let mut subjects = Vec::new();
        for (name, server) in
            [("npm", Server::npm()), ("bare", Server::bare()), ("ours", Server::ours())]
        {
            match server {
                Ok(server) => {
                    let (crowd, took) = Crowd::joins(server.address, size)?;
                    let goal = if name == "ours" && size == 500 {
                        let verdict = verdict(Some(took < JOINS));
                        format!(" (goal: under {} s: {verdict})", JOINS.as_secs())
                    } else {
                        String::new()
                    };
                    rest.push(format!(
                        "{name}: {size} joins in {:.2} s{goal}",
                        took.as_secs_f64()
                    ));
                    subjects.push((name, Subject { server, crowd, known: Default::default() }));
                }
                Err(why) if name == "npm" => println!("No npm room to compare with: {why}"),
                Err(why) => return Err(why),
            }
        }
        // It joined first, since it takes the longest, and takes its turns last: see `REST`.
        if subjects.first().is_some_and(|(name, _)| *name == "npm") {
            subjects.rotate_left(1);
        }
        for round in 0..=ROUNDS {
            for (index, outstanding) in OUTSTANDING.into_iter().enumerate() {
                for turn in 0..subjects.len() {
                    for (_, subject) in &mut subjects {
                        subject.crowd.rests(REST / 3)?;
                    }
                    let (_, subject) = &mut subjects[turn];
                    let outcome = subject.crowd.talks(outstanding, TURN)?;
                    if round > 0 {
                        subject.known[index].learn(&outcome); // Round 0 warms up.
                    }
                }
            }
        }
        for (name, subject) in &subjects {
            if let Some((memory, threads)) = subject.server.size() {
                rest.push(format!(
                    "{name}: with {size} clients, {memory:.1} MB, {threads} threads"
                ));
            }
        }
        times.extend(show(size, &subjects)?);
    }
    println!("\n| clients | unanswered | ms, p50 / p99: bare | npm | ours | goal | |");
    println!("|---|---|---|---|---|---|---|");
    for line in times {
        println!("{line}");
    }
    println!();
    for line in rest {
        println!("{line}");
    }
    let processors = thread::available_parallelism()?;
    println!("\nMedians of {ROUNDS} rounds, of rates, of their ratios, and of times.");
    println!("{processors} processors for load and servers.");
    Ok(())
}

/// Shows the rates with so many clients, and returns the rows with their times.
fn show(size: usize, subjects: &[(&str, Subject)]) -> Result<Vec<String>> {
    let find =
        |wanted| subjects.iter().find(|(name, _)| *name == wanted).map(|(_, subject)| subject);
    let (Some(bare), npm, Some(ours)) = (find("bare"), find("npm"), find("ours")) else {
        return Err("a server was not measured".into());
    };
    let mut times = Vec::new();
    for (index, outstanding) in OUTSTANDING.into_iter().enumerate() {
        let (bare, ours) = (&bare.known[index], &ours.known[index]);
        let npm = npm.map(|npm| &npm.known[index]);
        let wanted = if size >= 100 && outstanding > 1 { FAR_AHEAD } else { AHEAD };
        println!(
            "| {size} | {outstanding} | {:.0} | {} | {:.0} | {:.2} | {} | ≥ {wanted} of npm | {} |",
            bare.rate(),
            npm.map_or("not here".into(), |npm| format!("{:.0}", npm.rate())),
            ours.rate(),
            ours.to(bare),
            npm.map(|npm| format!("{:.2}", ours.to(npm))).unwrap_or_default(),
            verdict(npm.map(|npm| ours.to(npm) >= wanted)),
        );
        times.push(format!(
            "| {size} | {outstanding} | {} | {} | {} | p99 at most npm's | {} |",
            bare.times(),
            npm.map_or("not here".into(), Known::times),
            ours.times(),
            verdict(npm.map(|npm| ours.tail() <= npm.tail())),
        ));
    }
    Ok(times)
}

fn verdict(is_met: Option<bool>) -> &'static str {
    match is_met {
        Some(true) => "ok",
        Some(false) => "**missed**",
        None => "not compared",
    }
}

/// The value that so many percent of all lie below.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) * percent / 100]
}
