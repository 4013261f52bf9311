//! What a user can type. Pure text.

use capability_peers::message::MAX_MESSAGE;

use crate::name::RoomName;

/// How much of what is no command is repeated to the user, in characters.
const MAX_WORD: usize = 32;

/// What the user wants.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Command {
    /// To say this to everybody in the room.
    Say(String),
    /// To say this to one user: `/msg NAME TEXT`.
    Tell {
        /// To whom.
        to: String,
        /// What.
        text: String,
    },
    /// To see who is in the room: `/users`.
    Users,
    /// To go to another room: `/join #ROOM`.
    Enter(RoomName),
    /// To see which rooms there are: `/rooms`.
    Rooms,
    /// To offer this file: `/send FILE`.
    Send(String),
    /// To have the file with this number: `/save NUMBER`.
    Save(u64),
    /// To read what can be typed: `/help`.
    Help,
    /// To leave: `/quit`.
    Quit,
    /// Something that begins with `/` and is no command. It may be a typing error, so it is
    /// told, and sent to nobody.
    Unknown(String),
    /// A command, but something is missing or wrong; it is written like this.
    Usage(&'static str),
    /// No room can be called this, for this reason.
    NoRoom(String),
    /// To say this many bytes, which is too much.
    TooLong(usize),
    /// Nothing: the line is blank.
    Nothing,
}

impl Command {
    /// Reads what was typed, without its line end. A name may have spaces in it, so these names
    /// are `known`.
    ///
    /// ```
    /// use realtime_chat::client::command::Command;
    /// let read = |line| Command::read(line, ["Mary", "Mary Ann"]);
    /// assert_eq!(read("/users"), Command::Users);
    /// assert_eq!(read("Hello!"), Command::Say("Hello!".into()));
    /// assert_eq!(read("//users"), Command::Say("/users".into()));
    /// assert_eq!(read("/usres"), Command::Unknown("/usres".into()));
    /// let to = "Mary Ann".into();
    /// assert_eq!(read("/msg Mary Ann psst"), Command::Tell { to, text: "psst".into() });
    /// ```
    pub fn read<'a>(line: &str, known: impl IntoIterator<Item = &'a str>) -> Self {
        if line.trim().is_empty() {
            return Self::Nothing;
        }
        let text = match line.strip_prefix('/') {
            None => line,
            Some(said) if said.starts_with('/') => said,
            Some(order) => {
                let (word, rest) = order.split_once(' ').unwrap_or((order, ""));
                return match (word, rest.trim()) {
                    ("users", "") => Self::Users,
                    ("rooms", "") => Self::Rooms,
                    ("help", "") => Self::Help,
                    ("quit", "") => Self::Quit,
                    ("msg", rest) => tell(rest, known),
                    ("join", "") => Self::Usage("/join #ROOM"),
                    ("join", room) => {
                        RoomName::read(room).map_or_else(Self::NoRoom, Self::Enter)
                    }
                    ("send", "") => Self::Usage("/send FILE"),
                    ("send", file) => Self::Send(file.to_owned()),
                    ("save", number) => match number.trim_start_matches('#').parse() {
                        Ok(number) => Self::Save(number),
                        Err(_) => Self::Usage("/save NUMBER"),
                    },
                    _ => Self::Unknown(line.trim_end().chars().take(MAX_WORD).collect()),
                };
            }
        };
        if text.len() > MAX_MESSAGE {
            return Self::TooLong(text.len());
        }
        Self::Say(text.to_owned())
    }
}

