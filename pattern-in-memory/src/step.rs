//! One line of a script, read: text in, [`Step`] out, or what to write instead.
//!
//! Reading and doing are two files, because they fail in two ways. Here a line is no step at
//! all; in `story.rs` it is one, but speaks of a peer that nobody has introduced.

use crate::event::Refusal;

/// How many characters a name may have.
pub const MAX_NAME: usize = 64;

/// Every step, in the form in which it is written.
pub const FORMS: [&str; 6] = [
    "peer NAME",
    "connect A B",
    "send A B TEXT",
    "disconnect A B",
    "broadcast A TEXT",
    "inbox A",
];

/// What one line of a script asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "`FORMS` shows each step as it is written")]
pub enum Step<'line> {
    Peer(&'line str),
    Connect(&'line str, &'line str),
    Send(&'line str, &'line str, &'line str),
    Disconnect(&'line str, &'line str),
    Broadcast(&'line str, &'line str),
    Inbox(&'line str),
}

impl<'line> Step<'line> {
    /// Reads one line; there is no step on a blank line or behind a `#`.
    ///
    /// ```
    /// use pattern_in_memory::step::Step;
    ///
    /// let step = Step::Send("Alice", "Bob", "see you");
    /// assert_eq!(Step::read("send Alice Bob see you"), Ok(Some(step)));
    /// assert_eq!(Step::read("# a comment"), Ok(None));
    /// assert!(Step::read("send Alice Bob").is_err());
    /// ```
    ///
    /// # Errors
    ///
    /// If the line is no step; the refusal says what to write instead.
    pub fn read(line: &'line str) -> Result<Option<Self>, Refusal> {
        let words: Vec<_> = line.split_whitespace().collect();
        let step = match words[..] {
            [] => return Ok(None),
            [word, ..] if word.starts_with('#') => return Ok(None),
            ["peer", peer] => Self::Peer(name(peer)?),
            ["connect", a, b] => Self::Connect(name(a)?, name(b)?),
            ["send", a, b, _, ..] => Self::Send(name(a)?, name(b)?, after(3, line)),
            ["disconnect", a, b] => Self::Disconnect(name(a)?, name(b)?),
            ["broadcast", a, _, ..] => Self::Broadcast(name(a)?, after(2, line)),
            ["inbox", a] => Self::Inbox(name(a)?),
            [word, ref others @ ..] => return Err(refusal(word, others.len())),
        };
        Ok(Some(step))
    }
}

/// `word`, if it can be a name. A character that was damaged on the way is refused here and
/// shown in a text: a damaged text is still a message, a damaged name is somebody else's.
fn name(word: &str) -> Result<&str, Refusal> {
    if word.contains(char::REPLACEMENT_CHARACTER) {
        Err(Refusal::NotText)
    } else if word.chars().count() > MAX_NAME {
        Err(Refusal::LongName { limit: MAX_NAME })
    } else {
        Ok(word)
    }
}

/// What follows the first `count` words of `line`, with the spaces inside it as they are.
fn after(count: usize, line: &str) -> &str {
    (0..count).fold(line.trim(), |rest, _| {
        rest.split_once(char::is_whitespace).map_or("", |(_, rest)| rest.trim_start())
    })
}

fn refusal(word: &str, words: usize) -> Refusal {
    let form = FORMS.iter().find(|form| form.split(' ').next() == Some(word));
    match form {
        Some(form) => Refusal::WrongForm { step: word.to_owned(), words, form },
        None if word.contains(char::REPLACEMENT_CHARACTER) => Refusal::NotText,
        None => Refusal::NoSuchStep {
            // Quoted no longer than a name may be: a refusal is read by a person.
            word: word.chars().take(MAX_NAME).collect(),
            forms: &FORMS,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn why_not(line: &str) -> String {
        Step::read(line).expect_err("a refusal").to_string()
    }

    #[test]
    fn every_form_is_read() {
        let read = FORMS.map(|form| Step::read(form).expect("a step"));
        let steps = [
            Step::Peer("NAME"),
            Step::Connect("A", "B"),
            Step::Send("A", "B", "TEXT"),
            Step::Disconnect("A", "B"),
            Step::Broadcast("A", "TEXT"),
            Step::Inbox("A"),
        ];
        assert_eq!(read, steps.map(Some));
    }

    #[test]
    fn blank_lines_and_comments_hold_no_step() {
        for line in ["", " \t ", "# peer A", "  #peer A"] {
            assert_eq!(Step::read(line), Ok(None), "{line:?}");
        }
    }

    #[test]
    fn a_text_keeps_the_spaces_inside_it_and_a_number_sign() {
        let step = Step::read("  send  A B   two  spaces # kept ");
        assert_eq!(step, Ok(Some(Step::Send("A", "B", "two  spaces # kept"))));
    }

    #[test]
    fn a_wrong_form_is_shown_the_right_one() {
        assert_eq!(
            why_not("peer"),
            r#""peer" with nothing after it is not a step; write: peer NAME (a name is one word)"#
        );
        assert!(why_not("connect A").contains(r#""connect" with 1 word after it"#));
        assert!(why_not("send A B").contains("write: send A B TEXT"));
        assert!(why_not("disconnect A B C").contains("with 3 words after it"));
        assert!(why_not("broadcast A").contains("write: broadcast A TEXT"));
        assert!(why_not("inbox A B").contains("write: inbox A"));
    }

    #[test]
    fn a_word_that_is_no_step_is_shown_all_of_them() {
        let why = why_not(&"x".repeat(1000));
        assert!(why.starts_with(&format!("\"{}\" is not a step", "x".repeat(MAX_NAME))));
        assert!(FORMS.iter().all(|form| why.contains(form)));
    }

    #[test]
    fn a_damaged_name_is_refused_and_a_damaged_text_is_not() {
        for line in ["p\u{FFFD}er A", "peer A\u{FFFD}", "send A\u{FFFD} B hi", "inbox \u{FFFD}"]
        {
            assert_eq!(Step::read(line), Err(Refusal::NotText), "{line:?}");
        }
        assert!(Step::read("send A B \u{FFFD}").is_ok());
    }

    #[test]
    fn a_name_is_not_longer_than_its_bound() {
        assert!(Step::read(&format!("peer {}", "é".repeat(MAX_NAME))).is_ok());
        let refused = Step::read(&format!("peer {}", "é".repeat(MAX_NAME + 1))).is_err();
        assert!(refused);
    }
}
