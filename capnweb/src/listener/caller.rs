//! A caller: one connection, request after request, each answered before the next is read.

use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpStream};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use terminal::{Deadline, Timed};

use super::activity::Activity;
use super::service::{Answer, Service, TakeOver};
use crate::http::{CONTINUE, Reader, Refusal, Response, Unread};

/// What a caller's thread owns.
pub(super) struct Caller {
    service: Arc<Service>,
    activity: Arc<Activity>,
    stream: Arc<TcpStream>,
    reader: Reader<Timed<Arc<TcpStream>>>,
    /// Whether a request on this connection has been answered.
    answered: bool,
}

/// What comes after an answer.
enum Next {
    Request,
    Close,
    TakeOver(TakeOver),
}

impl Caller {
    /// A caller on a connection whose end on our side has the address `here`.
    pub(super) fn new(
        service: Arc<Service>,
        activity: Arc<Activity>,
        stream: Arc<TcpStream>,
        here: SocketAddr,
    ) -> Self {
        let timed = Deadline::after(service.patience.idle).of(Arc::clone(&stream));
        let reader = Reader::new(timed, here, Arc::clone(&service.origins));
        Self { service, activity, stream, reader, answered: false }
    }

    /// Answers all requests. The connection is closed at the end.
    pub(super) fn serve(mut self) {
        loop {
            match self.serve_one() {
                Ok(Next::Request) => self.answered = true,
                Ok(Next::Close) => return self.close(),
                Ok(Next::TakeOver(take_over)) => {
                    let _ = self.hand_over(take_over); // Fails if the caller is gone.
                    return;
                }
                Err(Unread::Gone) => return,
                Err(Unread::Refused(refusal)) => {
                    // Fails if the caller is gone.
                    let rejection = Response::from(refusal).bytes(self.reader.request(), true);
                    let _ = self.write(&rejection);
                    return self.close();
                }
            }
        }
    }

    fn serve_one(&mut self) -> Result<Next, Unread> {
        if !self.reader.has_more() {
            self.wait_for_a_request()?;
        }
        let patience = self.service.patience;
        self.wait_at_most(patience.head);
        let framing = self.reader.read_head()?;
        if self.reader.owes_continue(framing) {
            self.write(CONTINUE)?;
        }
        self.wait_at_most(patience.body);
        self.reader.read_body(framing)?;
        self.answer()
    }

    /// Waits for the first bytes of a request. Meanwhile the listener may hang up.
    fn wait_for_a_request(&mut self) -> Result<(), Unread> {
        self.activity.set_idle(self.service.moment());
        // In this order: either we see here that the service is closing, or the listener, which
        // closes it, sees that we are idle.
        if self.service.is_closing() {
            return Err(Unread::Gone);
        }
        self.wait_at_most(self.service.patience.idle);
        let has_come = self.reader.wait_for_bytes().unwrap_or(false);
        // Its slot may have been given to another caller. Every HTTP client knows that a connection
        // can end between two requests; but the first one has to be answered.
        let has_to_know = has_come || !(self.answered || self.service.is_closing());
        match (has_come, self.activity.set_busy()) {
            (true, true) => Ok(()),
            (_, false) if has_to_know => Err(Refusal::TOO_MANY_CALLERS.into()),
            _ => Err(Unread::Gone),
        }
    }

    /// Has the request handled, and answers it.
    fn answer(&mut self) -> Result<Next, Unread> {
        let request = self.reader.request();
        // A handler that panics is a bug, and has printed so; but other callers do not suffer.
        // It leaves nothing half done here: it has only looked at the request.
        let handled = catch_unwind(AssertUnwindSafe(|| (self.service.handle)(request)));
        let (response, next) = match handled.map_err(|_| Refusal::BROKEN)? {
            Answer::TakeOver(response, take_over) => (response, Next::TakeOver(take_over)),
            Answer::Reply(response) if request.keeps_alive() && !self.service.is_closing() => {
                (response, Next::Request)
            }
            Answer::Reply(response) => (response, Next::Close),
        };
        self.write(&response.bytes(request, matches!(next, Next::Close)))?;
        Ok(next)
    }

    /// Writes it all. A caller that does not take it in time is given up.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Unread> {
        self.wait_at_most(self.service.patience.write);
        self.reader.stream().write_all(bytes).map_err(|_| Unread::Gone)
    }

    /// From now on, all reads and writes together may take this long.
    fn wait_at_most(&mut self, patience: Duration) {
        self.reader.stream().wait_until(Deadline::after(patience));
    }

    /// Closes, but not before the caller has read our last answer, or had the time to: closing with
    /// unread input sends a TCP reset, and then the caller's system may discard our answer.
    fn close(mut self) {
        self.activity.set_idle(self.service.moment());
        let deadline = Deadline::after(self.service.patience.close);
        if self.stream.shutdown(Shutdown::Write).is_ok() {
            let stream = self.reader.stream();
            stream.wait_until(deadline);
            let mut piece = [0; 8 * 1024];
            while deadline.left().is_some() && matches!(stream.read(&mut piece), Ok(1..)) {}
        }
    }

    fn hand_over(self, take_over: TakeOver) -> io::Result<()> {
        let early = self.reader.into_early_bytes();
        self.stream.set_read_timeout(None)?;
        self.stream.set_write_timeout(None)?;
        take_over(self.stream, early);
        Ok(())
    }
}
