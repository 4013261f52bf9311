//! Events: what happened, and every line on the screen that tells of it. All wording is here, and
//! so is all colour.

use std::fmt;

use terminal::LONGEST_TYPED;

use crate::interface::{Kind, MAX_FILE, MAX_MESSAGE, Note, Offer, Size};
use crate::name::Name;

/// The question for the user's name.
pub(crate) const PROMPT: &str = "\nEnter your username: ";

/// The prompt for lines, on a terminal.
pub(crate) const CHAT_PROMPT: &str = "> ";

const GRAY: &str = "\x1b[90m";
const YELLOW: &str = "\x1b[33m";
const PLAIN: &str = "\x1b[0m";

/// Something happened that the user should read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// The client is up.
    Started,
    /// The server is dialed.
    Connecting(Name),
    /// The user has joined, and these are there.
    Welcome(Name, Vec<String>),
    /// The server tells us this; a file can be saved by the number of its offer.
    Told { note: Note<Offer>, is_ours: bool },
    /// The users in the room.
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
    /// The server has not answered for so many seconds.
    NoAnswer(u64),
    /// Everybody in the room has been offered a file of our user's.
    Sharing(String, Size),
    /// This much of a file of our user's was fetched, in percent.
    Sent(String, u64),
    /// This much of a file is here, in percent.
    Fetched(String, u64),
    /// A file is saved.
    Saved { name: String, size: Size, path: String },
    /// A file could not be offered.
    CannotSend(String, Trouble),
    /// A file could not be saved.
    CannotSave(String, Trouble),
}

/// An error with a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// There is none of this name.
    Missing,
    /// It is a folder, or a device.
    NoFile,
    TooBig(Size),
    /// So many files are being saved already.
    TooBusy(usize),
    /// This very file is being saved already.
    Again,
    /// The folder for it is not there.
    NoFolder(String),
    /// So many files of that name are there already.
    Taken(usize),
    /// It has ended too soon: so many bytes of so many.
    Short(Size, Size),
    /// It has more bytes than this, which is what was promised.
    Long(Size),
    /// It did not come within so many seconds.
    NoAnswer(u64),
    /// Our user leaves, or the server is gone.
    Interrupted,
    /// For this reason, in words of the system or of the other side.
    Other(String),
}

/// Why there is no link to the server, or no longer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Gone {
    /// There is no machine at this address; the system's own words.
    NoHost(String, String),
    /// Nobody listens there.
    NobodyThere(String),
    /// Nobody accepts within this time.
    NoAnswer(String, u64),
    /// What listens there speaks something else; this is what is wrong.
    NoChat(String, String),
    /// It answers with this status of HTTP.
    Status(String, u16),
    /// It wants a token, or another one.
    NoToken,
    /// It does not say whether our user has joined, for this long.
    NotLetIn(u64),
    /// It has hung up without a word.
    HungUp,
    /// It has hung up, and said why.
    Closed(String),
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
            _ => return self.text(),
        };
        if colour { format!("{paint}{}{PLAIN}", self.text()) } else { self.text() }
    }

    fn text(&self) -> String {
        match self {
            Self::Started => "=== Cap'n Web Chat Client ===".into(),
            Self::Connecting(name) => format!("\nConnecting to chat server as '{name}'...\n"),
            Self::Welcome(name, users) => format!(
                "Welcome to the chat, {name}!\n{}\n\nType messages and press Enter to send.\n\
                 Type '/quit' to exit, '/users' to list users, '/help' for commands\n",
                connected(users)
            ),
            Self::Told { note, is_ours } => told(note, *is_ours),
            Self::Users(users) => format!("\nConnected users: {}\n", safe_names(users)),
            Self::Rooms(rooms) => {
                let rooms = rooms.iter().map(|(room, users)| format!("{room} ({users})"));
                format!("\nRooms: {}\n", rooms.collect::<Vec<_>>().join(", "))
            }
            Self::Entered(room, users) => {
                format!("\nYou are in {room} now\n{}\n", connected(users))
            }
            Self::Help => HELP.into(),
            Self::Leaving => "\nLeaving chat...".into(),
            Self::Unknown(word) => format!(
                "❌ Unknown command {word}: /help lists what there is, and a message that begins \
                 with / is typed with two of them"
            ),
            Self::Usage(usage) => format!("❌ Type it like this: {usage}"),
            // Only a terminal sets a lower limit than ours.
            Self::TooLong(..=MAX_MESSAGE) => format!(
                "❌ Not sent: a terminal cuts a line of more than {LONGEST_TYPED} bytes. Send it in \
                 parts"
            ),
            Self::TooLong(bytes) => format!(
                "❌ Not sent: a message has at most {MAX_MESSAGE} bytes, and this one has {bytes}. \
                 Send it in parts"
            ),
            Self::Refused(why) => format!("❌ {why}"),
            Self::NoOffer(number) => format!(
                "❌ There is no file {number} to be saved: take the number of one that was \
                 shared lately"
            ),
            Self::NoAnswer(seconds) => {
                format!("❌ The server has not answered for {seconds} s: try again, or /quit")
            }
            Self::Sharing(name, size) => format!("📤 Sharing {name} ({size})"),
            Self::Sent(name, percent) => format!("📤 {name}: {percent} % sent"),
            Self::Fetched(name, percent) => format!("📥 {name}: {percent} %"),
            Self::Saved { name, size, path } => format!("✅ Saved {name} ({size}) as {path}"),
            Self::CannotSend(name, why) => format!("❌ Cannot send {name}: {why}"),
            Self::CannotSave(name, why) => format!("❌ Cannot save {name}: {why}"),
        }
    }
}

