//! The verb `class`: makes submissions, as many as a class has, to try grading with.
//!
//! Two thirds of them are right. The others have a known mistake, are empty, do not compile, or hang.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use grader::edition::stubbed;
use grader::markers::regions;
use grader::task::Task;
use grader::tree::{Files, patched, text, tracked, write};

/// Writes `count` submissions of these tasks below `to`.
pub fn run(workspace: &Path, tasks: &[Task], count: usize, to: &Path) -> Result<()> {
    let all: Vec<_> = tasks.iter().collect();
    let files = tracked(workspace)?;
    let stubs = stubbed(&files, &all)?;
    let mut mistakes = tasks.iter().flat_map(Task::with_mistakes).cycle();
    for number in 0..count {
        let (task, mistake) = mistakes.next().context("these tasks have no known mistakes")?;
        let (kind, files) = match (number % 3, number % 15) {
            (2, 2) => ("empty", stubs.clone()),
            (2, 5) => ("not_compiled", inserted(&files, &all, "    this is no Rust\n")?),
            (2, 8) => ("hanging", inserted(&files, &all, HANG)?),
            (2, _) => {
                let patch = task.mistake(workspace, &mistake.name, "patch");
                (&*mistake.name, patched(&files, &patch)?)
            }
            _ => ("right", files.clone()),
        };
        let paths: BTreeSet<_> = all.iter().flat_map(|task| task.paths()).collect();
        let handed_in = files.iter().filter(|(path, _)| paths.contains(*path));
        write(&to.join(format!("student-{number:03}-{kind}")), handed_in)?;
    }
    Ok(())
}

/// Lines of a function that never returns.
const HANG: &str = "    loop {\n        std::thread::park();\n    }\n";

/// The files with some lines at the beginning of the first function body of each task.
fn inserted(files: &Files, tasks: &[&Task], lines: &str) -> Result<Files> {
    let mut files = files.clone();
    for path in tasks.iter().flat_map(|task| task.paths()) {
        let text = text(&files, &path)?.to_owned();
        let all: Vec<_> = text.split_inclusive('\n').collect();
        let in_function = |at: &usize| {
            let above = all[..*at].iter().rev().nth(1).map_or("", |line| line.trim_end());
            above.ends_with('{') && (above.contains("fn ") || above.starts_with(") "))
        };
        let mut starts = regions(&text)?.into_iter().map(|region| region.lines.start);
        if let Some(at) = starts.find(in_function) {
            let new = [&all[..at].concat(), lines, &all[at..].concat()].concat();
            files.insert(path, new.into_bytes());
        }
    }
    Ok(files)
}
