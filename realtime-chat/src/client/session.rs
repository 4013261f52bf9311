//! The session with the server. What our rules ask for becomes calls; what the server calls on us
//! becomes reports.
//!
//! We export two kinds of objects: one that is told notes, given to `join`, and one for each file
//! that we share. The server exports the chat, and files of other clients: these we may read for
//! as long as we hold them, and we hold only so many.

use std::collections::{BTreeMap, VecDeque};

use capnweb::websocket::{Call, End, Link, Outcome, SessionHandler, code};
use capnweb::{AnswerId, CallId, Cap, Code, RpcError, Stub, Value, dotted};
use crossbeam_channel::Sender;
use terminal::clean;

use crate::client::event::Gone;
use crate::interface::{FileId, Note, OfferId, Reply, Request, whole};

/// How many files of others can be read. With a further one, the oldest is given back.
pub(crate) const MAX_OFFERS: usize = 32;

/// How many parts of our files may be asked for at once. Then the server has to wait.
const MAX_READS: usize = 8;

/// The number of a call of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AskId(pub u64);

/// What we export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callback {
    /// Our user, who is told notes.
    Client,
    /// A file of ours.
    File(FileId),
}

/// What we ask for.
pub(crate) type Ask = Request<Callback, OfferId>;

/// What the session is to do.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    Ask(AskId, Ask),
    /// A part of a file of ours, as base64, for a call of the server.
    Answer(AnswerId, Result<String, RpcError>),
    HangUp,
}

/// What the owner is told of the link.
#[derive(Clone, Debug)]
pub(crate) enum Report {
    /// The server tells us this.
    Told(Note<OfferId>),
    /// A call of ours has come to this.
    Answered(AskId, Result<Reply, RpcError>),
    /// A part of this file of ours is wanted, from this byte on.
    Wanted(AnswerId, FileId, u64),
    /// There is no link, or no longer.
    Ended(Gone),
}

/// What we do in the session with the server.
pub(crate) struct ServerSession {
    report: Sender<Report>,
    /// Our calls.
    asks: BTreeMap<CallId, (AskId, Ask)>,
    /// Files of others that we hold, the one that was used last at the end.
    offers: VecDeque<(OfferId, Stub)>,
    offered: u64,
    /// How many parts of our files are being read.
    reads: usize,
}

impl ServerSession {
    pub(crate) fn new(report: Sender<Report>) -> Self {
        let (asks, offers) = (BTreeMap::new(), VecDeque::new());
        Self { report, asks, offers, offered: 0, reads: 0 }
    }

    /// Tells the owner. It fails when the owner has ended, and then our outbox is closed, too.
    fn tell(&self, report: Report) {
        let _ = self.report.send(report);
    }

    fn take_note(
        &mut self,
        value: &Value<Cap<Callback>>,
        link: &mut Link<Callback>,
    ) -> Outcome<Callback> {
        let note = Note::read(value, |stub| self.hold(stub, link));
        let note = note.ok_or_else(|| RpcError::type_error("onMessage: this is no note"))?;
        self.tell(Report::Told(note));
        Ok(Value::Undefined)
    }

    /// Holds a file that is offered, for as long as there is room for it.
    fn hold(&mut self, stub: Stub, link: &mut Link<Callback>) -> Option<OfferId> {
        if !link.keep(stub) {
            return None;
        }
        self.offered += 1;
        let offer = OfferId(self.offered);
        self.offers.push_back((offer, stub));
        if self.offers.len() > MAX_OFFERS
            && let Some((_, stub)) = self.offers.pop_front()
        {
            link.release(stub);
        }
        Some(offer)
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

    fn ask(&mut self, ask: &Ask, link: &mut Link<Callback>) -> Result<CallId, RpcError> {
        let callee = match ask {
            Request::ReadFile { file, .. } => self.offer(*file)?,
            _ => Stub::MAIN,
        };
        let (method, args) = ask.write();
        link.call(callee, method, args.unwrap_or_default())
    }
}

impl SessionHandler for ServerSession {
    type Target = Callback;
    type Order = Order;

    fn on_call(&mut self, call: Call<Callback>, link: &mut Link<Callback>) {
        let Call { id, target, path, args } = call;
        let method = dotted(&path);
        let first = args.as_ref().map(|args| args.first().unwrap_or(&Value::Undefined));
        let result = match (target, method.as_str(), first) {
            (Callback::Client, "onMessage", Some(value)) => self.take_note(value, link),
            // We have no properties; and a terminal does not show who is typing.
            (_, _, None) | (Callback::Client, "onTyping", Some(_)) => Ok(Value::Undefined),
            (Callback::File(file), "read", Some(offset)) => match whole(offset) {
                Some(offset) => {
                    self.reads += 1;
                    return self.tell(Report::Wanted(id, file, offset));
                }
                None => Err(RpcError::type_error("read: offset must be a place in the file")),
            },
            _ => Err(RpcError::not_a_function(&method)),
        };
        link.answer(id, result);
    }

    fn on_answer(
        &mut self,
        call: CallId,
        result: Outcome<Callback>,
        link: &mut Link<Callback>,
    ) {
        for stub in result.iter().flat_map(stubs) {
            link.release(stub);
        }
        if let Some((id, ask)) = self.asks.remove(&call) {
            let reply = result.and_then(|value| Reply::read(&ask, &value));
            self.tell(Report::Answered(id, reply));
        }
    }

    fn on_order(&mut self, order: Order, link: &mut Link<Callback>) {
        match order {
            Order::Ask(id, ask) => match self.ask(&ask, link) {
                Ok(call) => drop(self.asks.insert(call, (id, ask))),
                Err(error) => self.tell(Report::Answered(id, Err(error))),
            },
            Order::Answer(id, part) => {
                self.reads -= 1;
                link.answer(id, part.map(Value::Bytes));
            }
            Order::HangUp => link.close(code::NORMAL, ""),
        }
    }

    fn is_busy(&self) -> bool {
        self.reads >= MAX_READS
    }

    fn on_end(self, end: End) {
        let shown = |why: String| clean(why.as_bytes());
        self.tell(Report::Ended(match end {
            End::HungUp => Gone::HungUp,
            End::Closed(why) => Gone::Dismissed(shown(why)),
            End::Broken(why) => Gone::Broken(shown(why)),
        }));
    }
}

/// All stubs in a value. Nothing that we ask for has one in it, but a server may send some.
fn stubs<T>(value: &Value<Cap<T>>) -> Vec<Stub> {
    match value {
        Value::Array(items) => items.iter().flat_map(stubs).collect(),
        Value::Object(entries) => entries.iter().flat_map(|(_, value)| stubs(value)).collect(),
        Value::Cap(Cap::Stub(stub)) => vec![*stub],
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests;
