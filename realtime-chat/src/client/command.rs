//! Commands: the lines that a user can type, and their meaning. Pure text.

use std::collections::BTreeMap;

use terminal::{appearance, is_blank};

use crate::client::event::Event;
use crate::client::session::Ask;
use crate::interface::{MAX_MESSAGE, Request};
use crate::name::{MAX_NAME, Name, RoomName};

/// How much of an unknown command is repeated to the user, in characters.
const MAX_WORD: usize = 32;

/// The meaning of a line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    /// To ask the server.
    Ask(Ask),
    /// To offer this file: `/send FILE`.
    Send(String),
    /// To have the file with this number: `/save NUMBER`.
    Save(u64),
    /// To leave: `/quit`.
    Quit,
    /// Nothing: the line is blank.
    Nothing,
    /// To read this: help, or what is wrong. A word that is no command may be a typing error, so
    /// it is sent to nobody.
    Show(Event),
}

impl Command {
    /// Reads what `me` has typed, without its line end. A name may have spaces in it, so these
    /// names are `known`, by their appearance.
    pub(crate) fn read(line: &str, me: &Name, known: &BTreeMap<String, String>) -> Self {
        if is_blank(line) {
            return Self::Nothing;
        }
        let username = me.clone();
        let text = match line.strip_prefix('/') {
            None => line,
            Some(said) if said.starts_with('/') => said,
            Some(order) => {
                let (word, rest) = order.split_once(char::is_whitespace).unwrap_or((order, ""));
                return match (word, rest.trim()) {
                    ("users", "") => Self::Ask(Request::ListUsers),
                    ("rooms", "") => Self::Ask(Request::ListRooms),
                    ("help", "") => Self::Show(Event::Help),
                    ("quit", "") => Self::Quit,
                    ("msg", rest) => private(rest, username, known),
                    ("join", "") => usage("/join #ROOM"),
                    ("join", room) => RoomName::read(room).map_or_else(refused, |room| {
                        Self::Ask(Request::EnterRoom { username, room })
                    }),
                    ("send", "") => usage("/send FILE"),
                    ("send", file) => Self::Send(file.to_owned()),
                    ("save", number) => number
                        .trim_start_matches('#')
                        .parse()
                        .map_or_else(|_| usage("/save NUMBER"), Self::Save),
                    _ => {
                        let shown = line.trim_end().chars().take(MAX_WORD).collect();
                        Self::Show(Event::Unknown(shown))
                    }
                };
            }
        };
        if text.len() > MAX_MESSAGE {
            return Self::Show(Event::TooLong(text.len()));
        }
        Self::Ask(Request::SendMessage { username, text: text.to_owned() })
    }
}

/// Reads `NAME TEXT`: the longest known name that the line looks like, or else the first word.
fn private(rest: &str, username: Name, known: &BTreeMap<String, String>) -> Command {
    let gaps = rest.match_indices(char::is_whitespace).map(|(at, _)| rest.split_at(at));
    // A name has no more gaps than characters.
    let named = gaps.clone().take(MAX_NAME);
    let named = named.filter_map(|(name, text)| Some((&**known.get(&appearance(name))?, text)));
    let Some((to, text)) = named.last().or_else(|| gaps.clone().next()) else {
        return usage("/msg NAME TEXT");
    };
    let text = text.trim().to_owned();
    match text.len() {
        0 => usage("/msg NAME TEXT"),
        bytes if bytes > MAX_MESSAGE => Command::Show(Event::TooLong(bytes)),
        _ => Name::read(to).map_or_else(refused, |to| {
            Command::Ask(Request::SendPrivate { username, to, text })
        }),
    }
}

fn usage(usage: &'static str) -> Command {
    Command::Show(Event::Usage(usage))
}

