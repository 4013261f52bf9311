//! Emoji by name: `:wave:` becomes 👋 here, on its way to everybody, so that no client needs the
//! table. The names are those of GitHub and Slack.
//!
//! Code and data have colons, too, and must arrive as they were typed. So only a word of nothing
//! but codes becomes emoji, also in round brackets or before the end of a sentence: not
//! `std::hash::Hash`, not `{:x:}`. A backslash before such a word is taken away, and the codes stay.

use std::borrow::Cow;

/// What may stand behind a word of codes.
const BEHIND: [char; 7] = [')', '.', ',', '!', '?', ';', '…'];

/// The text, with emoji for each word of codes.
pub(super) fn with_emoji(text: &str) -> String {
    text.split_inclusive(char::is_whitespace).map(word_with_emoji).collect()
}

/// A word, which may have white space at its end.
fn word_with_emoji(word: &str) -> Cow<'_, str> {
    let codes = word.trim_end().trim_start_matches('(').trim_end_matches(BEHIND);
    let shown = match codes.strip_prefix('\\') {
        Some(literal) => emoji(literal.trim_start_matches('\\')).map(|_| literal.to_owned()),
        None => emoji(codes),
    };
    shown.map_or(Cow::Borrowed(word), |shown| word.replacen(codes, &shown, 1).into())
}

/// The emoji, if these are codes and nothing else.
fn emoji(codes: &str) -> Option<String> {
    let mut emoji = String::new();
    let mut rest = codes;
    while !rest.is_empty() {
        let (name, after) = rest.strip_prefix(':')?.split_once(':')?;
        emoji += emojis::get_by_shortcode(name)?.as_str();
        rest = after;
    }
    (!emoji.is_empty()).then_some(emoji)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_of_codes_becomes_emoji() {
        for (text, shown) in [
            (":wave:", "👋"),
            ("hi :wave: Bob", "hi 👋 Bob"),
            (":wave::tada:", "👋🎉"),
            (":+1::-1:", "👍👎"),
            ("one\n:wave:\ttwo\u{3000}:tada:", "one\n👋\ttwo\u{3000}🎉"),
            (
                "(:wave:) well done :tada:! (see :+1:, (:-1:))?",
                "(👋) well done 🎉! (see 👍, (👎))?",
            ),
            ("  :wave:  ", "  👋  "),
            ("", ""),
        ] {
            assert_eq!(with_emoji(text), shown, "{text}");
        }
    }

    #[test]
    fn code_data_and_all_else_stays_as_it_is() {
        for text in [
            "use std::hash::Hash;",
            "std::hash::Hash",
            "a::b::c ::b:: :a::b",
            "PATH=a:b:c PATH=:a: $PATH:/x:",
            "2001:db8:1234:5678::1 [::1]:8080: ::1 ::100::",
            "0a:ab:cd:ef:0b:0c",
            "12:30:45 10:100:45 12:100:",
            "a:1234:b",
            "http://host:100:/x http://a:b:c",
            "{:x:} [:a:] <:o:> =:a: f(:x:) f(:a:,:b:) (?:x:) [[:a:]] a[0,:100:,1] %:x:% *:x:*",
            r#"{"a":":x:","b":":o:"} ":x:" ':x:' `:x:`"#,
            r"C:\x:\ :x:\ /:x:/ | a|:x:|b",
            "a:wave:b nice:+1: :+1:nice 👋:wave: no:such:wave:",
            ":waves: :Wave: :wave wave: :wave::waves: :wave::",
            ": wave : :: : ::: :::wave:::",
            "grüß :dich: 👋",
        ] {
            assert_eq!(with_emoji(text), text);
        }
    }

    #[test]
    fn a_backslash_is_how_to_write_a_code() {
        for (text, shown) in [
            (r"\:wave: is :wave:", ":wave: is 👋"),
            (r"(\:wave::tada:!)", "(:wave::tada:!)"),
            (r"\\:wave:", r"\:wave:"),
            // Nothing else loses one.
            (r"\ \\ \n \:waves: a\:wave: C:\:x:", r"\ \\ \n \:waves: a\:wave: C:\:x:"),
        ] {
            assert_eq!(with_emoji(text), shown);
        }
    }

    #[test]
    fn a_message_never_becomes_much_longer_and_never_does_anything() {
        for emoji in emojis::iter() {
            for code in emoji.shortcodes() {
                let shown = with_emoji(&format!(":{code}:"));
                assert_eq!(shown, emoji.as_str());
                // What a client takes, see `interface::Note::read`.
                assert!(shown.len() <= 4 * (code.len() + 2), "{code}");
            }
            let shown = emoji.as_str();
            assert_eq!(terminal::clean(shown.as_bytes()), shown);
        }
    }
}
