//! The verb `grade`: many submissions, each with a folder of results, and one table for all.

use std::collections::BTreeSet;
use std::env;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result, ensure};

use crate::confinement::{Place, find};
use crate::earned::Grade;
use crate::feedback::{csv_row, feedback, summary};
use crate::formats;
use crate::labs::Misspelt;
use crate::submission::{Grader, Submission};
use crate::table::row;
use crate::task::Task;
use crate::verdict::points;

/// Grades these submissions, and writes the results to a folder for each, below `to`.
pub fn run(
    workspace: &Path,
    tasks: &[Task],
    submissions: &[Submission],
    to: &Path,
    is_unconfined_allowed: bool,
) -> Result<ExitCode> {
    ensure!(!submissions.is_empty(), Misspelt("name a submission, or a --program".into()));
    let ours = ["grades.csv", "summary.md", "grades.unfinished", "summary.unfinished"];
    let mut taken = BTreeSet::from(ours.map(str::to_owned));
    let mut names = submissions.iter().map(Submission::name);
    let twice = names.find(|name| !taken.insert(name.clone())).unwrap_or_default();
    ensure!(twice.is_empty(), Misspelt(format!("two results would be called {twice}")));
    let confinement = match find(is_unconfined_allowed)? {
        Place::Here(confinement) => confinement,
        Place::Elsewhere(status) => return Ok(status),
    };
    let mut grader = Grader::new(workspace, tasks, confinement)?;
    fs::create_dir_all(to).with_context(|| to.display().to_string())?;
    let ungraded = vec![String::new(); 5 + tasks.len()];
    let heads = ["submission", "points", "of", "seconds", "ignored files", "nearest mistake"];
    let heads = heads.map(str::to_owned).into_iter().chain(tasks.iter().map(Task::name));
    let mut table = csv_row(&heads.chain(["trouble".to_owned()]).collect::<Vec<_>>());
    let mut grades = Vec::new();
    for (index, submission) in submissions.iter().enumerate() {
        let name = submission.name();
        let folder = to.join(&name);
        eprintln!("[{}/{}] {name}", index + 1, submissions.len());
        let (cells, trouble) = match grade_one(&mut grader, submission, &folder) {
            Ok(grade) => {
                let [points, of] = points(&grade.asked);
                println!("{name}: {points} of {of} points");
                let cells = cells(&grade);
                grades.push(grade);
                (cells, String::new())
            }
            // The next one is graded all the same.
            Err(error) => {
                let why = format!("{error:#}");
                println!("{name}: not graded: {why}");
                for older in ["grade.json", "feedback.md", "result.json", "junit.xml"] {
                    let _ = fs::remove_file(folder.join(older));
                }
                let _ = fs::create_dir_all(&folder);
                let _ = write(&folder.join("results.json"), &formats::not_graded(&why));
                (ungraded.clone(), why)
            }
        };
        table += &csv_row(&[vec![name], cells, vec![trouble]].concat());
        write(&to.join("grades.csv"), &table)?;
    }
    write(&to.join("summary.md"), &summary(&grades))?;
    Ok(if grades.is_empty() { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

/// The cells of `grades.csv` between the name of a submission and the trouble with it.
fn cells(grade: &Grade) -> Vec<String> {
    let ([all, of], ignored) = (points(&grade.asked), grade.ignored.len());
    let nearest = grade.nearest_mistake().unwrap_or_default();
    let mut cells = row(&[&all, &of, &grade.seconds, &ignored, &nearest]);
    cells.extend(grade.tasks().map(|(asked, _)| points(asked)[0].to_string()));
    cells
}

fn grade_one<'a>(
    grader: &mut Grader<'a>,
    submission: &Submission,
    folder: &Path,
) -> Result<Grade<'a>> {
    let grade = grader.grade(submission)?;
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    write(&folder.join("grade.json"), &format!("{:#}\n", grade.json()))?;
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
