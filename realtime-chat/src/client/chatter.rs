//! The chatter: the client's rules. What is typed, told and answered goes in, with the time; what
//! is to be shown and asked for comes out. It knows no socket, no thread, no file and no clock.
//!
//! | file | idea |
//! |---|---|
//! | `chatter.rs` | asking for a name, joining, talking, leaving |
//! | `chatter/files.rs` | what is shared and what is saved, part by part |

mod files;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use capability_peers::message::MAX_MESSAGE;
use capnweb::{AnswerId, RpcError};

use crate::client::answer::Answer;
use crate::client::command::Command;
use crate::client::desk::{AskId, OfferId, Report, Request};
use crate::client::event::{Event, Gone, Trouble};
use crate::client::keyboard::Line;
use crate::interface::{FileId, Kind, Note, repeated};
use crate::name::{FileName, Name};
use files::Files;
pub use files::SaveId;

/// How long the server may take for an answer.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take for a part of a file. It has to ask whoever shares it, and waits for that
/// one for [`READ_PATIENCE`](crate::room::files::READ_PATIENCE); we wait longer, to be told.
pub const FILE_PATIENCE: Duration = Duration::from_secs(15);

/// How long it may take to say goodbye.
pub const LEAVING: Duration = Duration::from_secs(1);

/// How many calls may wait for an answer. Then whoever types waits.
const MAX_ASKS: usize = 32;

/// How many lines wait for the welcome, below which they belong.
const MAX_HELD: usize = 64;

/// How many names we know, so that a private message to one with a space in it can be read.
const MAX_KNOWN: usize = 1024;

/// How much of an error that somebody else has worded is shown, in bytes.
const MAX_WHY: usize = 512;

/// Something has happened.
#[derive(Debug)]
pub enum Happened {
    /// The user has typed a line.
    Typed(Line),
    /// The user will not type any more, or wants to leave.
    Quit,
    /// The link says this.
    Reported(Report),
    /// A file that was to be shared is open, and is called this, and has so many bytes; or not.
    Opened(String, Result<(FileId, FileName, u64), Trouble>),
    /// A file is saved, as this.
    Saved(SaveId, String),
    /// A file could not be saved.
    NotSaved(SaveId, Trouble),
}

/// What is to be done, in this order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Tell the user.
    Show(Event),
    /// Dial the server.
    Dial,
    /// Hang up, in order.
    HangUp,
    /// Ask the server.
    Ask(AskId, Request),
    /// Open this file, to share it.
    Open(PathBuf),
    /// Close a file that is not shared after all.
    Close(FileId),
    /// Give a part of a file of ours to whoever has asked, from this byte on.
    Bring(AnswerId, FileId, u64),
    /// Write these bytes at the end of a file that is called like this, or nearly.
    Append(SaveId, FileName, Vec<u8>),
    /// That was all of it.
    Finish(SaveId, FileName),
    /// Remove what there is of it.
    Discard(SaveId),
    /// The program ends.
    End(Result<(), Gone>),
}

/// How far we are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// The user is asked for a name.
    Asking,
    /// The server is dialed.
    Connecting,
    /// The server is asked to let the user in.
    Joining,
    /// The user is in.
    Chatting,
    /// The user leaves.
    Leaving,
    /// It is over.
    Ended,
}

/// What an answer is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Join,
    Leave,
    /// Nothing is shown but an error.
    Say,
    Users,
    Rooms,
    Enter,
    Share(FileId),
    Read(SaveId),
}

/// The state of the client.
#[derive(Debug)]
pub struct Chatter {
    stage: Stage,
    me: Option<Name>,
    /// Whether the user is asked for a name, and so can be asked again.
    asks_for_name: bool,
    /// What waits for an answer, and until when.
    asks: BTreeMap<AskId, (Purpose, Instant)>,
    asked: u64,
    /// Names with which a private message can begin.
    known: BTreeSet<String>,
    /// What was told before the welcome.
    held: Vec<Event>,
    files: Files,
}

