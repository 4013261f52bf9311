//! The verb `bench`: measures labs, and writes what came of it into `docs/performance.md`, which
//! holds no number that a command did not print.

use std::env::consts::{ARCH, OS};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use anyhow::{Context, Result, ensure};
use chrono::Utc;

use crate::labs::{Lab, Misspelt};

const PAGE: &str = "docs/performance.md";

const HEAD: &str = "\
# Performance

Each section is what its command printed, on that machine. The rows of a table were measured in one run, in
turns, so other work of the machine slows all of them: read the ratios. `just bench` repeats all of them.
";

/// Measures the lab of this name, or all labs, and writes each section as soon as it is known.
pub fn run(workspace: &Path, name: Option<&str>) -> Result<()> {
    let mut labs = Lab::all(workspace).context("cannot list the labs")?;
    let manifest = fs::read_to_string(workspace.join("Cargo.toml"))?;
    labs.sort_by_key(|lab| manifest.find(&lab.folder)); // In the order of the course.
    let order: Vec<_> = labs.iter().map(|lab| lab.package.clone()).collect();
    labs.retain(|lab| name.is_none_or(|name| lab.is_called(name)));
    let is_there = !labs.is_empty();
    ensure!(
        is_there,
        Misspelt(format!("there is no such lab; the labs are: {}", order.join(", ")))
    );
    for Lab { package, .. } in &labs {
        let machine = machine();
        let measured = measure(workspace, package)?;
        let section = format!(
            "## {package}\n\n`just bench {package}`, {machine}.\n\n{}",
            blocks(&measured)
        );
        let page = workspace.join(PAGE);
        let old = fs::read_to_string(&page).unwrap_or_default();
        fs::write(&page, with_section(&old, &order, package, &section))?;
    }
    Ok(())
}

/// What `cargo bench` prints of a lab. It is also shown, line by line.
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

/// This machine, what it does besides, and the day.
fn machine() -> String {
    let rustc = Command::new("rustc").arg("--version").output();
    let rustc = rustc.map(|output| String::from_utf8_lossy(&output.stdout).trim().to_owned());
    let from = |file, key| {
        let text = fs::read_to_string(file).ok()?;
        let line = text.lines().find_map(|line| line.strip_prefix(key))?;
        Some(line.trim_start_matches(['\t', ' ', ':']).to_owned())
    };
    let processor = from("/proc/cpuinfo", "model name").unwrap_or_else(|| ARCH.to_owned());
    let load =
        from("/proc/loadavg", "").and_then(|text| Some(text.split(' ').next()?.to_owned()));
    format!(
        "{}, {OS}, {} processors ({processor}), {}; load before: {}",
        Utc::now().format("%-d %B %Y"),
        thread::available_parallelism().map_or(1, usize::from),
        rustc.unwrap_or_default(),
        load.unwrap_or_else(|| "unknown".into())
    )
}

/// What was printed, as Markdown: tables as they are, other lines as text.
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

/// The page with this section in place of the old one, and the sections in this order.
fn with_section(page: &str, order: &[String], package: &str, section: &str) -> String {
    let sections = order.iter().filter_map(|name| {
        let heading = format!("## {name}\n");
        let old = || page.split("\n## ").find(|old| format!("## {old}").starts_with(&heading));
        let old = || old().map(|old| format!("\n## {}\n", old.trim_end()));
        if name == package { Some(format!("\n{section}")) } else { old() }
    });
    HEAD.to_owned() + &sections.collect::<String>()
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
        let order = ["one", "two", "three"].map(str::to_owned);
        let page = with_section("", &order, "three", "## three\n\n3\n");
        let page = with_section(&page, &order, "one", "## one\n\n1\n");
        assert_eq!(page, format!("{HEAD}\n## one\n\n1\n\n## three\n\n3\n"));
        let page = with_section(&page, &order, "three", "## three\n\n4\n");
        assert_eq!(page, format!("{HEAD}\n## one\n\n1\n\n## three\n\n4\n"));
    }
}
