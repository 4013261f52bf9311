//! The dialer: a thread that dials the server, and becomes the link's reader if it picks up.

use std::io::{self, ErrorKind};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::Sender;
use tungstenite::client::IntoClientRequest;
use tungstenite::handshake::HandshakeError;
use tungstenite::http::header::AUTHORIZATION;
use tungstenite::protocol::Role;
use tungstenite::{Error, WebSocket};

use crate::client::desk::{Order, Report, ServersDesk};
use crate::client::event::Gone;
use crate::client::place::Place;
use crate::client::token::Token;
use capnweb::websocket::inbox::{Inbox, Ringing};
use capnweb::websocket::writer;
use capnweb::websocket::{self, Incoming, ReadHalf, config};

/// How long the server may take to pick up, and then once more to shake hands.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Whom to dial.
#[derive(Clone, Debug)]
pub struct Dialer {
    /// Where the server is.
    pub place: Place,
    /// What it may want to see.
    pub token: Option<Token>,
}

impl Dialer {
    /// Dials, in a thread of its own, and reads what comes; until the link is gone, or was never
    /// there. Then the last report says why, and the thread ends.
    ///
    /// # Errors
    ///
    /// If the system has no thread for it.
    pub fn dial(
        &self,
        report: Sender<Report>,
        inbox: Inbox<Order>,
        read: Ringing<Incoming>,
    ) -> io::Result<JoinHandle<()>> {
        let dialer = self.clone();
        thread::Builder::new().name("reader".into()).spawn(move || {
            if let Err(gone) = dialer.call(&report, inbox, read) {
                let _ = report.send(Report::Ended(gone)); // Fails when the owner has ended.
            }
        })
    }

    fn call(
        &self,
        report: &Sender<Report>,
        inbox: Inbox<Order>,
        read: Ringing<Incoming>,
    ) -> Result<(), Gone> {
        let stream = Arc::new(self.connect()?);
        // Fails when the owner has ended, and then the stream is cut in a moment.
        let _ = report.send(Report::Dialed(Arc::clone(&stream)));
        let socket = self.shake_hands(Arc::clone(&stream))?;
        let desk = ServersDesk::new(report.clone());
        let _ = report.send(Report::Connected);
        let writer = writer::start(stream, Role::Client, desk, inbox)
            .map_err(|error| Gone::System(error.to_string()))?;
        websocket::read(socket, &read);
        drop(read); // So the writer knows that nothing more will come.
        let _ = writer.join(); // It has panicked, and said so, or it has ended.
        Ok(())
    }

    /// Dials one address after the other; each has its share of the time.
    fn connect(&self) -> Result<TcpStream, Gone> {
        let no_host = |why: String| Gone::NoHost(self.place.clone(), why);
        let found = (self.place.host(), self.place.port()).to_socket_addrs();
        let addresses: Vec<SocketAddr> =
            found.map_err(|error| no_host(error.to_string()))?.collect();
        let deadline = Instant::now() + PATIENCE;
        let mut gone = no_host("it has no address".into());
        for (place, address) in addresses.iter().enumerate() {
            let left = deadline.saturating_duration_since(Instant::now());
            let others = u32::try_from(addresses.len() - place).unwrap_or(u32::MAX);
            let share = left / others;
            if share.is_zero() {
                break;
            }
            match TcpStream::connect_timeout(address, share) {
                Ok(stream) => {
                    // What we say is short, and somebody waits for it. It works without, too.
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
            ErrorKind::ConnectionRefused => Gone::NobodyThere(self.place.clone()),
            ErrorKind::TimedOut | ErrorKind::WouldBlock => {
                Gone::NoAnswer(self.place.clone(), PATIENCE)
            }
            _ => Gone::NoChat(self.place.clone(), error.to_string()),
        }
    }

    /// Makes a WebSocket of a stream.
    fn shake_hands(&self, stream: Arc<TcpStream>) -> Result<WebSocket<ReadHalf>, Gone> {
        let mut request =
            self.place.url().into_client_request().map_err(|e| self.no_chat(e))?;
        if let Some(token) = &self.token {
            request.headers_mut().insert(AUTHORIZATION, token.authorization());
        }
        let half = ReadHalf::new(stream, Instant::now() + PATIENCE);
        match tungstenite::client::client_with_config(request, half, Some(config())) {
            Ok((socket, _)) => Ok(socket),
            // The stream has lost patience.
            Err(HandshakeError::Interrupted(_)) => {
                Err(Gone::NoAnswer(self.place.clone(), PATIENCE))
            }
            Err(HandshakeError::Failure(error)) => Err(self.no_chat(error)),
        }
    }

    fn no_chat(&self, error: Error) -> Gone {
        match error {
            Error::Http(response) if response.status() == 401 => Gone::NoToken,
            Error::Http(response) => {
                Gone::Status(self.place.clone(), response.status().as_u16())
            }
            Error::Io(error) => self.not_connected(&error),
            // Its own words, and not what somebody has sent.
            Error::Protocol(error) => Gone::NoChat(self.place.clone(), error.to_string()),
            _ => Gone::NoChat(self.place.clone(), "it does not speak HTTP".into()),
        }
    }
}