impl Chatter {
    /// The client of a user who is called this, or will be asked.
    pub fn new(me: Option<Name>) -> Self {
        Self {
            stage: if me.is_some() { Stage::Connecting } else { Stage::Asking },
            asks_for_name: me.is_none(),
            me,
            asks: BTreeMap::new(),
            asked: 0,
            known: BTreeSet::new(),
            held: Vec::new(),
            files: Files::default(),
        }
    }

    /// What is to be done first.
    #[must_use]
    pub fn begin(&self) -> Vec<Action> {
        let mut actions = vec![Action::Show(Event::Started)];
        match &self.me {
            Some(me) => {
                actions.extend([Action::Show(Event::Connecting(me.clone())), Action::Dial]);
            }
            None => actions.push(Action::Show(Event::WhoAreYou)),
        }
        actions
    }

    /// Whether a line can be taken. If not, whoever types waits.
    pub fn takes_lines(&self) -> bool {
        match self.stage {
            Stage::Asking => true,
            Stage::Chatting => self.asks.len() < MAX_ASKS,
            _ => false,
        }
    }

    /// Takes in what has happened.
    #[must_use]
    pub fn on(&mut self, happened: Happened, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        match happened {
            _ if self.stage == Stage::Ended => {}
            Happened::Typed(line) => self.take_line(line, now, &mut actions),
            Happened::Quit => self.quit(now, &mut actions),
            Happened::Reported(report) => self.take_report(report, now, &mut actions),
            Happened::Opened(path, opened) => match opened {
                Ok((file, name, size)) => {
                    let me = self.who();
                    self.files.share(file, name.clone(), size);
                    let request = Request::ShareFile(me, name, size, file);
                    self.ask(request, Purpose::Share(file), now, &mut actions);
                }
                Err(why) => actions.push(Action::Show(Event::CannotSend(path, why))),
            },
            Happened::Saved(save, path) => actions.extend(self.files.saved(save, path)),
            Happened::NotSaved(save, why) => actions.extend(self.files.fail(save, why)),
        }
        actions
    }

    /// When [`Chatter::pass`] has something to do.
    pub fn next_due(&self) -> Option<Instant> {
        self.asks.values().map(|(_, until)| *until).min()
    }

    /// What is to be done because time has passed.
    #[must_use]
    pub fn pass(&mut self, now: Instant) -> Vec<Action> {
        let mut actions = Vec::new();
        let late = self.asks.extract_if(.., |_, (_, until)| *until <= now);
        for (_, (purpose, _)) in late.collect::<Vec<_>>() {
            match purpose {
                Purpose::Join => self.end(Err(Gone::NotLetIn(PATIENCE)), &mut actions),
                Purpose::Leave => self.end(Ok(()), &mut actions),
                Purpose::Read(save) => {
                    actions.extend(self.files.fail(save, Trouble::NoAnswer(FILE_PATIENCE)));
                }
                _ => actions.push(Action::Show(Event::NoAnswer(PATIENCE))),
            }
        }
        actions
    }

    fn take_line(&mut self, line: Line, now: Instant, actions: &mut Vec<Action>) {
        match (self.stage, line) {
            (Stage::Asking, Line::Text(text)) if text.trim() == "/quit" => {
                self.quit(now, actions);
            }
            (Stage::Asking, Line::Text(text)) => match Name::read(&text) {
                Ok(name) => {
                    self.me = Some(name.clone());
                    self.stage = Stage::Connecting;
                    actions.extend([Action::Show(Event::Connecting(name)), Action::Dial]);
                }
                Err(why) => self.ask_again(why, actions),
            },
            (Stage::Asking, Line::TooLong(_)) => {
                self.ask_again("that is no name".into(), actions);
            }
            (_, Line::Text(text)) => {
                let command = Command::read(&text, self.known.iter().map(String::as_str));
                self.obey(command, now, actions);
            }
            (_, Line::TooLong(bytes)) => actions.push(Action::Show(Event::TooLong(bytes))),
        }
    }

    fn ask_again(&mut self, why: String, actions: &mut Vec<Action>) {
        self.stage = Stage::Asking;
        actions.extend([Action::Show(Event::Refused(why)), Action::Show(Event::WhoAreYou)]);
    }

