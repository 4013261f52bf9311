//! The client's rules. Typed lines, notes and answers go in, with the time; actions come out. They
//! know no socket, no thread, no file and no clock.

use std::collections::{BTreeMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use terminal::{Typed, appearance};

use crate::client::command::Command;
use crate::client::downloads::Step;
use crate::client::event::{CHAT_PROMPT, Event, Gone, PROMPT, Trouble};
use crate::client::session::{Ask, AskId, Callback, Order, Report};
use crate::client::shared_file::SharedFile;
use crate::interface::{
    Kind, MAX_MESSAGE, Note, Offer, Reply, Request, Result, Size, repeated,
};
use crate::name::Name;

/// How long the server may take for an answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// How long it may take for a part of a file. It has to ask the client that shares it, and waits
/// for [`READ_PATIENCE`](crate::room::files::READ_PATIENCE); we wait longer, to be told.
const FILE_PATIENCE: Duration = Duration::from_secs(15);

/// How long it may take to say goodbye.
const LEAVING: Duration = Duration::from_secs(1);

/// How many calls may wait for an answer. Then the keyboard has to wait.
const MAX_ASKS: usize = 32;

/// How many lines wait for the welcome, to be shown below it.
const MAX_HELD: usize = 64;

/// How many files of others can be saved. With a further one, the oldest is given back.
const MAX_OFFERS: usize = 32;

/// How many names we know, so that a private message to one with a space in it can be read.
const MAX_KNOWN: usize = 1024;

/// How many lines are shown at once that tell how much of our files was sent: all of them, if 25
/// others save a big file at the same time.
const MAX_PROGRESS: u32 = 100;

/// How long it takes until one more can be shown: a client may read a file again and again, which
/// costs it nothing.
const PROGRESS_AGAIN: Duration = Duration::from_secs(1);

/// How much of an error that the other side has worded is shown, in bytes.
const MAX_WHY: usize = 512;

#[derive(Debug)]
pub(crate) enum Happened {
    Typed(Typed),
    /// The user will not type any more, or wants to leave.
    Quit,
    Reported(Report),
    /// The file at this path, to be shared, is open, or cannot be opened.
    Opened(String, Result<Arc<SharedFile>, Trouble>),
    /// A file is being saved, and this is how far it is.
    Saving(Offer, Step),
}

/// One step of the output. The steps are carried out in their order.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Action {
    Show(Event),
    Dial,
    HangUp,
    /// Have the session do this.
    Order(Order),
    /// Open this file, to share it.
    Open(PathBuf),
    /// Begin to save a file, which is called this and has so many bytes.
    Save(Offer, String, u64),
    /// A part of it is here, as base64; or it did not come, and so it cannot be saved.
    TakePart(Offer, Result<String, Trouble>),
    /// No file can be saved any more.
    GiveUp,
    /// Hang up, and end the program.
    End(Result<(), Gone>),
}

/// How far we are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Stage {
    /// The user is asked for a name.
    #[default]
    Asking,
    Joining,
    Chatting,
    Leaving,
    Ended,
}

/// The state of the client.
#[derive(Debug, Default)]
pub(crate) struct ChatClient {
    stage: Stage,
    me: Option<Name>,
    /// Whether the user is asked for a name, and so can be asked again.
    asks_for_name: bool,
    /// The calls that wait for an answer, and until when.
    asks: BTreeMap<AskId, (Ask, Instant)>,
    asked: u64,
    /// The last files that we were offered: what each is called, and how many bytes it has.
    offers: VecDeque<(Offer, String, u64)>,
    /// Names with which a private message can begin, by their appearance.
    known: BTreeMap<String, String>,
    /// When [`MAX_PROGRESS`] lines can be shown at once again: all that a token bucket has to know.
    progress_full_at: Option<Instant>,
    /// The events that wait for the welcome.
    held: Vec<Event>,
    actions: VecDeque<Action>,
}

impl ChatClient {
    /// The client of a user who is called this, or will be asked.
    pub(crate) fn new(me: Option<Name>, now: Instant) -> Self {
        let mut client = Self { asks_for_name: me.is_none(), ..Self::default() };
        client.show(Event::Started);
        if let Some(me) = me {
            client.join(me, now);
        }
        client
    }

    /// The next action. Carrying it out may add others to the end.
    pub(crate) fn next_action(&mut self) -> Option<Action> {
        self.actions.pop_front()
    }

    /// Whether a line can be taken. If not, the keyboard has to wait.
    pub(crate) fn takes_lines(&self) -> bool {
        self.prompt().is_some() && self.asks.len() < MAX_ASKS
    }

