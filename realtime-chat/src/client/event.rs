//! Events: what happened, and every line on the screen that tells of it. All wording is here, and
//! so is all colour.

use std::fmt;
use std::time::Duration;

use capability_peers::message::MAX_MESSAGE;

use crate::client::place::Place;
use crate::interface::{MAX_FILE, size_in_words};
use crate::name::Name;

/// Something happened that the user should read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The client is up.
    Started,
    /// The user is asked for a name.
    WhoAreYou,
    /// The user is gone, without having joined.
    NobodyCame,
    /// The server is dialed.
    Connecting(Name),
    /// The user has joined, and these are there.
    Welcome(Name, Vec<String>),
    /// Somebody says something to everybody in the room.
    Said {
        /// Who.
        who: String,
        /// What.
        text: String,
    },
    /// Our user says something to everybody in the room.
    Echo(String),
    /// Somebody says something to our user alone.
    Whispered {
        /// Who.
        who: String,
        /// What.
        text: String,
    },
    /// Our user says something to somebody alone.
    EchoTo {
        /// To whom.
        to: String,
        /// What.
        text: String,
    },
    /// The chat itself says something.
    System(String),
    /// Somebody offers a file.
    Offered {
        /// Who.
        who: String,
        /// What the file is called.
        name: String,
        /// How many bytes it has.
        size: u64,
        /// The number to save it by; none if it cannot be had.
        number: Option<u64>,
    },
    /// Who is in the room.
    Users(Vec<String>),
    /// The rooms, and how many users are in each.
    Rooms(Vec<(String, u64)>),
    /// Our user is in this room now, and these are there.
    Entered(String, Vec<String>),
    /// Our user asked what can be typed.
    Help,
    /// Our user leaves.
    Leaving,
    /// Our user typed a command that does not exist.
    Unknown(String),
    /// Our user typed a command that is written like this.
    Usage(&'static str),
    /// Our user typed so many bytes at once.
    TooLong(usize),
    /// The server, or a rule of ours, says no.
    Refused(String),
    /// There is no offer of this number.
    NoOffer(u64),
    /// The server takes longer than this to answer.
    NoAnswer(Duration),
    /// Everybody in the room has been offered a file of our user's.
    Sharing {
        /// What it is called.
        name: String,
        /// How many bytes it has.
        size: u64,
    },
    /// Somebody has fetched this much of a file of our user's, in percent.
    Sent(String, u64),
    /// This much of a file is here, in percent.
    Fetched(String, u64),
    /// A file is saved.
    Saved {
        /// What it was offered as.
        name: String,
        /// How many bytes it has.
        size: u64,
        /// Where it is.
        path: String,
    },
    /// A file could not be offered.
    CannotSend(String, Trouble),
    /// A file could not be saved.
    CannotSave(String, Trouble),
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// There is none of this name.
    Missing,
    /// It is a folder, or a device.
    NoFile,
    /// It has so many bytes.
    TooBig(u64),
    /// It cannot be called that, for this reason.
    BadName(String),
    /// Our user shares so many files already, which is all there is room for.
    TooMany(usize),
    /// So many files are being saved already.
    TooBusy(usize),
    /// This very file is being saved already.
    Again,
    /// The folder for it is not there.
    NoFolder(String),
    /// So many files of that name are there already.
    Taken(usize),
    /// It has ended too soon: so many bytes of so many.
    Short(u64, u64),
    /// It has more bytes than this, which is what was promised.
    Long(u64),
    /// Whoever should bring it has said no, for this reason.
    Refused(String),
    /// It did not come within this time.
    NoAnswer(Duration),
    /// Our user leaves, or the server is gone.
    Interrupted,
    /// The system's own words.
    System(String),
}

/// Why there is no link to the server, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Gone {
    /// There is no machine of that name; the system's own words.
    NoHost(Place, String),
    /// Nobody listens there.
    NobodyThere(Place),
    /// Nobody picks up within this time.
    NoAnswer(Place, Duration),
    /// Somebody does, and speaks something else; this is what is wrong.
    NoChat(Place, String),
    /// It answers with this status of HTTP.
    Status(Place, u16),
    /// It wants a token, or another one.
    NoToken,
    /// It does not say whether our user has joined, for this long.
    NotLetIn(Duration),
    /// It has hung up without a word.
    HungUp,
    /// It has hung up, and said why.
    Dismissed(String),
    /// It breaks the rules, or says that we do.
    Broken(String),
    /// The name that our user gave on the command line is no good there.
    Refused(String),
    /// The system's own words.
    System(String),
}

impl Event {
    /// The line, or lines, with their line ends; in colour, where there is any.
    pub fn lines(&self, colour: bool) -> String {
        let text = self.to_string();
        let paint = match self {
            Self::Echo(_) | Self::EchoTo { .. } => GRAY,
            Self::System(_) => YELLOW,
            _ => return text,
        };
        match text.strip_suffix('\n') {
            Some(line) if colour => format!("{paint}{line}{PLAIN}\n"),
            _ => text,
        }
    }
}

