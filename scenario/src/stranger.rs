//! A stranger: a bare socket on which a test speaks to a program, byte by byte.
//!
//! Nothing here waits for ever: to dial, to read and to write all have the same patience.

use std::io::{self, BufReader, ErrorKind, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::time::Duration;

use socket2::{Domain, Socket, Type};

use crate::wait::eventually;

/// A bare TCP connection to a program.
#[derive(Debug)]
pub struct Stranger {
    /// The end that the test writes to.
    pub stream: TcpStream,
    /// The bytes that have come in, and have not been read yet.
    pub incoming: BufReader<TcpStream>,
    /// The port of the program; 0 if it has called us.
    pub port: u16,
}

impl Stranger {
    /// Dials `address`, and says nothing yet.
    pub fn dials(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let stream = TcpStream::connect_timeout(&address, patience)?;
        Ok(Self { port: address.port(), ..Self::on(stream, patience)? })
    }

    /// Dials with little room for unread bytes: they soon stay with the program, and not in the
    /// system.
    pub fn dials_with_a_small_buffer(
        address: SocketAddr,
        patience: Duration,
    ) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        socket.set_recv_buffer_size(4096)?;
        socket.connect_timeout(&address.into(), patience)?;
        Ok(Self { port: address.port(), ..Self::on(socket.into(), patience)? })
    }

    /// A stranger on a connection that is there.
    pub fn on(stream: TcpStream, patience: Duration) -> io::Result<Self> {
        stream.set_read_timeout(Some(patience))?;
        stream.set_write_timeout(Some(patience))?;
        stream.set_nodelay(true)?;
        let incoming = BufReader::new(stream.try_clone()?);
        Ok(Self { stream, incoming, port: 0 })
    }

    /// Sends these bytes.
    #[track_caller]
    pub fn sends(&mut self, bytes: impl AsRef<[u8]>) {
        self.stream.write_all(bytes.as_ref()).expect("the program takes it");
    }

    /// Sends these bytes, if the program still listens. Returns whether it does.
    pub fn tries_to_send(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.stream.write_all(bytes.as_ref()).is_ok()
    }
}

/// The next call for `listener`, if one comes within `patience`.
pub fn accepts(listener: &TcpListener, patience: Duration) -> Option<TcpStream> {
    listener.set_nonblocking(true).expect("it need not wait");
    let mut call = None;
    eventually(patience, || {
        call = listener.accept().ok();
        call.is_some()
    });
    listener.set_nonblocking(false).expect("it may wait again");
    let (stream, _) = call?;
    stream.set_nonblocking(false).expect("it may wait again");
    Some(stream)
}

/// Whether this error is only a connection's end. A connection ends with a reset if something was
/// left unread.
pub fn is_an_end(error: &io::Error) -> bool {
    use ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset, UnexpectedEof};
    matches!(error.kind(), ConnectionReset | ConnectionAborted | BrokenPipe | UnexpectedEof)
}
