//! The routes of HTTP: a page, a batch of calls, and a WebSocket.
//!
//! Many threads ask at once, each for its own connection. Whether a request may come in at all, by
//! its `Host` and `Origin`, was decided before, by the listener.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

use capnweb::http::{Origin, Request, Response, is_post_to};
use capnweb::listener::Answer;
use capnweb::websocket::{Socket, accept, talk};
use crossbeam_channel::{Sender, bounded};
use data_encoding::BASE64URL_NOPAD;

use crate::room::{ClientId, Heard};
use crate::server::batch_client;
use crate::server::session::{ClientSession, Report, session};
use crate::token::Token;

const BATCH: &str = "/rpc/batch";
const WEBSOCKET: &str = "/rpc/ws";
const PAGE: &str = "/";

/// The page. Its scripts and styles run because they know the [`NONCE`].
const HTML: &str = include_str!("page.html");

/// Stands in the page for a word that is drawn anew each time it is asked for, so that nobody who
/// gets something into the page can have it run.
const NONCE: &str = "__NONCE__";

/// How many orders may wait for a client. It is more than there can be clients: when all of them
/// leave at once, each that is left is told of all the others.
const OUTBOX: usize = 1024;

/// The state that all connections share: nothing in it changes, but for one number.
pub(crate) struct Routes {
    token: Option<Token>,
    /// The URLs of the WebSocket behind each `--origin`, for the page's Content-Security-Policy.
    websockets: Vec<String>,
    report: Sender<Report>,
    next: AtomicU64,
}

impl Routes {
    /// Routes that let in clients with the token, if there is one, and report each client.
    pub(crate) fn new(
        token: Option<Token>,
        origins: &[Origin],
        report: Sender<Report>,
    ) -> Self {
        let websockets = origins.iter().map(Origin::websocket).collect();
        Self { token, websockets, report, next: AtomicU64::new(0) }
    }

    /// Answers one request.
    pub(crate) fn answer(&self, request: &Request) -> Answer {
        self.find(request).unwrap_or_else(Answer::from)
    }

    /// The answer, or the refusal.
    fn find(&self, request: &Request) -> Result<Answer, Response> {
        let Err(refused) = is_post_to(BATCH, request) else {
            self.check(request)?;
            let me = self.next_client();
            return Ok(batch_client::serve(request.body(), me, &self.report).into());
        };
        match (request.path(), request.method()) {
            (PAGE, "GET" | "HEAD") => Ok(self.page(request).into()),
            (WEBSOCKET, "GET") => {
                self.check(request)?;
                let (me, report) = (self.next_client(), self.report.clone());
                Ok(accept(request, move |socket| stay(me, &report, socket)))
            }
            // A method that no path knows.
            _ if refused.status() == 501 => Err(refused),
            (PAGE, method) => Err(not_allowed(method, "GET, HEAD, OPTIONS")),
            (WEBSOCKET, method) => Err(not_allowed(method, "GET, OPTIONS")),
            _ => Err(refused),
        }
    }

    fn page(&self, request: &Request) -> Response {
        let nonce = draw_nonce();
        // It has been checked: it is a name or an address of this machine, or of a proxy.
        let host = request.header("Host").unwrap_or_default();
        let mut sources = vec!["'self'".to_owned(), format!("ws://{host}")];
        sources.extend_from_slice(&self.websockets);
        // A policy cannot name an address of IPv6, and browsers complain. 'self' will do there.
        sources.retain(|source| !source.contains('['));
        let sources = sources.join(" ");
        let policy = format!(
            "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'nonce-{nonce}'; \
             connect-src {sources}; base-uri 'none'; form-action 'none'; \
             frame-ancestors 'none'"
        );
        Response::of(200, "text/html; charset=utf-8", HTML.replace(NONCE, &nonce))
            .with("Content-Security-Policy", policy)
            .with("Cache-Control", "no-store")
            .with("X-Content-Type-Options", "nosniff")
            .with("Referrer-Policy", "no-referrer")
    }

    fn check(&self, request: &Request) -> Result<(), Response> {
        self.token.as_ref().map_or(Ok(()), |token| token.check(request))
    }

    fn next_client(&self) -> ClientId {
        ClientId(self.next.fetch_add(1, Relaxed))
    }
}

/// Talks with a client until one of both ends the link. This thread is its reading half.
fn stay(me: ClientId, report: &Sender<Report>, socket: Socket) {
    let (order, orders) = bounded(OUTBOX);
    if report.send(Report::Arrived(me, order)).is_err() {
        return; // The server is ending.
    }
    let handler = ClientSession::new(me, report.clone());
    if talk(socket, session(), handler, orders).is_err() {
        // The system has no thread for it. This fails if the server is ending.
        let _ = report.send(Report::Heard(me, Heard::Gone));
    }
}

/// Answers a method that a path does not have; and OPTIONS, which asks for those that it has.
fn not_allowed(method: &str, allowed: &'static str) -> Response {
    let answer = match method {
        "OPTIONS" => Response::new(204),
        _ => Response::text(405, format!("only {allowed} are answered here\n")),
    };
    answer.with("Allow", allowed)
}

/// 128 bits of chance, from the keys that std draws for its hash maps.
fn draw_nonce() -> String {
    let halves = [(); 2].map(|()| RandomState::new().hash_one(()).to_be_bytes());
    BASE64URL_NOPAD.encode(halves.as_flattened())
}
