//! Events: what happened, and every line on the screen that tells of it. All wording is here, and
//! so is all colour.

use std::fmt;
use std::time::Duration;

use crate::client::server_url::ServerUrl;
use crate::interface::{Kind, MAX_FILE, MAX_MESSAGE, Note, OfferId, size_in_words};
use crate::name::Name;

/// Something happened that the user should read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
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
    /// The server tells us this; a file can be saved by the number of its offer.
    Told { note: Note<OfferId>, is_ours: bool },
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
    Sharing { name: String, size: u64 },
    /// Somebody has fetched this much of a file of our user's, in percent.
    Sent(String, u64),
    /// This much of a file is here, in percent.
    Fetched(String, u64),
    /// A file is saved.
    Saved { name: String, size: u64, path: String },
    /// A file could not be offered.
    CannotSend(String, Trouble),
    /// A file could not be saved.
    CannotSave(String, Trouble),
}

/// What is wrong with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
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
pub(crate) enum Gone {
    /// There is no machine of that name; the system's own words.
    NoHost(ServerUrl, String),
    /// Nobody listens there.
    NobodyThere(ServerUrl),
    /// Nobody picks up within this time.
    NoAnswer(ServerUrl, Duration),
    /// Somebody does, and speaks something else; this is what is wrong.
    NoChat(ServerUrl, String),
    /// It answers with this status of HTTP.
    Status(ServerUrl, u16),
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
    /// The line, or lines, in colour, where there is any. The screen ends the last line.
    pub(crate) fn lines(&self, colour: bool) -> String {
        let paint = match self {
            Self::Told { note: Note { kind: Kind::System, .. }, .. } => YELLOW,
            Self::Told { is_ours: true, .. } => GRAY,
            _ => return self.to_string(),
        };
        if colour { format!("{paint}{self}{PLAIN}") } else { self.to_string() }
    }
}

const GRAY: &str = "\x1b[90m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Started => write!(f, "=== Cap'n Web Chat Client ==="),
            Self::WhoAreYou => write!(f, "\nEnter your username: "),
            Self::NobodyCame => Ok(()),
            Self::Connecting(name) => {
                write!(f, "\nConnecting to chat server as '{name}'...\n")
            }
            Self::Welcome(name, users) => write!(
                f,
                "Welcome to the chat, {name}!\nConnected users ({}): {}\n\n\
                 Type messages and press Enter to send.\n\
                 Type '/quit' to exit, '/users' to list users, '/help' for commands\n",
                users.len(),
                all(users)
            ),
            Self::Told { note, is_ours } => told(note, *is_ours, f),
            Self::Users(users) => write!(f, "\nConnected users: {}\n", all(users)),
            Self::Rooms(rooms) => {
                let rooms = rooms.iter().map(|(room, users)| format!("{room} ({users})"));
                write!(f, "\nRooms: {}\n", rooms.collect::<Vec<_>>().join(", "))
            }
            Self::Entered(room, users) => write!(
                f,
                "\nYou are in {room} now\nConnected users ({}): {}\n",
                users.len(),
                all(users)
            ),
            Self::Help => write!(f, "{HELP}"),
            Self::Leaving => write!(f, "\nLeaving chat..."),
            Self::Unknown(word) => write!(
                f,
                "❌ Unknown command {word}: /help lists what there is, and a message that begins \
                 with / is typed with two of them"
            ),
            Self::Usage(usage) => write!(f, "❌ Type it like this: {usage}"),
            Self::TooLong(bytes) => write!(
                f,
                "❌ Not sent: a message has at most {MAX_MESSAGE} bytes, and this one has {bytes}. \
                 Send it in parts"
            ),
            Self::Refused(why) => write!(f, "❌ {why}"),
            Self::NoOffer(number) => write!(
                f,
                "❌ There is no file {number} to be saved: take the number of one that was \
                 shared lately"
            ),
            Self::NoAnswer(patience) => write!(
                f,
                "❌ The server has not answered for {} s: try again, or /quit",
                patience.as_secs()
            ),
            Self::Sharing { name, size } => {
                write!(f, "📤 Sharing {name} ({})", size_in_words(*size))
            }
            Self::Sent(name, percent) => write!(f, "📤 {name}: {percent} % sent"),
            Self::Fetched(name, percent) => write!(f, "📥 {name}: {percent} %"),
            Self::Saved { name, size, path } => {
                write!(f, "✅ Saved {name} ({}) as {path}", size_in_words(*size))
            }
            Self::CannotSend(name, why) => write!(f, "❌ Cannot send {name}: {why}"),
            Self::CannotSave(name, why) => write!(f, "❌ Cannot save {name}: {why}"),
        }
    }
}

fn told(note: &Note<OfferId>, is_ours: bool, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (who, text) = (one(&note.username), &note.text);
    match &note.kind {
        Kind::System => write!(f, "*** {text} ***"),
        Kind::Chat if is_ours => write!(f, "[You] {text}"),
        Kind::Chat => write!(f, "[{who}] {text}"),
        Kind::Private { to } if is_ours => write!(f, "[You, privately to {}] {text}", one(to)),
        Kind::Private { .. } => write!(f, "[{who}, privately] {text}"),
        Kind::File { name, size, content } => {
            write!(f, "[{who}] shares {name} ({})", size_in_words(*size))?;
            match content {
                Some(OfferId(number)) => write!(f, ": /save {number}"),
                None => write!(f, ", which cannot be had any more"),
            }
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

    /// As the screen shows it.
    fn text(event: &Event) -> String {
        event.lines(false) + "\n"
    }

    fn told(username: &str, kind: Kind<OfferId>, text: &str, is_ours: bool) -> Event {
        let note = Note { username: username.into(), text: text.into(), kind };
        Event::Told { note, is_ours }
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
        let echo = told("Alice", Kind::Chat, "hi", true);
        assert_eq!(echo.lines(true), "\x1b[90m[You] hi\x1b[0m");
        let private = told("Alice", Kind::Private { to: "Bob".into() }, "psst", true);
        assert_eq!(private.lines(true), "\x1b[90m[You, privately to Bob] psst\x1b[0m");
        let system = told("System", Kind::System, "Bob joined the chat", false);
        assert_eq!(system.lines(true), "\x1b[33m*** Bob joined the chat ***\x1b[0m");
        for event in [echo, private, system] {
            assert!(!event.lines(false).contains('\x1b'));
        }
        let said = told("Bob", Kind::Chat, "hi", false);
        assert_eq!(said.lines(true), "[Bob] hi");
    }

    #[test]
    fn nobody_passes_for_our_user_or_for_two() {
        let said = |who: &str| text(&told(who, Kind::Chat, "hi", false));
        assert_eq!(said("You"), "[\"You\"] hi\n");
        assert_eq!(said("Bob] hi [Eve"), "[\"Bob] hi [Eve\"] hi\n");
        assert_eq!(text(&Event::Users(vec!["A, B".into()])), "\nConnected users: \"A, B\"\n\n");
    }
}
