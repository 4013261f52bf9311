//! The servers: ours, npm's, and the bare one. Each is a process of its own.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader};
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use crate::Result;

/// How long a server may take until it listens.
const PATIENCE: Duration = Duration::from_secs(10);

/// Where npm's packages are, if `just interop` has installed them.
const INTEROP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/interop");

/// A room on the package, and nothing else: it waits until all clients have answered. It ends
/// when we do.
const NPM: &str = r#"
import { createServer } from "node:http";
import WebSocket, { WebSocketServer } from "ws";
import { RpcTarget, newWebSocketRpcSession } from "capnweb";

globalThis.WebSocket ??= WebSocket; // Node.js 20 has none of its own.

class ChatRoom extends RpcTarget {
  #clients = new Map();
  #history = [];
  get userCount() { return this.#clients.size; }
  async join(username, client) {
    if (this.#clients.has(username)) throw new Error(`Username ${username} is already taken`);
    this.#clients.set(username, client.dup());
    await this.#broadcast({ username: "System", text: `${username} joined the chat`, type: "system" });
    return { message: `Welcome to the chat, ${username}!`, userCount: this.#clients.size, users: [...this.#clients.keys()] };
  }
  async sendMessage(username, text) {
    await this.#broadcast({ username, text, type: "chat" });
    return { status: "sent", timestamp: this.#history.length };
  }
  leave(username) {
    this.#clients.get(username)?.[Symbol.dispose]();
    this.#clients.delete(username);
    return { message: `Goodbye, ${username}!` };
  }
  listUsers() { return [...this.#clients.keys()]; }
  getHistory() { return this.#history.slice(-50); }
  async #broadcast(message) {
    this.#history.push(message);
    const tasks = [...this.#clients].map(async ([username, client]) => {
      try { await client.onMessage(message); } catch { this.#clients.delete(username); }
    });
    await Promise.all(tasks);
  }
}
const room = new ChatRoom();
const http = createServer();
const sockets = new WebSocketServer({ server: http, path: "/rpc/ws" });
sockets.on("connection", (socket) => newWebSocketRpcSession(socket, room));
http.listen({ port: 0, host: "127.0.0.1", backlog: 1024 }, () =>
  console.log(`running on http://127.0.0.1:${http.address().port}`));
process.stdin.resume().on("end", () => process.exit());
"#;

/// A process that listens. Dropped, it is killed.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    child: Child,
    /// Some end when this closes, should we be killed ourselves.
    _keyboard: Option<ChildStdin>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill(); // Fails if it has ended.
        let _ = self.child.wait();
    }
}

impl Server {
    /// The lab's own, without its limit on messages: that is what is to be measured.
    pub(crate) fn ours() -> Result<Self> {
        let mut server = Command::new(env!("CARGO_BIN_EXE_chat-server"));
        server.args(["--port", "0", "--rate", "1000000", "--burst", "1000000"]);
        Self::start(server)
    }

    /// A room on npm's `capnweb`.
    pub(crate) fn npm() -> Result<Self> {
        if !Path::new(INTEROP).join("node_modules/capnweb").exists() {
            return Err("tests/interop/node_modules is not there: run `just interop`".into());
        }
        let mut node = Command::new(env::var_os("NODE").unwrap_or_else(|| "node".into()));
        node.current_dir(INTEROP).args(["--input-type=module", "-e", NPM]);
        Self::start(node)
    }

    /// This program, in its other role: see `bare.rs`.
    pub(crate) fn bare() -> Result<Self> {
        let mut bare = Command::new(env::current_exe()?);
        bare.arg("bare");
        Self::start(bare)
    }

    /// How much memory it has in use, in MB, and how many threads; where the system tells.
    pub(crate) fn size(&self) -> Option<(f64, u32)> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let number = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u32>().ok()
        };
        Some((f64::from(number("VmRSS:")?) / 1024.0, number("Threads:")?))
    }

    fn start(mut command: Command) -> Result<Self> {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let keyboard = child.stdin.take();
        let screen = child.stdout.take();
        let address = (Ipv4Addr::LOCALHOST, 0).into();
        let mut server = Self { address, child, _keyboard: keyboard };
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
    line.split_once("running on http://")?.1.trim_end_matches('/').parse().ok()
}
