//! The dialer: a thread that dials the server, and becomes the link's reader if it accepts.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use capnweb::Session;
use capnweb::websocket::{Socket, talk};
use crossbeam_channel::{Receiver, Sender};
use terminal::Deadline;
use tungstenite::Error;
use tungstenite::client::IntoClientRequest;
use tungstenite::http::header::{AUTHORIZATION, HeaderValue};

use crate::client::event::Gone;
use crate::client::server_url::ServerUrl;
use crate::client::session::{Order, Report, ServerSession};
use crate::token::Token;

/// How long the server may take to pick up, and then once more to shake hands.
const PATIENCE: Duration = Duration::from_secs(5);

/// Whom to dial.
#[derive(Clone, Debug)]
pub(crate) struct Dialer {
    pub server: ServerUrl,
    /// What the server may want to see.
    pub token: Option<Token>,
}

impl Dialer {
    /// Dials, in a thread of its own, and reads what comes; until the link is gone, or was never
    /// there. Then the last report says why, and the thread ends.
    pub(crate) fn dial(
        &self,
        report: Sender<Report>,
        orders: Receiver<Order>,
        dialed: Sender<Arc<TcpStream>>,
    ) -> io::Result<JoinHandle<()>> {
        let dialer = self.clone();
        thread::Builder::new().name("reader".into()).spawn(move || {
            if let Err(gone) = dialer.call(&report, orders, &dialed) {
                let _ = report.send(Report::Ended(gone)); // Fails when the owner has ended.
            }
        })
    }

    fn call(
        &self,
        report: &Sender<Report>,
        orders: Receiver<Order>,
        dialed: &Sender<Arc<TcpStream>>,
    ) -> Result<(), Gone> {
        let stream = Arc::new(self.connect()?);
        // Fails when the owner has ended, and then the stream is cut in a moment.
        let _ = dialed.send(Arc::clone(&stream));
        let socket = self.shake_hands(stream)?;
        let handler = ServerSession::new(report.clone());
        talk(socket, Session::new(None), handler, orders)
            .map_err(|error| Gone::System(error.to_string()))
    }

    /// Dials one address after the other; each has its share of the time.
    fn connect(&self) -> Result<TcpStream, Gone> {
        let no_host = |why: String| Gone::NoHost(self.server.host.clone(), why);
        let found = (&*self.server.host, self.server.port).to_socket_addrs();
        let addresses: Vec<SocketAddr> =
            found.map_err(|error| no_host(error.to_string()))?.collect();
        let deadline = Deadline::after(PATIENCE);
        let mut gone = no_host("it has no address".into());
        for (index, address) in addresses.iter().enumerate() {
            let others = u32::try_from(addresses.len() - index).unwrap_or(u32::MAX);
            let Some(left) = deadline.left() else { break };
            match TcpStream::connect_timeout(address, left / others) {
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
        match error.kind() {
            ErrorKind::ConnectionRefused => Gone::NobodyThere(self.server.clone()),
            ErrorKind::TimedOut => Gone::NoAnswer(self.server.clone(), PATIENCE.as_secs()),
            _ => Gone::NoChat(self.server.clone(), error.to_string()),
        }
    }

    /// Makes a WebSocket of a stream.
    fn shake_hands(&self, stream: Arc<TcpStream>) -> Result<Socket, Gone> {
        let mut request = self
            .server
            .url
            .as_str()
            .into_client_request()
            .map_err(|error| self.no_chat(error))?;
        if let Some(token) = &self.token {
            let value =
                HeaderValue::from_str(&token.authorization()).expect("a token is ASCII");
            request.headers_mut().insert(AUTHORIZATION, value);
        }
        Socket::dial(stream, request, Deadline::after(PATIENCE))
            .map_err(|error| self.no_chat(error))
    }

    fn no_chat(&self, error: Error) -> Gone {
        match error {
            Error::Http(response) if response.status() == 401 => Gone::NoToken,
            Error::Http(response) => {
                Gone::Status(self.server.clone(), response.status().as_u16())
            }
            Error::Io(error) => self.not_connected(&error),
            // Its own words, and not what somebody has sent.
            Error::Protocol(error) => Gone::NoChat(self.server.clone(), error.to_string()),
            _ => Gone::NoChat(self.server.clone(), "it does not speak HTTP".into()),
        }
    }
}