/// Reads `NAME TEXT`: the longest known name that fits, or else the first word.
fn tell<'a>(rest: &str, known: impl IntoIterator<Item = &'a str>) -> Command {
    let fits = |name: &&str| rest.strip_prefix(*name).is_some_and(|rest| rest.starts_with(' '));
    let name = known.into_iter().filter(fits).max_by_key(|name| name.len());
    let end = name.map_or_else(|| rest.find(' '), |name| Some(name.len()));
    let Some((to, text)) = end.map(|end| rest.split_at(end)) else {
        return Command::Usage("/msg NAME TEXT");
    };
    let text = text.trim();
    match text.len() {
        0 => Command::Usage("/msg NAME TEXT"),
        bytes if bytes > MAX_MESSAGE => Command::TooLong(bytes),
        _ => Command::Tell { to: to.to_owned(), text: text.to_owned() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Command {
        Command::read(line, ["Bob", "Mary", "Mary Ann"])
    }

    fn tell(to: &str, text: &str) -> Command {
        Command::Tell { to: to.into(), text: text.into() }
    }

    #[test]
    fn a_slash_begins_a_command_and_two_begin_a_message() {
        for (line, command) in [
            ("/users", Command::Users),
            ("/users ", Command::Users),
            ("/rooms", Command::Rooms),
            ("/help", Command::Help),
            ("/quit", Command::Quit),
            ("/quit now", Command::Unknown("/quit now".into())),
            ("/Quit", Command::Unknown("/Quit".into())),
            ("/", Command::Unknown("/".into())),
            ("//", Command::Say("/".into())),
            ("//quit", Command::Say("/quit".into())),
            (" /quit", Command::Say(" /quit".into())),
            ("see /quit", Command::Say("see /quit".into())),
            (" \t ", Command::Nothing),
            ("", Command::Nothing),
            ("/send  my cat.png ", Command::Send("my cat.png".into())),
            ("/send", Command::Usage("/send FILE")),
            ("/save 12", Command::Save(12)),
            ("/save #12", Command::Save(12)),
            ("/save", Command::Usage("/save NUMBER")),
            ("/save -1", Command::Usage("/save NUMBER")),
            ("/save cat.png", Command::Usage("/save NUMBER")),
            ("/join", Command::Usage("/join #ROOM")),
            ("/join Rust", Command::Enter(RoomName::read("#rust").unwrap())),
        ] {
            assert_eq!(read(line), command, "{line:?}");
        }
        assert!(matches!(read("/join two words"), Command::NoRoom(_)));
        let long = format!("/{}", "x".repeat(1000));
        assert_eq!(read(&long), Command::Unknown(long[..MAX_WORD].into()));
    }

    #[test]
    fn a_private_message_goes_to_the_longest_name_that_fits() {
        assert_eq!(read("/msg Bob hi there"), tell("Bob", "hi there"));
        assert_eq!(read("/msg Mary Ann hi"), tell("Mary Ann", "hi"));
        assert_eq!(read("/msg Mary Anna hi"), tell("Mary", "Anna hi"));
        assert_eq!(read("/msg Zoe hi"), tell("Zoe", "hi"), "perhaps she is in another room");
        for line in ["/msg", "/msg Bob", "/msg Bob  ", "/msg Mary Ann "] {
            let expected = if line == "/msg Mary Ann " {
                tell("Mary", "Ann")
            } else {
                Command::Usage("/msg NAME TEXT")
            };
            assert_eq!(read(line), expected, "{line:?}");
        }
    }

    #[test]
    fn a_message_that_is_too_long_is_counted_and_not_cut() {
        let fits = "x".repeat(MAX_MESSAGE);
        assert_eq!(read(&fits), Command::Say(fits.clone()));
        assert_eq!(read(&format!("/{fits}")), Command::Unknown(format!("/{}", &fits[..31])));
        assert_eq!(
            read(&format!("//{}", &fits[1..])),
            Command::Say(format!("/{}", &fits[1..]))
        );
        assert_eq!(read(&format!("{fits}é")), Command::TooLong(MAX_MESSAGE + 2));
        assert_eq!(read(&format!("/msg Bob {fits}")), tell("Bob", &fits));
        assert_eq!(read(&format!("/msg Bob {fits}x")), Command::TooLong(MAX_MESSAGE + 1));
    }
}
