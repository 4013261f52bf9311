//! The goodbye: at the end everybody is told, even those who have only just come in.

use capnweb::listener::{self, Listener};
use crossbeam_channel::{Receiver, select};

use crate::room::Order;
use crate::server::desk::Report;
use capnweb::websocket::code;
use capnweb::websocket::inbox::Outbox;

/// What clients are told.
const WORDS: &str = "the server is shutting down";

/// Tells all who are here, accepts nobody any more, and waits until all are gone. The listener's
/// [`Patience`](listener::Patience) says how long that may take.
///
/// Somebody may have been let in, and not be known to the room yet: nobody can say for how long
/// that takes on a busy machine. So reports are taken in up to the end, but nothing is answered:
/// without an outbox, nobody waits for an answer.
pub fn say_to_all(
    here: impl IntoIterator<Item = Outbox<Order>>,
    reports: &Receiver<Report>,
    told: &Receiver<listener::Report>,
    listener: Listener,
) {
    here.into_iter().for_each(say_to);
    listener.stop();
    loop {
        select! {
            recv(reports) -> report => match report {
                Ok(report) => report.newcomer().into_iter().for_each(say_to),
                Err(_) => break, // There is nobody left who could report anything.
            },
            // The listener has the other end, and at its own it hangs up on whoever is left.
            recv(told) -> report => if report.is_err() { break },
        }
    }
    listener.join();
}

/// If there is no room for it, the client does not read, and is hung up on without it.
#[expect(clippy::needless_pass_by_value, reason = "it is the last that goes into the outbox")]
fn say_to(client: Outbox<Order>) {
    let _ = client.try_send(Order::Dismiss(code::GOING_AWAY, WORDS));
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::time::Duration;

    use capnweb::http::{Request, Response};
    use capnweb::listener::{Listener, PATIENCE, Patience};
    use crossbeam_channel::{bounded, unbounded};

    use super::*;
    use crate::room::ClientId;
    use capnweb::websocket::inbox::Inbox;

    /// A test that passes never waits this long.
    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn who_comes_in_at_the_end_is_told_like_all_others() {
        let [(first, _, here), (second, _, comes)] = [(); 2].map(|()| Inbox::new(1));
        let (report, reports) = unbounded();
        let (tell, told) = bounded(1);
        report.send(Report::Arrived(ClientId(1), comes)).unwrap();
        // The third has been let in, but nobody hears of it before the others have been told.
        let (is_in, let_in) = bounded(1);
        let answer = move |_: &Request| {
            is_in.send(()).unwrap();
            let goodbye = second.orders.recv_timeout(LONG).unwrap();
            let (third, _, comes_late) = Inbox::new(1);
            report.send(Report::Arrived(ClientId(2), comes_late)).unwrap();
            assert_eq!(third.orders.recv_timeout(LONG), Ok(goodbye.clone()));
            Response::text(200, format!("{goodbye:?}"))
        };
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let patience = Patience { stop: LONG, ..PATIENCE };
        let listener = Listener::start(socket, 1, patience, tell, answer).unwrap();
        let mut caller = TcpStream::connect(address).unwrap();
        caller.set_read_timeout(Some(LONG)).unwrap();
        write!(caller, "GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let_in.recv_timeout(LONG).unwrap();

        say_to_all([here], &reports, &told, listener);
        let goodbye = Order::Dismiss(1001, "the server is shutting down");
        let mut reply = String::new();
        caller.read_to_string(&mut reply).unwrap();
        assert!(reply.ends_with(&format!("{goodbye:?}")), "{reply}");
        assert_eq!(first.orders.try_recv(), Ok(goodbye));
    }
}
