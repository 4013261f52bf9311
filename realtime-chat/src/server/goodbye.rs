//! The goodbye: at the end all clients are told, even those that have only just connected.

use capnweb::listener::{self, Listener};
use capnweb::websocket::code;
use crossbeam_channel::{Receiver, Sender, at, select};

use crate::room::Order;
use crate::server::session::Report;

/// The reason that clients are told.
const REASON: &str = "the server is shutting down";

/// Tells all clients, stops the listener, and waits until all connections are closed. The listener's
/// [`Patience`](listener::Patience) says how long that may take.
///
/// A client may have been let in and not be known to the room yet: nobody can say for how long
/// that takes on a busy machine. So reports are taken in up to the end, but nothing is answered:
/// without an outbox, no call waits for an answer.
pub(crate) fn say_to_all(
    here: impl IntoIterator<Item = Sender<Order>>,
    reports: &Receiver<Report>,
    told: &Receiver<listener::Report>,
    listener: &Listener,
) {
    here.into_iter().for_each(|outbox| say_to(&outbox));
    let too_late = at(listener.stop());
    loop {
        select! {
            recv(reports) -> report => match report {
                Ok(Report::Arrived(_, outbox)) => say_to(&outbox),
                Ok(Report::Heard(..)) => {}
                Err(_) => break, // There is nobody left who could report anything.
            },
            // The listener drops its sender last, after it has hung up on all who are left.
            recv(told) -> report => if report.is_err() { break },
            recv(too_late) -> _ => break,
        }
    }
}

/// If there is no room for it, the client does not read, and is hung up on without it.
fn say_to(outbox: &Sender<Order>) {
    let _ = outbox.try_send(Order::Close(code::GOING_AWAY, REASON));
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

    /// A test that passes never waits this long.
    const LONG: Duration = Duration::from_secs(10);

    #[test]
    fn who_comes_in_at_the_end_is_told_like_all_others() {
        let [(here, first), (comes, second)] = [(); 2].map(|()| bounded(1));
        let (report, reports) = unbounded();
        let (tell, told) = bounded(1);
        report.send(Report::Arrived(ClientId(1), comes)).unwrap();
        // The third has been let in, but nobody hears of it before the others have been told.
        let (is_in, let_in) = bounded(1);
        let answer = move |_: &Request| {
            is_in.send(()).unwrap();
            let goodbye = second.recv_timeout(LONG).unwrap();
            let (comes_late, third) = bounded(1);
            report.send(Report::Arrived(ClientId(2), comes_late)).unwrap();
            assert_eq!(third.recv_timeout(LONG), Ok(goodbye.clone()));
            Response::text(200, format!("{goodbye:?}"))
        };
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let patience = Patience { stop: LONG, ..PATIENCE };
        let listener = Listener::start(socket, &[], 1, patience, tell, answer).unwrap();
        let mut caller = TcpStream::connect(address).unwrap();
        caller.set_read_timeout(Some(LONG)).unwrap();
        write!(caller, "GET / HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let_in.recv_timeout(LONG).unwrap();

        say_to_all([here], &reports, &told, &listener);
        let goodbye = Order::Close(1001, "the server is shutting down");
        let mut reply = String::new();
        caller.read_to_string(&mut reply).unwrap();
        assert!(reply.ends_with(&format!("{goodbye:?}")), "{reply}");
        assert_eq!(first.try_recv(), Ok(goodbye));
    }
}
