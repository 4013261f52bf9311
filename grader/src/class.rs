//! `grade`, the verb: many submissions, each with a folder of results, and one table for all.

use std::env;
use std::fmt::{self, Write};
use std::fs;
use std::mem;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context, Result, bail, ensure};
use clap::{Arg, ArgAction, ArgMatches};
use serde_json::Value;

use crate::grade::{Confinement, Grade, Grader, Submission};
use crate::labs::{Lab, Misspelt};
use crate::task::{Task, Tasks};

/// Set in the process that runs in namespaces of its own.
const IN_NAMESPACES: &str = "LAB_IN_NAMESPACES";

/// The arguments of the verb.
pub fn usage() -> clap::Command {
    let to = Arg::new("to").long("to").value_name("DIR").required(true);
    let tasks = Arg::new("tasks").long("tasks").value_name("LAB:TASK,...");
    let program = Arg::new("program").long("program").value_name("WORDS");
    let unconfined = Arg::new("unconfined").long("unconfined").action(ArgAction::SetTrue);
    let submissions =
        Arg::new("SUBMISSION").num_args(0..).help("A folder with the labs' files");
    clap::Command::new("grade").about("Judge submissions, and write what each has earned").args(
        [
            to.help("Where the results are written, a folder for each submission"),
            tasks.help("What is graded [default: all tasks]"),
            program.help("Grade this program instead, in whatever language it is"),
            unconfined.help("Grade although this system cannot confine a program fully"),
            submissions,
        ],
    )
}

/// Grades what the arguments name.
pub fn run(workspace: &Path, labs: &[Lab], arguments: &ArgMatches) -> Result<ExitCode> {
    let word = |name| arguments.get_one::<String>(name);
    let folders = arguments.get_many::<String>("SUBMISSION").into_iter().flatten();
    let folders = folders.map(|folder| Submission::Folder(folder.into()));
    let program = word("program").map(|words| Submission::Program(words.clone()));
    let submissions: Vec<_> = program.into_iter().chain(folders).collect();
    if submissions.is_empty() {
        bail!(Misspelt("name a submission, or a --program".into()));
    }
    let tasks = chosen(workspace, labs, word("tasks"))?;
    let grader = env::current_exe().context("this program has a path")?;
    let confinement = match confinement(&grader, arguments.get_flag("unconfined"))? {
        Confined::Here(confinement) => confinement,
        Confined::Elsewhere(status) => return Ok(status),
    };
    let to = PathBuf::from(word("to").context("clap demands it")?);
    let grader = Grader::new(workspace, tasks, confinement, &grader)?;
    grade_all(&grader, &submissions, &to)?;
    Ok(ExitCode::SUCCESS)
}

/// The tasks of `LAB:TASK,...`, where `LAB` alone means all of its tasks.
fn chosen(workspace: &Path, labs: &[Lab], words: Option<&String>) -> Result<Vec<Task>> {
    let mut all = Vec::new();
    for lab in labs {
        all.extend(Tasks::of(workspace, lab)?.map_or_else(Vec::new, |tasks| tasks.all));
    }
    let Some(words) = words else { return Ok(all) };
    let mut found = Vec::new();
    for word in words.split(',').map(str::trim) {
        let (lab, task) = word.split_once(':').unwrap_or((word, ""));
        let is_meant = |other: &&Task| {
            other.lab.is_called(lab)
                && (task.is_empty() || other.id == task.to_lowercase() || other.suite == task)
        };
        let before = found.len();
        found.extend(all.iter().filter(is_meant).cloned());
        if found.len() == before {
            let names = all.iter().map(|task| format!("{}:{}", task.lab.package, task.id));
            let names = names.collect::<Vec<_>>().join(", ");
            bail!(Misspelt(format!("there is no task {word:?}; the tasks are: {names}")));
        }
    }
    Ok(found)
}

enum Confined {
    /// Programs can be confined so far by this process.
    Here(Confinement),
    /// Another process has done the work, in namespaces of its own.
    Elsewhere(ExitCode),
}

