//! Editions of the workspace: for students, with stubs in place of answers, and the model, with
//! answers and no markers. Pure: files in, files out.

use std::collections::BTreeSet;

use anyhow::{Context, Result, ensure};

use crate::markers;
use crate::task::Task;
use crate::tree::{Files, text};

/// Code with at least so many characters is an answer's own, unless other code has it as well.
const TELLING: usize = 20;

/// The lines before a module of unit tests.
const UNIT_TESTS: &str = "\n#[cfg(test)]\n";

/// No edition has known mistakes, which stand around the answers, the tests and examples of the
/// grader, which try answers and are some, and what decides whether a change to the course lands,
/// with the tests of `xtask`.
fn is_kept(file: &str) -> bool {
    let left_out = ["grader/tests/", "grader/examples/", "xtask/tests/", ".ci/", ".github/"];
    !file.contains("/mistakes/") && !left_out.iter().any(|folder| file.starts_with(folder))
}

/// The files with the answers of these tasks replaced by their stubs, and nothing else changed.
pub fn stubbed(files: &Files, tasks: &[&Task]) -> Result<Files> {
    changed(files, tasks, |_, text, task| markers::stub(text, &task.id))
}

/// The edition for students who are to solve these tasks. The unit tests in the files of a task
/// are not in it, since they show the answer from inside.
pub fn handout(files: &Files, tasks: &[&Task]) -> Result<Files> {
    answered(&stubbed(files, tasks)?, tasks)
}

/// The same with the answers that these files have.
pub fn answered(files: &Files, tasks: &[&Task]) -> Result<Files> {
    changed(&kept(files)?, tasks, |_, text, _| without_unit_tests(text))
}

/// The edition with the answers from `files` put back between its markers.
pub fn restored(edition: &Files, files: &Files, tasks: &[&Task]) -> Result<Files> {
    changed(edition, tasks, |file, now, task| {
        let answers = markers::bodies(text(files, file)?, &task.id)?;
        markers::replace(now, &task.id, &answers)
    })
}

/// The edition with all answers, and without markers.
pub fn model(files: &Files, tasks: &[&Task]) -> Result<Files> {
    changed(&kept(files)?, tasks, |_, text, _| markers::model(text))
}

/// The files with the text of each file of these tasks changed; `change` gets path, text, task.
fn changed(
    files: &Files,
    tasks: &[&Task],
    change: impl Fn(&str, &str, &Task) -> Result<String>,
) -> Result<Files> {
    let mut files = files.clone();
    for task in tasks {
        for file in task.paths() {
            let new =
                change(&file, text(&files, &file)?, task).with_context(|| file.clone())?;
            files.insert(file, new.into_bytes());
        }
    }
    Ok(files)
}

fn kept(files: &Files) -> Result<Files> {
    let mut files = files.clone();
    files.retain(|file, _| is_kept(file));
    for (file, bytes) in files.iter_mut().filter(|(file, _)| file.ends_with("/lab.toml")) {
        let text = str::from_utf8(bytes).context(file.clone())?;
        let tasks = text.split("\n[[mistake]]").next().unwrap_or_default().trim_end();
        *bytes = format!("{tasks}\n").into_bytes();
    }
    Ok(files)
}

/// A file up to its module of unit tests, which is the last of its items.
fn without_unit_tests(text: &str) -> Result<String> {
    let Some((code, tests)) = text.split_once(UNIT_TESTS) else {
        return Ok(text.to_owned());
    };
    let is_last =
        tests.starts_with("mod tests {\n") && tests.find("\n}\n") == tests.rfind("\n}\n");
    ensure!(is_last, "its unit tests are not one module at its end");
    Ok(format!("{}\n", code.trim_end()))
}

