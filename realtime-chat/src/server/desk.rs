//! The desk of one client: its session, and what the room has to do with it. Calls of the client
//! become [`Heard`] for the room; [`Order`]s of the room become calls of the client.

use std::collections::BTreeMap;

use capnweb::{AnswerId, CallId, Cap, Code, Output, RpcError, Session, Value};
use crossbeam_channel::Sender;

use crate::interface::{Call, Exported, Notice, number};
use crate::room::{AskId, ClientId, Heard, Order};
use capnweb::websocket::code;
use capnweb::websocket::inbox::Outbox;
use capnweb::websocket::writer::{Desk, Out};

/// The most calls of a client that may wait for the room. It has to wait with further ones.
const MAX_WAITING: usize = 16;

/// The most that may wait if one message sets off several, or one result for which they have
/// waited. So there is a bound to what all clients together have the room do, and it is never long
/// until somebody else's turn.
const MAX_AT_ONCE: usize = 64;

/// The most bytes of results that are kept for a client that does not release them.
const MAX_HELD: usize = 512 * 1024;

/// What the owner of the room is told.
#[derive(Debug)]
pub enum Report {
    /// A client is there, and this is where orders for it go.
    Arrived(ClientId, Outbox<Order>),
    /// A client does something.
    Heard(ClientId, Heard),
}

impl Report {
    /// The outbox of who has arrived, if it is about that.
    pub fn newcomer(self) -> Option<Outbox<Order>> {
        match self {
            Self::Arrived(_, outbox) => Some(outbox),
            Self::Heard(..) => None,
        }
    }
}

/// One client's desk.
#[derive(Debug)]
pub struct ClientsDesk {
    me: ClientId,
    session: Session<Exported>,
    report: Sender<Report>,
    /// How many of its calls wait for the room.
    waiting: usize,
    /// Our questions to it.
    asks: BTreeMap<CallId, AskId>,
}

impl ClientsDesk {
    /// The desk of a client that is there now.
    pub fn new(me: ClientId, report: Sender<Report>) -> Self {
        let session = Session::new(Some(Exported::Chat)).holding_at_most(MAX_HELD);
        Self { me, session, report, waiting: 0, asks: BTreeMap::new() }
    }

    /// Tells the room. It fails when the room has ended, and then our outbox is closed, too.
    fn tell(&self, heard: Heard) {
        let _ = self.report.send(Report::Heard(self.me, heard));
    }

    fn perform(&mut self, outputs: Vec<Output<Exported>>, out: &mut Out) {
        for output in outputs {
            match output {
                Output::Send(text) => out.say(text),
                Output::Run { id, target, path, args } => {
                    match Call::read(target, &path, args.as_deref()) {
                        Ok(Some(_)) if self.waiting >= MAX_AT_ONCE => {
                            let text = format!("more than {MAX_AT_ONCE} calls at once");
                            self.answer(id, Err(RpcError::new(Code::TooMany, text)), out);
                        }
                        Ok(Some(call)) => self.pass_on(id, call),
                        Ok(None) => self.answer(id, Ok(Value::Undefined), out),
                        Err(error) => self.answer(id, Err(error), out),
                    }
                }
                Output::Answered { call, result } => {
                    if let Some(ask) = self.asks.remove(&call) {
                        self.tell(Heard::Brought(ask, result.and_then(bytes)));
                    }
                }
                Output::Ended(error) => out.close(code::SESSION, error.message),
            }
        }
    }

    fn pass_on(&mut self, id: AnswerId, call: Call) {
        // Without this, the session would give it back with the answer. The room says when.
        if let Some(stub) = call.stub() {
            let _ = self.session.keep(stub);
        }
        self.waiting += 1;
        self.tell(Heard::Called(id, call));
    }

    fn answer(
        &mut self,
        id: AnswerId,
        result: Result<Value<Cap<Exported>>, RpcError>,
        out: &mut Out,
    ) {
        let outputs = self.session.answer(id, result);
        self.perform(outputs, out);
    }
}

impl Desk for ClientsDesk {
    type Order = Order;

    fn on_text(&mut self, text: &str, out: &mut Out) {
        let outputs = self.session.receive(text);
        self.perform(outputs, out);
    }

    fn on_order(&mut self, order: Order, out: &mut Out) {
        let said = match order {
            Order::Answer(id, result) => {
                self.waiting -= 1;
                return self.answer(id, result.map(|reply| reply.value()), out);
            }
            Order::Notify(client, Notice { written: Some(args), .. }) => {
                self.session.tell_written(client, "onMessage", &args)
            }
            Order::Notify(client, Notice { note, .. }) => {
                self.session.tell(client, "onMessage", vec![note.value(true)])
            }
            Order::Typing(client, username, is_typing) => {
                let typing = Value::object([
                    ("username", username.as_str().into()),
                    ("isTyping", is_typing.into()),
                ]);
                self.session.tell(client, "onTyping", vec![typing])
            }
            Order::Read { ask, file, offset } => {
                match self.session.call(file, "read", vec![number(offset)]) {
                    Ok((promise, said)) => {
                        self.asks.insert(promise.call, ask);
                        Ok(said)
                    }
                    Err(error) => return self.tell(Heard::Brought(ask, Err(error))),
                }
            }
            Order::Release(stub) => Ok(self.session.release(stub)),
            Order::Dismiss(code, why) => return out.close(code, why),
        };
        // What fails here does so because the session has ended, or because the client makes us
        // keep more than we are willing to; then it is told at the next message of its.
        match said {
            Ok(said) => self.perform(said, out),
            Err(error) => out.close(code::SESSION, error.message),
        }
    }

    fn on_breach(&mut self, code: u16, why: &str, out: &mut Out) {
        let outputs = self.session.abort(RpcError::new(Code::BadRequest, why));
        out.close(code, why);
        self.perform(outputs, out);
    }

    fn is_busy(&self) -> bool {
        self.waiting >= MAX_WAITING
    }

    fn on_end(self) {
        self.tell(Heard::Gone);
    }
}

/// The bytes of a file, as base64.
fn bytes(value: Value<Cap<Exported>>) -> Result<String, RpcError> {
    match value {
        Value::Bytes(base64) => Ok(base64),
        _ => Err(RpcError::type_error("read: a file must return bytes")),
    }
}

#[cfg(test)]
mod tests;
