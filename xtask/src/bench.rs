//! The verb `bench`: measures labs, and writes the figures into `docs/performance.md`, which
//! holds no number that a command did not print.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};
use chrono::Utc;
use grader::labs::Lab;
use grader::task::Task;

const PAGE: &str = "docs/performance.md";

/// Measures the labs of these tasks, and writes each section as soon as it is known.
pub fn run(workspace: &Path, tasks: &[Task]) -> Result<()> {
    // In the order of the course.
    let mut labs = Lab::members(workspace)?;
    labs.retain(|lab| tasks.iter().any(|task| task.lab == *lab));
    for Lab { package, .. } in &labs {
        let machine = machine();
        let measured = measure(workspace, package)?;
        let text = format!("`just bench {package}`, {machine}.\n\n{}", blocks(&measured));
        let page = workspace.join(PAGE);
        let old = fs::read_to_string(&page).context(PAGE)?;
        fs::write(&page, with_section(&old, package, &text))?;
    }
    Ok(())
}

/// The output of `cargo bench` for a lab. It is also shown, line by line.
fn measure(workspace: &Path, package: &str) -> Result<String> {
    let mut cargo = Command::new("cargo");
    cargo.current_dir(workspace).args(["bench", "--package", package]).stdout(Stdio::piped());
    let mut child = cargo.spawn().context("cargo starts")?;
    let mut text = String::new();
    for line in BufReader::new(child.stdout.take().context("stdout is piped")?).lines() {
        let line = line?;
        println!("{line}");
        text.extend([&line, "\n"]);
    }
    ensure!(child.wait()?.success(), "the bench of {package} failed");
    Ok(text)
}

/// The day, this machine, and its load.
fn machine() -> String {
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    // Linux has these two files.
    let [cpus, load] =
        ["cpuinfo", "loadavg"].map(|file| fs::read_to_string(format!("/proc/{file}")));
    let (cpus, load) = (cpus.unwrap_or_default(), load.unwrap_or("unknown".to_owned()));
    let processor = cpus.lines().find_map(|line| line.strip_prefix("model name\t: "));
    format!(
        "{}, {OS}, {} processors ({}), {}; load before: {}",
        Utc::now().format("%-d %B %Y"),
        thread::available_parallelism().map_or(1, usize::from),
        processor.unwrap_or(ARCH),
        rustc.unwrap_or_default(),
        load.split(' ').next().unwrap_or_default()
    )
}

/// The output as Markdown: tables as they are, other lines as text.
fn blocks(printed: &str) -> String {
    let lines: Vec<_> = printed.lines().collect();
    let runs = lines.chunk_by(|a, b| a.starts_with('|') == b.starts_with('|'));
    let runs = runs.map(|run| run.join("\n").trim_matches('\n').to_owned());
    let blocks = runs.filter(|run| !run.is_empty()).map(|run| match run {
        table if table.starts_with('|') => table,
        line if !line.contains('\n') => line,
        lines => format!("```text\n{lines}\n```"),
    });
    blocks.collect::<Vec<_>>().join("\n\n") + "\n"
}

/// The page with this text in the section of `package`, which comes last if it is new.
fn with_section(page: &str, package: &str, text: &str) -> String {
    let heading = format!("\n## {package}\n");
    let (before, old) = page.split_once(&heading).unwrap_or((page, ""));
    let after = old.find("\n## ").map_or("", |next| &old[next..]);
    format!("{before}{heading}\n{text}{after}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_stays_a_table_and_other_lines_become_text() {
        let printed = "Rounds: 9\n| a | b |\n|---|---|\nx: 1\ny: 2\n\n| c |\n";
        let expected =
            "Rounds: 9\n\n| a | b |\n|---|---|\n\n```text\nx: 1\ny: 2\n```\n\n| c |\n";
        assert_eq!(blocks(printed), expected);
    }

    #[test]
    fn a_section_replaces_its_predecessor_and_stands_in_its_place() {
        let page = with_section("# Page\n", "one", "1\n");
        let page = with_section(&page, "two", "2\n");
        assert_eq!(page, "# Page\n\n## one\n\n1\n\n## two\n\n2\n");
        let page = with_section(&page, "one", "3\n");
        assert_eq!(page, "# Page\n\n## one\n\n3\n\n## two\n\n2\n");
        let page = with_section(&page, "two", "4\n");
        assert_eq!(page, "# Page\n\n## one\n\n3\n\n## two\n\n4\n");
    }
}
