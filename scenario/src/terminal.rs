//! One terminal window of a scenario: a program's input, its output, and its end.
//!
//! A `sees` waits for output, never for a fixed time, and at most for the patience. Only what the
//! system does not announce (the end of a thread, say) is polled. All input and output also
//! goes on the time line, which is drawn when the test fails.

use std::panic::Location;
use std::path::Path;
use std::process::ExitStatus;
use std::sync::Arc;
use std::sync::mpsc::RecvTimeoutError;
use std::time::{Duration, Instant};

#[cfg(unix)]
use signal_hook::{
    consts::{SIGINT, SIGTERM},
    low_level::signal_name,
};

use crate::child::{Child, Output};
use crate::picture::What;
use crate::program::Program;
use crate::prompts::Prompts;
use crate::screen::{Next, Screen};
use crate::timeline::Timeline;
use crate::wait::{eventually, patience};

/// The longest wait for the rest of an answer when the next prompt is already there.
const GRACE: Duration = Duration::from_millis(200);

/// A program under test, seen as its user sees it.
#[derive(Debug)]
pub struct Terminal {
    timeline: Arc<Timeline>,
    column: usize,
    child: Child,
    screen: Screen,
    printed: String,
    complained: String,
    ended: Option<ExitStatus>,
    prompts: Prompts,
    /// A line was typed, and no `sees` has succeeded since.
    answer_is_due: bool,
}

impl Terminal {
    #[track_caller]
    pub(crate) fn open(
        timeline: &Arc<Timeline>,
        title: &str,
        program: &Program,
        args: &[&str],
        environment: &[(&str, &str)],
    ) -> Self {
        let column = timeline.column(title);
        let name = program.name();
        timeline.tell(column, What::Runs(format!("{name} {}", args.join(" "))));

        let overhear = {
            let timeline = Arc::clone(timeline);
            move |output| {
                timeline.tell(
                    column,
                    match output {
                        Output::Printed(text) => What::Prints(text),
                        Output::Complained(text) => What::Complains(text),
                        Output::TooMuch(what) => What::Complains(format!("({what})\n")),
                    },
                );
            }
        };
        let child = Child::start(program, args, environment, overhear)
            .unwrap_or_else(|error| panic!("cannot start {name}: {error}"));
        Self {
            timeline: Arc::clone(timeline),
            column,
            child,
            screen: Screen::default(),
            printed: String::new(),
            complained: String::new(),
            ended: None,
            prompts: Prompts::of(&[]),
            answer_is_due: false,
        }
    }

    /// Waits until `text` is on the screen, below the text that was seen before.
    #[track_caller]
    pub fn sees(&mut self, text: &str) {
        let deadline = Instant::now() + patience();
        while !self.screen.find(text) {
            if self.answer_is_due && self.prompts.have_answered(&self.printed) {
                self.wait_for_afterthought(text);
            } else {
                self.wait_for_output(deadline, || format!("expected {text:?}"));
            }
        }
        self.answer_is_due = false;
    }

    /// Waits for the next text on the screen, and reads it if it is `prompt`.
    #[track_caller]
    pub(crate) fn may_be_asked(&mut self, prompt: &str) {
        self.demand(prompt, |screen| match screen.next_is_prompt(prompt) {
            Ok(()) | Err(Next::Other(_)) => Ok(()),
            incomplete => incomplete,
        });
    }

    /// Waits until all of `texts` are on the screen, in any order.
    #[track_caller]
    pub fn sees_all(&mut self, texts: &[&str]) {
        let deadline = Instant::now() + patience();
        while !self.screen.find_all(texts) {
            self.wait_for_output(deadline, || format!("expected all of {texts:?}"));
        }
        self.answer_is_due = false;
    }

    /// Waits until `text` has come `times` times.
    #[track_caller]
    pub fn sees_times(&mut self, text: &str, times: usize) {
        let deadline = Instant::now() + patience();
        for seen in 0..times {
            while !self.screen.find(text) {
                let expected =
                    || format!("expected {text:?} {times} times, and saw it {seen} times");
                self.wait_for_output(deadline, expected);
            }
        }
        self.answer_is_due = false;
    }

    /// Waits until the next line on the screen is complete, and demands that it is `line`,
    /// where `XXXXX` stands for any number.
    #[track_caller]
    pub fn sees_next(&mut self, line: &str) {
        self.sees_one_of(&[line]);
    }

    /// Waits until the next line on the screen is complete, and demands that it is one of
    /// `lines`. Returns its index, and the texts in the place of its placeholders: `XXXXX`
    /// for a number, `XXXXXX-XXXXXX-XXXXXX` for an id.
    #[track_caller]
    pub fn sees_one_of(&mut self, lines: &[&str]) -> (usize, Vec<String>) {
        self.demand(&lines.join("\" or \""), |screen| screen.next_is(lines))
    }

    /// Skips blank lines from now on: they only make a screen easier to read.
    pub(crate) fn skips_blank_lines(&mut self) {
        self.screen.skip_blank_lines();
    }

