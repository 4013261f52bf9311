//! The load: some connections, each with a thread that asks, waits for the answer, and asks again.

use std::fmt::{self, Write};
use std::io;
use std::net::SocketAddr;
use std::thread;
use std::time::{Duration, Instant};

use crate::Result;
use crate::line::Line;

/// What every call is answered.
const GREETING: &str = "Hello! I'm Alice.";

/// One way to call.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    /// `greet` calls in each request.
    pub(crate) calls: usize,
    /// How many connections there are at once.
    pub(crate) connections: usize,
    /// Whether a connection is kept for the next request.
    pub(crate) keeps: bool,
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { calls, connections, keeps } = self;
        let new = if *keeps { "" } else { ", new for each request" };
        write!(f, "{calls} a request, {connections} connection")?;
        write!(f, "{}{new}", if *connections == 1 { "" } else { "s" })
    }
}

/// What came of it.
pub(crate) struct Outcome {
    /// Calls answered in a second.
    pub(crate) rate: f64,
    /// How long each request took, in microseconds.
    pub(crate) times: Vec<f64>,
}

/// Calls for so long. Every answer is compared with what it should be.
pub(crate) fn call(address: SocketAddr, case: Case, how_long: Duration) -> Result<Outcome> {
    let (request, reply) = (request(case, address)?, reply(case.calls)?);
    // A connection that is kept is there before the clock starts.
    let lines = (0..case.connections).map(|_| Line::dial(address));
    let lines = lines.collect::<io::Result<Vec<_>>>()?;
    let begun = Instant::now();
    let mut times = Vec::new();
    thread::scope(|scope| {
        let mut callers = Vec::new();
        for mut line in lines {
            let (request, reply) = (&request, &reply);
            let body = move || {
                let mut times = Vec::new();
                while begun.elapsed() < how_long {
                    let asked = Instant::now();
                    if !case.keeps {
                        line.redial(address)?;
                    }
                    ask(&mut line, request, reply)?;
                    times.push(asked.elapsed().as_secs_f64() * 1e6);
                }
                Ok(times)
            };
            callers.push(thread::Builder::new().name("load".into()).spawn_scoped(scope, body)?);
        }
        for caller in callers {
            let ended: io::Result<_> = caller.join().map_err(|_| "a caller panicked")?;
            times.extend(ended?);
        }
        Result::Ok(())
    })?;
    #[expect(clippy::cast_precision_loss, reason = "a few million")]
    let calls = (times.len() * case.calls) as f64;
    Ok(Outcome { rate: calls / begun.elapsed().as_secs_f64(), times })
}

fn ask(line: &mut Line, request: &str, reply: &str) -> io::Result<()> {
    line.send(request.as_bytes())?;
    let right = line.receive()? == reply.as_bytes();
    if !right || !line.starts_with("HTTP/1.1 200 ") {
        return Err(io::Error::other("not the answer to these calls"));
    }
    Ok(())
}

fn request(case: Case, address: SocketAddr) -> std::result::Result<String, fmt::Error> {
    let mut body = String::new();
    for call in 1..=case.calls {
        let newline = if call == 1 { "" } else { "\n" };
        write!(body, "{newline}[\"push\",[\"pipeline\",0,[\"greet\"],[]]]\n[\"pull\",{call}]")?;
    }
    let connection = if case.keeps { "keep-alive" } else { "close" };
    let length = body.len();
    Ok(format!(
        "POST /rpc/batch HTTP/1.1\r\nHost: {address}\r\nConnection: {connection}\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    ))
}

/// The answer to so many calls.
pub(crate) fn reply(calls: usize) -> std::result::Result<String, fmt::Error> {
    let mut body = String::new();
    for call in 1..=calls {
        let newline = if call == 1 { "" } else { "\n" };
        write!(body, "{newline}[\"resolve\",{call},\"{GREETING}\"]")?;
    }
    Ok(body)
}
