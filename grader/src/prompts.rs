//! Which questions a program has asked, and so whether it has answered what was typed.
//!
//! Pure text. A program that asks the next question has said all it had to say to the last
//! answer; a test that still waits for a line of it waits in vain.

/// The prompts of one program, and how far it is.
#[derive(Debug)]
pub(crate) struct Prompts {
    known: Vec<String>,
    /// How many fresh prompts there are once the last typed line has been answered.
    due: usize,
}

impl Prompts {
    pub(crate) fn of(prompts: &[&str]) -> Self {
        Self { known: prompts.iter().map(|prompt| (*prompt).to_owned()).collect(), due: 1 }
    }

    /// So many lines were typed when `printed` was on the screen. A line that is typed ahead is
    /// answered later; a prompt that a program asks once too often answers nothing.
    pub(crate) fn typed(&mut self, lines: usize, printed: &str) {
        self.due = self.due.max(self.fresh(printed)) + lines;
    }

    /// Whether everything typed so far has been answered.
    pub(crate) fn have_answered(&self, printed: &str) -> bool {
        self.fresh(printed) >= self.due
    }

    /// How many prompts in `printed` ask something new. A prompt is only asked again if an
    /// incoming line has broken off the one before: then a line end stands right behind that one
    /// (or the escape that erases it), and not the answer.
    fn fresh(&self, printed: &str) -> usize {
        let mut fresh = 0;
        let mut rest = printed;
        let mut broken_off = false;
        while let Some((at, length)) = self.next(rest) {
            fresh += usize::from(!broken_off);
            rest = &rest[at + length..];
            broken_off = rest.starts_with(['\n', '\r', '\u{1b}']);
        }
        fresh
    }

    fn next(&self, text: &str) -> Option<(usize, usize)> {
        self.known.iter().filter_map(|prompt| Some((text.find(prompt)?, prompt.len()))).min()
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
    fn what_is_typed_ahead_is_answered_in_its_turn() {
        let mut prompts = prompts();
        prompts.typed(2, "");
        prompts.typed(1, "To: ");
        assert!(!prompts.have_answered("To: Message: sent\nTo: "));
        assert!(prompts.have_answered("To: Message: sent\nTo: known: 1\nTo: "));
    }

    #[test]
    fn a_prompt_too_many_answers_nothing() {
        let mut prompts = prompts();
        let chatty = "To: news\nTo: ";
        prompts.typed(1, chatty);
        assert!(!prompts.have_answered(chatty));
        assert!(prompts.have_answered(&format!("{chatty}Message: ")));
    }
}
