//! The verbs that a user types as `cargo lab VERB ...` or `just VERB ...`.
//!
//! A misspelt name is an error that lists the right ones, where cargo would run no test and
//! report success.

#[cfg(target_os = "linux")]
use std::env;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, value_parser};
use grader::labs::Misspelt;
use grader::submission::Submission;
use grader::task::{self, Task};
use grader::{
    grade, gradescope, handout, mistakes, report, scratch, solution, start, test, watch,
};
use scenario::workspace;

fn main() -> ExitCode {
    run().unwrap_or_else(|error| {
        eprintln!("error: {error:#}");
        ExitCode::from(if error.is::<Misspelt>() { 2 } else { 1 })
    })
}

fn run() -> Result<ExitCode> {
    // Before clap: the words behind `jail` belong to the program.
    #[cfg(target_os = "linux")]
    if env::args_os().nth(1).is_some_and(|verb| verb == "jail") {
        match grader::jail::become_program(env::args_os().skip(2))? {}
    }
    let matches = usage().get_matches();
    let _scratch = scratch::enter().context("cannot make a folder for temporary files")?;
    let Some((verb, chosen)) = matches.subcommand() else { return Ok(ExitCode::from(2)) };

    let workspace = workspace();
    let word = |name| {
        let word = chosen.try_get_one::<String>(name).ok().flatten();
        word.map_or("", String::as_str)
    };
    let tasks = || match word("tasks") {
        "" => task::named(&workspace, word("LAB"), word("TASK")),
        words => Ok(task::chosen(&task::all(&workspace)?, words)?),
    };
    let to = || Path::new(word("to"));
    let flag = |name| chosen.get_flag(name);
    let times = || chosen.get_one("repeat").map_or(1, |times| *times);
    match verb {
        "start" => print!("{}", start::run(&workspace, &tasks()?[0])?),
        "solution" => {
            let shown = solution::run(&workspace, &tasks()?[0], flag("restore"))?;
            print!("{shown}");
        }
        "report" => report::run(&workspace, &tasks()?, to())?,
        "watch" => {
            let tasks = tasks()?; // Once: an editor may be replacing a file when we look again.
            let of_task = |task: &Task| workspace.join(&task.lab.folder);
            let mut folders: Vec<_> = tasks.iter().map(of_task).collect();
            folders.dedup();
            let work = || {
                test::run(&workspace, &tasks, 1);
                Ok(())
            };
            match watch::run(&folders, work)? {}
        }
        "handout" => handout::run(&workspace, &tasks()?, to(), flag("solution"))?,
        "grade" => {
            let folders = chosen.get_many::<PathBuf>("SUBMISSION").into_iter().flatten();
            let folders = folders.cloned().map(Submission::Folder);
            let program = chosen.get_one("program").cloned().map(Submission::Program);
            let submissions: Vec<_> = program.into_iter().chain(folders).collect();
            let unconfined = flag("unconfined");
            return grade::run(&workspace, &tasks()?, &submissions, to(), unconfined);
        }
        "gradescope" => gradescope::run(&workspace, &tasks()?, to())?,
        _ => {
            let passes = match verb {
                "mistakes" => mistakes::run(&workspace, &tasks()?, times(), flag("update"))?,
                _ => test::run(&workspace, &tasks()?, times()),
            };
            return Ok(if passes { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn usage() -> clap::Command {
    let word = |name, help| Arg::new(name).help(help);
    let flag = |name, help| Arg::new(name).long(name).action(ArgAction::SetTrue).help(help);
    let option = |name, value, help| Arg::new(name).value_name(value).help(help).long(name);
    let lab = word("LAB", "A lab's folder or package, such as week05");
    let task = word("TASK", "A task, such as b");
    let [this_lab, this_task] = [&lab, &task]
        .map(|word| word.clone().required(true).value_parser(NonEmptyStringValueParser::new()));
    let tasks = option("tasks", "LAB:TASK,...", "What students are to solve");
    let tasks = tasks.default_value("all").value_parser(NonEmptyStringValueParser::new());
    let to = option("to", "PATH", "Where it is written").required(true);
    let page = to.clone().required(false).default_value("target/report.html");
    let repeat = option("repeat", "N", "Ask N times for each behaviour");
    let repeat = repeat.value_parser(value_parser!(usize)).default_value("1");
    let restore = flag("restore", "Put the answer back");
    let update = flag("update", "Write the golden files");
    let model = flag("solution", "Write the model, with all answers");
    let program = "Grade this program instead, in whatever language it is";
    let program = option("program", "WORDS", program);
    let unconfined = "Grade although this system cannot confine a program fully";
    let unconfined = flag("unconfined", unconfined);
    let submissions = word("SUBMISSION", "A folder, zip file or git repository").num_args(0..);
    let submissions = submissions.value_parser(value_parser!(PathBuf));
    let verb = |name: &'static str, about: &'static str| clap::Command::new(name).about(about);
    verb("grader", "Judges the labs from outside")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .subcommands([
            verb("test", "Test all tasks, a lab, or a task").args([&lab, &task, &repeat]),
            verb("start", "Begin a task: write its stub").args([&this_lab, &this_task]),
            verb("solution", "Show the answer of a task")
                .args([&this_lab, &this_task, &restore]),
            verb("handout", "Write an edition without answers, once it is proven")
                .args([&tasks, &to, &model]),
            verb("watch", "Repeat test whenever a file changes").args([&lab, &task]),
            verb("report", "Write a page with what became of each behaviour")
                .args([&lab, &page]),
            verb("grade", "Judge submissions, and write what each has earned to its folder")
                .args([&tasks, &to, &program, &unconfined, &submissions]),
            verb("gradescope", "Write the autograder for Gradescope, a zip file")
                .args([&tasks, &to]),
            verb("mistakes", "Try all known mistakes, and say what catches them")
                .args([&lab, &task, &repeat, &update]),
        ])
}