/// Lines of the answers of these tasks that stand in the edition, and in no other code of their
/// labs: `file: line`.
pub fn leaks(edition: &Files, files: &Files, tasks: &[&Task]) -> Result<Vec<String>> {
    let (mut answers, mut shared) = (BTreeSet::new(), BTreeSet::new());
    for task in tasks {
        // The answer of a task may be a test.
        let folders = ["src", "tests"].map(|part| format!("{}/{part}/", task.lab.folder));
        let is_code = |file: &&String| folders.iter().any(|folder| file.starts_with(folder));
        for file in files.keys().filter(is_code) {
            // No edition has unit tests, so what they try is no answer.
            let whole = text(files, file)?.split(UNIT_TESTS).next().unwrap_or_default();
            let bodies = markers::bodies(whole, &task.id)?;
            let without =
                markers::replace(whole, &task.id, &vec![String::new(); bodies.len()])?;
            shared.extend(without.lines().map(letters));
            for body in bodies {
                answers.extend(markers::answer_in(&body).lines().map(letters));
            }
        }
    }
    answers.retain(|line| line.len() >= TELLING && !shared.contains(line));
    let mut found = Vec::new();
    for (file, bytes) in edition {
        let text = String::from_utf8_lossy(bytes);
        let lines = text.lines().filter(|line| answers.contains(&letters(line)));
        found.extend(lines.map(|line| format!("{file}: {}", line.trim())));
    }
    Ok(found)
}

/// A line without its white space and comment slashes, so that neither hides it.
fn letters(line: &str) -> String {
    line.trim_start_matches([' ', '/']).split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::labs::Lab;

    const SOURCE: &str = "\
fn broadcast() {
    // LAB:BEGIN a
    for other in everybody_but(me) { tell(other) }
    let shared = lines_that_others_have_as_well();
    // LAB:STUB
    //| let _ = me;
    // LAB:END a
    let shared = lines_that_others_have_as_well();
}

#[cfg(test)]
mod tests {
    // LAB:BEGIN a
    #[test]
    fn it_tells_everybody_who_is_there() {}
    // LAB:STUB
    // LAB:END a
}
";

    fn files(entries: &[(&str, &str)]) -> Files {
        let file = |(name, text): &(&str, &str)| ((*name).to_owned(), text.as_bytes().to_vec());
        entries.iter().map(file).collect()
    }

    fn task() -> Task {
        let lab = Lab { folder: "lab".into(), ..Lab::default() };
        let text =
            "format = 1\n[[task]]\nid = 'a'\ntitle = 'A'\nsuite = 'a'\nfiles = ['src/a.rs']\n";
        let tests = "/// It does.\n///\n/// Points: 1\n#[test]\nfn it_does() {}\n";
        Task::parse(&lab, text, |_| Ok(tests.to_owned())).unwrap().swap_remove(0)
    }

    #[test]
    fn a_handout_has_stubs_and_neither_unit_tests_nor_known_mistakes() {
        let toml = "format = 1\n\n[[mistake]]\nname = \"x\"\n";
        let whole = files(&[
            ("lab/src/a.rs", SOURCE),
            ("lab/lab.toml", toml),
            ("lab/mistakes/x.patch", ""),
            ("grader/tests/x.rs", ""),
            (".ci/run", ""),
            (".gitignore", ""),
        ]);
        let stub = "\
fn broadcast() {
    // LAB:BEGIN a
    let _ = me;
    // LAB:END a
    let shared = lines_that_others_have_as_well();
}
";
        let expected = files(&[
            (".gitignore", ""),
            ("lab/lab.toml", "format = 1\n"),
            ("lab/src/a.rs", stub),
        ]);
        let task = task();
        let chosen = &[&task][..];
        let edition = handout(&whole, chosen).unwrap();
        assert_eq!(edition, expected);
        assert_eq!(
            restored(&edition, &whole, chosen).unwrap(),
            answered(&whole, chosen).unwrap()
        );
        let model = model(&whole, chosen).unwrap();
        let solved = text(&model, "lab/src/a.rs").unwrap();
        assert!(!solved.contains("LAB:") && solved.contains("tell(other)"), "{solved}");
    }

    #[test]
    fn a_line_of_an_answer_is_found_wherever_it_stands() {
        for file in ["src/a.rs", "tests/a.rs"] {
            let path = format!("lab/{file}");
            let whole = files(&[(&path, SOURCE), ("lab/tests/peer.py", "")]);
            let task = Task { files: vec![file.to_owned()], ..task() };
            let chosen = &[&task][..];
            let mut edition = handout(&whole, chosen).unwrap();
            assert_eq!(leaks(&edition, &whole, chosen).unwrap(), [""; 0]);
            let page = "Solve it:\nfn it_tells_everybody_who_is_there() {}\n//   for other in everybody_but(me)  { tell(other) }\n";
            edition.insert("docs/hints.md".into(), page.into());
            let found = leaks(&edition, &whole, chosen).unwrap();
            assert_eq!(
                found,
                ["docs/hints.md: //   for other in everybody_but(me)  { tell(other) }"]
            );
        }
    }
}
