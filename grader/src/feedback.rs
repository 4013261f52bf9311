//! Feedback: the page on a grade for a student, and the summary of a class for an instructor. Pure:
//! from the grades to text.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::mem;

use crate::earned::Grade;
use crate::task::Show;
use crate::verdict::points;

/// The page for a student.
pub fn feedback(grade: &Grade) -> Result<String, fmt::Error> {
    let mut page = String::new();
    let [all, of] = points(&grade.asked);
    writeln!(page, "# {all} of {of} points")?;
    for (asked, nearest) in grade.tasks() {
        let (task, [all, of]) = (asked[0].task, points(asked));
        writeln!(page, "\n## {task}: {all} of {of}\n")?;
        if let Some(name) = nearest.filter(|_| task.show == Show::Full) {
            writeln!(page, "It behaves like a known mistake: *{}*.\n", name.replace('_', " "))?;
        }
        let mut is_first = true;
        for one in asked {
            let (test, status) = (&one.behaviour.test, one.verdict.status.name());
            writeln!(page, "- {}: {}", status.replace('_', " "), test.replace('_', " "))?;
            // What a task does not show, an instructor finds in `grade.json`.
            let is_shown = task.show == Show::Full && one.verdict.has_failed();
            if is_shown && mem::take(&mut is_first) {
                // A fence that the message cannot end.
                let message = one.verdict.message.replace("~~~", "~ ~ ~");
                writeln!(page, "\n  Repeat it with `just test {task}`.")?;
                writeln!(page, "\n~~~text\n{}\n~~~\n", message.trim_end())?;
            }
        }
    }
    if !grade.ignored.is_empty() {
        writeln!(page, "\n## Files that were not taken over\n")?;
    }
    // A name can have a line end in it.
    let name = |file: &String| file.escape_debug().to_string().replace('`', "'");
    grade.ignored.iter().try_for_each(|file| writeln!(page, "- `{}`", name(file)))?;
    Ok(page)
}

/// Which behaviours a class fails, the most frequent first, and how often each known mistake is
/// made.
pub fn summary(grades: &[Grade]) -> String {
    let (mut failed, mut like) = (BTreeMap::new(), BTreeMap::new());
    for (asked, nearest) in grades.iter().flat_map(Grade::tasks) {
        let name = |end: &str| format!("{}: {end}", asked[0].task);
        for one in asked.iter().filter(|one| one.verdict.has_failed()) {
            *failed.entry(name(&one.behaviour.test)).or_insert(0) += 1;
        }
        if let Some(mistake) = nearest {
            *like.entry(name(mistake)).or_insert(0) += 1;
        }
    }
    let rows = |counts: BTreeMap<String, usize>| {
        let mut rows: Vec<_> = counts.into_iter().collect();
        rows.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
        let row = |(name, count)| format!("- {count} of {}: {name}\n", grades.len());
        rows.into_iter().map(row).collect::<String>()
    };
    let (failed, like) = (rows(failed), rows(like));
    format!("# Behaviours that fail\n\n{failed}\n# Known mistakes\n\n{like}")
}

/// A row of `grades.csv`, or its head: the cells are no formulas, whatever is in them.
pub fn csv_row(cells: &[String]) -> String {
    let cells: Vec<_> = cells.iter().map(|text| cell(text)).collect();
    cells.join(",") + "\n"
}

fn cell(text: &str) -> String {
    let guard = if text.starts_with(['=', '+', '-', '@', '\t']) { "'" } else { "" };
    format!("\"{guard}{}\"", text.replace('"', "\"\"").replace(['\r', '\n'], " "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::behaviour::Behaviour;
    use crate::labs::Lab;
    use crate::task::Task;
    use crate::verdict::{Status, without_a_run};

    #[test]
    fn a_cell_is_neither_a_formula_nor_two_cells() {
        assert_eq!(cell("Ada, \"the\" first"), "\"Ada, \"\"the\"\" first\"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
    }

    fn task(show: Show) -> Task {
        let behaviour = |test: &str| Behaviour {
            test: test.into(),
            sentence: String::new(),
            points: 1,
            hints: Vec::new(),
            conditional: false,
        };
        let lab = Lab { package: "week05".into(), ..Lab::default() };
        let behaviours = ["it_runs", "it_answers", "it_ends"].map(behaviour).into();
        Task { lab, id: "a".into(), show, behaviours, ..Task::default() }
    }

    fn grade(task: &Task) -> Grade<'_> {
        let mut asked = without_a_run([task], Status::Passed, "");
        for (one, status, message) in [
            (1, Status::Failed, "expected ~~~ this"),
            (2, Status::TimedOut, "the second message"),
        ] {
            (asked[one].verdict.status, asked[one].verdict.message) = (status, message.into());
        }
        Grade {
            asked,
            nearest: vec![Some("includes_self".into())],
            confinement: "full",
            seconds: 0,
            ignored: vec!["week05/build.rs".into()],
        }
    }

    #[test]
    fn feedback_shows_the_first_failure_whole_and_the_others_in_a_line() {
        let page = feedback(&grade(&task(Show::Full))).unwrap();
        assert!(page.starts_with("# 1 of 3 points\n"), "{page}");
        assert!(page.contains("a known mistake: *includes self*.\n"), "{page}");
        assert!(page.contains("- failed: it answers\n"), "{page}");
        assert!(page.contains("~~~text\nexpected ~ ~ ~ this\n~~~\n"), "{page}");
        assert!(
            page.contains("- timed out: it ends\n") && !page.contains("second message"),
            "{page}"
        );
        assert!(page.ends_with("- `week05/build.rs`\n"), "{page}");
    }

    #[test]
    fn feedback_on_a_task_that_shows_names_has_no_messages() {
        let page = feedback(&grade(&task(Show::Names))).unwrap();
        assert!(page.contains("- failed: it answers") && !page.contains("~~~"), "{page}");
        assert!(!page.contains("known mistake"), "it tells the cause: {page}");
    }

    #[test]
    fn a_summary_counts_what_a_class_fails() {
        let task = task(Show::Full);
        let mut other = grade(&task);
        other.asked[2].verdict.status = Status::Passed;
        let expected = "\
# Behaviours that fail

- 2 of 2: week05 a: it_answers
- 1 of 2: week05 a: it_ends

# Known mistakes

- 2 of 2: week05 a: includes_self
";
        assert_eq!(summary(&[grade(&task), other]), expected);
    }
}
