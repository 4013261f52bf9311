//! The verb `test`: asks for the behaviours of all tasks, of a lab's, or of one, and reports.

use std::fmt::{self, Write};
use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::Error;

use crate::catches;
use crate::history;
use crate::judge::Judge;
use crate::table::{row, table};
use crate::task::{Show, Task};
use crate::verdict::{Asked, Status, by_task, points, without_a_run};

/// Asks `times` times for each behaviour of these tasks, and prints the report. Returns whether all
/// of them pass.
pub fn run(workspace: &Path, tasks: &[Task], times: usize) -> bool {
    let asked = ask(workspace, tasks, times, &[]);
    print!("{}", report(&asked));
    let passed = asked.iter().filter(|one| one.verdict.status == Status::Passed).count();
    let failed = count_failures(&asked);
    println!("{passed} passed, {failed} failed");
    failed == 0 && passed > 0
}

/// Asks for all behaviours of these tasks. The tests have this environment.
pub fn ask<'a>(
    workspace: &Path,
    tasks: &'a [Task],
    times: usize,
    environment: &[(String, String)],
) -> Vec<Asked<'a>> {
    let mut asked = Vec::new();
    for of_lab in tasks.chunk_by(Task::is_asked_with) {
        let package = &of_lab[0].lab.package;
        let of: usize = of_lab.iter().map(|task| task.behaviours.len()).sum();
        let done = AtomicUsize::new(1);
        let progress = || {
            let done = done.fetch_add(1, Ordering::Relaxed);
            show_progress(&format!("{package}: {done} of {of}"));
        };
        show_progress(&format!("{package}: building"));
        let built = Judge::build(workspace, of_lab).map_err(Error::msg);
        let judged = built.and_then(|mut judge| {
            (judge.times, judge.environment) = (times, environment.to_vec());
            let task = &of_lab[0];
            if task.is_to_catch() {
                return catches::judge(&judge, task, &catches::programs(&judge, task)?);
            }
            Ok(judge.judge(of_lab, progress))
        });
        show_progress("");
        asked.extend(judged.unwrap_or_else(|error| {
            without_a_run(of_lab, Status::NoBuild, &format!("{error:#}"))
        }));
    }
    for of_task in asked.chunk_by_mut(|a, b| std::ptr::eq(a.task, b.task)) {
        // Not every stub says that it is one: that of `broadcast` may be an empty list.
        let task = of_task[0].task;
        let is_wrong = |one: &Asked| one.verdict.status == Status::Failed;
        if of_task.iter().any(is_wrong) && history::is_not_started(workspace, task) {
            for one in of_task.iter_mut().filter(|one| is_wrong(one)) {
                one.verdict.status = Status::NotStarted;
            }
        }
    }
    asked
}

/// Replaces the progress line, where somebody sees it.
fn show_progress(line: &str) {
    if io::stderr().is_terminal() {
        eprint!("\r{:60}\r{line}", "");
    }
}

fn count_failures(asked: &[Asked]) -> usize {
    asked.iter().filter(|one| one.verdict.has_failed()).count()
}

/// A row for each task, and their sums.
pub(crate) fn rows(asked: &[Asked]) -> Vec<Vec<String>> {
    let sums = |name: &dyn fmt::Display, asked: &[Asked]| {
        let passed = |one: &&Asked| one.verdict.status == Status::Passed;
        let of = asked.iter().filter(|one| one.is_counted()).count();
        let got = asked.iter().filter(passed).count();
        let [reached, all] = points(asked);
        row(&[name, &format!("{got} of {of}"), &format!("{reached} of {all}")])
    };
    let of_task = |of: &[Asked]| sums(&format!("{}: {}", of[0].task, of[0].task.title), of);
    let mut rows = vec![row(&[&"task", &"passed", &"points"])];
    rows.extend(by_task(asked).map(of_task));
    rows.push(sums(&"total", asked));
    rows
}

/// If it fails, and a task that it needs fails as well: a line that says where to begin.
pub(crate) fn begin_elsewhere(of_task: &[Asked], asked: &[Asked]) -> Option<String> {
    let task = of_task[0].task;
    let fails = |need: &&String| {
        let is_needed = |one: &&Asked| one.task.lab == task.lab && one.task.id == **need;
        asked.iter().filter(is_needed).any(|one| one.verdict.has_failed())
    };
    let need = task.needs.iter().find(fails).filter(|_| count_failures(of_task) > 0)?;
    Some(format!("{task} needs {need}, which fails: begin there\n"))
}

/// A table of the tasks, a line for each failure, and the first one in full.
fn report(asked: &[Asked]) -> String {
    let mut text = table(&rows(asked)) + "\n";
    let lines = asked.iter().filter(|one| one.verdict.status != Status::Passed);
    // What was tried comes before what was not.
    let is_shown = |one: &&Asked| one.verdict.has_failed() && one.task.show == Show::Full;
    let failures = lines.clone().filter(is_shown);
    let first = failures.min_by_key(|one| one.verdict.status == Status::NotStarted);
    let is_other = |one: &&Asked| first.is_none_or(|first| !std::ptr::eq(first, *one));
    let begin = by_task(asked).filter_map(|of_task| begin_elsewhere(of_task, asked));
    let others: String = lines.filter(is_other).map(headline).chain(begin).collect();
    if !others.is_empty() {
        text += &(others + "\n");
    }
    if let Some(one) = first {
        let Asked { task, behaviour, verdict } = one;
        let _ = write!(text, "{}\n{}\n", headline(one), verdict.message.trim_end());
        let hint = behaviour.hints.first();
        if let Some(hint) = hint.filter(|_| verdict.status != Status::NoBuild) {
            let _ = write!(text, "\nHint: {}\n      {}\n", hint.question, hint.answer);
        }
        let (package, suite) = (&task.lab.package, &task.suite);
        // A student's test has the name of its suite.
        let test = if task.is_to_catch() { suite } else { &behaviour.test };
        let _ = write!(
            text,
            "\nRepeat it: cargo test --package {package} --test {suite} {test}\n\n"
        );
    }
    text
}