    /// Waits for the next text on the screen, and demands that it is `prompt`.
    #[track_caller]
    pub fn is_asked(&mut self, prompt: &str) {
        self.demand(prompt, |screen| screen.next_is_prompt(prompt));
    }

    /// Names the program's prompts. From now on, the first `sees` after a typed line must be
    /// about the answer to it: it fails as soon as the program shows the next prompt instead.
    /// (To wait for something else first, use `sees_all` or `sees_next`.)
    pub fn knows_prompts(&mut self, prompts: &[&str]) {
        self.prompts = Prompts::of(prompts);
    }

    /// Waits for the program to end, and demands that it has not printed `text`,
    /// whether a `sees` has passed over it or not.
    #[track_caller]
    pub fn never_saw(&mut self, text: &str) {
        self.reads_to_the_end();
        if self.times_shown(text) > 0 {
            self.fail(&format!("never expected {text:?}"));
        }
    }

    /// Waits for the program to end, and demands that it has printed `text` exactly `times`
    /// times.
    #[track_caller]
    pub fn saw_times(&mut self, text: &str, times: usize) {
        self.reads_to_the_end();
        let seen = self.times_shown(text);
        if seen != times {
            self.fail(&format!("expected {text:?} {times} times, and it came {seen} times"));
        }
    }

    fn times_shown(&self, text: &str) -> usize {
        let streams = [&self.printed, &self.complained];
        streams.iter().map(|stream| stream.matches(text).count()).sum()
    }

    /// Types a line.
    #[track_caller]
    pub fn types(&mut self, line: &str) {
        self.timeline.tell(self.column, What::Types(line.to_owned()));
        self.put(format!("{line}\n").as_bytes());
    }

    /// Types a line that is not finished: no Enter behind it.
    #[track_caller]
    pub fn types_half(&mut self, text: &str) {
        self.timeline.tell(self.column, What::Types(format!("{text} (no Enter)")));
        self.put(text.as_bytes());
    }

    /// Types bytes, which need not be text.
    #[track_caller]
    pub fn types_bytes(&mut self, bytes: &[u8]) {
        self.timeline.tell(self.column, What::Types(bytes.escape_ascii().to_string()));
        self.put(bytes);
    }

    #[track_caller]
    fn put(&mut self, bytes: &[u8]) {
        self.screen.answered();
        let lines = bytes.split(|byte| *byte == b'\n').count() - 1;
        if lines > 0 {
            self.take_output();
            self.prompts.typed(lines, &self.printed);
            self.answer_is_due = true;
        }
        if let Err(error) = self.child.types(bytes) {
            self.fail(&format!("does not read what is typed: {error}"));
        }
    }

    /// The next `sees` is about this key, no longer about the line typed before it.
    fn presses(&mut self, key: &'static str) {
        self.timeline.tell(self.column, What::Presses(key));
        self.answer_is_due = false;
    }

    /// Closes the program's input, as Ctrl-D does.
    pub fn presses_ctrl_d(&mut self) {
        self.presses("Ctrl-D");
        self.child.unplugs_keyboard();
    }

    /// Closes the window: the program's output is not read from now on. Then types `line`
    /// again and again, so that the program has something to print, until it ends. Returns its
    /// exit status, if it has one.
    #[track_caller]
    pub fn closes_window_and_types(&mut self, line: &str) -> Option<i32> {
        self.presses("closes the window");
        self.child.closes_output();
        eventually(patience(), || {
            // Fails when the program has just ended.
            let _ = self.child.types(format!("{line}\n").as_bytes());
            self.has_ended().is_some()
        });
        let Some(status) = self.ended else {
            self.fail("expected the program to end, since its output is not read");
        };
        status.code()
    }

    /// Sends the signal that Ctrl-C sends (Unix: Windows has no way to send one to a pipe).
    #[cfg(unix)]
    #[track_caller]
    pub fn presses_ctrl_c(&mut self) {
        self.presses("Ctrl-C");
        self.child.signal(SIGINT).expect("the program is still there");
    }

    /// Asks the program to end, as a system that shuts down does (Unix).
    #[cfg(unix)]
    #[track_caller]
    pub fn is_terminated(&mut self) {
        self.is_sent(SIGTERM);
    }

    /// Sends a signal for which there is no key (Unix).
    #[cfg(unix)]
    #[track_caller]
    pub fn is_sent(&mut self, signal: i32) {
        self.presses(signal_name(signal).unwrap_or("a signal"));
        self.child.signal(signal).expect("the program is still there");
    }

    /// Ends the program at once, with no chance to say goodbye.
    #[track_caller]
    pub fn is_killed(&mut self) {
        self.presses("kill -9");
        self.child.kill().expect("the program can be killed, and waited for");
    }

    /// Waits for the program to end, and demands that it reports success.
    #[track_caller]
    pub fn ends_well(&mut self) {
        self.ends_with(0);
    }

