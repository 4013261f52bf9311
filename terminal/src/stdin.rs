//! Stdin for a thread that waits for it, in whatever state another program has left it.
//!
//! It may be non-blocking (`O_NONBLOCK`), because a program that shares it has asked for that.
//! Then a read that finds nothing fails, and does not wait. And a terminal belongs to the programs
//! in the foreground. The system stops a program that reads it in the background, so that one
//! which was suspended (Ctrl-Z) could not say goodbye when it is killed. So this stdin first waits
//! for something to read, and reads it in the foreground alone.

use std::io::{self, BufRead, BufReader, ErrorKind, Read};

use crate::mode::wait_for_foreground;
use crate::ready::{LONG, has_bytes};

/// Stdin; a read waits for bytes, even where stdin is non-blocking.
pub fn stdin() -> impl BufRead {
    BufReader::new(BlockingStdin)
}

struct BlockingStdin;

impl Read for BlockingStdin {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            if !has_bytes(&io::stdin(), LONG)? {
                continue;
            }
            if wait_for_foreground() {
                continue; // What was there may have been typed for the shell, which has read it.
            }
            match io::stdin().read(buffer) {
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                done => return done,
            }
        }
    }
}
