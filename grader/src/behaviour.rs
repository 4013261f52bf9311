//! The behaviours that a file of tests asks for, read from its doc comments.
//!
//! A behaviour is a test with `Points:` in its doc comment. Its sentence, points and hints stand
//! there and nowhere else:
//!
//! ```text
//! /// A broadcast reaches every known peer but the sender.
//! ///
//! /// Points: 4
//! /// Hint: Which peers are "every known peer"? | Those that `list` shows, without your own id.
//! #[test]
//! ```

use anyhow::{Context, Result, ensure};

/// Something that a program must do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    /// The name of its test.
    pub test: String,
    /// The demand on the program, in one paragraph.
    pub sentence: String,
    /// The points that it is worth.
    pub points: u32,
    /// The hints, the smallest help first.
    pub hints: Vec<Hint>,
    /// Only some systems ask for it: its test has a `#[cfg(...)]`.
    pub conditional: bool,
}

/// A question that leads a student on, and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hint {
    /// The question.
    pub question: String,
    /// Its answer.
    pub answer: String,
}

/// The behaviours in a file of tests.
pub fn behaviours(text: &str) -> Result<Vec<Behaviour>> {
    let mut found = Vec::new();
    let mut doc = Vec::new();
    let mut attributes = Vec::new();
    let mut inside_attribute = false;
    for (index, line) in text.lines().map(str::trim).enumerate() {
        let code = line.split(" //").next().unwrap_or_default().trim_end();
        if let Some(text) = line.strip_prefix("///") {
            doc.push(text.trim());
        } else if inside_attribute || line.starts_with("#[") {
            attributes.push(code);
            inside_attribute = !code.ends_with(']');
        } else if !line.is_empty() && !line.starts_with("//") {
            if let Some((test, _)) = line.strip_prefix("fn ").and_then(|f| f.split_once('(')) {
                let behaviour = Behaviour::parse(test, &doc, &attributes);
                found.extend(behaviour.with_context(|| format!("line {}: {test}", index + 1))?);
            }
            doc.clear();
            attributes.clear();
        }
    }
    Ok(found)
}

impl Behaviour {
    /// The behaviour of a function with this doc comment; None if it has no points.
    fn parse(test: &str, doc: &[&str], attributes: &[&str]) -> Result<Option<Self>> {
        let is_named = |entry: &str| entry.starts_with("Points:") || entry.starts_with("Hint:");
        // A paragraph, points or a hint go on until an empty line or the next of them.
        let entries = doc.chunk_by(|_, next| !next.is_empty() && !is_named(next));
        let entries = entries.map(|lines| lines.join(" ").trim().to_owned());
        let mut entries: Vec<_> = entries.filter(|entry| !entry.is_empty()).collect();
        let (mut points, mut hints) = (None, Vec::new());
        for entry in &entries {
            if let Some(number) = entry.strip_prefix("Points:") {
                let number = number.trim().parse().ok();
                points = Some(number.with_context(|| format!("{entry:?} is no number"))?);
            } else if let Some(hint) = entry.strip_prefix("Hint:") {
                let parts = hint.trim().split_once(" | ");
                let parts = parts.with_context(|| format!("no question | answer: {entry:?}"));
                let (question, answer) = parts?;
                hints.push(Hint { question: question.to_owned(), answer: answer.to_owned() });
            }
        }
        let Some(points) = points else { return Ok(None) };
        ensure!(attributes.contains(&"#[test]"), "it has points, and is no test");
        let sentence = entries.swap_remove(0);
        ensure!(!is_named(&sentence), "no sentence says what it asks for");
        let conditional = attributes.iter().any(|attribute| attribute.starts_with("#[cfg("));
        Ok(Some(Self { test: test.into(), sentence, points, hints, conditional }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TESTS: &str = r#"
/// Not a behaviour: it has no points.
#[test]
fn something_else() {}

/// A broadcast reaches every
/// known peer.
///
/// Points: 4
/// Hint: Which peers? | Those that `list` shows,
/// without your own.
/// Hint: And then? | See `dial`.
#[test]
#[cfg(unix)] // As ever.
#[expect(
    clippy::unwrap_used,
    reason = "why not"
)]
fn a_broadcast() {
    f();
}

#[test]
fn no_comment() {}
"#;

    #[test]
    fn a_test_with_points_is_a_behaviour() {
        let hint = |question: &str, answer: &str| Hint {
            question: question.into(),
            answer: answer.into(),
        };
        let expected = Behaviour {
            test: "a_broadcast".into(),
            sentence: "A broadcast reaches every known peer.".into(),
            points: 4,
            hints: vec![
                hint("Which peers?", "Those that `list` shows, without your own."),
                hint("And then?", "See `dial`."),
            ],
            conditional: true,
        };
        assert_eq!(behaviours(TESTS).unwrap(), [expected]);
    }

    #[test]
    fn an_error_names_the_line_and_the_test() {
        let bad = |old: &str, new: &str| {
            let error = behaviours(&TESTS.replace(old, new)).unwrap_err();
            format!("{error:#}")
        };
        let four = bad("Points: 4", "Points: four");
        assert_eq!(four, "line 19: a_broadcast: \"Points: four\" is no number");
        let no_answer = bad("then? |", "then?");
        let complaint = "no question | answer: \"Hint: And then? See `dial`.\"";
        assert_eq!(no_answer, format!("line 19: a_broadcast: {complaint}"));
        let no_test = bad("#[test]\n#[cfg", "#[cfg");
        assert_eq!(no_test, "line 18: a_broadcast: it has points, and is no test");
        let no_sentence = bad("/// A broadcast reaches every\n/// known peer.\n///\n", "///\n");
        assert_eq!(no_sentence, "line 17: a_broadcast: no sentence says what it asks for");
    }
}
