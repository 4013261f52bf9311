//! Feedback: the page on a grade for a student, and the summary of a class for an instructor. Pure:
//! from the grades to text.

use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::mem;

use crate::earned::{Grade, OfBehaviour};
use crate::task::Show;

/// The page for a student.
pub fn feedback(grade: &Grade) -> Result<String, fmt::Error> {
    let mut page = String::new();
    writeln!(page, "# {} of {} points", grade.points, grade.of)?;
    for task in &grade.tasks {
        let (lab, id) = (&task.lab, &task.task);
        writeln!(page, "\n## {lab} {id}: {} of {}\n", task.points, task.of)?;
        if let Some(name) = &task.nearest_mistake {
            writeln!(page, "It behaves like a known mistake: *{}*.\n", name.replace('_', " "))?;
        }
        let mut is_first = true;
        for one in &task.behaviours {
            let (test, status) = (&one.test, &one.status);
            writeln!(page, "- {}: {}", status.replace('_', " "), test.replace('_', " "))?;
            // What a task does not show, an instructor finds in `grade.json`.
            let is_shown = task.show == Show::Full && has_failed(one);
            if is_shown && mem::take(&mut is_first) {
                // A fence that the message cannot end.
                let message = one.message.replace("~~~", "~ ~ ~");
                writeln!(page, "\n  Repeat it with `just test {lab} {id}`.")?;
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
    for task in grades.iter().flat_map(|grade| &grade.tasks) {
        let name = |end: &str| format!("{} {}: {end}", task.lab, task.task);
        for one in task.behaviours.iter().filter(|one| has_failed(one)) {
            *failed.entry(name(&one.test)).or_insert(0) += 1;
        }
        if let Some(mistake) = &task.nearest_mistake {
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

fn has_failed(one: &OfBehaviour) -> bool {
    one.is_counted() && !one.passed()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_cell_is_neither_a_formula_nor_two_cells() {
        assert_eq!(cell("Ada, \"the\" first"), "\"Ada, \"\"the\"\" first\"");
        assert_eq!(cell("=1+1"), "\"'=1+1\"");
    }

    fn grade() -> Grade {
        let behaviour = |test: &str, status: &str, message: &str| json!({"test": test, "status": status, "points": 0, "of": 1, "message": message});
        let behaviours = [
            behaviour("it_runs", "passed", ""),
            behaviour("it_answers", "failed", "expected ~~~ this"),
            behaviour("it_ends", "timed_out", "the second message"),
        ];
        let task = json!({"lab": "week05", "task": "a", "show": "full", "points": 1, "of": 3,
            "nearest_mistake": "includes_self", "behaviours": behaviours});
        let grade = json!({"format": 1, "points": 1, "of": 3, "confinement": "full", "seconds": 0,
            "tasks": [task], "ignored": ["week05/build.rs"], "nearest_mistake": null});
        serde_json::from_value(grade).unwrap()
    }

    #[test]
    fn feedback_shows_the_first_failure_whole_and_the_others_in_a_line() {
        let page = feedback(&grade()).unwrap();
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
        let mut grade = grade();
        grade.tasks[0].show = Show::Names;
        let page = feedback(&grade).unwrap();
        assert!(page.contains("- failed: it answers") && !page.contains("~~~"), "{page}");
    }

    #[test]
    fn a_summary_counts_what_a_class_fails() {
        let mut other = grade();
        other.tasks[0].behaviours[2].status = "passed".into();
        let expected = "\
# Behaviours that fail

- 2 of 2: week05 a: it_answers
- 1 of 2: week05 a: it_ends

# Known mistakes

- 2 of 2: week05 a: includes_self
";
        assert_eq!(summary(&[grade(), other]), expected);
    }
}
