//! A caller: one connection, request after request, each answered before the next is read.

use std::io;
use std::net::{SocketAddr, TcpStream};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::http::limits::KEPT_BUFFER;
use crate::http::{CONTINUE, Manner, Progress, Reader, Refusal, Response, Stage};

use super::line::{Line, is_too_late};
use super::seat::Seat;
use super::{Answer, House, TakeOver};

/// How many bytes are read at once.
const PIECE: usize = 8 * 1024;

/// What a connection's thread owns.
pub(super) struct Caller {
    house: Arc<House>,
    seat: Arc<Seat>,
    line: Line,
    reader: Reader,
    piece: Box<[u8]>,
    /// What of the piece has been read, and not yet taken.
    left: Range<usize>,
    /// What an answer is put together in.
    out: Vec<u8>,
}

/// Why there is no request.
enum NoRequest {
    /// The caller is gone, or we want it to be.
    Gone,
    /// It is to be told why.
    Refused(Refusal),
}

/// How it goes on after an answer.
enum Next {
    Stay,
    Close,
    HandOver(TakeOver),
}

impl Caller {
    pub(super) fn new(
        house: Arc<House>,
        seat: Arc<Seat>,
        stream: Arc<TcpStream>,
        here: SocketAddr,
    ) -> Self {
        Self {
            reader: Reader::new(here),
            line: Line::of(stream),
            house,
            seat,
            piece: vec![0; PIECE].into(),
            left: 0..0,
            out: Vec::new(),
        }
    }

    /// Answers all requests. The connection is closed at the end.
    pub(super) fn serve(mut self) {
        loop {
            match self.next_request() {
                Ok(()) => {}
                Err(NoRequest::Gone) => return,
                Err(NoRequest::Refused(refusal)) => {
                    // Fails if nobody is there to hear it.
                    let _ = self.write(&Response::from(refusal), Manner::CLOSING);
                    return self.close();
                }
            }
            match self.answer() {
                Ok(Next::Stay) => {}
                Ok(Next::Close) => return self.close(),
                Ok(Next::HandOver(take_over)) => return self.hand_over(take_over),
                Err(_) => return, // It is gone, or does not read.
            }
        }
    }

    /// Waits until a request is whole.
    fn next_request(&mut self) -> Result<(), NoRequest> {
        let mut waiting_for = Stage::Idle;
        let mut deadline = Instant::now();
        loop {
            let mut bytes = &self.piece[self.left.clone()];
            let progress = self.reader.take(&mut bytes).map_err(NoRequest::Refused)?;
            self.left.start = self.left.end - bytes.len();
            if progress == Progress::Whole {
                return Ok(());
            }
            let stage = self.reader.stage();
            if stage == Stage::Idle {
                self.wait_for_anything()?;
                continue;
            }
            if self.reader.owes_a_word() {
                let said = self.line.write_within(self.house.patience.write, CONTINUE);
                said.map_err(|_| NoRequest::Gone)?;
            }
            if waiting_for != stage {
                waiting_for = stage;
                deadline = Instant::now() + self.patience_for(stage);
            }
            match self.line.read_by(deadline, &mut self.piece) {
                Ok(0) => return Err(NoRequest::Refused(Refusal::CutShort)),
                Ok(count) => self.left = 0..count,
                Err(error) if is_too_late(&error) => {
                    return Err(NoRequest::Refused(Refusal::TooSlow));
                }
                Err(_) => return Err(NoRequest::Gone),
            }
        }
    }

    /// Waits for the first bytes of a request. Meanwhile the listener may hang up.
    fn wait_for_anything(&mut self) -> Result<(), NoRequest> {
        self.seat.gets_idle(self.house.moment());
        // In this order: either we see here that the house is closing, or whoever closes it sees
        // that we are idle.
        if self.house.is_closing() {
            return Err(NoRequest::Gone);
        }
        match self.line.read_within(self.house.patience.idle, &mut self.piece) {
            Ok(count) if count > 0 && self.seat.gets_busy() => self.left = 0..count,
            _ => return Err(NoRequest::Gone),
        }
        Ok(())
    }

    fn patience_for(&self, stage: Stage) -> Duration {
        let patience = &self.house.patience;
        match stage {
            Stage::Idle => patience.idle,
            Stage::Head => patience.head,
            Stage::Body => patience.body,
        }
    }

    /// Has the request handled, and answers it.
    fn answer(&mut self) -> io::Result<Next> {
        let request = self.reader.request();
        let mut manner = Manner::of(request);
        // A handler that panics is a bug, and has said so; but it is nobody else's. It leaves
        // nothing half done here: it has only looked at the request.
        let handled = catch_unwind(AssertUnwindSafe(|| (self.house.handle)(request)));
        match handled {
            Ok(Answer::Reply(response)) => {
                manner.closes |= self.house.is_closing();
                self.write(&response, manner)?;
                Ok(if manner.closes { Next::Close } else { Next::Stay })
            }
            Ok(Answer::TakeOver(response, take_over)) => {
                self.write(&response, Manner { closes: false, ..manner })?;
                Ok(Next::HandOver(take_over))
            }
            Err(_) => {
                self.write(&Response::from(Refusal::Broken), Manner::CLOSING)?;
                Ok(Next::Close)
            }
        }
    }

    fn write(&mut self, response: &Response, manner: Manner) -> io::Result<()> {
        self.out.clear();
        self.out.shrink_to(KEPT_BUFFER);
        response.write_to(&mut self.out, manner);
        self.line.write_within(self.house.patience.write, &self.out)
    }

    /// Closes, but not before the caller has read what we have said, or had the time to.
    fn close(mut self) {
        self.seat.gets_idle(self.house.moment());
        self.line.close_within(self.house.patience.close, &mut self.piece);
    }

    fn hand_over(self, take_over: TakeOver) {
        let Self { house, line, piece, left, reader, out, .. } = self;
        let bytes = piece[left].to_vec();
        drop((house, piece, reader, out)); // It may be a long talk.
        if let Ok(stream) = line.release() {
            take_over(stream, bytes);
        }
    }
}
