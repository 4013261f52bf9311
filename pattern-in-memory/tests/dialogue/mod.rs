//! A story that a test types into the program, and the answer to its last steps.
//!
//! Names and texts are new in every run, so no program can know its answer beforehand.

use std::fmt;
use std::hash::{BuildHasher, RandomState};

use scenario::{Program, Story, Terminal};

/// A number below `bound` that changes from run to run.
pub(crate) fn random(bound: u64) -> u64 {
    RandomState::new().hash_one(()) % bound
}

/// A text that no program has seen before.
pub(crate) fn text() -> String {
    format!("hello no. {}", random(1_000_000))
}

/// A program that is told a story.
pub(crate) struct Dialogue {
    story: Story,
    terminal: Terminal,
    first: String,
}

impl Dialogue {
    /// Starts the program, and introduces peers in this order. Returns their names, each with
    /// a number behind it.
    #[track_caller]
    pub(crate) fn of<const N: usize>(names: [&str; N]) -> (Self, [String; N]) {
        let names = names.map(|name| format!("{name}{}", random(1_000)));
        let program = Program::under_test(env!("CARGO_BIN_EXE_pattern-in-memory"));
        let story = Story::begin();
        let mut terminal = story.terminal("Terminal 1", &program, &["--script", "-"]);
        for name in &names {
            terminal.types(&format!("peer {name}"));
        }
        (Self { story, terminal, first: names[0].clone() }, names)
    }

    /// Connects `a` and `b`. Both of them dial, and `b` is first: so `a` remembers the connection
    /// even where only the dialer does, or only the peer that accepts. Such a handshake is a
    /// fault, but only the task `handshake` is there to judge it.
    #[track_caller]
    pub(crate) fn connect(&mut self, a: &str, b: &str) {
        self.types(&format!("connect {b} {a}"));
        self.types(&format!("connect {a} {b}"));
    }

    /// Types a step whose answer does not matter.
    #[track_caller]
    pub(crate) fn types(&mut self, step: &str) {
        self.terminal.types(step);
    }

    /// Types the last `steps`, and returns the lines that the program prints from there to its
    /// end. So far, the peer that was introduced first must not have received a message: its
    /// empty inbox is where the answer begins.
    #[track_caller]
    pub(crate) fn answer(mut self, steps: &[String]) -> Answer {
        let begin = format!("{} has no messages\n", self.first);
        self.types(&format!("inbox {}", self.first));
        self.terminal.sees(&begin);
        for step in steps {
            self.types(step);
        }
        self.terminal.presses_ctrl_d();
        self.terminal.ends_well();
        let printed = self.terminal.printed();
        let (_, answer) = printed.split_once(&begin).expect("the terminal saw it");
        let lines = answer.lines().map(str::to_owned).collect();
        Answer { lines, steps: steps.to_vec(), _story: self.story }
    }
}

/// What a program answered to the last steps of a story.
pub(crate) struct Answer {
    pub(crate) lines: Vec<String>,
    steps: Vec<String>,
    /// Shows the whole terminal if the test fails.
    _story: Story,
}

impl Answer {
    /// Demands that the answer has exactly these lines.
    #[track_caller]
    pub(crate) fn is(&self, lines: &[String]) {
        assert!(self.lines == lines, "expected exactly:{}{self}", indented(lines));
    }

    /// Demands that the answer has `line` in it.
    #[track_caller]
    pub(crate) fn has(&self, line: &str) {
        let line = line.to_owned();
        assert!(self.lines.contains(&line), "expected the line:{}{self}", indented(&[line]));
    }
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [steps, lines] = [&self.steps, &self.lines].map(|lines| indented(lines));
        write!(f, "\nthe last steps of the script:{steps}\nthe program's answer:{lines}")
    }
}

fn indented(lines: &[String]) -> String {
    if lines.is_empty() {
        "\n  (nothing)".into()
    } else {
        format!("\n  {}", lines.join("\n  "))
    }
}
