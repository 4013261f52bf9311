//! The reception: what can be asked for in HTTP. A page, a batch of calls, and a WebSocket.
//!
//! It is called by many threads at once, each with its own connection. Whether a request may come
//! in at all, by its `Host` and `Origin`, was decided before, by the listener.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use capnweb::http::{Request, Response, is_post_to};
use capnweb::listener::{Answer, TakeOver};
use crossbeam_channel::Sender;
use data_encoding::{BASE64, BASE64URL_NOPAD};
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::Role;

use crate::room::{ClientId, Heard};
use crate::server::desk::{ClientsDesk, Report};
use crate::server::token::Token;
use crate::server::visitor;
use capnweb::websocket;
use capnweb::websocket::inbox::Inbox;
use capnweb::websocket::writer;

/// Where a batch is answered.
const BATCH: &str = "/rpc/batch";

/// Where a WebSocket begins.
const SOCKET: &str = "/rpc/ws";

/// Where the page is.
const PAGE: &str = "/";

/// The page. Its scripts and styles run because they know the [`NONCE`].
const HTML: &str = include_str!("page.html");

/// Stands in the page for a word that is drawn anew each time it is asked for, so that nobody who
/// gets something into the page can have it run.
const NONCE: &str = "__NONCE__";

/// The one version of WebSocket that there is.
const VERSION: &str = "13";

/// How many orders may wait for a client. If there are more, it does not read.
const OUTBOX: usize = 1024;

/// What all connections share: nothing in it changes, but for one number.
#[derive(Debug)]
pub struct Reception {
    token: Option<Token>,
    report: Sender<Report>,
    next: AtomicU64,
}

impl Reception {
    /// Lets in who knows the token, if there is one, and reports who comes.
    pub fn new(token: Option<Token>, report: Sender<Report>) -> Self {
        Self { token, report, next: AtomicU64::new(0) }
    }

    /// Answers one request.
    pub fn answer(&self, request: &Request) -> Answer {
        let Err(other) = is_post_to(BATCH, request) else {
            return self.batch(request).into();
        };
        let (allowed, methods) = match request.path() {
            PAGE => (["GET", "HEAD"].contains(&request.method()), "GET, HEAD, OPTIONS"),
            SOCKET => (request.method() == "GET", "GET, OPTIONS"),
            _ => return other.into(),
        };
        match request.path() {
            PAGE if allowed => page(request).into(),
            _ if allowed => self.socket(request),
            _ if other.status() == 501 => other.into(),
            _ if request.method() == "OPTIONS" => {
                Response::new(204).with("Allow", methods).into()
            }
            _ => {
                let words = format!("only {methods} are answered here\n");
                Response::text(405, words).with("Allow", methods).into()
            }
        }
    }

    fn batch(&self, request: &Request) -> Response {
        match self.check(request) {
            Ok(()) => visitor::serve(request.body(), self.next_client(), &self.report),
            Err(refused) => refused,
        }
    }

    fn socket(&self, request: &Request) -> Answer {
        let accepted = match self.check(request).and_then(|()| accept(request)) {
            Ok(accepted) => accepted,
            Err(refused) => return refused.into(),
        };
        let (me, report) = (self.next_client(), self.report.clone());
        let talk: TakeOver = Box::new(move |stream, early| stay(me, &report, &stream, early));
        Answer::TakeOver(accepted, talk)
    }

    fn check(&self, request: &Request) -> Result<(), Response> {
        self.token.as_ref().map_or(Ok(()), |token| token.check(request))
    }

    fn next_client(&self) -> ClientId {
        ClientId(self.next.fetch_add(1, Relaxed))
    }
}

/// The answer with which a WebSocket begins (RFC 6455, section 4.2), or another one.
fn accept(request: &Request) -> Result<Response, Response> {
    let upgrade = |status, words: &str| {
        Response::text(status, words).with("Upgrade", "websocket").with("Connection", "Upgrade")
    };
    if !request.is_http_1_1()
        || !request.says("Upgrade", "websocket")
        || !request.says("Connection", "upgrade")
    {
        return Err(upgrade(426, "this is for a WebSocket: ask for an upgrade to it\n"));
    }
    if !request.headers("Sec-WebSocket-Version").eq([VERSION]) {
        return Err(upgrade(426, "the version of WebSocket that is spoken here is 13\n")
            .with("Sec-WebSocket-Version", VERSION));
    }
    let mut keys = request.headers("Sec-WebSocket-Key");
    let is_key = |key: &&str| BASE64.decode(key.as_bytes()).is_ok_and(|key| key.len() == 16);
    match (keys.next().filter(is_key), keys.next()) {
        (Some(key), None) => Ok(Response::new(101)
            .with("Upgrade", "websocket")
            .with("Connection", "Upgrade")
            .with("Sec-WebSocket-Accept", derive_accept_key(key.as_bytes()))),
        _ => Err(Response::text(400, "Sec-WebSocket-Key must be 16 bytes in base64\n")),
    }
}

/// Talks with a client until one of both has had enough. This thread reads what it says.
fn stay(me: ClientId, report: &Sender<Report>, stream: &Arc<TcpStream>, early: Vec<u8>) {
    let (inbox, read, order) = Inbox::new(OUTBOX);
    if report.send(Report::Arrived(me, order)).is_err() {
        return; // The server is ending.
    }
    let desk = ClientsDesk::new(me, report.clone());
    match writer::start(Arc::clone(stream), Role::Server, desk, inbox) {
        Ok(writer) => {
            websocket::read(websocket::accepted(Arc::clone(stream), early), &read);
            drop(read); // Nothing more is read, and so the writer ends.
            let _ = writer.join(); // It has panicked, and said so, or it has ended.
        }
        // The system has no thread for it, so there is nobody to say so.
        Err(_) => {
            let _ = report.send(Report::Heard(me, Heard::Gone)); // Or the server is ending.
        }
    }
}

fn page(request: &Request) -> Response {
    let nonce = draw_nonce();
    // It has been checked: it is a name or an address of this machine.
    let host = request.header("Host").unwrap_or_default();
    let policy = format!(
        "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
         connect-src 'self' ws://{host}; base-uri 'none'; form-action 'none'; \
         frame-ancestors 'none'"
    );
    Response::of(200, "text/html; charset=utf-8", HTML.replace(NONCE, &nonce))
        .with("Content-Security-Policy", policy)
        .with("Cache-Control", "no-store")
        .with("X-Content-Type-Options", "nosniff")
        .with("Referrer-Policy", "no-referrer")
}

/// 128 bits of chance, from the keys that std draws for its hash maps.
fn draw_nonce() -> String {
    let halves = [(); 2].map(|()| RandomState::new().hash_one(()).to_be_bytes());
    BASE64URL_NOPAD.encode(halves.as_flattened())
}