fn refused(why: String) -> Command {
    Command::Show(Event::Refused(why))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Command {
        let known = ["Bob", "Mary", "Mary Ann", "A]B", "José Luis"];
        let known = known.map(|name| (appearance(name), name.to_owned()));
        Command::read(line, &name("Alice"), &known.into())
    }

    fn name(name: &str) -> Name {
        Name::read(name).unwrap()
    }

    fn tell(to: &str, text: &str) -> Command {
        let (username, to) = (name("Alice"), name(to));
        Command::Ask(Request::SendPrivate { username, to, text: text.into() })
    }

    fn say(text: &str) -> Command {
        Command::Ask(Request::SendMessage { username: name("Alice"), text: text.into() })
    }

    fn unknown(word: &str) -> Command {
        Command::Show(Event::Unknown(word.into()))
    }

    #[test]
    fn a_slash_begins_a_command_and_two_begin_a_message() {
        let rust = RoomName::read("#rust").unwrap();
        for (line, command) in [
            ("/users", Command::Ask(Request::ListUsers)),
            ("/users ", Command::Ask(Request::ListUsers)),
            ("/rooms", Command::Ask(Request::ListRooms)),
            ("/help", Command::Show(Event::Help)),
            ("/quit", Command::Quit),
            ("/quit now", unknown("/quit now")),
            ("/Quit", unknown("/Quit")),
            ("/", unknown("/")),
            ("//", say("/")),
            ("//quit", say("/quit")),
            (" /quit", say(" /quit")),
            ("see /quit", say("see /quit")),
            (" \t ", Command::Nothing),
            ("", Command::Nothing),
            ("\u{200B}", Command::Nothing),
            ("/send  my cat.png ", Command::Send("my cat.png".into())),
            ("/send", usage("/send FILE")),
            ("/save 12", Command::Save(12)),
            ("/save #12", Command::Save(12)),
            ("/save", usage("/save NUMBER")),
            ("/save -1", usage("/save NUMBER")),
            ("/save cat.png", usage("/save NUMBER")),
            ("/join", usage("/join #ROOM")),
            (
                "/join Rust",
                Command::Ask(Request::EnterRoom { username: name("Alice"), room: rust }),
            ),
        ] {
            assert_eq!(read(line), command, "{line:?}");
        }
        let refused = |line| matches!(read(line), Command::Show(Event::Refused(_)));
        assert!(refused("/join two words") && refused("/msg A]B hi"));
        let long = format!("/{}", "x".repeat(1000));
        assert_eq!(read(&long), unknown(&long[..MAX_WORD]));
    }

    #[test]
    fn a_private_message_goes_to_the_longest_name_that_fits() {
        assert_eq!(read("/msg Bob hi there"), tell("Bob", "hi there"));
        assert_eq!(read("/msg Mary Ann hi"), tell("Mary Ann", "hi"));
        assert_eq!(read("/msg Mary Anna hi"), tell("Mary", "Anna hi"));
        for same in ["mary ann", "Mary\u{A0} ANN", "Mary\u{3000}\u{200B}Ann"] {
            assert_eq!(read(&format!("/msg {same} hi")), tell("Mary Ann", "hi"), "{same:?}");
        }
        assert_eq!(read("/msg Jose\u{301} Luis hi"), tell("José Luis", "hi"));
        assert_eq!(read("/msg Zoe hi"), tell("Zoe", "hi"), "perhaps she is in another room");
        for line in ["/msg", "/msg Bob", "/msg Bob  ", "/msg Mary Ann "] {
            let expected = if line == "/msg Mary Ann " {
                tell("Mary", "Ann")
            } else {
                usage("/msg NAME TEXT")
            };
            assert_eq!(read(line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_counted_and_not_cut() {
        let fits = "x".repeat(MAX_MESSAGE);
        assert_eq!(read(&fits), say(&fits));
        assert_eq!(read(&format!("/{fits}")), unknown(&format!("/{}", &fits[..31])));
        assert_eq!(read(&format!("//{}", &fits[1..])), say(&format!("/{}", &fits[1..])));
        assert_eq!(read(&format!("{fits}é")), Command::Show(Event::TooLong(MAX_MESSAGE + 2)));
        assert_eq!(read(&format!("/msg Bob {fits}")), tell("Bob", &fits));
        assert_eq!(
            read(&format!("/msg Bob {fits}x")),
            Command::Show(Event::TooLong(MAX_MESSAGE + 1))
        );
    }
}
