//! The servers: ours, npm's, and one that always says the same. Each is a process of its own.

use std::env;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use scenario::PortLease;

use crate::Result;
use crate::line::Line;
use crate::load::reply;

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where npm's package is, if `just interop` has installed it.
const INTEROP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop");

/// The package's own way to serve, and nothing else. It ends when we do.
const NPM: &str = r#"
import { createServer } from "node:http";
import { RpcTarget, nodeHttpBatchRpcResponse } from "capnweb";
class Alice extends RpcTarget {
  greet() { return "Hello! I'm Alice."; }
}
const server = createServer((request, response) => {
  nodeHttpBatchRpcResponse(request, response, new Alice());
});
server.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () => {
  console.log(`at http://127.0.0.1:${server.address().port}/rpc/batch`);
});
process.stdin.resume().on("end", () => process.exit());
"#;

/// A process that listens. Dropped, it is killed.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
    /// Some end when this closes, should we be killed ourselves.
    _keyboard: Option<ChildStdin>,
    _ports: Option<PortLease>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // Fails if it has ended.
        let _ = self.child.wait();
    }
}

impl Server {
    /// The lab's own peer. Nobody is where she looks for Bob.
    pub(crate) fn alice() -> Result<Self> {
        let ports = PortLease::lease();
        let mut alice = Command::new(env!("CARGO_BIN_EXE_alice"));
        alice.args(["--wait", "0", "--port", &ports.port(1).to_string()]);
        alice.args(["--peer", &format!("http://127.0.0.1:{}", ports.port(2))]);
        Self::start(alice, Some(ports))
    }

    pub(crate) fn npm() -> Result<Self> {
        if !Path::new(INTEROP).join("node_modules/capnweb").exists() {
            return Err("tests/interop/node_modules is not there: npm ci".into());
        }
        let mut node = Command::new(env::var_os("NODE").unwrap_or_else(|| "node".into()));
        node.current_dir(INTEROP).args(["--input-type=module", "-e", NPM]);
        Self::start(node, None)
    }

    /// This program, in its other role: see [`serve_bare`].
    pub(crate) fn bare(calls: usize) -> Result<Self> {
        let mut bare = Command::new(env::current_exe()?);
        bare.args(["bare", &calls.to_string()]);
        Self::start(bare, None)
    }

    fn start(mut command: Command, ports: Option<PortLease>) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let keyboard = child.stdin.take();
        let screen = child.stdout.take();
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let mut server = Self { address, child, _keyboard: keyboard, _ports: ports };
        let (shown, addresses) = channel();
        // It reads to the end: the program must not wait for us to read.
        let body = move || {
            let lines = BufReader::new(screen?).lines().map_while(io::Result::ok);
            for line in lines {
                let _ = address_in(&line).map(|address| shown.send(address)); // Known already.
            }
            Some(())
        };
        thread::Builder::new().name("screen".into()).spawn(body)?;
        server.address = addresses.recv_timeout(PATIENCE)?;
        Ok(server)
    }
}

fn address_in(line: &str) -> Option<SocketAddr> {
    line.split_once("at http://")?.1.strip_suffix("/rpc/batch")?.parse().ok()
}

/// A thread for each connection, a fixed answer for each request: what is left when there is
/// nothing to decide, and nobody to be wary of.
pub(crate) fn serve_bare(calls: usize) -> Result<()> {
    let body = reply(calls)?;
    let length = body.len();
    let reply = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n{body}");
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    println!("at http://{}/rpc/batch", socket.local_addr()?);
    let accept = move || {
        for stream in socket.incoming().flatten() {
            let reply = reply.clone();
            let body = move || answer_all(stream, &reply);
            if thread::Builder::new().name("bare caller".into()).spawn(body).is_err() {
                break;
            }
        }
    };
    thread::Builder::new().name("bare listener".into()).spawn(accept)?;
    io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}

/// Until the other side hangs up, which is an error here, and nothing to report.
fn answer_all(stream: TcpStream, reply: &str) -> io::Result<()> {
    let mut line = Line::of(stream)?;
    loop {
        line.receive()?;
        line.send(reply.as_bytes())?;
        if line.is_last() {
            return Ok(());
        }
    }
}
