//! What a terminal shows and the scenario has not looked at yet.
//!
//! Pure text: no process, no clock. Bytes arrive in pieces that may cut a character in two.

/// The unread part of a screen: what was printed, and what the keyboard echoed.
#[derive(Debug, Default)]
pub(crate) struct Screen {
    unread: String,
    /// A prompt was the last thing seen, and nobody has answered it yet.
    at_prompt: bool,
}

/// What the next line on the screen says about an expected one.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// It is the expected line, and now it is read.
    Same,
    /// It is another one.
    Other(String),
    /// Not all of it is here yet.
    Incomplete,
}

impl Screen {
    pub(crate) fn shows(&mut self, text: &str) {
        self.unread.push_str(text);
    }

    pub(crate) fn unread(&self) -> &str {
        &self.unread
    }

    /// Reads on to the end of `text`, if it is there.
    pub(crate) fn find(&mut self, text: &str) -> bool {
        let Some(at) = self.unread.find(text) else { return false };
        self.unread.drain(..at + text.len());
        self.at_prompt = !text.ends_with('\n');
        true
    }

    /// Reads on to the end of the last of `texts`, if all of them are there.
    pub(crate) fn find_all(&mut self, texts: &[&str]) -> bool {
        let ends = texts.iter().map(|text| Some(self.unread.find(text)? + text.len()));
        let Some(last) = ends.collect::<Option<Vec<_>>>() else { return false };
        self.unread.drain(..last.into_iter().max().unwrap_or(0));
        self.at_prompt = false;
        true
    }

    /// An answer was typed: the next thing printed stands right behind the prompt.
    pub(crate) fn answered(&mut self) {
        self.at_prompt = false;
    }

    /// Reads the next line if it is `expected`, where `XXXXX` stands for any number.
    ///
    /// A program that breaks off its own prompt to print a line starts with a line end.
    pub(crate) fn next_is(&mut self, expected: &str) -> Next {
        let text =
            if self.at_prompt { self.unread.trim_start_matches('\n') } else { &self.unread };
        let Some((line, rest)) = text.split_once('\n') else { return Next::Incomplete };
        if !matches(expected, line) {
            return Next::Other(line.to_owned());
        }
        self.unread = rest.to_owned();
        self.at_prompt = false;
        Next::Same
    }

    /// Reads the next thing if it is the prompt `expected`, which no line end follows.
    pub(crate) fn next_is_prompt(&mut self, expected: &str) -> Next {
        let text =
            if self.at_prompt { self.unread.trim_start_matches('\n') } else { &self.unread };
        if let Some(rest) = text.strip_prefix(expected) {
            self.unread = rest.to_owned();
            self.at_prompt = true;
            return Next::Same;
        }
        if expected.starts_with(text) { Next::Incomplete } else { Next::Other(text.to_owned()) }
    }
}

/// Whether `line` is `expected`; `XXXXX` in `expected` stands for one number or more digits.
pub(crate) fn matches(expected: &str, line: &str) -> bool {
    let Some((before, after)) = expected.split_once("XXXXX") else { return expected == line };
    let Some(rest) = line.strip_prefix(before) else { return false };
    let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    digits > 0 && matches(after, &rest[digits..])
}

/// Puts pieces of a byte stream together to text; a character may be cut in two.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    rest: Vec<u8>,
}

impl Decoder {
    /// The text that is complete with `bytes`; what is no UTF-8 becomes U+FFFD.
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> String {
        self.rest.extend_from_slice(bytes);
        let mut text = String::new();
        loop {
            match str::from_utf8(&self.rest) {
                Ok(valid) => {
                    text.push_str(valid);
                    self.rest.clear();
                    return text;
                }
                Err(error) => {
                    let valid = error.valid_up_to();
                    text.push_str(&String::from_utf8_lossy(&self.rest[..valid]));
                    let Some(bad) = error.error_len() else {
                        self.rest.drain(..valid);
                        return text;
                    };
                    text.push('\u{FFFD}');
                    self.rest.drain(..valid + bad);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_digits_and_nothing_else() {
        assert!(matches("From ('127.0.0.1', XXXXX): hi", "From ('127.0.0.1', 50123): hi"));
        assert!(!matches("From ('127.0.0.1', XXXXX): hi", "From ('127.0.0.1', ): hi"));
        assert!(!matches("From ('127.0.0.1', XXXXX): hi", "From ('127.0.0.1', 5a): hi"));
        assert!(!matches("hi", "hi there"));
    }

    #[test]
    fn lines_are_read_in_order_and_only_when_complete() {
        let mut screen = Screen::default();
        screen.shows("one\ntw");
        assert_eq!(screen.next_is("one"), Next::Same);
        assert_eq!(screen.next_is("two"), Next::Incomplete);
        screen.shows("o\n");
        assert_eq!(screen.next_is("three"), Next::Other("two".into()));
        assert_eq!(screen.next_is("two"), Next::Same);
    }

    #[test]
    fn a_line_may_break_off_an_open_prompt_but_no_other_line() {
        let mut screen = Screen::default();
        screen.shows("Name: ");
        assert_eq!(screen.next_is_prompt("Name: "), Next::Same);
        screen.shows("\nnews\n");
        assert_eq!(screen.next_is("news"), Next::Same);
        screen.shows("\nmore\n");
        assert_eq!(screen.next_is("more"), Next::Other(String::new()));
    }

    #[test]
    fn a_character_cut_in_two_is_whole_again() {
        let mut decoder = Decoder::default();
        let rocket = "🚀".as_bytes();
        assert_eq!(decoder.decode(&rocket[..2]), "");
        assert_eq!(decoder.decode(&rocket[2..]), "🚀");
        assert_eq!(decoder.decode(b"a\xffb"), "a\u{FFFD}b");
    }
}
