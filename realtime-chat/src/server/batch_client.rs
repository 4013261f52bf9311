//! The client behind one HTTP request, a batch of calls. It asks the room like any other client,
//! but nobody can call it back, so it cannot join.

use std::time::{Duration, Instant};

use capnweb::http::Response;
use capnweb::{Code, RpcError, Value, batch_response, serve_by};
use crossbeam_channel::{RecvTimeoutError, Sender, bounded};

use crate::interface::{Exported, Request};
use crate::room::{ClientId, Heard, Order};
use crate::server::session::Report;

/// How long the calls of one request may take, all together. A later call is not run.
const BATCH_PATIENCE: Duration = Duration::from_secs(5);

/// How many orders may wait for a batch: it has one call under way at a time.
const OUTBOX: usize = 16;

/// Answers one batch.
pub(crate) fn serve(body: &[u8], me: ClientId, report: &Sender<Report>) -> Response {
    let (order, orders) = bounded(OUTBOX);
    let deadline = Instant::now() + BATCH_PATIENCE;
    // If it fails, the server is ending, and so does each call.
    let _ = report.send(Report::Arrived(me, order));
    let mut is_over = false; // The server is ending: the room is asked no more.
    let reply = serve_by(body, Exported::Chat, |id, target, path, args| {
        let request = match Request::read(target.clone(), path, args.as_deref())? {
            Some(Request::Join { .. }) => {
                let text = "join over a WebSocket: over one request nobody can call you back";
                return Err(RpcError::new(Code::BadRequest, text));
            }
            Some(request) => request,
            None => return Ok(Value::Undefined),
        };
        if Instant::now() >= deadline {
            return Err(RpcError::new(Code::TooMany, "the batch has taken too long already"));
        }
        let heard = Report::Heard(me, Heard::Called(id, request));
        is_over = is_over || report.send(heard).is_err();
        while !is_over {
            match orders.recv_deadline(deadline) {
                Ok(Order::Answer(answered, result)) if answered == id => {
                    return result.map(|reply| reply.write());
                }
                Ok(_) => {} // A capability of its goes back by itself, when the batch ends.
                Err(RecvTimeoutError::Timeout) => {
                    let text = "the chat has not answered in time";
                    return Err(RpcError::new(Code::Internal, text));
                }
                Err(RecvTimeoutError::Disconnected) => is_over = true,
            }
        }
        Err(RpcError::new(Code::Canceled, "the server is shutting down"))
    });
    let _ = report.send(Report::Heard(me, Heard::Gone));
    batch_response(reply)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use crossbeam_channel::unbounded;

    use super::*;

    /// A test that passes never waits this long.
    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn when_the_room_has_ended_it_is_asked_no_more_and_all_calls_are_canceled() {
        let me = ClientId(1);
        let (report, reports) = unbounded();
        let body = [
            r#"["push",["pipeline",0,["listUsers"],[]]]"#,
            r#"["push",["pipeline",0,["listRooms"],[]]]"#,
            r#"["pull",1]"#,
            r#"["pull",2]"#,
        ];
        let next = || reports.recv_timeout(LONG).unwrap();
        thread::scope(|scope| {
            let batch = scope.spawn(move || serve(body.join("\n").as_bytes(), me, &report));
            let Report::Arrived(_, outbox) = next() else { panic!("it has not arrived") };
            assert!(matches!(next(), Report::Heard(_, Heard::Called(_, Request::ListUsers))));
            drop(outbox);
            assert!(matches!(next(), Report::Heard(_, Heard::Gone)));
            let reply = batch.join().unwrap().body().to_vec();
            let reply = String::from_utf8(reply).unwrap();
            assert_eq!(reply.matches("the server is shutting down").count(), 2, "{reply}");
        });
    }
}
