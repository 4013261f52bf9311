//! The session of one client, and what the room has to do with it. Calls of the client become
//! [`Heard`] for the room; [`Order`]s of the room become calls of the client.

use std::collections::BTreeMap;

use capnweb::websocket::{Call, End, Link, Outcome, SessionHandler};
use capnweb::{CallId, Code, RpcError, Session, Value};
use crossbeam_channel::Sender;

use crate::interface::{Exported, Notice, Request, bytes, number};
use crate::room::{ClientId, Heard, Order, ReadId};

/// The most calls of a client that may wait for the room. Then its next message has to wait.
const MAX_WAITING: usize = 16;

/// The most calls that may wait if one message starts several: calls on a result run when it is
/// there. So the work that all clients together give the room has a bound, and no client waits
/// long for its turn.
const MAX_AT_ONCE: usize = 64;

/// The most bytes of results that are kept for a client that does not release them. A whole history
/// fits: 50 notes, of 16 KiB at most once `:name:` has become an emoji.
const MAX_HELD: usize = 1024 * 1024;

/// A report to the owner of the room.
#[derive(Debug)]
pub(crate) enum Report {
    /// A client is connected, and this is where orders for it go.
    Arrived(ClientId, Sender<Order>),
    Heard(ClientId, Heard),
}

/// The server's side of one client's session.
#[derive(Debug)]
pub(crate) struct ClientSession {
    me: ClientId,
    report: Sender<Report>,
    /// How many of its calls wait for the room.
    waiting: usize,
    /// The reads that were passed on to it.
    reads: BTreeMap<CallId, ReadId>,
}

/// A session in which a client may call the chat.
pub(crate) fn session() -> Session<Exported> {
    Session::new(Some(Exported::Chat)).holding_at_most(MAX_HELD)
}

impl ClientSession {
    pub(crate) fn new(me: ClientId, report: Sender<Report>) -> Self {
        Self { me, report, waiting: 0, reads: BTreeMap::new() }
    }

    /// Tells the room. It fails when the room has ended, and then our outbox is closed, too.
    fn tell(&self, heard: Heard) {
        let _ = self.report.send(Report::Heard(self.me, heard));
    }
}

impl SessionHandler for ClientSession {
    type Target = Exported;
    type Order = Order;

    fn on_call(&mut self, call: Call<Exported>, link: &mut Link<Exported>) {
        let Call { id, target, path, args } = call;
        match Request::read(target, &path, args.as_deref()) {
            Ok(Some(_)) if self.waiting >= MAX_AT_ONCE => {
                let text = format!("more than {MAX_AT_ONCE} calls at once");
                link.answer(id, Err(RpcError::new(Code::TooMany, text)));
            }
            Ok(Some(request)) => {
                // Without this, the session gives it back with the answer. The room says when.
                if let Some(stub) = request.stub() {
                    let _ = link.keep(stub);
                }
                self.waiting += 1;
                self.tell(Heard::Called(id, request));
            }
            Ok(None) => link.answer(id, Ok(Value::Undefined)),
            Err(error) => link.answer(id, Err(error)),
        }
    }

    fn on_answer(&mut self, call: CallId, result: Outcome<Exported>, _: &mut Link<Exported>) {
        if let Some(read) = self.reads.remove(&call) {
            let refusal = || RpcError::type_error("read: a file must return bytes");
            let bytes = result.and_then(|value| bytes(value).ok_or_else(refusal));
            self.tell(Heard::Answered(read, bytes));
        }
    }

    fn on_order(&mut self, order: Order, link: &mut Link<Exported>) {
        match order {
            Order::Answer(id, result) => {
                self.waiting -= 1;
                link.answer(id, result.map(|reply| reply.write()));
            }
            Order::Notify(client, Notice { note, written }) => match written {
                Some(args) => link.tell_written(client, "onMessage", &args),
                None => link.tell(client, "onMessage", vec![note.write(true)]),
            },
            Order::Typing(client, username, is_typing) => {
                let user = ("username", username.to_string().into());
                let typing = Value::object([user, ("isTyping", is_typing.into())]);
                link.tell(client, "onTyping", vec![typing]);
            }
            Order::Read { read, file, offset } => {
                match link.call(file, "read", vec![number(offset)]) {
                    Ok(call) => drop(self.reads.insert(call, read)),
                    Err(error) => self.tell(Heard::Answered(read, Err(error))),
                }
            }
            Order::Release(stub) => link.release(stub),
            Order::Close(code, why) => link.close(code, why),
        }
    }

    fn is_busy(&self) -> bool {
        self.waiting >= MAX_WAITING
    }

    fn on_end(self, _: End) {
        self.tell(Heard::Gone);
    }
}

#[cfg(test)]
mod tests;
