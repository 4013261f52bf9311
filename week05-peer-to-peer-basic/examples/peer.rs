//! A whole peer in one file: `cargo run -p week05 --example peer -- 1`
//!
//! It does what `tests/peer.py` does, and it works. Now ask it hard questions: send it 100 kB; send
//! "é" in two pieces; connect and say nothing; start it twice; type 70000. Each file in `src/`
//! answers one of them.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::{env, thread};

// config.py
const HOST: &str = "127.0.0.1";
const BUFFER_SIZE: usize = 1024;

/// `BASE_PORT + peer_id`. The environment can move it, so that tests find free ports.
fn port_of(peer_id: u16) -> io::Result<u16> {
    let base_port = env::var("P2P_BASE_PORT").ok().and_then(|port| port.parse().ok());
    let port = base_port.unwrap_or(9000_u16).checked_add(peer_id);
    port.ok_or_else(|| io::Error::other("there is no such port"))
}

// ============================================================
// TASK 1: LISTENER THREAD (accept incoming connections)
// ============================================================
/// Accepts messages from other peers.
fn listen(peer_id: u16) -> io::Result<()> {
    let port = port_of(peer_id)?;
    let server_socket = TcpListener::bind((HOST, port))?;

    println!("[PEER {peer_id}] Listening on {port}");

    loop {
        // Accept a connection from another peer
        let (mut conn, addr) = server_socket.accept()?;

        // Receive message
        let mut data = [0; BUFFER_SIZE];
        let count = conn.read(&mut data)?;
        let message = String::from_utf8_lossy(&data[..count]);
        let (host, port) = (addr.ip(), addr.port());
        println!("[PEER {peer_id}] From ('{host}', {port}): {message}");

        // Close connection: `conn` is dropped
    }
}

// ============================================================
// TASK 2: SENDER FUNCTION (initiate connections to peers)
// ============================================================
/// Sends a message to a target peer.
fn send_message(target_peer_id: u16, message: &str) -> io::Result<()> {
    // Initiate connection to target peer
    let mut sender_socket = TcpStream::connect((HOST, port_of(target_peer_id)?))?;

    // Send message
    sender_socket.write_all(message.as_bytes())

    // Close connection: `sender_socket` is dropped
}

/// Python's `input`: asks, and reads a line; `None` at the end of the input.
fn input(prompt: &str) -> io::Result<Option<String>> {
    print!("{prompt}");
    io::stdout().flush()?;
    let mut line = String::new();
    let count = io::stdin().read_line(&mut line)?;
    Ok((count > 0).then(|| line.trim_end_matches(['\r', '\n']).to_owned()))
}

// ============================================================
// MAIN: Start listener in background, handle user input
// ============================================================
fn main() -> io::Result<()> {
    // Get peer ID from command line
    let peer_id = env::args().nth(1).and_then(|id| id.parse().ok()).expect("a peer ID");

    // Start listener thread; it ends with the process
    let listener = move || listen(peer_id).expect("the listener listens");
    thread::Builder::new().name("listener".into()).spawn(listener)?;

    // Main thread: accept user input and send messages
    while let Some(target) = input("Send to peer ID: ")? {
        let Ok(target) = target.trim().parse() else {
            println!("[PEER] Invalid input. Enter peer ID as integer.");
            continue;
        };
        let Some(message) = input("Message: ")? else { break };
        match send_message(target, &message) {
            Ok(()) => println!("[PEER {peer_id}] Sent to peer {target}: {message}"),
            Err(error) if error.kind() == ErrorKind::ConnectionRefused => {
                println!("[PEER {peer_id}] ERROR: Peer {target} is not online");
            }
            Err(error) => println!("[PEER {peer_id}] ERROR: {error}"),
        }
    }
    println!("\n[PEER {peer_id}] Shutting down");
    Ok(())
}