const GRAY: &str = "\x1b[90m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => writeln!(f, "=== Cap'n Web Chat Client ==="),
            Self::WhoAreYou => write!(f, "\nEnter your username: "),
            Self::NobodyCame => writeln!(f),
            Self::Connecting(name) => {
                write!(f, "\nConnecting to chat server as '{name}'...\n\n")
            }
            Self::Welcome(name, users) => write!(
                f,
                "Welcome to the chat, {name}!\nConnected users ({}): {}\n\n\
                 Type messages and press Enter to send.\n\
                 Type '/quit' to exit, '/users' to list users, '/help' for commands\n\n",
                users.len(),
                all(users)
            ),
            Self::Said { who, text } => writeln!(f, "[{}] {text}", one(who)),
            Self::Echo(text) => writeln!(f, "[You] {text}"),
            Self::Whispered { who, text } => writeln!(f, "[{}, privately] {text}", one(who)),
            Self::EchoTo { to, text } => writeln!(f, "[You, privately to {}] {text}", one(to)),
            Self::System(text) => writeln!(f, "*** {text} ***"),
            Self::Offered { who, name, size, number } => {
                write!(f, "[{}] shares {name} ({})", one(who), size_in_words(*size))?;
                match number {
                    Some(number) => writeln!(f, ": /save {number}"),
                    None => writeln!(f, ", which cannot be had any more"),
                }
            }
            Self::Users(users) => write!(f, "\nConnected users: {}\n\n", all(users)),
            Self::Rooms(rooms) => {
                let rooms = rooms.iter().map(|(room, users)| format!("{room} ({users})"));
                write!(f, "\nRooms: {}\n\n", rooms.collect::<Vec<_>>().join(", "))
            }
            Self::Entered(room, users) => write!(
                f,
                "\nYou are in {room} now\nConnected users ({}): {}\n\n",
                users.len(),
                all(users)
            ),
            Self::Help => write!(f, "{HELP}"),
            Self::Leaving => write!(f, "\nLeaving chat...\n"),
            Self::Unknown(word) => writeln!(
                f,
                "❌ Unknown command {word}: /help lists what there is, and a message that begins \
                 with / is typed with two of them"
            ),
            Self::Usage(usage) => writeln!(f, "❌ Type it like this: {usage}"),
            Self::TooLong(bytes) => writeln!(
                f,
                "❌ Not sent: a message has at most {MAX_MESSAGE} bytes, and this one has {bytes}. \
                 Send it in parts"
            ),
            Self::Refused(why) => writeln!(f, "❌ {why}"),
            Self::NoOffer(number) => writeln!(
                f,
                "❌ There is no file {number} to be saved: take the number of one that was \
                 shared lately"
            ),
            Self::NoAnswer(patience) => writeln!(
                f,
                "❌ The server has not answered for {} s: try again, or /quit",
                patience.as_secs()
            ),
            Self::Sharing { name, size } => {
                writeln!(f, "📤 Sharing {name} ({})", size_in_words(*size))
            }
            Self::Sent(name, percent) => writeln!(f, "📤 {name}: {percent} % sent"),
            Self::Fetched(name, percent) => writeln!(f, "📥 {name}: {percent} %"),
            Self::Saved { name, size, path } => {
                writeln!(f, "✅ Saved {name} ({}) as {path}", size_in_words(*size))
            }
            Self::CannotSend(name, why) => writeln!(f, "❌ Cannot send {name}: {why}"),
            Self::CannotSave(name, why) => writeln!(f, "❌ Cannot save {name}: {why}"),
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => write!(f, "there is no such file"),
            Self::NoFile => write!(f, "it is no plain file"),
            Self::TooBig(size) => {
                write!(
                    f,
                    "it has {}, and a file has at most {} MiB",
                    size_in_words(*size),
                    MAX_FILE >> 20
                )
            }
            Self::TooMany(files) => {
                write!(
                    f,
                    "you share {files} files already. Leave and come back to share others"
                )
            }
            Self::TooBusy(files) => {
                write!(f, "{files} files are being saved already. Wait for one of them")
            }
            Self::Again => write!(f, "that is being done already"),
            Self::NoFolder(folder) => write!(
                f,
                "there is no folder {folder}. Make one, or name another with --downloads"
            ),
            Self::Taken(files) => {
                write!(f, "{files} files of that name are there already. Move some away")
            }
            Self::Short(got, size) => {
                write!(
                    f,
                    "it ended after {}, and {} were promised",
                    size_in_words(*got),
                    size_in_words(*size)
                )
            }
            Self::Long(size) => {
                write!(f, "it is longer than the {} promised", size_in_words(*size))
            }
            Self::NoAnswer(patience) => {
                write!(f, "nothing came for {} s. Try again", patience.as_secs())
            }
            Self::Interrupted => write!(f, "the chat has ended before it was here"),
            Self::BadName(why) | Self::Refused(why) | Self::System(why) => write!(f, "{why}"),
        }
    }
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Self::Refused(why) = self {
            return write!(f, "❌ {why}");
        }
        write!(f, "Connection error: ")?;
        match self {
            Self::NoHost(place, why) => {
                write!(f, "there is no {} ({why}). Name another place with --url", place.host())
            }
            Self::NobodyThere(place) => write!(
                f,
                "nobody listens at {place}. Start chat-server, or name another place with --url"
            ),
            Self::NoAnswer(place, patience) => write!(
                f,
                "no answer from {place} for {} s. Is it the right place? Name another with --url",
                patience.as_secs()
            ),
            Self::NoChat(place, why) => {
                write!(f, "what listens at {place} is no chat server: {why}")
            }
            Self::Status(place, status) => write!(
                f,
                "what listens at {place} has no chat there for us (HTTP status {status}). Look \
                 at --url"
            ),
            Self::NoToken => {
                write!(f, "the server wants a token that is right. Give it with --token")
            }
            Self::NotLetIn(patience) => {
                write!(f, "the server has not let us in for {} s", patience.as_secs())
            }
            Self::HungUp => write!(f, "the server is gone. When it is back, start again"),
            Self::Dismissed(why) => write!(f, "the server has hung up: {why}"),
            Self::Broken(why) => write!(f, "the conversation broke off: {why}"),
            Self::Refused(why) | Self::System(why) => write!(f, "{why}"),
        }
    }
}

