//! The verb `start`: writes the stub of a task where its answer stands.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Result, bail, ensure};

use crate::history;
use crate::markers::{has_answer, regions_of, replace, stubs};
use crate::task::Task;

/// Writes the stubs of `task`, and returns what to do next. Writes nothing where the lines of a
/// region are neither the committed answer nor its stub: they are somebody's work.
pub fn run(workspace: &Path, task: &Task) -> Result<String> {
    let files = history::files(workspace, task)?;
    let mut stubbed = Vec::new();
    for file in &files {
        let Some(answers) = &file.answers else {
            let path = &file.path;
            ensure!(
                !has_answer(&file.text, &task.id)?,
                "no commit has the answer in {path}, so it could not be restored: commit first"
            );
            continue; // An edition without answers.
        };
        let stubs = stubs(answers);
        if file.now == *answers {
            stubbed.push((&file.path, replace(&file.text, &task.id, &stubs)?));
        } else if file.now != stubs {
            bail!(
                "{} has lines of yours in task {}: go on writing, or put the answer back first \
                 (just solution {task} --restore)",
                file.path,
                task.id
            );
        }
    }
    for (path, text) in stubbed {
        fs::write(workspace.join(path), text)?;
    }
    let mut next = format!("{task}: {}\nWrite it here:\n", task.title);
    for file in &files {
        let text = fs::read_to_string(workspace.join(&file.path))?;
        for region in regions_of(&text, &task.id)? {
            writeln!(next, "  {}:{}", file.path, region.lines.start + 1)?;
        }
    }
    write!(next, "Then check it:\n  just test {task}  (or: cargo lab test {task})\n")?;
    Ok(next)
}
