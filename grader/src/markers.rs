//! The markers in a source file: the answer of a task, and the stub that stands in its place.
//!
//! ```text
//! // LAB:BEGIN a
//! let others = ...;      // the answer
//! // LAB:STUB
//! //| Vec::new()         // the stub: such lines without `//| `
//! // LAB:END a
//! ```
//!
//! Where the stub has taken the answer's place, the file has no `LAB:STUB` line between them.

use std::ops::Range;

use anyhow::{Result, bail, ensure};

const MARKER: &str = "LAB:";
const STUB: &str = "// LAB:STUB";
const STUB_LINE: &str = "//|";

/// A marked part of a file, in numbers of lines from 0 on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    /// The id of the task.
    pub task: String,
    /// The lines between `LAB:BEGIN` and `LAB:END`.
    pub lines: Range<usize>,
    /// Whether there is a line `LAB:STUB` between them.
    pub has_stub: bool,
}

/// All regions of a file, in order.
pub fn regions(text: &str) -> Result<Vec<Region>> {
    let mut found = Vec::new();
    let mut open: Option<Region> = None;
    for (index, line) in text.lines().map(str::trim).enumerate() {
        let number = index + 1;
        if !line.contains(MARKER) {
            let in_stub = open.as_ref().is_some_and(|region| region.has_stub);
            ensure!(
                !in_stub || line.starts_with(STUB_LINE),
                "line {number}: a line of a stub begins with {STUB_LINE:?}: {line:?}"
            );
            continue;
        }
        let marker = line.strip_prefix("// LAB:").unwrap_or_default();
        match (marker.split_once(' ').unwrap_or((marker, "")), &mut open) {
            (("BEGIN", task), None) if !task.is_empty() => {
                open =
                    Some(Region { task: task.into(), lines: number..number, has_stub: false });
            }
            (("STUB", ""), Some(region)) if !region.has_stub => region.has_stub = true,
            (("END", task), Some(region)) if region.task == task => {
                region.lines.end = index;
                found.extend(open.take());
            }
            _ => bail!("line {number}: this marker does not fit here: {line:?}"),
        }
    }
    if let Some(region) = open {
        bail!("line {}: the region of task {} has no end", region.lines.start, region.task);
    }
    Ok(found)
}

/// The regions of `task`, in order.
pub fn regions_of(text: &str, task: &str) -> Result<impl Iterator<Item = Region>> {
    Ok(regions(text)?.into_iter().filter(move |region| region.task == task))
}

/// Whether an answer of `task` stands in the file, with the stub that can replace it.
pub fn has_answer(text: &str, task: &str) -> Result<bool> {
    Ok(regions_of(text, task)?.any(|region| region.has_stub))
}

/// The file with each answer of `task` replaced by its stub. A region without a stub is emptied.
/// The markers around them stay.
pub fn stub(text: &str, task: &str) -> Result<String> {
    replace(text, task, &stubs(&bodies(text, task)?))
}

/// The file with all of its answers, and neither markers nor stubs.
pub fn model(text: &str) -> Result<String> {
    regions(text)?; // So each such line is a marker.
    let is_answer =
        |line: &&str| !line.contains(MARKER) && !line.trim_start().starts_with(STUB_LINE);
    Ok(text.split_inclusive('\n').filter(is_answer).collect())
}

/// The text in each region of `task`.
pub fn bodies(text: &str, task: &str) -> Result<Vec<String>> {
    let lines: Vec<_> = text.split_inclusive('\n').collect();
    Ok(regions_of(text, task)?.map(|region| lines[region.lines].concat()).collect())
}

/// The file with these bodies in the regions of `task`.
pub fn replace(text: &str, task: &str, bodies: &[String]) -> Result<String> {
    let mut lines: Vec<_> = text.split_inclusive('\n').collect();
    // From the last one on, so that the numbers of the other lines stay true.
    let replaced: Vec<_> = regions_of(text, task)?.zip(bodies).collect();
    for (region, body) in replaced.into_iter().rev() {
        lines.splice(region.lines, [body.as_str()]);
    }
    Ok(lines.concat())
}

