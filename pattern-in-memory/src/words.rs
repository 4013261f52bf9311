//! A line of a script, cut into words. A name of several words stands in double quotes.
//!
//! Quotes have a meaning around names only. A message is never cut, so it keeps every space and
//! every quote: `send "Peer 1" Bob say "hi"`.

use crate::event::Refusal;

/// How many characters a name may have.
pub(crate) const MAX_NAME: usize = 64;

/// The words of `line`, and for each of them the text that begins with it and ends with the line.
/// A word that begins with a quote ends with one, or with the line.
pub(crate) fn split(line: &str) -> (Vec<&str>, Vec<&str>) {
    let (mut words, mut texts) = (Vec::new(), Vec::new());
    let mut text = line.trim();
    while !text.is_empty() {
        // A quoted name: the spaces before its second quote do not end the word.
        let quotes = if text.starts_with('"') { 2 } else { 0 };
        let from: usize = text.split_inclusive('"').take(quotes).map(str::len).sum();
        let end = text[from..].find(char::is_whitespace).map_or(text.len(), |end| from + end);
        words.push(&text[..end]);
        texts.push(text);
        text = text[end..].trim_start();
    }
    (words, texts)
}

/// The name that `word` stands for. A character that was damaged on the way is refused here and
/// shown in a text: a damaged text is still a message, a damaged name is another name.
pub(crate) fn name(word: &str) -> Result<&str, Refusal> {
    let name = match word.split('"').collect::<Vec<_>>()[..] {
        [name] | ["", name, ""] if !name.trim().is_empty() => name,
        _ => return Err(Refusal::BadQuotes),
    };
    if name.contains(char::REPLACEMENT_CHARACTER) {
        Err(Refusal::NotText)
    } else if name.chars().count() > MAX_NAME {
        Err(Refusal::LongName { limit: MAX_NAME })
    } else {
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_of_several_words_stands_in_quotes() {
        let (words, _) = split(r#"connect "Peer 1"   "the other peer""#);
        assert_eq!(words, ["connect", r#""Peer 1""#, r#""the other peer""#]);
        assert_eq!(
            words[1..].iter().map(|word| name(word)).collect::<Vec<_>>(),
            [Ok("Peer 1"), Ok("the other peer")]
        );
    }

    #[test]
    fn a_text_keeps_the_spaces_and_the_quotes_inside_it() {
        let (words, texts) = split("  send \tA B   two  \"spaces \t# kept ");
        assert_eq!(words[..3], ["send", "A", "B"]);
        assert_eq!(texts[3], "two  \"spaces \t# kept");
        assert_eq!(split(r#"broadcast A "open"#).1[2], r#""open"#);
    }

    #[test]
    fn quotes_stand_around_a_whole_name() {
        for word in ["\"", "\"\"", "\" \"", "\"Peer 1", "O\"Brien", "\"A \"B\"", "\"A\"B"] {
            assert_eq!(split(word).0, [word]);
            assert_eq!(name(word), Err(Refusal::BadQuotes), "{word}");
        }
    }

    #[test]
    fn a_damaged_name_is_refused() {
        for word in ["\u{FFFD}", "A\u{FFFD}", "\"A \u{FFFD}\""] {
            assert_eq!(name(word), Err(Refusal::NotText), "{word:?}");
        }
    }

    #[test]
    fn a_name_is_not_longer_than_its_bound() {
        let longest = "é".repeat(MAX_NAME);
        assert_eq!(name(&format!("\"{longest}\"")), Ok(&*longest));
        assert_eq!(name(&(longest + "é")), Err(Refusal::LongName { limit: MAX_NAME }));
    }
}
