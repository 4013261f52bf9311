//! The verb `gradescope`: writes the zip file that Gradescope grades with.
//!
//! It holds the files that git tracks here, and the two scripts that Gradescope starts: `setup.sh`
//! once, and `run_autograder` for each submission. The same files make the same bytes.

use std::fs::File;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, Result};
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipWriter};

use crate::task::Task;
use crate::tree;

const SETUP: &str = include_str!("gradescope/setup.sh");
const RUN: &str = include_str!("gradescope/run_autograder");

/// Writes the zip file `to`, which grades these tasks.
pub fn run(workspace: &Path, tasks: &[Task], to: &Path) -> Result<()> {
    let tasks = tasks.iter().map(Task::name).collect::<Vec<_>>().join(",");
    let mut zip = ZipWriter::new(File::create(to).with_context(|| to.display().to_string())?);
    let plain = SimpleFileOptions::default().last_modified_time(DateTime::default());
    let mut add = |name: &str, mode, bytes: &[u8]| -> Result<()> {
        zip.start_file(name, plain.unix_permissions(mode))?;
        Ok(zip.write_all(bytes)?)
    };
    for (name, script) in [("setup.sh", SETUP), ("run_autograder", RUN)] {
        add(name, 0o755, script.replace("{{ TASKS }}", &tasks).as_bytes())?;
    }
    for (file, bytes) in tree::tracked(workspace)? {
        add(&format!("course/{file}"), 0o644, &bytes)?;
    }
    zip.finish()?;
    println!("{}: upload it as the autograder of {tasks}", to.display());
    Ok(())
}
