//! Known mistakes: plausible wrong answers, each a patch, and what each looks like from outside.
//!
//! A mistake is caught if the behaviour that `lab.toml` names fails, in the mistake's own task, and
//! if the first message names the cause. What a student reads of it is kept in a file beside the
//! patch, `NAME.golden`. A submission that fails in the same behaviours is like this mistake.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::judge::{Asked, Status};
use crate::labs::Lab;
use crate::task::{Mistake, Task, Tasks};
use crate::tree::{Files, patched, tracked};
use crate::trial::Trials;

/// How many lines of a message a golden file has.
const GOLDEN_LINES: usize = 12;

/// A mistake as it looks from outside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The package of its lab, and the id of its task.
    pub task: (String, String),
    /// Its name.
    pub name: String,
    /// The contents of its golden file.
    pub golden: String,
}

/// The mistakes of these labs that have a golden file.
pub fn known(workspace: &Path, labs: &[Lab]) -> Result<Vec<Known>> {
    let mut known = Vec::new();
    for lab in labs {
        let Some(tasks) = Tasks::of(workspace, lab)? else { continue };
        for mistake in tasks.mistakes {
            let golden = fs::read_to_string(mistake.file(workspace, lab, "golden"));
            let Ok(golden) = golden else { continue };
            let task = (lab.package.clone(), mistake.task);
            known.push(Known { task, name: mistake.name, golden });
        }
    }
    Ok(known)
}

/// The mistake that fails in the same behaviours of this task. Of several, the one with the same
/// message is meant; if none has it, all are, up to three.
pub fn nearest(known: &[Known], asked: &[Asked]) -> Option<String> {
    let task = asked[0].task;
    let tells_nothing = |one: &Asked| {
        matches!(one.verdict.status, Status::NotStarted | Status::NoBuild | Status::NoResult)
    };
    if asked.iter().any(tells_nothing) {
        return None;
    }
    let (ours, seen) = (failures(asked), golden(asked));
    let is_like = |known: &&Known| {
        known.task == (task.lab.package.clone(), task.id.clone())
            && failures_in(&known.golden).eq(ours.iter().copied())
    };
    let mut like: Vec<_> = known.iter().filter(is_like).collect();
    if like.iter().any(|known| known.golden == seen) {
        like.retain(|known| known.golden == seen);
    }
    let names: Vec<_> = like.iter().map(|known| known.name.as_str()).collect();
    ((1..=3).contains(&names.len()) && !ours.is_empty()).then(|| names.join(" or "))
}

/// Tries all mistakes of these labs, `times` times each. The last line is how many were caught as
/// they should be. With `update`, the golden files are written instead of compared.
pub fn run(workspace: &Path, labs: &[Lab], times: u16, update: bool) -> Result<bool> {
    let files = tracked(workspace)?;
    let (mut caught, mut missed) = (0, 0);
    for lab in labs {
        let Some(mut tasks) = Tasks::of(workspace, lab)? else { continue };
        tasks.all.retain(|task| !task.is_to_catch());
        let mut trials = Trials::new(workspace, &tasks.all)?;
        for mistake in &tasks.mistakes {
            let task = tasks.all.iter().find(|task| task.id == mistake.task);
            let task = task.context("the task was looked up when the mistake was read")?;
            let files = patched(&files, &mistake.file(workspace, lab, "patch"))?;
            let golden = mistake.file(workspace, lab, "golden");
            let complaint = try_one(&mut trials, &files, task, mistake, times, |seen| {
                if update {
                    fs::write(&golden, seen)?;
                }
                Ok(fs::read_to_string(&golden).is_ok_and(|golden| golden == seen))
            });
            let complaint = complaint.with_context(|| format!("mistake {}", mistake.name))?;
            let is_caught = complaint.is_empty();
            (caught, missed) =
                (caught + usize::from(is_caught), missed + usize::from(!is_caught));
            print!("{complaint}");
        }
    }
    println!("\n{caught} passed, {missed} failed");
    Ok(missed == 0)
}

/// Prints the behaviours that fail. Returns why this is not what it should be.
fn try_one(
    trials: &mut Trials,
    files: &Files,
    task: &Task,
    mistake: &Mistake,
    times: u16,
    is_golden: impl Fn(&str) -> Result<bool>,
) -> Result<String> {
    let program = match trials.build(files, &task.lab)? {
        Ok(program) => program,
        Err(error) => return Ok(format!("    {} does not compile: {error}\n", mistake.name)),
    };
    let mut complaint = String::new();
    for time in 0..times {
        let asked = trials.ask_program(&program, &[task]);
        let (failures, seen) = (failures(&asked), golden(&asked));
        if time == 0 {
            println!("{:<44} {:<10} {}", mistake.name, task.id, failures.join(", "));
        }
        if !failures.contains(&&*mistake.caught_by) {
            writeln!(complaint, "    not caught by {}", mistake.caught_by)?;
        }
        let first = asked.iter().find(|one| one.verdict.has_failed());
        let message = first.map_or("", |one| &one.verdict.message);
        if !message.contains(&mistake.says) {
            writeln!(complaint, "    the first message does not say {:?}", mistake.says)?;
        }
        if !is_golden(&seen)? {
            writeln!(complaint, "    its golden file is not what was seen:\n{seen}")?;
        }
    }
    Ok(complaint)
}

fn failures<'a>(asked: &[Asked<'a>]) -> Vec<&'a str> {
    let failed = asked.iter().filter(|one| one.verdict.has_failed());
    failed.map(|one| one.behaviour.test.as_str()).collect()
}

/// What a student reads: the behaviours that fail, and the first message, without its picture.
fn golden(asked: &[Asked]) -> String {
    let lines = failures(asked).into_iter().map(|name| format!("- {name}\n"));
    let text: String = lines.collect();
    let first = asked.iter().find(|one| one.verdict.has_failed());
    let message = first.map_or("", |one| &one.verdict.message);
    let words = message.split("\n\n").next().unwrap_or_default();
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