    /// Waits for the program to end, and demands this exit status.
    #[track_caller]
    pub fn ends_with(&mut self, status: i32) {
        let ended = self.reads_to_the_end();
        if ended.code() != Some(status) {
            self.fail(&format!("expected exit status {status}, but: {ended}"));
        }
    }

    /// Waits for the program to end. Returns its exit status, if it has one.
    #[track_caller]
    pub fn exit_status(&mut self) -> Option<i32> {
        self.reads_to_the_end().code()
    }

    /// All of stdout so far; complete once the program has ended.
    pub fn printed(&mut self) -> String {
        self.take_output();
        self.printed.clone()
    }

    /// All of stderr so far; complete once the program has ended.
    pub fn complained(&mut self) -> String {
        self.take_output();
        self.complained.clone()
    }

    /// The process id of the program.
    pub fn pid(&self) -> u32 {
        self.child.pid()
    }

    /// Waits until `wanted` is true of the running program.
    #[track_caller]
    pub fn waits_until(&self, what: &str, wanted: impl Fn(u32) -> bool) {
        if !eventually(patience(), || wanted(self.pid())) {
            self.fail(&format!("expected {what}"));
        }
    }

    #[track_caller]
    fn demand<T>(
        &mut self,
        expected: &str,
        mut look: impl FnMut(&mut Screen) -> Result<T, Next>,
    ) -> T {
        let deadline = Instant::now() + patience();
        loop {
            match look(&mut self.screen) {
                Ok(seen) => {
                    self.answer_is_due = false;
                    return seen;
                }
                Err(Next::Other(line)) => {
                    self.fail(&format!("expected {expected:?}, not {line:?}"));
                }
                Err(Next::Incomplete) => {
                    self.wait_for_output(deadline, || format!("expected {expected:?} next"));
                }
            }
        }
    }

    #[track_caller]
    fn wait_for_output(&mut self, deadline: Instant, expected: impl Fn() -> String) {
        match self.next_output(deadline) {
            Ok(()) => {}
            Err(RecvTimeoutError::Timeout) => self.fail(&format!(
                "{}; {:?} later it has not come, and the program still runs",
                expected(),
                patience()
            )),
            Err(RecvTimeoutError::Disconnected) => {
                self.fail(&format!("{}; but the program has ended", expected()));
            }
        }
    }

    /// The next prompt is here, so the answer should be, too. Only stderr may lag behind.
    #[track_caller]
    fn wait_for_afterthought(&mut self, text: &str) {
        let why = match self.next_output(Instant::now() + GRACE) {
            Ok(()) => return,
            Err(RecvTimeoutError::Timeout) => "the program already asks the next question",
            Err(RecvTimeoutError::Disconnected) => "the program has ended",
        };
        self.fail(&format!("expected {text:?}; but {why}"));
    }

    #[track_caller]
    fn next_output(&mut self, deadline: Instant) -> Result<(), RecvTimeoutError> {
        let left = deadline.saturating_duration_since(Instant::now());
        let output = self.child.output.recv_timeout(left)?;
        self.take(output);
        self.take_output(); // All at once: looking through it takes longer than reading.
        Ok(())
    }

    #[track_caller]
    fn take(&mut self, output: Output) {
        let (all, text) = match output {
            Output::Printed(text) => (&mut self.printed, text),
            Output::Complained(text) => (&mut self.complained, text),
            Output::TooMuch(what) => self.fail(what),
        };
        all.push_str(&text);
        self.screen.shows(&text);
    }

    #[track_caller]
    fn take_output(&mut self) {
        while let Ok(output) = self.child.output.try_recv() {
            self.take(output);
        }
    }

    #[track_caller]
    fn reads_to_the_end(&mut self) -> ExitStatus {
        if let Some(status) = self.ended {
            return status;
        }
        let deadline = Instant::now() + patience();
        loop {
            match self.next_output(deadline) {
                Ok(()) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => self.fail("expected the program to end"),
            }
        }
        // Its pipes are closed, so it is ending; only its status may not be here yet.
        let left = deadline.saturating_duration_since(Instant::now());
        eventually(left, || self.has_ended().is_some());
        let Some(status) = self.ended else {
            self.fail("expected the program to end; it only closed its output");
        };
        status
    }

    fn has_ended(&mut self) -> Option<ExitStatus> {
        let status = self.child.has_ended().expect("it can be waited for")?;
        self.timeline.tell(self.column, What::Ends(status.to_string()));
        self.ended = Some(status);
        self.ended
    }

    /// Fails the test with the picture; the reason stands in this terminal's column.
    #[track_caller]
    pub(crate) fn fail(&self, why: &str) -> ! {
        let place = Location::caller();
        let file = Path::new(place.file()).file_name().unwrap_or_default();
        let why = format!("{why}\n(at {}:{})", file.to_string_lossy(), place.line());
        self.timeline.settle();
        self.timeline.tell(self.column, What::Fails(why.clone()));
        let picture = self.timeline.draw_once().unwrap_or_default();
        panic!("{why}\n{picture}");
    }
}
