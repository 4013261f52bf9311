//! Emoji by name: `:wave:` becomes 👋 here, on its way to everybody, so that no client needs the
//! table. The names are those of GitHub and Slack.

/// The text, with an emoji wherever one was named. What is no name of one stays as it is.
pub(super) fn with_emoji(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(':') {
        out.push_str(before);
        let named = after
            .split_once(':')
            .and_then(|(name, after)| Some((emojis::get_by_shortcode(name)?, after)));
        rest = if let Some((emoji, after)) = named {
            out.push_str(emoji.as_str());
            after
        } else {
            out.push(':'); // Where this name would end, the next one may begin.
            after
        };
    }
    out + rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_a_name_of_one_becomes_one() {
        for (text, shown) in [
            (":wave:", "👋"),
            ("hi :wave: Bob", "hi 👋 Bob"),
            (":wave::tada:", "👋🎉"),
            (":+1::-1:", "👍👎"),
            ("a:wave:b", "a👋b"),
            // What is none stays, and does not eat the beginning of the next one.
            ("no:such:wave:", "no:such👋"),
            ("10:30:45", "10:30:45"),
            (":waves:", ":waves:"),
            (":Wave:", ":Wave:"),
            (": wave :", ": wave :"),
            (":wave", ":wave"),
            ("wave:", "wave:"),
            ("::", "::"),
            (":::wave:::", "::👋::"),
            ("", ""),
            ("grüß :dich: 👋", "grüß :dich: 👋"),
        ] {
            assert_eq!(with_emoji(text), shown, "{text}");
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
