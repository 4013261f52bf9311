//! The listener: lets others call our peer, by HTTP. The threads and sockets are `capnweb`'s.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::Duration;

use capnweb::http::Request;
use capnweb::listener::{Listener, MAX_CALLERS, PATIENCE, Report};
use capnweb::{Target, respond};
use crossbeam_channel::Sender;

/// The only path that is served.
pub(crate) const PATH: &str = "/rpc/batch";

/// How long the calls of one request may take, all together. A call that could only begin later
/// is not run.
const BATCH_PATIENCE: Duration = Duration::from_secs(5);

/// Starts to serve `peer` on `socket`.
pub(crate) fn start(
    socket: TcpListener,
    peer: Arc<dyn Target>,
    report: Sender<Report>,
) -> io::Result<Listener> {
    let answer = move |request: &Request| respond(request, PATH, BATCH_PATIENCE, &peer);
    Listener::start(socket, &[], MAX_CALLERS, PATIENCE, report, answer)
}
