//! A deadline: a stream that can be read up to a moment in time, and no longer.
//!
//! A timeout would start anew with every byte, and one byte a second would never end.

use std::io::{self, ErrorKind, Read};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A connection that is read up to a moment in time, however slowly the bytes come.
#[derive(Debug)]
pub struct Deadlined {
    stream: Arc<TcpStream>,
    deadline: Instant,
    /// Whether we have looked once more after the deadline.
    looked_late: bool,
}

/// How long the look after the deadline takes, if there is nothing to see.
const LATE_LOOK: Duration = Duration::from_millis(1);

impl Deadlined {
    /// Reads `stream` up to `deadline`.
    pub fn new(stream: &Arc<TcpStream>, deadline: Instant) -> Self {
        Self { stream: Arc::clone(stream), deadline, looked_late: false }
    }

    /// From now on, up to this moment.
    pub fn wait_until(&mut self, deadline: Instant) {
        *self = Self::new(&self.stream, deadline);
    }
}

impl Read for Deadlined {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut left = self.deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            // Perhaps it was us who had no time, on a busy machine. Then what they said in time
            // is here, and one look finds it.
            if std::mem::replace(&mut self.looked_late, true) {
                return Err(ErrorKind::TimedOut.into());
            }
            left = LATE_LOOK;
        }
        self.stream.set_read_timeout(Some(left))?;
        (&*self.stream).read(buffer)
    }
}
