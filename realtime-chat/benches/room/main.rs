//! How many deliveries a room makes, and how long one takes: ours, npm's, and a bare broadcaster.
//!
//! In one run, in turns, so that other work of the machine hits all alike. The load comes
//! from this process, the same for all; the servers are processes of their own:
//!
//! * `bare`: a thread for each connection, which writes what it reads to all.
//! * `npm`: a room on the package `capnweb`, if `tests/interop` has it.
//! * `ours`: the lab's.
//!
//! Load and server share the processors of one machine, so these are numbers to compare, and not
//! what a server could do for clients elsewhere.

#[cfg(target_os = "linux")]
mod bare;
#[cfg(target_os = "linux")]
mod crowd;
mod frame;
#[cfg(target_os = "linux")]
mod server;
#[cfg(target_os = "linux")]
mod table;

#[cfg(target_os = "linux")]
type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[cfg(target_os = "linux")]
fn main() -> Result<()> {
    if std::env::args().nth(1).as_deref() == Some("bare") {
        return bare::serve();
    }
    table::measure_and_show()
}

#[cfg(not(target_os = "linux"))]
fn main() {
    let mut out = Vec::new();
    frame::write(&mut out, frame::Kind::Ping, b"", true);
    let _ = frame::read(&out);
    println!("The load waits for many sockets at once, by epoll(7), which is not here.");
}
