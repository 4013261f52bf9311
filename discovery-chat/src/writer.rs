//! The writer: a thread that writes one link's outbox, and says that we are still here.
//!
//! It may wait in a `write` for as long as the other end does not read; hanging up ends it.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::frame::Frame;
use crate::link::STACK;

/// A writer that had nothing to write for this long shows that it is still there. Three of these
/// fit into a [`SILENCE`](crate::link::SILENCE), so that one may be late.
pub const PING_EVERY: Duration = Duration::from_secs(2);

/// The writer gathers what waits into one write, up to about so many bytes.
const BATCH: usize = 16 * 1024;

/// Starts writing what comes out of the outbox, and a sign of life when nothing does.
///
/// # Errors
///
/// If the system has no thread for it.
pub fn start(stream: Arc<TcpStream>, frames: Receiver<Arc<str>>) -> io::Result<JoinHandle<()>> {
    let write = move || {
        let mut batch = Vec::new();
        loop {
            batch.clear();
            match frames.recv_timeout(PING_EVERY) {
                Ok(frame) => batch.extend_from_slice(frame.as_bytes()),
                Err(RecvTimeoutError::Timeout) => {
                    batch.extend_from_slice(Frame::Ping.to_string().as_bytes());
                }
                Err(RecvTimeoutError::Disconnected) => {
                    let _ = stream.shutdown(Shutdown::Write); // Fails if the reader was first.
                    return;
                }
            }
            while batch.len() < BATCH
                && let Ok(frame) = frames.try_recv()
            {
                batch.extend_from_slice(frame.as_bytes());
            }
            if (&*stream).write_all(&batch).is_err() {
                let _ = stream.shutdown(Shutdown::Both); // Now the reader notices, and tells.
                return;
            }
        }
    };
    thread::Builder::new().name("writer".into()).stack_size(STACK).spawn(write)
}
