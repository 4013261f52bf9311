//! Calls per second, and how long one takes: ours, npm's package, and a server that does nothing.
//!
//! In one run, in turns, so that other work of the machine hits all alike. The load comes
//! from this process, the same for all; the servers are processes of their own:
//!
//! * `bare`: a fixed answer, and a thread for each connection, started anew. On a connection that is
//!   kept, nothing could be faster; ours keeps its threads, too.
//! * `npm`: the package `capnweb` on Node, if `tests/interop` has it.
//! * `ours`: Alice.
//!
//! Load and server share the processors of one machine, so these are numbers to compare, and
//! not what a server could do for callers elsewhere.

mod line;
mod load;
mod server;

use std::env;
use std::error::Error;
use std::thread;
use std::time::Duration;

use load::{Case, call};
use server::{Server, serve_bare};

/// Short turns: what is busy besides us is then busy for all servers of a round.
const ROUNDS: usize = 11;

/// How long each server is called in each case and round.
const TURN: Duration = Duration::from_millis(200);

const MANY: usize = 100;

/// The first is also the one whose times are told.
const CASES: [Case; 6] = [
    Case { calls: 1, connections: 1, keeps: true },
    Case { calls: 1, connections: 16, keeps: true },
    Case { calls: 1, connections: 1, keeps: false },
    Case { calls: 1, connections: 16, keeps: false },
    Case { calls: MANY, connections: 1, keeps: true },
    Case { calls: MANY, connections: 16, keeps: true },
];

/// Of the bare server, with a crowd that stays.
const SHARE: f64 = 0.7;

/// Calls per second, with many in a request, and not less than so many times npm's.
const FLOOR: f64 = 200_000.0;
const TIMES_NPM: f64 = 2.0;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What is known about one server in one case: a rate for each round, and the times of all
/// requests.
#[derive(Default)]
struct Known {
    rates: Vec<f64>,
    times: Vec<f64>,
}

impl Known {
    /// The ratio of the rates, from round to round.
    fn to(&self, other: &Self) -> f64 {
        let ratios = self.rates.iter().zip(&other.rates).map(|(ours, theirs)| ours / theirs);
        percentile(&ratios.collect::<Vec<_>>(), 50)
    }
}

fn main() -> Result<()> {
    let mut words = env::args().skip(1);
    if words.next().as_deref() == Some("bare") {
        return serve_bare(words.next().ok_or("how many calls?")?.parse()?);
    }
    let (bare, bare_many) = (Server::bare(1)?, Server::bare(MANY)?);
    let alice = Server::alice()?;
    let npm = Server::npm();
    if let Err(why) = &npm {
        println!("No npm server to compare with: {why}");
    }

    let mut table = [const { [const { None }; 3] }; CASES.len()];
    for round in 0..=ROUNDS {
        for (case, row) in CASES.into_iter().zip(&mut table) {
            let bare = if case.calls == 1 { &bare } else { &bare_many };
            let servers = [Some(bare), npm.as_ref().ok(), Some(&alice)];
            for (server, known) in servers.into_iter().zip(row) {
                let Some(server) = server else { continue };
                let outcome = call(server.address, case, TURN)?;
                let known = known.get_or_insert_with(Known::default);
                if round > 0 {
                    known.rates.push(outcome.rate); // Round 0 warms up.
                    known.times.extend(outcome.times);
                }
            }
        }
    }
    show(&table)
}

/// One row for each case: what came of it for bare, npm and ours.
fn show(table: &[[Option<Known>; 3]]) -> Result<()> {
    println!("| calls | bare, /s | npm, /s | ours, /s | to bare | to npm | goal | |");
    println!("|---|---|---|---|---|---|---|---|");
    for (case, row) in CASES.into_iter().zip(table) {
        let [Some(bare), npm, Some(ours)] = row else {
            return Err("a server was not called".into());
        };
        let rate = |known: &Known| percentile(&known.rates, 50);
        let (npm_rate, to_npm) = npm.as_ref().map(|npm| (rate(npm), ours.to(npm))).unzip();
        let (goal, is_met) = goal(case, rate(ours), ours.to(bare), to_npm);
        println!(
            "| {case} | {:.0} | {} | {:.0} | {:.2} | {} | {goal} | {} |",
            rate(bare),
            npm_rate.map_or("not here".into(), |rate| format!("{rate:.0}")),
            rate(ours),
            ours.to(bare),
            to_npm.map(|ratio| format!("{ratio:.2}")).unwrap_or_default(),
            match is_met {
                false => "**missed**",
                true if npm.is_none() => "ok, but for npm",
                true => "ok",
            },
        );
    }

    println!("\n| {}: the time of a call | median | p99 |", CASES[0]);
    println!("|---|---|---|");
    for (name, known) in ["bare", "npm", "ours"].into_iter().zip(&table[0]) {
        let Some(Known { times, .. }) = known else { continue };
        let [median, tail] = [50, 99].map(|percent| percentile(times, percent));
        println!("| {name} | {median:.0} µs | {tail:.0} µs |");
    }
    let processors = thread::available_parallelism()?;
    println!("\nMedians of {ROUNDS} rounds, also of their ratios.");
    println!("{processors} processors for load and servers.");
    Ok(())
}

/// What is promised, and whether it is kept. Where npm is not here, so much as can be known.
fn goal(case: Case, rate: f64, to_bare: f64, to_npm: Option<f64>) -> (String, bool) {
    let beats_npm = |times| to_npm.is_none_or(|ratio| ratio >= times);
    if case.calls == MANY {
        let goal = format!("≥ {FLOOR}/s, ≥ {TIMES_NPM} of npm");
        (goal, rate >= FLOOR && beats_npm(TIMES_NPM))
    } else if case.connections > 1 && case.keeps {
        let goal = format!("≥ {SHARE} of bare, ahead of npm");
        (goal, to_bare >= SHARE && beats_npm(1.0))
    } else {
        ("ahead of npm".into(), beats_npm(1.0))
    }
}

/// The value that so many percent of all lie below.
fn percentile(values: &[f64], percent: usize) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[(sorted.len() - 1) * percent / 100]
}
