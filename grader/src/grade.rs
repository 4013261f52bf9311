//! The verb `grade`: many submissions, each with a folder of results, and one table for all.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, bail};
use clap::{Arg, ArgAction, ArgMatches};

use crate::confinement::{Place, find};
use crate::earned::Grade;
use crate::feedback::{csv_row, feedback, summary};
use crate::formats;
use crate::labs::Misspelt;
use crate::submission::{Grader, Submission};
use crate::task::Task;

/// The verb's own arguments.
pub fn arguments() -> [Arg; 3] {
    let program = Arg::new("program").long("program").value_name("WORDS");
    let unconfined = Arg::new("unconfined").long("unconfined").action(ArgAction::SetTrue);
    let submissions =
        Arg::new("SUBMISSION").num_args(0..).help("A folder, zip file or git repository");
    [
        program.help("Grade this program instead, in whatever language it is"),
        unconfined.help("Grade although this system cannot confine a program fully"),
        submissions,
    ]
}

/// Grades what the arguments name, and writes the results to a folder for each submission.
pub fn run(
    workspace: &Path,
    tasks: Vec<Task>,
    to: &Path,
    arguments: &ArgMatches,
) -> Result<ExitCode> {
    let folders = arguments.get_many::<String>("SUBMISSION").into_iter().flatten();
    let folders = folders.map(|folder| Submission::Folder(folder.into()));
    let program = arguments.get_one::<String>("program");
    let program = program.map(|words| Submission::Program(words.clone()));
    let submissions: Vec<_> = program.into_iter().chain(folders).collect();
    if submissions.is_empty() {
        bail!(Misspelt("name a submission, or a --program".into()));
    }
    let names: BTreeSet<_> = submissions.iter().map(Submission::name).collect();
    if names.len() < submissions.len() {
        bail!(Misspelt("two submissions have one name: their results would mix".into()));
    }
    let confinement = match find(arguments.get_flag("unconfined"))? {
        Place::Here(confinement) => confinement,
        Place::Elsewhere(status) => return Ok(status),
    };
    let heads = tasks.iter().map(Task::name).collect();
    let mut grader = Grader::new(workspace, tasks, confinement)?;
    grade_all(&mut grader, heads, &submissions, to)?;
    Ok(ExitCode::SUCCESS)
}

fn grade_all(
    grader: &mut Grader,
    tasks: Vec<String>,
    submissions: &[Submission],
    to: &Path,
) -> Result<()> {
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    let count = tasks.len();
    let heads = ["submission", "points", "of", "seconds", "ignored files", "nearest mistake"];
    let heads = heads.map(str::to_owned).into_iter().chain(tasks);
    let mut table = csv_row(&heads.chain(["trouble".to_owned()]).collect::<Vec<_>>());
    let mut grades = Vec::new();
    for (index, submission) in submissions.iter().enumerate() {
        let name = submission.name();
        eprintln!("[{}/{}] {name}", index + 1, submissions.len());
        match grade_one(grader, submission, &to.join(&name)) {
            Ok(grade) => {
                println!("{name}: {} of {} points", grade.points, grade.of);
                table += &row(&name, &grade);
                grades.push(grade);
            }
            // The next one is graded all the same.
            Err(error) => {
                println!("{name}: not graded: {error:#}");
                let reason = formats::not_graded(&format!("{error:#}"));
                let folder = to.join(&name);
                for older in ["grade.json", "feedback.md", "result.json", "junit.xml"] {
                    let _ = fs::remove_file(folder.join(older));
                }
                let _ = fs::create_dir_all(&folder);
                let _ = write(&folder.join("results.json"), &reason);
                let empty = vec![String::new(); 5 + count];
                table += &csv_row(&[vec![name], empty, vec![format!("{error:#}")]].concat());
            }
        }
        write(&to.join("grades.csv"), &table)?;
    }
    write(&to.join("summary.md"), &summary(&grades))
}

fn row(name: &str, grade: &Grade) -> String {
    let numbers = [u64::from(grade.points), u64::from(grade.of), grade.seconds];
    let ignored = grade.ignored.len();
    let mut cells = vec![name.to_owned()];
    cells.extend(numbers.map(|number| number.to_string()));
    cells.extend([ignored.to_string(), grade.nearest_mistake.clone().unwrap_or_default()]);
    cells.extend(grade.tasks.iter().map(|task| task.points.to_string()));
    cells.push(String::new());
    csv_row(&cells)
}

fn grade_one(grader: &mut Grader, submission: &Submission, folder: &Path) -> Result<Grade> {
    let grade = grader.grade(submission)?;
    if folder.is_file() {
        bail!("{} is a file", folder.display());
    }
    fs::create_dir_all(folder)?;
    write(&folder.join("grade.json"), &format!("{}\n", serde_json::to_string_pretty(&grade)?))?;
    write(&folder.join("feedback.md"), &feedback(&grade)?)?;
    for (name, text) in formats::all(&grade, |name| env::var(name).ok())? {
        write(&folder.join(name), &text)?;
    }
    Ok(grade)
}

/// Writes a file whole, or not at all.
fn write(path: &Path, text: &str) -> Result<()> {
    let unfinished = path.with_extension("unfinished");
    fs::write(&unfinished, text)?;
    fs::rename(&unfinished, path).with_context(|| path.display().to_string())
}