/// A name, as it may stand among our own words. A server can make up any: what is no name, and
/// `You`, which would pass for our user, stands in quotes.
fn one(name: &str) -> String {
    match Name::read(name) {
        Ok(read) if read.as_str() == name => name.to_owned(),
        _ => format!("{name:?}"),
    }
}

fn all(names: &[String]) -> String {
    names.iter().map(|name| one(name)).collect::<Vec<_>>().join(", ")
}

/// What can be typed.
const HELP: &str = "
Commands:
  /users  - List connected users
  /quit   - Leave the chat
  /help   - Show this help
  /msg NAME TEXT  - Tell one user only
  /join #ROOM     - Go to another room
  /rooms          - List the rooms
  /send FILE      - Offer a file to everybody in the room
  /save NUMBER    - Save a file that was offered
  //TEXT          - Say something that begins with /

";

#[cfg(test)]
mod tests {
    use super::*;

    fn text(event: &Event) -> String {
        event.lines(false)
    }

    #[test]
    fn lines_read_as_on_the_lab_sheet() {
        let alice = Name::read("Alice").unwrap();
        let both = vec!["Alice".to_owned(), "Bob".to_owned()];
        assert_eq!(
            text(&Event::Connecting(alice.clone())),
            "\nConnecting to chat server as 'Alice'...\n\n"
        );
        assert_eq!(
            text(&Event::Welcome(alice, both.clone())),
            "Welcome to the chat, Alice!\nConnected users (2): Alice, Bob\n\nType messages and \
             press Enter to send.\nType '/quit' to exit, '/users' to list users, '/help' for \
             commands\n\n"
        );
        assert_eq!(text(&Event::Users(both)), "\nConnected users: Alice, Bob\n\n");
        assert_eq!(text(&Event::Leaving), "\nLeaving chat...\n");
        let first = "\nCommands:\n  /users  - List connected users\n  /quit   - Leave the chat\n  \
                     /help   - Show this help\n";
        assert!(text(&Event::Help).starts_with(first));
    }

    #[test]
    fn our_own_lines_are_gray_and_those_of_the_chat_yellow() {
        let echo = Event::Echo("hi".into());
        assert_eq!(echo.lines(true), "\x1b[90m[You] hi\x1b[0m\n");
        let private = Event::EchoTo { to: "Bob".into(), text: "psst".into() };
        assert_eq!(private.lines(true), "\x1b[90m[You, privately to Bob] psst\x1b[0m\n");
        let system = Event::System("Bob joined the chat".into());
        assert_eq!(system.lines(true), "\x1b[33m*** Bob joined the chat ***\x1b[0m\n");
        for event in [echo, private, system] {
            assert!(!event.lines(false).contains('\x1b'));
        }
        let said = Event::Said { who: "Bob".into(), text: "hi".into() };
        assert_eq!(said.lines(true), "[Bob] hi\n");
    }

    #[test]
    fn nobody_passes_for_our_user_or_for_two() {
        let said = |who: &str| text(&Event::Said { who: who.into(), text: "hi".into() });
        assert_eq!(said("You"), "[\"You\"] hi\n");
        assert_eq!(said("Bob] hi [Eve"), "[\"Bob] hi [Eve\"] hi\n");
        assert_eq!(text(&Event::Users(vec!["A, B".into()])), "\nConnected users: \"A, B\"\n\n");
    }
}
