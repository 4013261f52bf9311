//! What the tests of both halves need: two ends of one connection, and frames of a client.

use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use super::limits::Patience;

/// Short, so that a test can wait them out.
pub(super) const SHORT: Patience = Patience {
    silence: Duration::from_millis(600),
    ping_every: Duration::from_millis(50),
    write: Duration::from_millis(300),
    close: Duration::from_millis(300),
};

/// A test that passes never waits this long.
pub(super) const LONG: Duration = Duration::from_secs(10);

/// Two ends of one connection: ours, and theirs.
pub(super) fn connection() -> (Arc<TcpStream>, TcpStream) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let theirs = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (ours, _) = listener.accept().unwrap();
    for stream in [&ours, &theirs] {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
    }
    (Arc::new(ours), theirs)
}

/// A frame of a client's: the first byte, and what it carries, masked.
pub(super) fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    const MASK: [u8; 4] = [1, 2, 3, 4];
    let masked = payload.iter().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    head(first, payload.len()).into_iter().chain(MASK).chain(masked).collect()
}

/// The head of a frame that says that it is masked.
pub(super) fn head(first: u8, length: usize) -> Vec<u8> {
    const MASKED: u8 = 0x80;
    const LONG_16: u8 = 0x7E;
    const LONG_64: u8 = 0x7F;
    let mut head = vec![first];
    match u16::try_from(length) {
        Ok(short @ ..126) => head.push(MASKED | short.to_be_bytes()[1]),
        Ok(long) => {
            head.push(MASKED | LONG_16);
            head.extend(long.to_be_bytes());
        }
        Err(_) => {
            head.push(MASKED | LONG_64);
            head.extend((length as u64).to_be_bytes());
        }
    }
    head
}
