//! Reads transcripts out of a lab sheet and plays them, so that the sheet cannot rot.
//!
//! A scenario is a heading of a Markdown file with fenced blocks under it, each below a line
//! that ends in the name of its terminal and a colon:
//!
//! ````text
//! ### Test 3: a peer is offline
//!
//! Terminal 2:
//! ```text
//! $ cargo run -p week05 -- 2
//! [PEER 2] Listening on 9002
//! Send to peer ID: 3
//! Message: Will this work?
//! [PEER 2] ERROR: Peer 3 is not online
//! Send to peer ID: ^D
//! ```
//! ````
//!
//! `$` starts a program. A line that begins with a prompt is a question and what is typed
//! behind it; `^C` and `^D` are the keys, and a prompt with nothing behind it is left open.
//! If a line follows such an open prompt in the same block, the prompt may also be missing.
//! Every other line must be the very next one on that screen; `XXXXX` stands for a number.
//! The blocks are played from top to bottom, as a reader would.

use std::collections::BTreeMap;

use crate::{Neighbourhood, Terminal};

/// The first fenced block after the line `heading` in `markdown`.
///
/// ```
/// let sheet = "## Output\n\n```text\nhello\n```\n";
/// assert_eq!(grader::lab_sheet::block(sheet, "## Output"), "hello\n");
/// ```
///
/// # Panics
///
/// If `markdown` has no such heading, or no fenced block after it.
pub fn block(markdown: &str, heading: &str) -> String {
    let mut lines = markdown.lines().skip_while(|line| *line != heading);
    assert!(lines.any(|line| line.starts_with("```")), "no fenced block after {heading:?}");
    lines.take_while(|line| !line.starts_with("```")).flat_map(|line| [line, "\n"]).collect()
}

/// The fenced blocks under `heading`, up to the next heading: the terminal each belongs to
/// (the last line of text above it, without its colon), and its lines.
///
/// # Panics
///
/// If there is no such heading, no block under it, or a block without a terminal.
pub fn scenario<'a>(markdown: &'a str, heading: &str) -> Vec<(&'a str, Vec<&'a str>)> {
    let mut lines = markdown.lines().skip_while(|line| *line != heading).skip(1);
    let mut blocks = Vec::new();
    let mut title = "";
    while let Some(line) = lines.next() {
        if line.starts_with("```") {
            assert!(!title.is_empty(), "a block under {heading:?} has no terminal above it");
            blocks.push((title, lines.by_ref().take_while(|line| *line != "```").collect()));
        } else if line.starts_with('#') {
            break;
        } else if let Some(named) = line.strip_suffix(':') {
            title = named;
        }
    }
    assert!(!blocks.is_empty(), "no transcript under {heading:?}");
    blocks
}

/// Plays the scenario under `heading`. `open` opens a terminal by its title and the words
/// behind `$`; `prompts` are what the program asks.
///
/// # Panics
///
/// If the programs do not do what the sheet says.
#[track_caller]
pub fn play(
    markdown: &str,
    heading: &str,
    prompts: &[&str],
    street: &Neighbourhood,
    mut open: impl FnMut(&str, &str) -> Terminal,
) {
    let mut terminals: BTreeMap<&str, Terminal> = BTreeMap::new();
    for (title, lines) in scenario(markdown, heading) {
        let last = lines.len() - 1;
        for (index, line) in lines.into_iter().enumerate() {
            if let Some(command) = line.strip_prefix("$ ") {
                terminals.insert(title, open(title, command));
                continue;
            }
            let terminal = terminals.get_mut(title).expect("a block starts with `$ command`");
            let asked = prompts.iter().find(|prompt| line.starts_with(prompt.trim_end()));
            match asked {
                // A question that the next line breaks off. Had that line come a moment
                // earlier, the question would not have been asked in between.
                Some(prompt) if line.trim_end() == prompt.trim_end() && index < last => {
                    terminal.may_be_asked(prompt);
                }
                Some(prompt) => {
                    terminal.is_asked(prompt);
                    answer(terminal, line.strip_prefix(prompt).unwrap_or_default());
                }
                None => terminal.sees_next(&street.translate(line)),
            }
        }
    }
}

#[track_caller]
fn answer(terminal: &mut Terminal, typed: &str) {
    match typed {
        "" => {}
        "^D" => terminal.presses_ctrl_d(),
        #[cfg(unix)]
        "^C" => terminal.presses_ctrl_c(),
        #[cfg(not(unix))]
        "^C" => terminal.presses_ctrl_d(), // No signal can be sent there: the other way out.
        line => terminal.types(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHEET: &str = "\
## A\n\nIn Terminal 1:\n```text\n$ run 1\nhi\n```\nThen\nTerminal 2:\n```text\n$ run 2\n```\n\
## B\n\n```text\nother\n```\n";

    #[test]
    fn a_scenario_is_the_blocks_under_its_heading() {
        let blocks = scenario(SHEET, "## A");
        assert_eq!(
            blocks,
            [("In Terminal 1", vec!["$ run 1", "hi"]), ("Terminal 2", vec!["$ run 2"])]
        );
    }

    #[test]
    #[should_panic(expected = "no transcript under \"## C\"")]
    fn a_heading_that_is_gone_is_noticed() {
        scenario(SHEET, "## C");
    }

    #[test]
    #[should_panic(expected = "has no terminal above it")]
    fn a_block_without_a_terminal_is_noticed() {
        scenario(SHEET, "## B");
    }
}
