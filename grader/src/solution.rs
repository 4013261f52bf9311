//! The verb `solution`: shows the answer of a task, or puts it back.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::history;
use crate::markers::{answer_in, replace, stubs};
use crate::task::Task;

/// Returns the lines of the answer, file by file, or puts them back where `restore` is set. Then
/// it returns the lines that had to go, so that nobody's work is lost.
pub fn run(workspace: &Path, task: &Task, restore: bool) -> Result<String> {
    let (mut shown, mut restored) = (String::new(), Vec::new());
    for file in history::files(workspace, task)? {
        let missing = || format!("this edition has no answer of {task}: {}", file.path);
        let answers = file.answers.as_ref().with_context(missing)?;
        if restore {
            restored.push((file.path.clone(), replace(&file.text, &task.id, answers)?));
            writeln!(shown, "{}: the answer of {task} is back", file.path)?;
        }
        for ((now, answer), stub) in file.now.iter().zip(answers).zip(stubs(answers)) {
            if !restore {
                writeln!(shown, "// {}\n{}", file.path, answer_in(answer))?;
            } else if now != answer && *now != stub {
                writeln!(shown, "These lines stood there:\n{now}")?;
            }
        }
    }
    for (path, text) in restored {
        fs::write(workspace.join(path), text)?;
    }
    Ok(shown)
}
