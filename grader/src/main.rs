//! The verbs that a user types as `cargo lab VERB ...` or `just VERB ...`.
//!
//! A misspelt name is an error that lists the right ones, where cargo would run no test and
//! report success.

#[cfg(target_os = "linux")]
use std::env;
use std::path::Path;
use std::process::ExitCode;
use std::slice;

use anyhow::{Context, Result};
use clap::{Arg, ArgAction, value_parser};
use grader::code::Source;
use grader::delta;
use grader::labs::{Lab, Misspelt, find, workspace};
use grader::size::{self, Crate};
use grader::task;
use grader::{
    bench, book, class, grade, gradescope, handout, mistakes, report, scratch, soak, solution,
    start, test, watch,
};

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
    let labs = Lab::all(&workspace).context("cannot list the labs")?;
    let word = |name| chosen.get_one::<String>(name).filter(|word| !word.is_empty());
    let word = |name| word(name).map(String::as_str);
    let lab = |name| find(&labs, word(name).unwrap_or_default());
    let task = || {
        let (lab, task) = (word("LAB"), word("TASK"));
        task::find(&workspace, &labs, lab.unwrap_or_default(), task.unwrap_or_default())
    };
    let meant = || -> Result<&[Lab]> {
        Ok(if word("LAB").is_some() { slice::from_ref(lab("LAB")?) } else { &labs })
    };
    let tasks = || task::chosen(&task::all(&workspace, &labs)?, word("tasks"));
    let to = || Path::new(word("to").unwrap_or_default());
    let flag = |name| chosen.get_flag(name);
    let times = || chosen.get_one("times").map_or(1, |times: &u16| *times);
    let is_passed = match verb {
        "size" => print(&size_of(word("CRATE"))?),
        "delta" => {
            let (a, b) = (sources(lab("A")?)?, sources(lab("B")?)?);
            print(&format!("{}\n{}\n", delta::between(&a, &b), delta::in_words(&a, &b)))
        }
        "start" => print(&start::run(&workspace, &task()?)?),
        "solution" => print(&solution::run(&workspace, &task()?, flag("restore"))?),
        "grade" => return grade::run(&workspace, &labs, tasks()?, to(), chosen),
        "gradescope" => gradescope::run(&workspace, &tasks()?, to()).map(|()| true)?,
        "handout" => {
            let all = task::all(&workspace, &labs)?;
            handout::run(&workspace, &all, &tasks()?, to(), flag("solution")).map(|()| true)?
        }
        "bench" => bench::run(&workspace, word("LAB")).map(|()| true)?,
        "book" => book::run(&workspace, flag("open")).map(|()| true)?,
        "report" => {
            let to = word("to").unwrap_or("target/report.html");
            report::run(&workspace, meant()?, Path::new(to))?;
            print(&format!("{to}\n"))
        }
        "watch" => {
            let folders = meant()?.iter().map(|lab| workspace.join(&lab.folder));
            let (lab, task) = (word("LAB"), word("TASK"));
            let test = || test::run(&workspace, &labs, lab, task, 1).map(drop);
            match watch::run(&folders.collect::<Vec<_>>(), test)? {}
        }
        "class" => {
            class::run(&workspace, lab("LAB")?, usize::from(times()), to()).map(|()| true)?
        }
        "mistakes" => mistakes::run(&workspace, meant()?, times(), flag("update"))?,
        _ => {
            let run = if verb == "soak" { soak::run } else { test::run };
            run(&workspace, &labs, word("LAB"), word("TASK"), usize::from(times()))?
        }
    };
    Ok(if is_passed { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn print(text: &str) -> bool {
    print!("{text}");
    true
}

fn usage() -> clap::Command {
    let lab = Arg::new("LAB").help("A lab's folder or package, such as week05");
    let task = Arg::new("TASK").help("A task, such as b, or a file of its tests");
    let (this_lab, this_task) = (lab.clone().required(true), task.clone().required(true));
    let times = |default| {
        let times = Arg::new("times").value_name("N").value_parser(value_parser!(u16));
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
            verb("report", "Write a page with what became of each behaviour")
                .args([lab.clone(), to.clone().required(false)]),
            verb("grade", "Judge submissions, and write what each has earned to its folder")
                .args([&tasks, &to])
                .args(grade::arguments()),
            verb("gradescope", "Write the autograder for Gradescope, a zip file")
                .args([&tasks, &to]),
            verb("mistakes", "Try all known mistakes, and say what catches them")
                .args([&lab, &repeat, &update]),
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

fn sources(lab: &Lab) -> Result<Vec<Source>> {
    Source::all(&workspace().join(&lab.folder)).context("cannot read the lab")
}

fn size_of(name: Option<&str>) -> Result<String> {
    let crates = Crate::all(&workspace()).context("cannot read the crates")?;
    let Some(name) = name else { return Ok(size::crates(&crates)) };
    let found = crates.iter().find(|one| one.is_called(name)).ok_or_else(|| {
        let names: Vec<_> = crates.iter().map(|one| one.package.as_str()).collect();
        Misspelt(format!("there is no crate {name:?}; the crates are: {}", names.join(", ")))
    })?;
    Ok(size::files(found))
}
