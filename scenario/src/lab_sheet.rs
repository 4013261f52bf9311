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
//! `$` starts a program. A line that begins with a prompt is that prompt and the answer typed
//! behind it; `^C` and `^D` are the keys, and a prompt with nothing behind it is left open.
//! If a line follows such an open prompt in the same block, the prompt may also be missing.
//! Every other line must be the very next one on that screen; `XXXXX` stands for a number, and an
//! id such as `abc123-def456-ghi789` for the id that stands there first, and from then on for no
//! other. Behind a line that begins with `#`, the lines up to the next prompt may come in any
//! order. Where a program has no prompt, `Alice types:` is above what is typed in the terminal
//! `Alice`, and `Alice sees:` above what comes there. The blocks are played from top to bottom, as
//! a reader would.

use std::collections::BTreeMap;
use std::iter;

use crate::port_lease::PortLease;
use crate::screen::{ID, id_at_the_start_of};
use crate::terminal::Terminal;

/// The first fenced block after the line `heading` in `markdown`.
///
/// ```
/// let sheet = "## Output\n\n```text\nhello\n```\n";
/// assert_eq!(scenario::lab_sheet::block(sheet, "## Output"), "hello\n");
/// ```
pub fn block(markdown: &str, heading: &str) -> String {
    let mut lines = markdown.lines().skip_while(|line| *line != heading);
    assert!(lines.any(|line| line.starts_with("```")), "no fenced block after {heading:?}");
    lines.take_while(|line| !line.starts_with("```")).flat_map(|line| [line, "\n"]).collect()
}

/// The fenced blocks under `heading`, up to the next heading: the terminal each belongs to
/// (the last line of text above it, without its colon), and its lines.
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

/// A page of a lab, and how to read it.
#[derive(Clone, Copy, Debug)]
pub struct Sheet<'a> {
    /// The page, in Markdown.
    pub page: &'a str,
    /// The prompts of the lab's program.
    pub prompts: &'a [&'a str],
    /// The first port of the page: 32 ports from here on stand for those of the test.
    pub first_port: u16,
    /// Whether blank lines are only there to make the screen easier to read.
    pub airy: bool,
}

impl Sheet<'_> {
    /// Plays the scenario under `heading`. `open` opens a terminal by its title and the words
    /// behind `$`.
    #[track_caller]
    pub fn play(
        &self,
        heading: &str,
        ports: &PortLease,
        mut open: impl FnMut(&str, &str) -> Terminal,
    ) {
        let mut terminals: BTreeMap<&str, Terminal> = BTreeMap::new();
        let mut ids = Ids::default();
        let read = |line: &str| ports.translate(line, self.first_port);
        for (title, lines) in scenario(self.page, heading) {
            let (title, is_typed) = whose(title);
            let is_meant = |line: &&str| !self.airy || !line.is_empty();
            let mut lines = lines.into_iter().filter(is_meant).peekable();
            while let Some(line) = lines.next() {
                if let Some(command) = line.strip_prefix("$ ") {
                    let mut terminal = open(title, &read(command));
                    if self.airy {
                        terminal.skips_blank_lines();
                    }
                    terminals.insert(title, terminal);
                    continue;
                }
                let terminal =
                    terminals.get_mut(title).expect("a block starts with `$ command`");
                match self.prompt_of(line) {
                    _ if is_typed => answer(terminal, line),
                    _ if line.starts_with("# ") => {
                        let has_no_prompt = |line: &&str| self.prompt_of(line).is_none();
                        let any = iter::from_fn(|| lines.next_if(has_no_prompt)).map(read);
                        self.sees_in_any_order(terminal, any.collect(), &mut ids);
                    }
                    // A prompt that the next line breaks off. Had that line come a moment
                    // earlier, the program would not have asked in between.
                    Some(prompt)
                        if line.trim_end() == prompt.trim_end() && lines.peek().is_some() =>
                    {
                        terminal.may_be_asked(prompt);
                    }
                    Some(prompt) => {
                        terminal.is_asked(prompt);
                        answer(terminal, line.strip_prefix(prompt).unwrap_or_default());
                    }
                    None => {
                        ids.sees_next(terminal, &[read(line)]);
                    }
                }
            }
        }
    }

    /// The prompt that `line` begins with.
    fn prompt_of(&self, line: &str) -> Option<&str> {
        let mut prompts = self.prompts.iter().copied();
        prompts.find(|prompt| line.starts_with(prompt.trim_end()))
    }

    #[track_caller]
    fn sees_in_any_order(
        &self,
        terminal: &mut Terminal,
        mut lines: Vec<String>,
        ids: &mut Ids,
    ) {
        while !lines.is_empty() {
            for prompt in self.prompts {
                terminal.may_be_asked(prompt);
            }
            let seen = ids.sees_next(terminal, &lines);
            lines.remove(seen);
        }
    }
}

/// The terminal that a block belongs to, and whether the block is typed there.
fn whose(title: &str) -> (&str, bool) {
    match title.strip_suffix(" types") {
        Some(terminal) => (terminal, true),
        None => (title.strip_suffix(" sees").unwrap_or(title), false),
    }
}

/// The id of this run that each id of the sheet stands for.
#[derive(Debug, Default)]
struct Ids {
    known: BTreeMap<String, String>,
}

impl Ids {
    /// Waits for one of `lines`, and learns the ids in it. Returns the index of the line.
    #[track_caller]
    fn sees_next(&mut self, terminal: &mut Terminal, lines: &[String]) -> usize {
        let expected: Vec<_> = lines.iter().map(|line| self.fill_in(line)).collect();
        let (seen, found) =
            terminal.sees_one_of(&expected.iter().map(|(line, _)| &**line).collect::<Vec<_>>());
        // Numbers are found as well, but no later line needs them.
        let found = found.into_iter().filter(|text| id_at_the_start_of(text).is_some());
        self.known.extend(expected[seen].1.iter().cloned().zip(found));
        seen
    }

    /// Puts the known ids into `line`, and a placeholder for each of the others.
    fn fill_in(&self, line: &str) -> (String, Vec<String>) {
        let (mut filled, mut unknown) = (String::new(), Vec::new());
        let mut rest = line;
        while let Some(next) = rest.chars().next() {
            match id_at_the_start_of(rest).map(|length| rest.split_at(length)) {
                Some((id, after)) if id != ID => {
                    filled += self.known.get(id).map_or(ID, |known| known);
                    if !self.known.contains_key(id) {
                        unknown.push(id.to_owned());
                    }
                    rest = after;
                }
                _ => {
                    filled.push(next);
                    rest = &rest[next.len_utf8()..];
                }
            }
        }
        (filled, unknown)
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
    fn an_id_of_the_sheet_becomes_the_one_that_stood_there_first() {
        let mut ids = Ids::default();
        let line = "Your ID: abc123-def456-ghi789";
        let unknown = vec!["abc123-def456-ghi789".to_owned()];
        assert_eq!(ids.fill_in(line), (format!("Your ID: {ID}"), unknown));
        ids.known.insert("abc123-def456-ghi789".into(), "000001-000002-000003".into());
        assert_eq!(ids.fill_in(line), ("Your ID: 000001-000002-000003".into(), Vec::new()));
    }

    #[test]
    fn a_title_names_the_terminal_and_says_whether_its_block_is_typed() {
        assert_eq!(whose("Alice types"), ("Alice", true));
        assert_eq!(whose("Alice sees"), ("Alice", false));
        assert_eq!(whose("Terminal 1"), ("Terminal 1", false));
    }

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
