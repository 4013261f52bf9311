//! The unread part of a terminal: output that no `sees` of the scenario has passed over.
//!
//! Pure text: no process, no clock. Bytes arrive in pieces that may cut a character in two.

#[derive(Debug, Default)]
pub(crate) struct Screen {
    unread: String,
    /// The last thing read was a prompt, and no answer has been typed since.
    at_prompt: bool,
    skips_blank_lines: bool,
}

/// Why the next text on the screen was not read.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Another text stands there.
    Other(String),
    /// Its end has not come yet.
    Incomplete,
}

impl Screen {
    pub(crate) fn shows(&mut self, text: &str) {
        self.unread.push_str(text);
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

    pub(crate) fn skip_blank_lines(&mut self) {
        self.skips_blank_lines = true;
    }

    /// The next text. A program that breaks off its own prompt to print a line starts with a
    /// line end.
    fn next(&self) -> &str {
        let skips = self.at_prompt || self.skips_blank_lines;
        if skips { self.unread.trim_start_matches('\n') } else { &self.unread }
    }

    /// Reads the next line if it is one of `expected`. Returns its index, and the texts in the
    /// place of its placeholders.
    pub(crate) fn next_is(&mut self, expected: &[&str]) -> Result<(usize, Vec<String>), Next> {
        let Some((line, rest)) = self.next().split_once('\n') else {
            return Err(Next::Incomplete);
        };
        let same = |(index, expected): (usize, &&str)| Some((index, found(expected, line)?));
        let Some(same) = expected.iter().enumerate().find_map(same) else {
            return Err(Next::Other(line.to_owned()));
        };
        self.unread = rest.to_owned();
        self.at_prompt = false;
        Ok(same)
    }

    /// Reads the next thing if it is the prompt `expected`, which no line end follows.
    pub(crate) fn next_is_prompt(&mut self, expected: &str) -> Result<(), Next> {
        let text = self.next();
        if let Some(rest) = text.strip_prefix(expected) {
            self.unread = rest.to_owned();
            self.at_prompt = true;
            return Ok(());
        }
        let is_begun = expected.starts_with(text);
        Err(if is_begun { Next::Incomplete } else { Next::Other(text.to_owned()) })
    }
}

/// Stands for one digit or more.
const NUMBER: &str = "XXXXX";

/// Stands for an id, such as `abc123-def456-789abc`.
pub(crate) const ID: &str = "XXXXXX-XXXXXX-XXXXXX";

/// The texts in `line` in the place of the placeholders, if it is otherwise `expected`: `XXXXX`
/// is a number, and `XXXXXX-XXXXXX-XXXXXX` an id.
pub(crate) fn found(expected: &str, line: &str) -> Option<Vec<String>> {
    let Some(at) = expected.find(NUMBER) else {
        return (expected == line).then(Vec::new);
    };
    let (before, placeholder) = expected.split_at(at);
    let rest = line.strip_prefix(before)?;
    let (length, after) = if let Some(after) = placeholder.strip_prefix(ID) {
        (id_at_the_start_of(rest)?, after)
    } else {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        (digits, &placeholder[NUMBER.len()..])
    };
    if length == 0 {
        return None;
    }
    let (this, rest) = rest.split_at(length);
    let mut all = vec![this.to_owned()];
    all.extend(found(after, rest)?);
    Some(all)
}

/// The length of the id that `text` begins with: three groups of six letters or digits.
pub(crate) fn id_at_the_start_of(text: &str) -> Option<usize> {
    let id = text.get(..ID.len())?;
    let fits =
        |(a, b): (char, char)| if b == '-' { a == '-' } else { a.is_ascii_alphanumeric() };
    id.chars().zip(ID.chars()).all(fits).then_some(ID.len())
}

/// Joins the pieces of a byte stream to text; a character may be cut in two.
#[derive(Debug, Default)]
pub(crate) struct Decoder {
    rest: Vec<u8>,
}

impl Decoder {
    /// The text that is complete with `bytes`; bytes that are not UTF-8 become U+FFFD.
    pub(crate) fn decode(&mut self, bytes: &[u8]) -> String {
        self.rest.extend_from_slice(bytes);
        let is_begun = |bytes: &&[u8]| {
            str::from_utf8(bytes).is_err_and(|error| error.error_len().is_none())
        };
        let last = self.rest.utf8_chunks().last().map(|chunk| chunk.invalid());
        let end = self.rest.len() - last.filter(is_begun).map_or(0, <[u8]>::len);
        let text = String::from_utf8_lossy(&self.rest[..end]).into_owned();
        self.rest.drain(..end);
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_stand_for_digits_and_ids_and_nothing_else() {
        let expected = "From ('127.0.0.1', XXXXX): hi";
        assert_eq!(found(expected, "From ('127.0.0.1', 50123): hi").unwrap(), ["50123"]);
        assert_eq!(found(expected, "From ('127.0.0.1', ): hi"), None);
        assert_eq!(found(expected, "From ('127.0.0.1', 5a): hi"), None);
        assert_eq!(found("hi", "hi there"), None);
        let expected = "Bob (XXXXXX-XXXXXX-XXXXXX) at XXXXX";
        let line = "Bob (abc123-def456-ghi789) at 8081";
        assert_eq!(found(expected, line).unwrap(), ["abc123-def456-ghi789", "8081"]);
        assert_eq!(found(expected, "Bob (abc123-def456-ghi78) at 8081"), None);
        assert_eq!(found(expected, "Bob (abc123-def456+ghi789) at 8081"), None);
    }

    #[test]
    fn lines_are_read_in_order_and_only_when_complete() {
        let mut screen = Screen::default();
        screen.shows("one\ntw");
        assert_eq!(screen.next_is(&["one"]), Ok((0, Vec::new())));
        assert_eq!(screen.next_is(&["two"]), Err(Next::Incomplete));
        screen.shows("o\n");
        assert_eq!(screen.next_is(&["three"]), Err(Next::Other("two".into())));
        assert_eq!(screen.next_is(&["two"]), Ok((0, Vec::new())));
    }

    #[test]
    fn a_line_may_break_off_an_open_prompt_but_no_other_line() {
        let mut screen = Screen::default();
        screen.shows("Name: ");
        assert_eq!(screen.next_is_prompt("Name: "), Ok(()));
        screen.shows("\nnews\n");
        assert_eq!(screen.next_is(&["news"]), Ok((0, Vec::new())));
        screen.shows("\nmore\n");
        assert_eq!(screen.next_is(&["more"]), Err(Next::Other(String::new())));
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