    fn obey(&mut self, command: Command, now: Instant, actions: &mut Vec<Action>) {
        let me = self.who();
        match command {
            Command::Nothing => {}
            Command::Say(text) => {
                self.ask(Request::SendMessage(me, text), Purpose::Say, now, actions);
            }
            Command::Tell { to, text } => {
                self.ask(Request::SendPrivate(me, to, text), Purpose::Say, now, actions);
            }
            Command::Users => self.ask(Request::ListUsers, Purpose::Users, now, actions),
            Command::Rooms => self.ask(Request::ListRooms, Purpose::Rooms, now, actions),
            Command::Enter(room) => {
                self.ask(Request::EnterRoom(me, room), Purpose::Enter, now, actions);
            }
            Command::Send(path) => actions.push(Action::Open(path.into())),
            Command::Save(number) => match self.files.save(number) {
                Ok((save, offer)) => {
                    self.ask(Request::Read(offer, 0), Purpose::Read(save), now, actions);
                }
                Err(event) => actions.push(Action::Show(event)),
            },
            Command::Quit => self.quit(now, actions),
            Command::Help => actions.push(Action::Show(Event::Help)),
            Command::Unknown(word) => actions.push(Action::Show(Event::Unknown(word))),
            Command::Usage(usage) => actions.push(Action::Show(Event::Usage(usage))),
            Command::NoRoom(why) => actions.push(Action::Show(Event::Refused(why))),
            Command::TooLong(bytes) => actions.push(Action::Show(Event::TooLong(bytes))),
        }
    }

    fn quit(&mut self, now: Instant, actions: &mut Vec<Action>) {
        match self.stage {
            Stage::Asking => {
                actions.push(Action::Show(Event::NobodyCame));
                self.end(Ok(()), actions);
            }
            Stage::Connecting | Stage::Joining => self.end(Ok(()), actions),
            Stage::Chatting => {
                actions.extend(self.files.give_up());
                actions.push(Action::Show(Event::Leaving));
                self.stage = Stage::Leaving;
                self.ask(Request::Leave(self.who()), Purpose::Leave, now, actions);
            }
            Stage::Leaving | Stage::Ended => {}
        }
    }

    fn take_report(&mut self, report: Report, now: Instant, actions: &mut Vec<Action>) {
        match report {
            Report::Connected if self.stage == Stage::Connecting => {
                self.stage = Stage::Joining;
                self.ask(Request::Join(self.who()), Purpose::Join, now, actions);
            }
            Report::Dialed(_) | Report::Connected => {}
            Report::Told(note) => self.take_note(note, actions),
            Report::Answered(ask, answer) => {
                if let Some((purpose, _)) = self.asks.remove(&ask) {
                    self.take_answer(purpose, answer, now, actions);
                }
            }
            Report::Wanted(answer, file, offset) => {
                actions.extend(self.files.wanted(file, offset).map(Action::Show));
                actions.push(Action::Bring(answer, file, offset));
            }
            Report::Ended(_) if self.stage == Stage::Asking => {}
            Report::Ended(_) if self.stage == Stage::Leaving => self.end(Ok(()), actions),
            Report::Ended(gone) => self.end(Err(gone), actions),
        }
    }

    fn take_note(
        &mut self,
        Note { username, text, kind }: Note<OfferId>,
        actions: &mut Vec<Action>,
    ) {
        let is_me = self.me.as_ref().is_some_and(|me| me.as_str() == username);
        let event = match kind {
            Kind::System => {
                if let Some(name) = text.strip_suffix(" joined the chat") {
                    self.know([name.to_owned()]);
                }
                Event::System(text)
            }
            Kind::Chat if is_me => Event::Echo(text),
            Kind::Chat => Event::Said { who: username.clone(), text },
            Kind::Private { to } if is_me => Event::EchoTo { to, text },
            Kind::Private { .. } => Event::Whispered { who: username.clone(), text },
            Kind::File { .. } if is_me => return, // See `Event::Sharing`.
            Kind::File { name, size, content } => {
                let number = content.map(|offer| self.files.offer(offer, name.clone(), size));
                Event::Offered { who: username.clone(), name, size, number }
            }
        };
        if !matches!(event, Event::System(_)) {
            self.know([username]);
        }
        if self.stage == Stage::Joining && self.held.len() < MAX_HELD {
            self.held.push(event);
        } else {
            actions.push(Action::Show(event));
        }
    }