fn told(note: &Note<Offer>, is_ours: bool) -> String {
    // Marked, so that no line of a message passes for somebody else's.
    let text = note.text.trim_end_matches('\n').replace('\n', "\n    | ");
    let who = safe_name(&note.username);
    match &note.kind {
        Kind::System => format!("*** {text} ***"),
        Kind::Chat if is_ours => format!("[You] {text}"),
        Kind::Chat => format!("[{who}] {text}"),
        Kind::Private { to } if is_ours => {
            format!("[You, privately to {}] {text}", safe_name(to))
        }
        Kind::Private { .. } => format!("[{who}, privately] {text}"),
        Kind::File { name, size, content: Some(Offer { number, .. }) } => {
            format!("[{who}] shares {name} ({}): /save {number}", Size(*size))
        }
        Kind::File { name, size, content: None } => {
            format!("[{who}] shares {name} ({}), which cannot be had any more", Size(*size))
        }
    }
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&match self {
            Self::Missing => "there is no such file".to_owned(),
            Self::NoFile => "it is no plain file".to_owned(),
            Self::TooBig(size) => {
                format!("it has {size}, and a file has at most {} MiB", MAX_FILE >> 20)
            }
            Self::TooBusy(files) => {
                format!("{files} files are being saved already. Wait for one of them")
            }
            Self::Again => "that is being done already".to_owned(),
            Self::NoFolder(folder) => format!(
                "there is no folder {folder}. Make one, or name another with --downloads"
            ),
            Self::Taken(files) => {
                format!("{files} files of that name are there already. Move some away")
            }
            Self::Short(got, size) => format!("it ended after {got}, and {size} were promised"),
            Self::Long(size) => format!("it is longer than the {size} promised"),
            Self::NoAnswer(seconds) => format!("nothing came for {seconds} s. Try again"),
            Self::Interrupted => "the chat has ended before it was here".to_owned(),
            Self::Other(why) => why.clone(),
        })
    }
}

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let why = match self {
            Self::Refused(why) => return write!(f, "❌ {why}"),
            Self::NoHost(host, why) => {
                format!("there is no {host} ({why}). Name another place with --url")
            }
            Self::NobodyThere(server) => format!(
                "nobody listens at {server}. Start chat-server, or name another place with --url"
            ),
            Self::NoAnswer(server, seconds) => format!(
                "no answer from {server} for {seconds} s. Is it the right place? Name another \
                 with --url"
            ),
            Self::NoChat(server, why) => {
                format!("there is no chat server at {server}: {why}")
            }
            Self::Status(server, status) => {
                let advice = match status {
                    421 => "Give its IP address with --url, or tell it its name with --origin",
                    503 => "It has no room for one more client: try again soon",
                    _ => "Look at --url",
                };
                format!("{server} has no chat there for us (HTTP status {status}). {advice}")
            }
            Self::NoToken => {
                "the server wants a token that is right. Give it with --token".into()
            }
            Self::NotLetIn(seconds) => format!("the server has not let us in for {seconds} s"),
            Self::HungUp => "the server is gone. When it is back, start again".into(),
            Self::Closed(why) => format!("the server has hung up: {why}"),
            Self::Broken(why) => format!("the conversation broke off: {why}"),
            Self::System(why) => why.clone(),
        };
        write!(f, "Connection error: {why}")
    }
}

fn connected(users: &[String]) -> String {
    format!("Connected users ({}): {}", users.len(), safe_names(users))
}

/// A name, as it may stand among our own words. A server can make up any: what is no name, and
/// `You`, which would pass for our user, stands in quotes.
fn safe_name(name: &str) -> String {
    match Name::read(name) {
        Ok(read) if read.to_string() == name => name.to_owned(),
        _ => format!("{name:?}"),
    }
}

fn safe_names(names: &[String]) -> String {
    names.iter().map(|name| safe_name(name)).collect::<Vec<_>>().join(", ")
}

/// The list of commands.
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

    fn told(username: &str, kind: Kind<Offer>, text: &str, is_ours: bool) -> Event {
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
    fn the_further_lines_of_a_message_pass_for_nobody_elses() {
        let forged = "one\n[Bob] two\n\n*** Bob left the chat ***\n";
        let rest = "one\n    | [Bob] two\n    | \n    | *** Bob left the chat ***\n";
        let private = Kind::Private { to: "Bob".into() };
        for (kind, is_ours, who) in [
            (Kind::Chat, false, "[Eve]"),
            (Kind::Chat, true, "[You]"),
            (private.clone(), false, "[Eve, privately]"),
            (private, true, "[You, privately to Bob]"),
        ] {
            assert_eq!(text(&told("Eve", kind, forged, is_ours)), format!("{who} {rest}"));
        }
    }

    #[test]
    fn nobody_passes_for_our_user_or_for_two() {
        let said = |who: &str| text(&told(who, Kind::Chat, "hi", false));
        assert_eq!(said("You"), "[\"You\"] hi\n");
        assert_eq!(said("Bob] hi [Eve"), "[\"Bob] hi [Eve\"] hi\n");
        assert_eq!(text(&Event::Users(vec!["A, B".into()])), "\nConnected users: \"A, B\"\n\n");
    }
}
