//! The session with the server. Orders of our rules become calls; calls of the server become
//! reports.
//!
//! We export two kinds of objects: one that is told notes, given to `join`, and one for each file
//! that we share. The server exports the chat, and files of other clients: these we may read until
//! we give them back.

use std::collections::BTreeMap;
use std::sync::Arc;

use capnweb::websocket::{Call, End, Link, Outcome, SessionHandler, code};
use capnweb::{CallId, Cap, RpcError, Stub, Value, dotted};
use crossbeam_channel::Sender;
use terminal::clean;

use crate::client::event::Gone;
use crate::client::shared_file::SharedFile;
use crate::interface::{Note, Offer, Reply, Request, Result, whole};

/// The number of a call of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct AskId(pub u64);

/// An object that we export.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Callback {
    /// Our user, who is told notes.
    Client,
    /// A file of ours.
    File(Arc<SharedFile>),
}

/// An argument of a call of the server.
type Argument = Value<Cap<Callback>>;

/// A request of ours.
pub(crate) type Ask = Request<Callback, Offer>;

/// An order to the session.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Order {
    Ask(AskId, Ask),
    /// Give a file of another client back.
    Release(Stub),
    HangUp,
}

/// A report to the owner.
#[derive(Clone, Debug)]
pub(crate) enum Report {
    /// The server tells us this.
    Told(Note<Offer>),
    /// A call of ours has come to this.
    Answered(AskId, Result<Reply>),
    /// Another client has saved this much of a file of ours, in percent.
    Sent(String, u64),
    /// There is no link, or no longer.
    Ended(Gone),
}

/// Our side of the session with the server.
pub(crate) struct ServerSession {
    report: Sender<Report>,
    /// Our calls.
    asks: BTreeMap<CallId, (AskId, Ask)>,
    /// How many files we were offered.
    offered: u64,
}

impl ServerSession {
    pub(crate) fn new(report: Sender<Report>) -> Self {
        Self { report, asks: BTreeMap::new(), offered: 0 }
    }

    /// Tells the owner. It fails when the owner has ended, and then our outbox is closed, too.
    fn tell(&self, report: Report) {
        let _ = self.report.send(report);
    }

    fn take_note(&mut self, value: &Argument, link: &mut Link<Callback>) -> Outcome<Callback> {
        let note = Note::read(value, |stub| {
            self.offered += 1;
            link.keep(stub).then_some(Offer { number: self.offered, stub })
        });
        let note = note.ok_or_else(|| RpcError::type_error("onMessage: this is no note"))?;
        self.tell(Report::Told(note));
        Ok(Value::Undefined)
    }

    /// Reads a part of a file of ours.
    fn read(&self, file: &SharedFile, offset: &Argument) -> Outcome<Callback> {
        let offset = whole(offset)
            .ok_or_else(|| RpcError::type_error("read: offset must be a place in the file"))?;
        if let Some(percent) = file.progress(offset) {
            self.tell(Report::Sent(file.name.to_string(), percent));
        }
        file.read(offset).map(Value::Bytes)
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
            (Callback::File(file), "read", Some(offset)) => self.read(&file, offset),
            _ => Err(RpcError::not_a_function(&method)),
        };
        link.answer(id, result);
    }

    fn on_answer(&mut self, id: CallId, result: Outcome<Callback>, link: &mut Link<Callback>) {
        for stub in result.iter().flat_map(stubs) {
            link.release(stub);
        }
        if let Some((ask_id, ask)) = self.asks.remove(&id) {
            let reply = result.and_then(|value| Reply::read(&ask, value));
            self.tell(Report::Answered(ask_id, reply));
        }
    }

    fn on_order(&mut self, order: Order, link: &mut Link<Callback>) {
        match order {
            Order::Ask(id, ask) => {
                let callee = match &ask {
                    Request::ReadFile { file, .. } => file.stub,
                    _ => Stub::MAIN,
                };
                let (method, args) = ask.write();
                match link.call(callee, method, args.unwrap_or_default()) {
                    Ok(call) => drop(self.asks.insert(call, (id, ask))),
                    Err(error) => self.tell(Report::Answered(id, Err(error))),
                }
            }
            Order::Release(stub) => link.release(stub),
            Order::HangUp => link.close(code::NORMAL, ""),
        }
    }

    fn on_end(self, end: End) {
        let shown = |why: String| clean(why.as_bytes());
        self.tell(Report::Ended(match end {
            End::HungUp => Gone::HungUp,
            End::Closed(why) => Gone::Closed(shown(why)),
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