/// Finds out how far a program can be confined here, and refuses if that is not all.
fn confinement(grader: &Path, is_unconfined_allowed: bool) -> Result<Confined> {
    let works = |program: &str, args: &[&str]| {
        let mut command = Command::new(program);
        command.args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let has_jail = works(&grader.to_string_lossy(), &["jail", "true"]);
    if has_jail && env::var_os(IN_NAMESPACES).is_some() {
        return Ok(Confined::Here(Confinement::Full));
    }
    // A network with nothing but loopback, and process ids that end with this process.
    let enter = ["-Urnpf", "--mount-proc", "--kill-child", "--", "sh", "-c"];
    let lo = "ip link set lo up";
    if has_jail && works("unshare", &[&enter[..], &[lo]].concat()) {
        let inside = format!("{lo} && exec \"$@\"");
        let mut command = Command::new("unshare");
        command.args(enter).args([inside.as_str(), "grade"]).arg(grader);
        command.args(env::args_os().skip(1)).env(IN_NAMESPACES, "1");
        let status = command.status().context("unshare(1) can be started")?;
        let code = status.code().and_then(|code| u8::try_from(code).ok()).unwrap_or(1);
        return Ok(Confined::Elsewhere(ExitCode::from(code)));
    }
    let (missing, rest) = if has_jail {
        ("namespaces of its own (unshare(1) and ip(8), and permission)", Confinement::Landlock)
    } else {
        ("Landlock (Linux, ABI 6)", Confinement::None)
    };
    ensure!(
        is_unconfined_allowed,
        "a submission could do more here than it needs: there is no {missing}. \
         With --unconfined it is graded all the same, and the grade says so"
    );
    Ok(Confined::Here(rest))
}

fn grade_all(grader: &Grader, submissions: &[Submission], to: &Path) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    let mut table = String::from("submission,points,of,ignored files,trouble\n");
    for (index, submission) in submissions.iter().enumerate() {
        let name = submission.name();
        eprintln!("[{}/{}] {name}", index + 1, submissions.len());
        let folder = to.join(&name);
        match grade_one(grader, submission, &folder) {
            Ok(grade) => {
                let ignored = grade.json["ignored"].as_array().map_or(0, Vec::len);
                let (points, of) = grade.points;
                writeln!(table, "{},{points},{of},{ignored},", cell(&name))?;
                println!("{name}: {points} of {of} points");
            }
            // The next one is graded all the same.
            Err(error) => {
                writeln!(table, "{},,,,{}", cell(&name), cell(&format!("{error:#}")))?;
                println!("{name}: not graded: {error:#}");
            }
        }
        write(&to.join("grades.csv"), &table)?;
    }
    Ok(())
}

fn grade_one(grader: &Grader, submission: &Submission, folder: &Path) -> Result<Grade> {
    let grade = grader.grade(submission)?;
    if folder.is_file() {
        bail!("{} is a file", folder.display());
    }
    fs::create_dir_all(folder)?;
    write(&folder.join("grade.json"), &format!("{:#}\n", grade.json))?;
    write(&folder.join("feedback.md"), &feedback(&grade.json))?;
    Ok(grade)
}

/// Writes a file whole, or not at all.
fn write(path: &Path, text: &str) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, text)?;
    fs::rename(&unfinished, path).with_context(|| path.display().to_string())
}

/// A cell of a CSV file, which no spreadsheet takes for a formula.
fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\"").replace(['\r', '\n'], " "))
}

/// What a student reads.
fn feedback(grade: &Value) -> String {
    let mut page = String::new();
    write_feedback(&mut page, grade).expect("a string takes everything");
    page
}

fn write_feedback(page: &mut String, grade: &Value) -> fmt::Result {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    writeln!(page, "# {} of {} points", grade["points"], grade["of"])?;
    for task in list(&grade["tasks"]) {
        let (lab, id) = (text(&task["lab"]), text(&task["task"]));
        writeln!(page, "\n## {lab} {id}: {} of {}\n", task["points"], task["of"])?;
        let mut is_first = true;
        for behaviour in list(&task["behaviours"]) {
            let (test, status) = (text(&behaviour["test"]), text(&behaviour["status"]));
            writeln!(page, "- {}: {}", status.replace('_', " "), test.replace('_', " "))?;
            let has_failed = status != "passed" && status != "not_asked";
            if has_failed && mem::take(&mut is_first) {
                // A fence that the message cannot end.
                let message = text(&behaviour["message"]).replace("~~~", "~ ~ ~");
                writeln!(page, "\n  Repeat it with `just test {lab} {id}`.")?;
                writeln!(page, "\n~~~text\n{}\n~~~\n", message.trim_end())?;
            }
        }
    }
    let ignored = list(&grade["ignored"]);
    if !ignored.is_empty() {
        writeln!(page, "\n## Files that were not taken over\n")?;
    }
    ignored.iter().try_for_each(|file| writeln!(page, "- `{}`", text(file)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_neither_a_formula_nor_two_cells() {
        assert_eq!(cell("Ada, \"the\" first"), "\"Ada, \"\"the\"\" first\"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
    }

    #[test]
    fn feedback_shows_the_first_failure_whole_and_the_others_in_a_line() {
        let behaviour = |test: &str, status: &str, message: &str| serde_json::json!({"test": test, "status": status, "message": message});
        let behaviours = [
            behaviour("it_runs", "passed", ""),
            behaviour("it_answers", "failed", "expected ~~~ this"),
            behaviour("it_ends", "timed_out", "the second message"),
        ];
        let task = serde_json::json!(
            {"lab": "week05", "task": "a", "points": 1, "of": 3, "behaviours": behaviours}
        );
        let grade = serde_json::json!(
            {"points": 1, "of": 3, "tasks": [task], "ignored": ["week05/build.rs"]}
        );
        let page = feedback(&grade);
        assert!(page.starts_with("# 1 of 3 points\n"), "{page}");
        assert!(page.contains("- failed: it answers\n"), "{page}");
        assert!(page.contains("~~~text\nexpected ~ ~ ~ this\n~~~\n"), "{page}");
        assert!(
            page.contains("- timed out: it ends\n") && !page.contains("second message"),
            "{page}"
        );
        assert!(page.ends_with("- `week05/build.rs`\n"), "{page}");
    }
}
