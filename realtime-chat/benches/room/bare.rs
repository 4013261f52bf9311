//! The bare broadcaster: a thread for each connection, one list of all of them, and each
//! message goes to all. It checks nothing, remembers nothing and can be stopped by any client:
//! what is left when there is nothing to decide.

use std::collections::BTreeMap;
use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use tungstenite::handshake::derive_accept_key;

use crate::Result;
use crate::frame::{self, Kind};

/// All clients, by number. Held while it writes: that is how bare it is.
type All = Arc<Mutex<BTreeMap<usize, TcpStream>>>;

/// Serves until stdin closes.
pub(crate) fn serve() -> Result<()> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket2::SockRef::from(&socket).listen(1024)?;
    println!("running on http://{}", socket.local_addr()?);
    let all = All::default();
    let accept = move || {
        for (number, stream) in socket.incoming().flatten().enumerate() {
            let all = Arc::clone(&all);
            let body = move || {
                let _ = serve_one(stream, number, &all); // It ends when the other side hangs up.
                all.lock().expect("nobody panics").remove(&number);
            };
            if thread::Builder::new().name("bare client".into()).spawn(body).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().name("bare listener".into()).spawn(accept)?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

fn serve_one(mut stream: TcpStream, number: usize, all: &All) -> io::Result<()> {
    stream.set_nodelay(true)?;
    shake_hands(&mut stream)?;
    let (mut heard, mut piece) = (Vec::new(), vec![0; 16 * 1024]);
    let mut answered = 0;
    loop {
        let count = stream.read(&mut piece)?;
        if count == 0 {
            return Ok(());
        }
        heard.extend_from_slice(&piece[..count]);
        let mut done = 0;
        while let Some((_, payload, length)) = frame::read(&heard[done..]) {
            let text = String::from_utf8_lossy(&heard[done..][payload]).into_owned();
            done += length;
            if text.contains("\"join\"") {
                let line = stream.try_clone()?;
                all.lock().expect("nobody panics").insert(number, line);
            } else if text.contains("\"sendMessage\"") {
                tell(all, text.rsplit('"').nth(1).unwrap_or_default());
            } else {
                continue;
            }
            answered += 1;
            let mut out = Vec::new();
            let answer = format!("[\"resolve\",{answered},null]");
            frame::write(&mut out, Kind::Text, answer.as_bytes(), false);
            // Under the lock, or it could come to stand within a message of somebody else.
            let _all = all.lock().expect("nobody panics");
            stream.write_all(&out)?;
        }
        heard.drain(..done);
    }
}

fn tell(all: &All, text: &str) {
    let note = format!(
        "[\"push\",[\"pipeline\",-1,[\"onMessage\"],\
         [{{\"username\":\"client 0\",\"text\":\"{text}\",\"type\":\"chat\"}}]]]"
    );
    let mut out = Vec::new();
    frame::write(&mut out, Kind::Text, note.as_bytes(), false);
    for stream in all.lock().expect("nobody panics").values_mut() {
        let _ = stream.write_all(&out); // Who is gone is gone.
    }
}

fn shake_hands(stream: &mut TcpStream) -> io::Result<()> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte)?;
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let key = head.lines().find_map(|line| line.strip_prefix("Sec-WebSocket-Key: "));
    let accept = derive_accept_key(key.unwrap_or_default().as_bytes());
    write!(
        stream,
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Accept: {accept}\r\n\r\n"
    )
}