    fn know(&mut self, names: impl IntoIterator<Item = String>) {
        for name in names.into_iter().filter(|name| name.len() <= MAX_MESSAGE) {
            if self.known.len() >= MAX_KNOWN {
                self.known.pop_first(); // Any: all that is lost is a space in a name.
            }
            self.known.insert(name);
        }
    }

    fn take_answer(
        &mut self,
        purpose: Purpose,
        answer: Result<Answer, RpcError>,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let answer = answer.map_err(|error| repeated(&error.message, MAX_WHY));
        match (purpose, answer) {
            (Purpose::Leave, _) => {
                actions.push(Action::HangUp);
                self.end(Ok(()), actions);
            }
            (Purpose::Join, Ok(Answer::Room(users, _))) => {
                self.stage = Stage::Chatting;
                self.know(users.clone());
                actions.push(Action::Show(Event::Welcome(self.who(), users)));
                actions.extend(self.held.drain(..).map(Action::Show));
            }
            (Purpose::Join, Err(why)) if self.asks_for_name => {
                self.held.clear();
                actions.push(Action::HangUp);
                self.ask_again(why, actions);
            }
            (Purpose::Join, Err(why)) => {
                actions.push(Action::HangUp);
                self.end(Err(Gone::Refused(why)), actions);
            }
            (Purpose::Users, Ok(Answer::Users(users))) => {
                self.know(users.clone());
                actions.push(Action::Show(Event::Users(users)));
            }
            (Purpose::Rooms, Ok(Answer::Rooms(rooms))) => {
                actions.push(Action::Show(Event::Rooms(rooms)));
            }
            (Purpose::Enter, Ok(Answer::Room(users, room))) => {
                self.know(users.clone());
                let room = room.unwrap_or_else(|| "another room".into());
                actions.push(Action::Show(Event::Entered(room, users)));
            }
            (Purpose::Share(file), Ok(_)) => {
                actions.extend(self.files.shared(file).map(Action::Show));
            }
            (Purpose::Share(file), Err(why)) => {
                actions.push(Action::Close(file));
                if let Some(name) = self.files.not_shared(file) {
                    let why = Trouble::Refused(why);
                    actions.push(Action::Show(Event::CannotSend(name.to_string(), why)));
                }
            }
            (Purpose::Read(save), Ok(Answer::Bytes(bytes))) => {
                let (next, more) = self.files.take_part(save, bytes);
                actions.extend(more);
                if let Some((offer, offset)) = next {
                    self.ask(Request::Read(offer, offset), Purpose::Read(save), now, actions);
                }
            }
            (Purpose::Read(save), Err(why)) => {
                actions.extend(self.files.fail(save, Trouble::Refused(why)));
            }
            (_, Err(why)) => actions.push(Action::Show(Event::Refused(why))),
            (_, Ok(_)) => {}
        }
    }

    fn ask(
        &mut self,
        request: Request,
        purpose: Purpose,
        now: Instant,
        actions: &mut Vec<Action>,
    ) {
        let patience = match purpose {
            Purpose::Leave => LEAVING,
            Purpose::Read(_) => FILE_PATIENCE,
            _ => PATIENCE,
        };
        self.asked += 1;
        let ask = AskId(self.asked);
        self.asks.insert(ask, (purpose, now + patience));
        actions.push(Action::Ask(ask, request));
    }

    fn end(&mut self, how: Result<(), Gone>, actions: &mut Vec<Action>) {
        self.stage = Stage::Ended;
        self.asks.clear();
        actions.extend(self.files.give_up());
        actions.extend(self.held.drain(..).map(Action::Show));
        actions.push(Action::End(how));
    }

    /// Who our user is. Without a name nothing is asked.
    fn who(&self) -> Name {
        self.me.clone().expect("the server is dialed only with a name")
    }
}

#[cfg(test)]
mod tests;