    /// The prompt, if the user is asked something.
    pub(crate) fn prompt(&self) -> Option<&'static str> {
        match self.stage {
            Stage::Asking => Some(PROMPT),
            Stage::Chatting => Some(CHAT_PROMPT),
            _ => None,
        }
    }

    /// Takes in an event.
    pub(crate) fn on(&mut self, happened: Happened, now: Instant) {
        match happened {
            _ if self.stage == Stage::Ended => {}
            Happened::Typed(line) if self.stage == Stage::Asking => self.take_name(line, now),
            Happened::Typed(Typed::Line(text)) => self.take_line(&text, now),
            Happened::Typed(Typed::TooLong(bytes)) => self.show(Event::TooLong(bytes)),
            Happened::Quit => self.quit(now),
            Happened::Reported(report) => self.take_report(report, now),
            Happened::Opened(_, Ok(file)) => {
                let (username, name, size) = (self.who(), file.name.clone(), file.size);
                let file = Callback::File(file);
                self.ask(Request::ShareFile { username, name, size, file }, now);
            }
            Happened::Opened(path, Err(why)) => self.show(Event::CannotSend(path, why)),
            Happened::Saving(file, (next, told)) => {
                self.actions.extend(told.map(Action::Show));
                if let Some(offset) = next {
                    self.ask(Request::ReadFile { file, offset }, now);
                }
            }
        }
    }

    /// When [`ChatClient::pass`] has something to do.
    pub(crate) fn next_due(&self) -> Option<Instant> {
        self.asks.values().map(|(_, until)| *until).min()
    }

    /// Takes in that time has passed.
    pub(crate) fn pass(&mut self, now: Instant) {
        let late = self.asks.extract_if(.., |_, (_, until)| *until <= now);
        for (_, (ask, _)) in late.collect::<Vec<_>>() {
            match ask {
                Request::Join { .. } => self.end(Err(Gone::NotLetIn(PATIENCE.as_secs()))),
                Request::Leave { .. } => self.end(Ok(())),
                Request::ReadFile { file, .. } => {
                    let why = Trouble::NoAnswer(FILE_PATIENCE.as_secs());
                    self.actions.push_back(Action::TakePart(file, Err(why)));
                }
                _ => self.show(Event::NoAnswer(PATIENCE.as_secs())),
            }
        }
    }

    fn show(&mut self, event: Event) {
        self.actions.push_back(Action::Show(event));
    }

    fn take_name(&mut self, line: Typed, now: Instant) {
        let name = match line {
            Typed::Line(text) if text.trim() == "/quit" => return self.quit(now),
            Typed::Line(text) => Name::read(&text),
            Typed::TooLong(_) => Err("that is no name".into()),
        };
        match name {
            Ok(name) => self.join(name, now),
            Err(why) => self.show(Event::Refused(why)),
        }
    }

    /// The request waits in the outbox until the link stands.
    fn join(&mut self, me: Name, now: Instant) {
        self.me = Some(me.clone());
        self.offers.clear(); // They were those of another session.
        self.stage = Stage::Joining;
        self.show(Event::Connecting(me.clone()));
        self.actions.push_back(Action::Dial);
        self.ask(Request::Join { username: me, client: Callback::Client }, now);
    }

    fn take_line(&mut self, text: &str, now: Instant) {
        match Command::read(text, &self.who(), &self.known) {
            Command::Nothing => {}
            Command::Ask(ask) => self.ask(ask, now),
            Command::Send(path) => self.actions.push_back(Action::Open(path.into())),
            Command::Save(number) => {
                let found =
                    self.offers.iter().find(|(offer, ..)| offer.number == number).cloned();
                self.actions.push_back(match found {
                    Some((offer, name, size)) => Action::Save(offer, name, size),
                    None => Action::Show(Event::NoOffer(number)),
                });
            }
            Command::Quit => self.quit(now),
            Command::Show(event) => self.show(event),
        }
    }

    fn quit(&mut self, now: Instant) {
        match self.stage {
            Stage::Asking | Stage::Joining => self.end(Ok(())),
            Stage::Chatting => {
                self.actions.push_back(Action::GiveUp);
                self.show(Event::Leaving);
                self.stage = Stage::Leaving;
                self.ask(Request::Leave { username: self.who() }, now);
            }
            Stage::Leaving | Stage::Ended => {}
        }
    }

    fn take_report(&mut self, report: Report, now: Instant) {
        match report {
            Report::Told(note) => self.take_note(note),
            Report::Answered(id, reply) => {
                if let Some((ask, _)) = self.asks.remove(&id) {
                    self.take_reply(ask, reply);
                }
            }
            Report::Sent(name, percent) => {
                let full_at = self.progress_full_at.unwrap_or(now).max(now) + PROGRESS_AGAIN;
                if full_at <= now + MAX_PROGRESS * PROGRESS_AGAIN {
                    self.progress_full_at = Some(full_at);
                    self.show(Event::Sent(name, percent));
                }
            }
            Report::Ended(_) if self.stage == Stage::Asking => {}
            Report::Ended(_) if self.stage == Stage::Leaving => self.end(Ok(())),
            Report::Ended(gone) => self.end(Err(gone)),
        }
    }

    fn take_note(&mut self, note: Note<Offer>) {
        let is_ours = self.me.as_ref().is_some_and(|me| me.to_string() == note.username);
        self.know(match note.kind {
            Kind::System => {
                // As in `Mary Ann came from #rust`. A name has no `#`, so all of it stands before.
                let moved = note.text.rsplit_once(" came from #").map(|(name, _)| name);
                moved.or(note.text.strip_suffix(" joined the chat")).map(str::to_owned)
            }
            _ => Some(note.username.clone()),
        });
        if let Kind::File { name, size, content } = &note.kind {
            self.offers.extend(content.map(|offer| (offer, name.clone(), *size)));
            self.give_back();
            if is_ours {
                return; // See `Event::Sharing`.
            }
        }
        let event = Event::Told { note, is_ours };
        if self.stage == Stage::Joining && self.held.len() < MAX_HELD {
            self.held.push(event);
        } else {
            self.show(event);
        }
    }

    /// Gives the oldest offer back if there are too many, but none that is being saved.
    fn give_back(&mut self) {
        let is_saved = |offer: &Offer| {
            let mut asks = self.asks.values();
            asks.any(|(ask, _)| matches!(ask, Request::ReadFile { file, .. } if file == offer))
        };
        if self.offers.len() > MAX_OFFERS
            && let Some(oldest) = self.offers.iter().position(|(offer, ..)| !is_saved(offer))
            && let Some((offer, ..)) = self.offers.remove(oldest)
        {
            self.actions.push_back(Action::Order(Order::Release(offer.stub)));
        }
    }

    fn know(&mut self, names: impl IntoIterator<Item = String>) {
        for name in names.into_iter().filter(|name| name.len() <= MAX_MESSAGE) {
            if self.known.len() >= MAX_KNOWN {
                self.known.pop_first(); // Any: all that is lost is a space in a name.
            }
            self.known.insert(appearance(&name), name);
        }
    }

    fn take_reply(&mut self, ask: Ask, reply: Result<Reply>) {
        let reply = reply.map_err(|error| repeated(&error.message, MAX_WHY));
        if let Ok(Reply::Room { users, .. } | Reply::Users(users)) = &reply {
            self.know(users.clone());
        }
        match (ask, reply) {
            (Request::Leave { .. }, _) => self.end(Ok(())),
            (Request::Join { .. }, Ok(Reply::Room { users, .. })) => {
                self.stage = Stage::Chatting;
                self.show(Event::Welcome(self.who(), users));
                self.show_held();
            }
            (Request::Join { .. }, Err(why)) if self.asks_for_name => {
                self.held.clear();
                self.actions.extend([Action::GiveUp, Action::HangUp]);
                self.stage = Stage::Asking;
                self.show(Event::Refused(why));
            }
            (Request::Join { .. }, Err(why)) => self.end(Err(Gone::Refused(why))),
            (Request::ShareFile { name, size, .. }, Ok(_)) => {
                self.show(Event::Sharing(name.to_string(), Size(size)));
            }
            (Request::ShareFile { name, .. }, Err(why)) => {
                self.show(Event::CannotSend(name.to_string(), Trouble::Other(why)));
            }
            (Request::ReadFile { file, .. }, Ok(Reply::Bytes(base64))) => {
                self.actions.push_back(Action::TakePart(file, Ok(base64)));
            }
            (Request::ReadFile { file, .. }, Err(why)) => {
                self.actions.push_back(Action::TakePart(file, Err(Trouble::Other(why))));
            }
            (_, Ok(Reply::Users(users))) => self.show(Event::Users(users)),
            (_, Ok(Reply::Rooms(rooms))) => self.show(Event::Rooms(rooms)),
            (_, Ok(Reply::Room { users, room, .. })) => self.show(Event::Entered(room, users)),
            (_, Err(why)) => self.show(Event::Refused(why)),
            (_, Ok(_)) => {}
        }
    }

    fn ask(&mut self, ask: Ask, now: Instant) {
        let patience = match ask {
            Request::Leave { .. } => LEAVING,
            Request::ReadFile { .. } => FILE_PATIENCE,
            _ => PATIENCE,
        };
        self.asked += 1;
        let id = AskId(self.asked);
        self.asks.insert(id, (ask.clone(), now + patience));
        self.actions.push_back(Action::Order(Order::Ask(id, ask)));
    }

    fn end(&mut self, how: Result<(), Gone>) {
        self.stage = Stage::Ended;
        self.asks.clear();
        self.actions.push_back(Action::GiveUp);
        self.show_held();
        self.actions.push_back(Action::End(how));
    }

    fn show_held(&mut self) {
        self.actions.extend(self.held.drain(..).map(Action::Show));
    }

    /// The name of our user. Without one nothing is asked.
    fn who(&self) -> Name {
        self.me.clone().expect("the server is dialed only with a name")
    }
}

#[cfg(test)]
mod tests;