/// The answer in the body of a region, without its stub.
pub fn answer_in(body: &str) -> String {
    split(body).0.concat()
}

/// The stubs in the bodies of regions, as they are without the answers.
pub fn stubs(bodies: &[String]) -> Vec<String> {
    bodies.iter().map(|body| stub_in(body)).collect()
}

fn stub_in(body: &str) -> String {
    let line = |line: &&str| {
        let (indent, text) = line.split_once(STUB_LINE).unwrap_or_default();
        let line = format!("{indent}{}", text.strip_prefix(' ').unwrap_or(text));
        if line.trim().is_empty() { "\n".to_owned() } else { line }
    };
    split(body).1.iter().map(line).collect()
}

/// The lines of the answer, and those of the stub.
fn split(body: &str) -> (Vec<&str>, Vec<&str>) {
    let mut lines = body.split_inclusive('\n');
    let answer = lines.by_ref().take_while(|line| line.trim() != STUB).collect();
    (answer, lines.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANSWERED: &str = "\
fn broadcast() {
    // LAB:BEGIN a
    let others = 1;

    others
    // LAB:STUB
    //| // Send it.
    //|
    //| if true {
    //|     0
    //| }
    // LAB:END a
}
// LAB:BEGIN b
b();
// LAB:STUB
// LAB:END b
// LAB:BEGIN a
fn helper() {}
// LAB:END a
";

    const STUBBED: &str = "\
fn broadcast() {
    // LAB:BEGIN a
    // Send it.

    if true {
        0
    }
    // LAB:END a
}
// LAB:BEGIN b
b();
// LAB:STUB
// LAB:END b
// LAB:BEGIN a
// LAB:END a
";

    #[test]
    fn a_stub_takes_the_place_of_its_answer_and_no_other() {
        assert_eq!(stub(ANSWERED, "a").unwrap(), STUBBED);
        assert!(has_answer(ANSWERED, "a").unwrap() && !has_answer(STUBBED, "a").unwrap());
        assert!(has_answer(STUBBED, "b").unwrap());
        assert_eq!(stub(ANSWERED, "z").unwrap(), ANSWERED);
    }

    #[test]
    fn a_model_has_the_answers_alone() {
        let expected =
            "fn broadcast() {\n    let others = 1;\n\n    others\n}\nb();\nfn helper() {}\n";
        assert_eq!(model(ANSWERED).unwrap(), expected);
    }

    #[test]
    fn the_answer_can_be_shown_and_put_back() {
        let expected = ["    let others = 1;\n\n    others\n", "fn helper() {}\n"];
        let bodies = bodies(ANSWERED, "a").unwrap();
        assert_eq!(bodies.iter().map(|body| answer_in(body)).collect::<Vec<_>>(), expected);
        assert_eq!(replace(STUBBED, "a", &bodies).unwrap(), ANSWERED);
    }

    #[test]
    fn markers_that_do_not_pair_up_are_named_by_line() {
        let bad = [
            ("// LAB:BEGIN a\n// LAB:BEGIN b", "line 2: this marker does not fit here"),
            ("// LAB:BEGIN a\n\n// LAB:END b", "line 3: this marker does not fit here"),
            ("// LAB:BEGIN", "line 1: this marker does not fit here"),
            ("// LAB:STUB", "line 1: this marker does not fit here"),
            ("f(); // LAB:BEGIN a", "line 1: this marker does not fit here"),
            ("\n// LAB:BEGIN a", "line 2: the region of task a has no end"),
            ("// LAB:BEGIN a\n// LAB:STUB\n// LAB:STUB", "line 3: this marker"),
            ("// LAB:BEGIN a\n// LAB:STUB\nf();", "line 3: a line of a stub begins with"),
        ];
        for (text, complaint) in bad {
            let error = regions(text).unwrap_err().to_string();
            assert!(error.starts_with(complaint), "{text:?}: {error}");
        }
    }
}
