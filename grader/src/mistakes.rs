//! Known mistakes: plausible wrong answers, each a patch, and what each looks like from outside.
//!
//! A mistake is caught if the behaviour that `lab.toml` names fails, in the mistake's own task, and
//! if the first message names the cause. What a student reads of it is kept in a file beside the
//! patch, `NAME.golden`. A submission that fails in the same behaviours is like this mistake.

use std::fs;
use std::path::Path;

use anyhow::Result;

use crate::judge::quoted;
use crate::task::{Mistake, Task};
use crate::tree::{patched, tracked};
use crate::trial::Trials;
use crate::verdict::{Asked, Status};

/// The most lines of a message in a golden file.
const GOLDEN_LINES: usize = 12;

/// The mistake that fails in the same behaviours of this task. Of several, the one with the same
/// message is meant; if none has it, all are, up to three.
pub fn nearest(workspace: &Path, asked: &[Asked]) -> Option<String> {
    let task = asked[0].task;
    let tells_nothing = |one: &Asked| {
        matches!(one.verdict.status, Status::NotStarted | Status::NoBuild | Status::NoResult)
    };
    if asked.iter().any(tells_nothing) {
        return None;
    }
    let (ours, seen) = (failures(asked), golden(asked));
    let known = task.mistakes.iter().filter_map(|mistake| {
        let golden =
            fs::read_to_string(task.mistake(workspace, &mistake.name, "golden")).ok()?;
        Some((mistake.name.as_str(), golden))
    });
    let is_like = |(_, golden): &(_, String)| failures_in(golden).eq(ours.iter().copied());
    let mut like: Vec<_> = known.filter(is_like).collect();
    if like.iter().any(|(_, golden)| *golden == seen) {
        like.retain(|(_, golden)| *golden == seen);
    }
    let names: Vec<_> = like.into_iter().map(|(name, _)| name).collect();
    ((1..=3).contains(&names.len()) && !ours.is_empty()).then(|| names.join(" or "))
}

/// Tries all mistakes in these tasks, `times` times each. The last line is how many were caught as
/// they should be. With `update`, the golden files are written instead of compared.
pub fn run(workspace: &Path, tasks: &[Task], times: usize, update: bool) -> Result<bool> {
    let files = tracked(workspace)?;
    let (mut caught, mut missed) = (0, 0);
    for of_lab in tasks.chunk_by(Task::is_asked_with).filter(|of| !of[0].is_to_catch()) {
        let mut trials = Trials::new(workspace, of_lab)?;
        for (task, mistake) in of_lab.iter().flat_map(Task::with_mistakes) {
            let file = |ending| task.mistake(workspace, &mistake.name, ending);
            let mut complaint = String::new();
            match trials.build(&patched(&files, &file("patch"))?, task)? {
                Err(error) => {
                    complaint = format!("    {} does not compile: {error}\n", mistake.name);
                }
                Ok(program) => {
                    for time in 0..times.max(1) {
                        let asked = trials.ask_program(&quoted(&program), &[task]);
                        if time == 0 {
                            let failures = failures(&asked).join(", ");
                            println!("{:<44} {:<10} {failures}", mistake.name, task.id);
                        }
                        if update {
                            fs::write(file("golden"), golden(&asked))?;
                        }
                        let golden = fs::read_to_string(file("golden")).unwrap_or_default();
                        complaint += &complaints(&asked, mistake, &golden);
                    }
                }
            }
            print!("{complaint}");
            *(if complaint.is_empty() { &mut caught } else { &mut missed }) += 1;
        }
    }
    println!("\n{caught} passed, {missed} failed");
    Ok(missed == 0)
}

/// Why what was seen of a mistake is not what it should be.
fn complaints(asked: &[Asked], mistake: &Mistake, expected: &str) -> String {
    let seen = golden(asked);
    let is_caught = failures(asked).contains(&&*mistake.caught_by);
    let is_named = first_message(asked).contains(&mistake.says);
    let demands = [
        (is_caught, format!("    not caught by {}\n", mistake.caught_by)),
        (is_named, format!("    the first message does not say {:?}\n", mistake.says)),
        (seen == expected, format!("    its golden file is not what was seen:\n{seen}\n")),
    ];
    demands.into_iter().filter(|(is_met, _)| !is_met).map(|(_, complaint)| complaint).collect()
}

fn first_message<'a>(asked: &'a [Asked]) -> &'a str {
    let first = asked.iter().find(|one| one.verdict.has_failed());
    first.map_or("", |one| &one.verdict.message)
}

fn failures<'a>(asked: &[Asked<'a>]) -> Vec<&'a str> {
    let failed = asked.iter().filter(|one| one.verdict.has_failed());
    failed.map(|one| one.behaviour.test.as_str()).collect()
}

/// The contents of a golden file: the behaviours that fail, and the first message without its
/// picture.
fn golden(asked: &[Asked]) -> String {
    let lines = failures(asked).into_iter().map(|name| format!("- {name}\n"));
    let text: String = lines.collect();
    let words = first_message(asked).split("\n\n").next().unwrap_or_default();
    let lines: Vec<_> = words.trim().lines().take(GOLDEN_LINES).collect();
    format!("{text}\n{}\n", without_numbers(&lines.join("\n")))
}

fn failures_in(golden: &str) -> impl Iterator<Item = &str> {
    golden.lines().map_while(|line| line.strip_prefix("- "))
}

/// Ports, names and durations differ from run to run, so a row of digits becomes one `#`.
fn without_numbers(text: &str) -> String {
    let mut letters: Vec<_> = text.chars().collect();
    letters.dedup_by(|a, b| a.is_ascii_digit() && b.is_ascii_digit());
    letters.into_iter().map(|one| if one.is_ascii_digit() { '#' } else { one }).collect()
}