/// One line: the task, the result, and the behaviour.
fn headline(one: &Asked) -> String {
    format!("{}, {}: {} ({})\n", one.task, words(one), one.behaviour.sentence, worth(one))
}

/// The result of a behaviour, in words.
pub(crate) fn words(Asked { verdict, .. }: &Asked) -> String {
    match verdict.status {
        Status::Failed => "wrong".to_owned(),
        Status::NoBuild => "did not compile".to_owned(),
        Status::Unstable { passed, of } => format!("unstable, {passed} of {of}"),
        status => status.name().replace('_', " "),
    }
}

/// The points of a behaviour, in words.
pub(crate) fn worth(Asked { behaviour, .. }: &Asked) -> String {
    format!("{} point{}", behaviour.points, if behaviour.points == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::{Behaviour, Hint};
    use crate::labs::Lab;
    use crate::verdict::Verdict;

    fn task(id: &str, sentences: &[&str]) -> Task {
        let behaviour = |sentence: &&str| Behaviour {
            test: sentence.to_lowercase().replace(' ', "_"),
            sentence: format!("{sentence}."),
            points: 2,
            hints: vec![Hint { question: "Who?".into(), answer: "You.".into() }],
            conditional: false,
        };
        let lab = Lab { folder: "w".into(), package: "week05".into() };
        Task {
            lab,
            id: id.into(),
            title: format!("Task {id}"),
            suite: format!("extension_{id}"),
            behaviours: sentences.iter().map(behaviour).collect(),
            ..Task::default()
        }
    }

    fn asked<'a>(task: &'a Task, statuses: &[Status]) -> Vec<Asked<'a>> {
        let judged = task.behaviours.iter().zip(statuses);
        let asked = |(behaviour, status): (&'a Behaviour, &Status)| {
            let message = "expected \"Hello\"\n | picture\n".to_owned();
            let verdict = Verdict { status: *status, message };
            Asked { task, behaviour, verdict }
        };
        judged.map(asked).collect()
    }

    #[test]
    fn the_report_shows_all_and_the_first_wrong_answer_in_full() {
        let (a, b) =
            (task("a", &["It lists"]), task("b", &["It relays", "It marks", "It ends"]));
        let mut all = asked(&a, &[Status::NotStarted]);
        all.extend(asked(&b, &[Status::Passed, Status::Failed, Status::NotAsked]));
        let expected = "\
task              passed  points
week05 a: Task a  0 of 1  0 of 2
week05 b: Task b  1 of 2  2 of 4
total             1 of 3  2 of 6

week05 a, not started: It lists. (2 points)
week05 b, not asked: It ends. (2 points)

week05 b, wrong: It marks. (2 points)

expected \"Hello\"
 | picture

Hint: Who?
      You.

Repeat it: cargo test --package week05 --test extension_b it_marks

";
        assert_eq!(report(&all), expected);
        assert_eq!(count_failures(&all), 2);
        let statuses = [Status::Unstable { passed: 1, of: 3 }, Status::TimedOut];
        let shown = report(&asked(&b, &statuses));
        assert!(shown.contains("b, unstable, 1 of 3: It relays"), "{shown}");
        assert!(shown.contains("b, timed out: It marks"), "{shown}");
    }

    #[test]
    fn a_task_whose_need_fails_says_where_to_begin() {
        let (a, mut b) = (task("a", &["It lists"]), task("b", &["It relays"]));
        b.needs = vec!["a".into()];
        let both = |first, second| [asked(&a, &[first]), asked(&b, &[second])].concat();
        let line = "week05 b needs a, which fails: begin there\n\nweek05 a, wrong";
        let shown = report(&both(Status::Failed, Status::TimedOut));
        assert!(shown.contains(line), "{shown}");
        for fine in [both(Status::Failed, Status::Passed), both(Status::Passed, Status::Failed)]
        {
            assert!(!report(&fine).contains("begin there"), "{}", report(&fine));
        }
    }

    #[test]
    fn of_a_task_that_shows_names_only_the_sentence_is_shown() {
        for show in [Show::Names, Show::AfterDue] {
            let mut a = task("a", &["It lists"]);
            a.show = show;
            let shown = report(&asked(&a, &[Status::Failed]));
            assert!(
                shown.ends_with("\n\nweek05 a, wrong: It lists. (2 points)\n\n"),
                "{shown}"
            );
        }
    }

    #[test]
    fn a_students_test_is_repeated_by_its_own_name() {
        let mut t = task("t", &["Your test passes on the right program"]);
        t.catches = vec!["includes_self".into()];
        let shown = report(&asked(&t, &[Status::Failed]));
        assert!(shown.contains("--test extension_t extension_t\n"), "{shown}");
    }

    #[test]
    fn what_passes_is_not_mentioned_again() {
        let a = task("a", &["It lists"]);
        let expected = "\
task              passed  points
week05 a: Task a  1 of 1  2 of 2
total             1 of 1  2 of 2

";
        assert_eq!(report(&asked(&a, &[Status::Passed])), expected);
    }
}
