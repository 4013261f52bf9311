//! The writer: a thread that writes one link's outbox, and shows that we are still here.
//!
//! It may wait in a `write` for as long as the other side does not read. Hanging up ends that, but not
//! on Windows: there it waits until the other side reads, or is gone.

use std::io::{self, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use crate::config::LINK_STACK;
use crate::frame::Frame;

/// A writer that had nothing to write for this long writes a `ping`. Three of these fit into the
/// silence after which a peer is lost, so that one may be late.
const PING_EVERY: Duration = Duration::from_secs(2);

/// The writer gathers what waits into one write, up to about this many bytes.
const BATCH: usize = 16 * 1024;

/// Starts to write the frames of an outbox, until the outbox is dropped or the link broken.
pub(crate) fn start(
    stream: Arc<TcpStream>,
    frames: Receiver<Arc<str>>,
) -> io::Result<JoinHandle<()>> {
    let body = move || {
        // After the last frame the other side reads the end; after an error our own reader does,
        // and reports it. Fails if the link has ended already.
        let _ = stream.shutdown(match write_all(&stream, &frames) {
            Ok(()) => Shutdown::Write,
            Err(_) => Shutdown::Both,
        });
    };
    thread::Builder::new().name("writer".into()).stack_size(LINK_STACK).spawn(body)
}

fn write_all(mut stream: &TcpStream, frames: &Receiver<Arc<str>>) -> io::Result<()> {
    // The first is a hello, or `dup`, and nothing goes before it.
    let mut next = frames.recv().map_err(|_| RecvTimeoutError::Disconnected);
    loop {
        let mut batch = match next {
            Ok(frame) => frame.as_bytes().to_vec(),
            Err(RecvTimeoutError::Timeout) => Frame::Ping.to_string().into_bytes(),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        };
        while batch.len() < BATCH
            && let Ok(frame) = frames.try_recv()
        {
            batch.extend_from_slice(frame.as_bytes());
        }
        stream.write_all(&batch)?;
        next = frames.recv_timeout(PING_EVERY);
    }
}
