//! Two networks and a router that passes no broadcast: lab 5's chat and the engine, measured.
//!
//! Makes hosts of network namespaces (Linux, as root): hosts 1 and 2 in 10.81.0.0/24, hosts 3
//! and 4 in 10.82.0.0/24, and a router between the two. Nothing leaves the machine.
//!
//! `two_networks P2P_CHAT BEYOND` takes the two programs and prints a table.

use std::env;
use std::io::{BufRead, BufReader, Write};
use std::process::{self, Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

/// How long we wait for something that should happen.
const PATIENCE: Duration = Duration::from_secs(30);

/// How long we wait for something that should not happen.
const LOOK: Duration = Duration::from_secs(15);

/// How often the engine looks after its overlay.
const HEARTBEAT: Duration = Duration::from_secs(1);

const ROUTER: usize = 0;
const HOSTS: usize = 4;

/// The hosts; gone when this is dropped.
struct Networks;

impl Networks {
    fn up() -> Result<Self> {
        let networks = Self;
        for host in 0..=HOSTS {
            ip(&format!("netns add {}", name(host)))?;
            on(host, "link set lo up")?;
        }
        for network in [81, 82] {
            on(ROUTER, &format!("link add lan{network} up type bridge"))?;
            on(ROUTER, &format!("addr add 10.{network}.0.254/24 dev lan{network}"))?;
        }
        for host in 1..=HOSTS {
            let network = network_of(host);
            on(
                ROUTER,
                &format!("link add port{host} type veth peer name eth0 netns {}", name(host)),
            )?;
            on(ROUTER, &format!("link set port{host} master lan{network} up"))?;
            on(host, &format!("addr add 10.{network}.0.{host}/24 brd + dev eth0"))?;
            on(host, "link set eth0 up")?;
            on(host, &format!("route add default via 10.{network}.0.254"))?;
        }
        // A router passes what is for one host, and no broadcast.
        let forward =
            ["netns", "exec", &name(ROUTER), "sysctl", "-qw", "net.ipv4.ip_forward=1"];
        ensure!(Command::new("ip").args(forward).status()?.success(), "cannot make a router");
        Ok(networks)
    }
}

impl Drop for Networks {
    fn drop(&mut self) {
        for host in 0..=HOSTS {
            let _ = ip(&format!("netns del {}", name(host)));
        }
    }
}

fn network_of(host: usize) -> usize {
    if host <= 2 { 81 } else { 82 }
}

fn name(host: usize) -> String {
    format!("beyond-{}-{host}", process::id())
}

fn on(host: usize, words: &str) -> Result<()> {
    ip(&format!("-n {} {words}", name(host)))
}

fn ip(words: &str) -> Result<()> {
    let status = Command::new("ip").args(words.split(' ')).status().context("no iproute2")?;
    ensure!(status.success(), "failed: ip {words} (as root, on Linux?)");
    Ok(())
}

/// A program on a host, and the lines that it prints.
struct Peer {
    child: Child,
    keyboard: ChildStdin,
    screen: Receiver<(Instant, String)>,
}

impl Peer {
    fn start(host: usize, program: &str, options: &[&str]) -> Result<Self> {
        let mut child = Command::new("ip")
            .args(["netns", "exec", &name(host), program])
            .args(options)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let keyboard = child.stdin.take().context("no keyboard")?;
        let lines = BufReader::new(child.stdout.take().context("no screen")?).lines();
        let (show, screen) = channel();
        thread::Builder::new().name("screen".into()).spawn(move || {
            for line in lines.map_while(Result::ok) {
                if show.send((Instant::now(), line)).is_err() {
                    break;
                }
            }
        })?;
        Ok(Self { child, keyboard, screen })
    }

    fn types(&mut self, line: &str) -> Result<Instant> {
        let typed = Instant::now();
        writeln!(self.keyboard, "{line}")?;
        Ok(typed)
    }

    /// The next line with this in it, and when it came; `None` if there is none in this time.
    fn sees(&self, part: &str, within: Duration) -> Option<(Instant, String)> {
        let deadline = Instant::now() + within;
        loop {
            let left = deadline.saturating_duration_since(Instant::now());
            let (at, line) = self.screen.recv_timeout(left).ok()?;
            if line.contains(part) {
                return Some((at, line));
            }
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn main() -> Result<()> {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let [p2p_chat, beyond] = &arguments[..] else {
        bail!("usage: two_networks P2P_CHAT BEYOND")
    };
    println!("| | discovery-chat | rust-libp2p |");
    println!("|---|---|---|");
    let ours = discovery_chat(p2p_chat)?;
    let engine = engine(beyond)?;
    for ((what, ours), (_, engine)) in ours.iter().zip(&engine) {
        println!("| {what} | {ours} | {engine} |");
    }
    Ok(())
}

type Rows = Vec<(&'static str, String)>;

/// What a table says of a wait.
fn after(begun: Instant, seen: Option<(Instant, String)>) -> String {
    seen.map_or("never".into(), |(at, _)| {
        format!("{:.1} ms", (at - begun).as_secs_f64() * 1000.0)
    })
}

const SAME: &str = "two peers of one network find each other";
const ACROSS: &str = "a peer of the other network is found";
const TOLD: &str = "it is found when one address is given";
const LINE: &str = "a line across";
const THIRD: &str = "a third peer, which was told of one, finds the other network's";
const KILLED: &str = "a line across, after the peer that all began with was killed";

fn discovery_chat(program: &str) -> Result<Rows> {
    let _networks = Networks::up()?;
    let start = |host, name, more: &[&str]| {
        let options = ["start", "--plain", "--port", "8080", "--name", name];
        Peer::start(host, program, &[&options, more].concat())
    };
    let mut rows = Rows::new();
    let alice = start(1, "Alice", &[])?;
    alice.sees("🔗", PATIENCE).context("Alice did not start")?;
    let begun = Instant::now();
    let bob = start(2, "Bob", &[])?;
    rows.push((SAME, after(begun, bob.sees("Alice", PATIENCE))));
    let begun = Instant::now();
    let carol = start(3, "Carol", &[])?;
    rows.push((ACROSS, after(begun, carol.sees("Discovered", LOOK))));
    drop(carol);
    let begun = Instant::now();
    let mut carol = start(3, "Carol", &["--peer", "10.81.0.1:8080"])?;
    rows.push((TOLD, after(begun, carol.sees("Alice", PATIENCE))));
    let typed = carol.types("across")?;
    rows.push((LINE, after(typed, alice.sees("across", PATIENCE))));
    // Dave hears Carol, and knows nothing of Alice's network.
    let begun = Instant::now();
    let mut dave = start(4, "Dave", &[])?;
    dave.sees("Carol", PATIENCE).context("Dave did not find Carol")?;
    rows.push((THIRD, after(begun, dave.sees("Bob", LOOK))));
    drop(alice);
    let typed = dave.types("still there?")?;
    rows.push((KILLED, after(typed, bob.sees("still there?", LOOK))));
    Ok(rows)
}

/// Says a line again and again until it arrives: before its overlay has settled, the engine may
/// lose lines.
fn is_heard(speaker: &mut Peer, listener: &Peer) -> Result<()> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        speaker.types("Can you hear me?")?;
        if listener.sees("Can you hear me?", HEARTBEAT).is_some() {
            return Ok(());
        }
        ensure!(Instant::now() < deadline, "no line gets through");
    }
}

fn engine(program: &str) -> Result<Rows> {
    let _networks = Networks::up()?;
    let start = |host: usize, name, more: &[&str]| {
        let listen = format!("/ip4/10.{}.0.{host}/tcp/4001", network_of(host));
        Peer::start(host, program, &[&["--name", name, "--listen", &listen], more].concat())
    };
    let mut rows = Rows::new();
    let alice = start(1, "Alice", &[])?;
    let (_, line) = alice.sees("🔗", PATIENCE).context("Alice did not start")?;
    let address = line.trim_start_matches("🔗 ").to_owned();
    let begun = Instant::now();
    let bob = start(2, "Bob", &["--peer", &address])?;
    rows.push((SAME, after(begun, bob.sees("🔍", PATIENCE))));
    let begun = Instant::now();
    let carol = start(3, "Carol", &[])?;
    rows.push((ACROSS, after(begun, carol.sees("🔍", LOOK))));
    drop(carol);
    let begun = Instant::now();
    let mut carol = start(3, "Carol", &["--peer", &address])?;
    rows.push((TOLD, after(begun, carol.sees("🔍", PATIENCE))));
    is_heard(&mut carol, &alice)?;
    let typed = carol.types("across")?;
    rows.push((LINE, after(typed, alice.sees("across", PATIENCE))));
    let begun = Instant::now();
    let mut dave = start(4, "Dave", &["--peer", &address])?;
    for _ in 0..2 {
        dave.sees("🔍", PATIENCE).context("Dave found too few")?;
    }
    rows.push((THIRD, after(begun, dave.sees("🔍", LOOK))));
    drop(alice);
    dave.sees("👋", PATIENCE).context("Dave did not notice")?;
    let typed = dave.types("still there?")?;
    rows.push((KILLED, after(typed, bob.sees("still there?", LOOK))));
    Ok(rows)
}
