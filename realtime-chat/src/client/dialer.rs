//! The dialer: a thread that dials the server, and becomes the link's reader if it accepts.

use std::io::{self, ErrorKind};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use capnweb::Session;
use capnweb::websocket::{Socket, talk};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use terminal::Deadline;
use tungstenite::{ClientRequestBuilder, Error};

use crate::client::event::Gone;
use crate::client::server_url::ServerUrl;
use crate::client::session::{Order, Report, ServerSession};
use crate::token::Token;

/// How long the server may take to accept, and then once more to shake hands.
const PATIENCE: Duration = Duration::from_secs(5);

/// How many reports may wait for the owner. Then the writer has to wait, too.
const MAX_REPORTS: usize = 256;

/// How many orders may wait for the link. Our own calls are about 40 at most, so a link with so many
/// unsent orders is stuck, and given up.
const MAX_ORDERS: usize = 128;

/// How long a link may take to end: a little longer than the other side may, for its goodbye. A dial
/// that takes longer is left to the end of the process.
const ENDING: Duration = Duration::from_millis(1250);

/// Dials one server.
#[derive(Clone)]
pub(crate) struct Dialer {
    pub server: ServerUrl,
    /// The secret, if the user has given one.
    pub token: Option<Token>,
}

/// One link to the server, from the dial to its end.
pub(crate) struct Link {
    pub orders: Sender<Order>,
    pub reports: Receiver<Report>,
    reader: JoinHandle<()>,
}

impl Dialer {
    /// Dials in a thread of its own, which reads until the link is gone, or was never there. Then
    /// the last report says why, and the thread ends.
    pub(crate) fn dial(&self) -> io::Result<Link> {
        let (report, reports) = bounded(MAX_REPORTS);
        let (order, orders) = bounded(MAX_ORDERS);
        let dialer = self.clone();
        let reader = thread::Builder::new().name("reader".into()).spawn(move || {
            if let Err(gone) = dialer.call(&report, orders) {
                let _ = report.send(Report::Ended(gone)); // Fails when the owner has ended.
            }
        })?;
        Ok(Link { orders: order, reports, reader })
    }

    fn call(&self, report: &Sender<Report>, orders: Receiver<Order>) -> Result<(), Gone> {
        let stream = Arc::new(self.connect()?);
        let mut request = ClientRequestBuilder::new(self.server.uri.clone());
        if let Some(token) = &self.token {
            request = request.with_header("Authorization", token.authorization());
        }
        let socket = Socket::dial(stream, request, Deadline::after(PATIENCE))
            .map_err(|error| self.no_chat(error))?;
        let handler = ServerSession::new(report.clone());
        talk(socket, Session::new(None), handler, orders)
            .map_err(|error| Gone::System(error.to_string()))
    }

    /// Dials one address after the other; each has its share of the time.
    fn connect(&self) -> Result<TcpStream, Gone> {
        let no_host = |why: String| Gone::NoHost(self.server.address.clone(), why);
        let found = self.server.address.to_socket_addrs();
        let mut addresses = found.map_err(|error| no_host(error.to_string()))?;
        let deadline = Deadline::after(PATIENCE);
        let mut gone = no_host("it has no address".into());
        while let Some(address) = addresses.next() {
            let tries = u32::try_from(addresses.len() + 1).unwrap_or(u32::MAX);
            let Some(left) = deadline.left() else { break };
            match TcpStream::connect_timeout(&address, left / tries) {
                Ok(stream) => {
                    // What we say is short, and waited for. It works without this, too.
                    let _ = stream.set_nodelay(true);
                    return Ok(stream);
                }
                Err(error) => gone = self.not_connected(&error),
            }
        }
        Err(gone)
    }

    fn not_connected(&self, error: &io::Error) -> Gone {
        let server = self.server.address.clone();
        match error.kind() {
            ErrorKind::ConnectionRefused => Gone::NobodyThere(server),
            ErrorKind::TimedOut => Gone::NoAnswer(server, PATIENCE.as_secs()),
            _ => Gone::NoChat(server, error.to_string()),
        }
    }

    fn no_chat(&self, error: Error) -> Gone {
        let server = self.server.address.clone();
        match error {
            Error::Http(response) if response.status() == 401 => Gone::NoToken,
            Error::Http(response) => Gone::Status(server, response.status().as_u16()),
            Error::Io(error) => self.not_connected(&error),
            // Its own words, and not what somebody has sent.
            Error::Protocol(error) => Gone::NoChat(server, error.to_string()),
            _ => Gone::NoChat(server, "it does not speak HTTP".into()),
        }
    }
}

impl Link {
    /// Says goodbye, waits a moment for the server to do so, too, and joins the threads.
    pub(crate) fn hang_up(self) {
        let Self { orders, reports, reader } = self;
        let _ = orders.try_send(Order::HangUp); // It has ended, or does not take anything.
        drop(orders);
        let deadline = Instant::now() + ENDING;
        while Instant::now() < deadline {
            if let Err(RecvTimeoutError::Disconnected) = reports.recv_deadline(deadline) {
                let _ = reader.join(); // It has panicked, and said so, or it has ended.
                break;
            }
        }
    }
}
