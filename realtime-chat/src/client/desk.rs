//! The desk: the session with the server. What our rules ask for becomes calls; what the server
//! calls on us becomes reports.
//!
//! We show the server two kinds of objects: one that it tells notes, given to `join`, and one for
//! each file that we share. It shows us the chat, and files of others: these we may ask for bytes
//! for as long as we hold them, and we hold only so many.

use std::collections::{BTreeMap, VecDeque};
use std::net::TcpStream;
use std::sync::Arc;

use capability_peers::message::clean;
use capnweb::{
    AnswerId, CallId, Cap, Code, Key, Output, RpcError, Session, Stub, Value, dotted,
};
use crossbeam_channel::Sender;

use crate::client::answer::{Answer, Expected, stubs};
use crate::client::event::Gone;
use crate::interface::{FileId, Kind, Note, number, whole};
use crate::name::{FileName, Name, RoomName};
use capnweb::websocket::code;
use capnweb::websocket::writer::{Desk, Out};

/// How many files of others can be asked for. With a further one, the oldest is given back.
pub const MAX_OFFERS: usize = 32;

/// How many parts of our files may be asked for at once. Then the server has to wait.
const MAX_READS: usize = 8;

/// The number of a call of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct AskId(pub u64);

/// The number of a file of somebody else, while we hold it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct OfferId(pub u64);

/// What the server can be asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// To be called this, and to be told what goes on.
    Join(Name),
    /// To tell everybody in the room.
    SendMessage(Name, String),
    /// To tell one user.
    SendPrivate(Name, String, String),
    /// To leave.
    Leave(Name),
    /// Who is in the room.
    ListUsers,
    /// To go to another room.
    EnterRoom(Name, RoomName),
    /// Which rooms there are.
    ListRooms,
    /// To offer a file, of this name and size, to everybody in the room.
    ShareFile(Name, FileName, u64, FileId),
    /// A part of a file of somebody else, from this byte on.
    Read(OfferId, u64),
}

/// What the session is to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Order {
    /// Ask for this.
    Ask(AskId, Request),
    /// A part of a file of ours, as base64, for whoever has asked.
    Bring(AnswerId, Result<String, RpcError>),
    /// Say goodbye.
    HangUp,
}

/// What the owner is told of the link.
#[derive(Clone, Debug)]
pub enum Report {
    /// It may stand soon. This is where it can be cut.
    Dialed(Arc<TcpStream>),
    /// It stands.
    Connected,
    /// The server tells us this.
    Told(Note<OfferId>),
    /// A call of ours has come to this.
    Answered(AskId, Result<Answer, RpcError>),
    /// Somebody wants to have a part of this file of ours, from this byte on.
    Wanted(AnswerId, FileId, u64),
    /// There is no link, or no longer.
    Ended(Gone),
}

/// What we show to the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shown {
    /// Our user, who can be told something.
    Client,
    /// A file of ours.
    File(FileId),
}

/// The desk of the server's session.
pub struct ServersDesk {
    session: Session<Shown>,
    report: Sender<Report>,
    /// Our calls.
    asks: BTreeMap<CallId, (AskId, Expected)>,
    /// Files of others that we hold, the latest use last.
    offers: VecDeque<(OfferId, Stub)>,
    offered: u64,
    /// How many parts of our files are being read.
    reads: usize,
    /// Why the link ends, if we know.
    why: Option<Gone>,
}

impl ServersDesk {
    /// The desk of a link that stands now.
    pub fn new(report: Sender<Report>) -> Self {
        Self {
            session: Session::new(None),
            report,
            asks: BTreeMap::new(),
            offers: VecDeque::new(),
            offered: 0,
            reads: 0,
            why: None,
        }
    }

    /// Tells the owner. It fails when the owner has ended, and then our outbox is closed, too.
    fn tell(&self, report: Report) {
        let _ = self.report.send(report);
    }

    fn perform(&mut self, outputs: Vec<Output<Shown>>, out: &mut Out) {
        for output in outputs {
            match output {
                Output::Send(text) => out.say(text),
                Output::Run { id, target, path, args } => {
                    self.run(id, target, &path, args.as_deref(), out);
                }
                Output::Answered { call, result } => self.take_answer(call, result, out),
                Output::Ended(error) => {
                    let why = clean(error.message.as_bytes());
                    self.why.get_or_insert(Gone::Broken(why));
                    out.close(code::SESSION, error.message);
                }
            }
        }
    }

    fn take_answer(
        &mut self,
        call: CallId,
        result: Result<Value<Cap<Shown>>, RpcError>,
        out: &mut Out,
    ) {
        for stub in result.iter().flat_map(stubs) {
            let said = self.session.release(stub);
            self.perform(said, out);
        }
        if let Some((ask, expected)) = self.asks.remove(&call) {
            let answer = result.and_then(|value| Answer::read(expected, &value));
            self.tell(Report::Answered(ask, answer));
        }
    }

