//! Stdin for a thread that waits for it, in whatever state another program has left it.
//!
//! It may be non-blocking (`O_NONBLOCK`), because a program that shares it has asked for that; then a
//! read that finds nothing fails, and does not wait. And the system stops a program that reads its
//! terminal in the background. So this stdin first waits for something to read, and reads it in the
//! foreground alone.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use crate::foreground::wait_for_foreground;
use crate::ready::{LONG, has_bytes};

/// Stdin; a read waits for bytes, even where stdin is non-blocking.
pub fn stdin() -> impl BufRead {
    BufReader::new(BlockingStdin)
}

struct BlockingStdin;

impl Read for BlockingStdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // What was there in the background may have been typed for the shell, which has read it.
            while !has_bytes(&io::stdin(), LONG)? || wait_for_foreground() {}
            match io::stdin().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}
