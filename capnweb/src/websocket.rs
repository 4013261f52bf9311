//! Cap'n Web over a WebSocket: both sides call each other, for as long as it is open.
//!
//! A WebSocket is read and written at once, by two threads; but `tungstenite` does both through
//! one `&mut`, since a ping that was read must be answered. So there are two of its sockets on
//! one stream: one reads and never writes, the other one writes and never reads. What the reading
//! half has to say, it hands to the writing half in a channel. Nobody polls, and there is no lock.
//!
//! ```text
//!  TCP ─▶ reading half ── incoming ──┐
//!                                    ├─▶ writer: the session, the handler ─▶ TCP
//!  the program's threads ── orders ──┘
//! ```
//!
//! | file | idea |
//! |---|---|
//! | `limits.rs` | what both halves agree on |
//! | `handshake.rs` | from HTTP to a WebSocket |
//! | `reader.rs` | the reading half |
//! | `writer.rs` | the writing half, and the session |
//! | `link.rs` | what a program does with the session |
//!
//! # A callback
//!
//! The client hands over a stub, and the server calls it:
//!
//! ```
//! use std::{net::{TcpListener, TcpStream}, sync::Arc, thread, time::Duration};
//!
//! use capnweb::listener::{Listener, PATIENCE};
//! use capnweb::websocket::{Call, End, Link, SessionHandler, Socket, accept, code, talk};
//! use capnweb::{Cap, Session, Stub, Value};
//! use crossbeam_channel::{Sender, bounded};
//! use terminal::Deadline;
//!
//! /// Calls `onMessage` of the stub that comes with a call.
//! struct Server;
//!
//! impl SessionHandler for Server {
//!     type Target = &'static str;
//!     type Order = ();
//!
//!     fn on_call(&mut self, call: Call<&'static str>, link: &mut Link<&'static str>) {
//!         if let Some([Value::Cap(Cap::Stub(client))]) = call.args.as_deref() {
//!             link.keep(*client); // Without this it is given back with the answer.
//!             link.tell(*client, "onMessage", vec!["Welcome!".into()]);
//!         }
//!         link.answer(call.id, Ok(Value::Undefined));
//!     }
//!
//!     fn on_order(&mut self, (): (), _: &mut Link<&'static str>) {}
//!
//!     fn on_end(self, _: End) {}
//! }
//!
//! /// Hands its main thread what the server tells.
//! struct Client(Sender<String>);
//!
//! enum Order { Join, Leave }
//!
//! impl SessionHandler for Client {
//!     type Target = &'static str;
//!     type Order = Order;
//!
//!     fn on_call(&mut self, call: Call<&'static str>, link: &mut Link<&'static str>) {
//!         let args = call.args.unwrap_or_default();
//!         let text = args[0].as_str().unwrap_or_default();
//!         self.0.send(text.to_owned()).expect("main waits for it");
//!         link.answer(call.id, Ok(Value::Undefined));
//!     }
//!
//!     fn on_order(&mut self, order: Order, link: &mut Link<&'static str>) {
//!         match order {
//!             Order::Join => {
//!                 let me = Value::Cap(Cap::Target("me"));
//!                 link.call(Stub::MAIN, "join", vec![me]).expect("there is room for a call");
//!             }
//!             Order::Leave => link.close(code::NORMAL, ""),
//!         }
//!     }
//!
//!     fn on_end(self, _: End) {}
//! }
//!
//! let socket = TcpListener::bind("127.0.0.1:0")?;
//! let (report, reports) = bounded(1);
//! let listener = Listener::start(socket, &[], 8, PATIENCE, report, |request: &_| {
//!     accept(request, |socket| {
//!         let (_orders, none) = bounded(1);
//!         let _ = talk(socket, Session::new(Some("chat")), Server, none);
//!     })
//! })?;
//!
//! let stream = Arc::new(TcpStream::connect(listener.address())?);
//! let url = format!("ws://{}/", listener.address());
//! let socket = Socket::dial(stream, url, Deadline::after(Duration::from_secs(5)))?;
//! let (order, orders) = bounded(8);
//! let (tell, told) = bounded(8);
//! let reader = thread::Builder::new().name("reader".into());
//! let reader = reader.spawn(|| talk(socket, Session::new(None), Client(tell), orders))?;
//! order.send(Order::Join)?;
//! assert_eq!(told.recv()?, "Welcome!");
//! order.send(Order::Leave)?;
//! reader.join().expect("it has not panicked")?;
//! let until = listener.stop();
//! while reports.recv_deadline(until).is_ok() {}
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod handshake;
mod limits;
mod link;
mod reader;
mod writer;

pub use handshake::{Socket, accept};
pub use limits::{MAX_TEXT, code};
pub use link::{Call, End, Link, Outcome, SessionHandler};

use std::io;
use std::net::Shutdown;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Receiver, bounded};

use crate::Session;
use crate::wire::STACK;
use limits::PATIENCE;
use writer::Writer;

/// How many messages may wait for the writer. Then the reading half reads no more, and then, as
/// the network works, the other side has to wait.
const INCOMING: usize = 16;

/// Talks on a WebSocket until one of both sides closes it, or all senders of `orders` are gone.
/// This thread reads; a thread `writer` has the session and the handler, and is joined.
///
/// # Errors
///
/// If the system has no thread for the writer. Then the handler is dropped without a word.
pub fn talk<H: SessionHandler>(
    socket: Socket,
    session: Session<H::Target>,
    handler: H,
    orders: Receiver<H::Order>,
) -> io::Result<()> {
    let Socket { socket, role } = socket;
    let stream = socket.get_ref().stream();
    let (read, incoming) = bounded(INCOMING);
    let mut writer = Writer::new(PATIENCE, Arc::clone(&stream), role, session, handler);
    let body = move || {
        writer.run(&incoming, &orders);
        drop(orders); // From now on, sending an order fails.
        let (handler, end) = writer.end();
        handler.on_end(end);
        let _ = stream.shutdown(Shutdown::Both); // Fails if the other side was first.
    };
    let writer = thread::Builder::new().name("writer".into()).stack_size(STACK).spawn(body)?;
    reader::read(PATIENCE, socket, &read);
    drop(read); // Nothing more is read, and so the writer ends.
    let _ = writer.join(); // It has panicked, and said so, or it has ended.
    Ok(())
}

#[cfg(test)]
mod tests;
