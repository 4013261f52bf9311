//! A visitor: a client for one request, a batch of calls. It asks the room like any other client,
//! but nobody can call it back, so it cannot join.

use std::time::{Duration, Instant};

use capability_peers::http::Response;
use capability_peers::rpc::{self, AnswerId, Code, RpcError, Value};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender};

use crate::inbox::Inbox;
use crate::interface::{Call, Exported, Reply};
use crate::room::{ClientId, Heard, Order};
use crate::server::desk::Report;

/// How long the calls of one request may take, all together. What comes later is not run.
const BATCH_PATIENCE: Duration = Duration::from_secs(5);

/// How many orders may wait for a visitor: it has one call under way at a time.
const OUTBOX: usize = 16;

/// Answers one batch.
pub fn serve(body: &[u8], me: ClientId, report: &Sender<Report>) -> Response {
    let (Inbox { orders, .. }, _, order) = Inbox::new(OUTBOX);
    let visitor = Visitor { me, report, orders, deadline: Instant::now() + BATCH_PATIENCE };
    // If it fails, the server is ending, and so does each call.
    let _ = report.send(Report::Arrived(me, order));
    let reply =
        rpc::serve_by(body, Exported::Chat, |id, target, path, args| {
            match Call::read(*target, path, args.as_deref())? {
                Some(call) => visitor.ask(id, call).map(|reply| reply.value()),
                None => Ok(Value::Undefined),
            }
        });
    let _ = report.send(Report::Heard(me, Heard::Gone));
    match reply {
        Ok(reply) => Response::text(200, reply),
        Err(refused) => Response::text(500, refused.body),
    }
}

struct Visitor<'a> {
    me: ClientId,
    report: &'a Sender<Report>,
    orders: Receiver<Order>,
    deadline: Instant,
}

impl Visitor<'_> {
    fn ask(&self, id: AnswerId, call: Call) -> Result<Reply, RpcError> {
        if let Call::Join { .. } = call {
            let text = "join over a WebSocket: over one request nobody can call you back";
            return Err(RpcError::new(Code::BadRequest, text));
        }
        if Instant::now() >= self.deadline {
            return Err(RpcError::new(Code::TooMany, "the batch has taken too long already"));
        }
        let ended = || RpcError::new(Code::Canceled, "the server is shutting down");
        let heard = Report::Heard(self.me, Heard::Called(id, call));
        self.report.send(heard).map_err(|_| ended())?;
        loop {
            match self.orders.recv_deadline(self.deadline) {
                Ok(Order::Answer(answered, result)) if answered == id => return result,
                Ok(_) => {} // A capability of its goes back by itself, when the batch ends.
                Err(RecvTimeoutError::Timeout) => {
                    let text = "the room has not answered in time";
                    return Err(RpcError::new(Code::Internal, text));
                }
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
            }
        }
    }
}
