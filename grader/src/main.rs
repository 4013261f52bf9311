//! The verbs that a user types as `cargo lab VERB ...` or `just VERB ...`.
//!
//! A misspelt name is an error that lists the right ones, where cargo would run no test and
//! report success.

#[cfg(target_os = "linux")]
use std::env;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context, Result};
use clap::builder::NonEmptyStringValueParser;
use clap::{Arg, ArgAction, value_parser};
use grader::labs::Misspelt;
use grader::size::{self, Crate};
use grader::task::{self, Task};
use grader::{
    bench, book, class, delta, grade, gradescope, handout, mistakes, report, scratch, soak,
    solution, start, test, watch,
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
        word.map(String::as_str).filter(|word| !word.is_empty())
    };
    let meant = match (word("tasks"), word("LAB"), word("TASK")) {
        (Some(tasks), ..) => tasks.to_owned(),
        (_, Some(lab), Some(task)) => format!("{lab}:{task}"),
        (_, lab, _) => lab.unwrap_or("all").to_owned(),
    };
    let tasks = || -> Result<_> { Ok(task::chosen(&task::all(&workspace)?, &meant)?) };
    let to = || Path::new(word("to").unwrap_or_default());
    let flag = |name| chosen.get_flag(name);
    let times = || chosen.get_one("times").map_or(1, |times| *times);
    let crates = || Crate::all(&workspace).context("cannot read the crates");
    match verb {
        "start" => print!("{}", start::run(&workspace, &tasks()?[0])?),
        "solution" => {
            print!("{}", solution::run(&workspace, &tasks()?[0], flag("restore"))?);
        }
        "report" => report::run(&workspace, &tasks()?, to())?,
        "watch" => {
            let of_task = |task: &Task| workspace.join(&task.lab.folder);
            let mut folders: Vec<_> = tasks()?.iter().map(of_task).collect();
            folders.dedup();
            let work = || {
                test::run(&workspace, &tasks()?, 1);
                Ok(())
            };
            match watch::run(&folders, work)? {}
        }
        "handout" => {
            let all = task::all(&workspace)?;
            handout::run(&workspace, &all, &tasks()?, to(), flag("solution"))?;
        }
        "grade" => return grade::run(&workspace, tasks()?, to(), chosen),
        "gradescope" => gradescope::run(&workspace, &tasks()?, to())?,
        "bench" => bench::run(&workspace, &tasks()?)?,
        "book" => book::run(&workspace, flag("open"))?,
        "class" => class::run(&workspace, &tasks()?, times(), to())?,
        "size" => {
            let all = crates()?;
            let one = word("CRATE").map(|name| size::find(&all, name)).transpose()?;
            print!("{}", one.map_or_else(|| size::crates(&all), size::files));
        }
        "delta" => {
            let all = crates()?;
            let lab = |side| size::find(&all, word(side).unwrap_or_default());
            let (a, b) = (&lab("A")?.sources, &lab("B")?.sources);
            println!("{}\n{}", delta::between(a, b), delta::in_words(a, b));
        }
        _ => {
            let passes = match verb {
                "mistakes" => mistakes::run(&workspace, &tasks()?, times(), flag("update"))?,
                "soak" => soak::run(&workspace, &tasks()?, times())?,
                _ => test::run(&workspace, &tasks()?, times()),
            };
            return Ok(if passes { ExitCode::SUCCESS } else { ExitCode::FAILURE });
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn usage() -> clap::Command {
    let lab = Arg::new("LAB").help("A lab's folder or package, such as week05");
    let task = Arg::new("TASK").help("A task, such as b");
    let this =
        |of: &Arg| of.clone().required(true).value_parser(NonEmptyStringValueParser::new());
    let (this_lab, this_task) = (this(&lab), this(&task));
    let times = |default| {
        let times = Arg::new("times").value_name("N").value_parser(value_parser!(usize));
        times.default_value(default)
    };
    let repeat = times("1").long("repeat").help("Ask N times for each behaviour");
    let flag = |name| Arg::new(name).long(name).action(ArgAction::SetTrue);
    let restore = flag("restore").help("Put the answer back");
    let update = flag("update").help("Write the golden files");
    let model = flag("solution").help("Write the model, with all answers");
    let to = Arg::new("to").long("to").value_name("PATH").required(true);
    let to = to.help("Where it is written");
    let tasks = Arg::new("tasks").long("tasks").value_name("LAB:TASK,...").default_value("all");
    let tasks = tasks.help("What students are to solve");
    let one = Arg::new("CRATE").help("A crate's folder or package [default: all]");
    let before = Arg::new("A").required(true).help("A lab's folder or package");
    let after = Arg::new("B").required(true).help("The lab to compare with it");
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
            verb("report", "Write a page with what became of each behaviour").args([
                lab.clone(),
                to.clone().required(false).default_value("target/report.html"),
            ]),
            verb("grade", "Judge submissions, and write what each has earned to its folder")
                .args([&tasks, &to])
                .args(grade::arguments()),
            verb("gradescope", "Write the autograder for Gradescope, a zip file")
                .args([&tasks, &to]),
            verb("mistakes", "Try all known mistakes, and say what catches them")
                .args([&lab, &task, &repeat, &update]),
            verb("soak", "Ask N times for each behaviour, with all cores busy").args([
                times("100"),
                lab.clone(),
                task,
            ]),
            verb("bench", "Measure all labs, or one, and write docs/performance.md").arg(&lab),
            verb("book", "Build the pages as a book")
                .arg(flag("open").help("Show it in a browser")),
            verb("class", "Make submissions to try grading with").args([
                times("100"),
                lab.default_value("week05"),
                to,
            ]),
            verb("size", "Print the size of all crates, or of one").arg(one),
            verb("delta", "Print what lab B adds to lab A").args([before, after]),
        ])
}
