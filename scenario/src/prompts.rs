//! The prompts of a program, which show whether it has answered the typed lines.
//!
//! Pure text. A program that shows the next prompt has said all it had to say to the last
//! line; a test that still waits for more waits in vain.

/// The prompts of one program, and how many of them are due.
#[derive(Debug)]
pub(crate) struct Prompts {
    known: Vec<String>,
    /// The number of fresh prompts when the last typed line has been answered.
    due: usize,
}

impl Prompts {
    pub(crate) fn of(prompts: &[&str]) -> Self {
        Self { known: prompts.iter().map(|prompt| (*prompt).to_owned()).collect(), due: 1 }
    }

    /// Takes note that `lines` lines were typed when `printed` was on the screen. A line typed
    /// ahead is answered in its turn; a prompt that was asked too often answers nothing.
    pub(crate) fn typed(&mut self, lines: usize, printed: &str) {
        self.due = self.due.max(self.fresh(printed)) + lines;
    }

    /// Whether everything typed so far has been answered.
    pub(crate) fn have_answered(&self, printed: &str) -> bool {
        self.fresh(printed) >= self.due
    }

    /// Counts the prompts in `printed` that ask something new. Where an incoming line has broken
    /// off a prompt, a line end follows that prompt (or the escape that erases it), and the next
    /// one only asks the same again.
    fn fresh(&self, printed: &str) -> usize {
        let mut ends: Vec<_> = (self.known.iter())
            .flat_map(|prompt| printed.match_indices(prompt))
            .map(|(start, prompt)| start + prompt.len())
            .collect();
        ends.sort_unstable();
        let Some((_last, before)) = ends.split_last() else { return 0 };
        let broken_off = |end: &&usize| printed[**end..].starts_with(['\n', '\r', '\u{1b}']);
        ends.len() - before.iter().filter(broken_off).count()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prompts() -> Prompts {
        Prompts::of(&["To: ", "Message: "])
    }

    #[test]
    fn the_next_prompt_is_the_end_of_an_answer() {
        let mut prompts = prompts();
        prompts.typed(1, "To: ");
        assert!(!prompts.have_answered("To: "));
        assert!(!prompts.have_answered("To: known: 1, 2\n"));
        assert!(prompts.have_answered("To: known: 1, 2\nTo: "));
        assert!(prompts.have_answered("To: Message: "));
    }

    #[test]
    fn a_prompt_that_was_broken_off_is_only_asked_again() {
        let mut prompts = prompts();
        prompts.typed(1, "");
        assert!(!prompts.have_answered("To: \nnews\nTo: "));
        assert!(!prompts.have_answered("To: \r\x1b[Knews\nTo: \x1b[2Knews\nTo: "));
        assert!(prompts.have_answered("To: \nnews\nTo: known: 1\nTo: "));
    }

    #[test]
    fn a_line_that_is_typed_ahead_is_answered_in_its_turn() {
        let mut prompts = prompts();
        prompts.typed(2, "");
        prompts.typed(1, "To: ");
        assert!(!prompts.have_answered("To: Message: sent\nTo: "));
        assert!(prompts.have_answered("To: Message: sent\nTo: known: 1\nTo: "));
    }

    #[test]
    fn a_prompt_that_is_asked_too_often_answers_nothing() {
        let mut prompts = prompts();
        let chatty = "To: news\nTo: ";
        prompts.typed(1, chatty);
        assert!(!prompts.have_answered(chatty));
        assert!(prompts.have_answered(&format!("{chatty}Message: ")));
    }
}