    /// The server calls something of ours, or without `args` reads a property.
    fn run(
        &mut self,
        id: AnswerId,
        target: Shown,
        path: &[Key],
        args: Option<&[Value<Cap<Shown>>]>,
        out: &mut Out,
    ) {
        let method = dotted(path);
        let first = args.map(|args| args.first().unwrap_or(&Value::Undefined));
        let result = match (target, method.as_str(), first) {
            (Shown::Client, "onMessage", Some(value)) => match Note::read(value) {
                Some(note) => {
                    let note = self.hold(note, out);
                    self.tell(Report::Told(note));
                    Ok(Value::Undefined)
                }
                None => Err(RpcError::type_error("onMessage: this is no note")),
            },
            // We have no properties; and who is typing, a terminal has no place to show.
            (_, _, None) | (Shown::Client, "onTyping", Some(_)) => Ok(Value::Undefined),
            (Shown::File(file), "read", Some(offset)) => match whole(offset) {
                Some(offset) => {
                    self.reads += 1;
                    return self.tell(Report::Wanted(id, file, offset));
                }
                None => Err(RpcError::type_error("read: offset must be a place in the file")),
            },
            _ => Err(RpcError::not_a_function(&method)),
        };
        let outputs = self.session.answer(id, result);
        self.perform(outputs, out);
    }

    /// Holds what a note offers, for as long as there is room for it.
    fn hold(&mut self, note: Note<Stub>, out: &mut Out) -> Note<OfferId> {
        let Note { username, text, kind } = note;
        let kind = match kind {
            Kind::Chat => Kind::Chat,
            Kind::System => Kind::System,
            Kind::Private { to } => Kind::Private { to },
            Kind::File { name, size, content } => {
                let content = content.filter(|stub| self.session.keep(*stub)).map(|stub| {
                    self.offered += 1;
                    let offer = OfferId(self.offered);
                    self.offers.push_back((offer, stub));
                    offer
                });
                if self.offers.len() > MAX_OFFERS
                    && let Some((_, stub)) = self.offers.pop_front()
                {
                    let said = self.session.release(stub);
                    self.perform(said, out);
                }
                Kind::File { name, size, content }
            }
        };
        Note { username, text, kind }
    }

    /// A file that is held. What is in use is held for longest.
    fn offer(&mut self, wanted: OfferId) -> Result<Stub, RpcError> {
        let place = self.offers.iter().position(|(offer, _)| *offer == wanted);
        let found = place.and_then(|place| self.offers.remove(place)).ok_or_else(|| {
            RpcError::new(Code::CapRevoked, "too many other files were shared since then")
        })?;
        self.offers.push_back(found);
        Ok(found.1)
    }

    fn ask(&mut self, ask: AskId, request: Request, out: &mut Out) -> Result<(), RpcError> {
        let text = |name: &Name| name.as_str().into();
        let (callee, method, args, expected) = match request {
            Request::Join(me) => {
                let client = Value::Cap(Cap::Target(Shown::Client));
                (Stub::MAIN, "join", vec![text(&me), client], Expected::Room)
            }
            Request::SendMessage(me, said) => {
                (Stub::MAIN, "sendMessage", vec![text(&me), said.into()], Expected::Any)
            }
            Request::SendPrivate(me, to, said) => {
                let args = vec![text(&me), to.into(), said.into()];
                (Stub::MAIN, "sendPrivate", args, Expected::Any)
            }
            Request::Leave(me) => (Stub::MAIN, "leave", vec![text(&me)], Expected::Any),
            Request::ListUsers => (Stub::MAIN, "listUsers", vec![], Expected::Users),
            Request::EnterRoom(me, room) => {
                let args = vec![text(&me), room.as_str().into()];
                (Stub::MAIN, "enterRoom", args, Expected::Room)
            }
            Request::ListRooms => (Stub::MAIN, "listRooms", vec![], Expected::Rooms),
            Request::ShareFile(me, name, size, file) => {
                let about =
                    Value::object([("name", name.as_str().into()), ("size", number(size))]);
                let file = Value::Cap(Cap::Target(Shown::File(file)));
                (Stub::MAIN, "shareFile", vec![text(&me), about, file], Expected::Any)
            }
            Request::Read(offer, offset) => {
                (self.offer(offer)?, "read", vec![number(offset)], Expected::Bytes)
            }
        };
        let (promise, said) = self.session.call(callee, method, args)?;
        self.asks.insert(promise.call, (ask, expected));
        self.perform(said, out);
        Ok(())
    }
}

impl Desk for ServersDesk {
    type Order = Order;

    fn on_text(&mut self, text: &str, out: &mut Out) {
        let outputs = self.session.receive(text);
        self.perform(outputs, out);
    }

    fn on_order(&mut self, order: Order, out: &mut Out) {
        match order {
            Order::Ask(ask, request) => {
                if let Err(error) = self.ask(ask, request, out) {
                    self.tell(Report::Answered(ask, Err(error)));
                }
            }
            Order::Bring(id, part) => {
                self.reads -= 1;
                let outputs = self.session.answer(id, part.map(Value::Bytes));
                self.perform(outputs, out);
            }
            Order::HangUp => out.close(code::NORMAL, ""),
        }
    }

    fn on_breach(&mut self, code: u16, why: &str, out: &mut Out) {
        self.why.get_or_insert_with(|| Gone::Broken(why.to_owned()));
        out.close(code, why);
        let outputs = self.session.abort(RpcError::new(Code::BadRequest, why));
        self.perform(outputs, out);
    }

    fn on_goodbye(&mut self, reason: &str) {
        if !reason.is_empty() {
            self.why.get_or_insert_with(|| Gone::Dismissed(clean(reason.as_bytes())));
        }
    }

    fn is_busy(&self) -> bool {
        self.reads >= MAX_READS
    }

    fn on_end(self) {
        let why = self.why.clone().unwrap_or(Gone::HungUp);
        self.tell(Report::Ended(why));
    }
}

#[cfg(test)]
mod tests;
