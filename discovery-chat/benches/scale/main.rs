//! How far a full mesh carries: real peers, the same rules in a simulation, and a gossip overlay.
//!
//! 1. **Real**: up to 100 processes on this machine, as in the bench `goals`.
//! 2. **Simulated**: the rules of `src/mesh.rs` with fake time, `src/mesh/tests/scale.rs`, up to
//!    10,000 peers. One process for each size, so that its memory can be read.
//! 3. **Gossip**: a model of its own in `gossip.rs`, with as many peers.
//!
//! Prints a table and writes a picture of it to `target/scale.svg`.

mod gossip;
mod picture;
#[path = "../goals/room.rs"]
#[expect(dead_code, reason = "the bench `goals` uses all of it")]
mod room;

use std::env;
use std::error::Error;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::process::Command;
use std::time::{Duration, Instant};

use scenario::statistics;
use socket2::{Domain, Socket, Type};

use picture::{Panel, Series};
use room::Room;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// How many peers are processes.
const REAL: [usize; 6] = [2, 5, 10, 20, 50, 100];

/// How many peers are simulated. 257 is the largest mesh in which each can be linked with each.
const SIMULATED: [usize; 13] = [2, 5, 10, 20, 50, 100, 200, 257, 500, 1000, 2000, 5000, 10_000];

/// After so long a mesh is silent but for its regular announcements, which are counted then.
const SETTLED: Duration = Duration::from_secs(2);
const COUNTED: Duration = Duration::from_secs(10);

/// How often a peer announces itself, in seconds. In the simulation that is only computed.
const EVERY: f64 = 5.0;

/// One size of a mesh, real or simulated. `None`: does not come to that, or cannot be read here.
struct Row {
    peers: f64,
    links: f64,
    full_ms: Option<f64>,
    /// The announcements of a second, which each peer hears.
    heard: f64,
    memory_kib: Option<f64>,
}

fn main() -> Result<()> {
    let most = env::var("P2P_SCALE").map_or(Ok(10_000), |most| most.parse())?;
    println!(
        "| | peers | links of a peer | full mesh after | announcements a peer hears | memory of a peer |"
    );
    println!("|---|---|---|---|---|---|");
    let mut real = Vec::new();
    for peers in REAL.into_iter().filter(|peers| *peers <= most) {
        real.push(measure(peers)?);
        print("real", real.last());
    }
    let mut simulated = Vec::new();
    for peers in SIMULATED.into_iter().filter(|peers| *peers <= most) {
        simulated.push(simulate(peers)?);
        print("simulated", simulated.last());
    }
    println!(
        "\n| gossip, simulated: peers | links of a peer | copies of a message a peer gets | hops to the last | reached when every third peer is gone |"
    );
    println!("|---|---|---|---|---|");
    let mut overlay = Vec::new();
    for peers in SIMULATED.into_iter().filter(|peers| *peers <= most) {
        let outcome = gossip::play(peers);
        println!(
            "| {peers} | {:.1} | {:.1} | {} | {:.1} % |",
            outcome.links, outcome.copies, outcome.hops, outcome.reached_percent
        );
        overlay.push((number(peers), outcome));
    }
    draw(&real, &simulated, &overlay)
}

/// Starts so many peers at once, and looks at them.
fn measure(peers: usize) -> Result<Row> {
    let mut room = Room::open();
    let begun = Instant::now();
    let full = room.fill(peers)?.duration_since(begun);
    room.lets_pass(SETTLED);
    let announcements = count_announcements(room.discovery_port())?;
    let memory: Vec<_> = room.pids().filter_map(statistics::memory_kib).collect();
    Ok(Row {
        peers: number(peers),
        links: number(peers - 1),
        full_ms: Some(full.as_secs_f64() * 1000.0),
        heard: number(announcements) / COUNTED.as_secs_f64(),
        memory_kib: (!memory.is_empty()).then(|| number(memory.iter().sum()) / number(peers)),
    })
}

/// Listens where the peers listen.
fn count_announcements(port: u16) -> Result<usize> {
    let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
    socket.set_reuse_address(true)?;
    #[cfg(unix)]
    socket.set_reuse_port(true)?;
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, port)).into())?;
    let socket = UdpSocket::from(socket);
    let end = Instant::now() + COUNTED;
    let mut announcements = 0;
    while let Some(left) =
        end.checked_duration_since(Instant::now()).filter(|left| !left.is_zero())
    {
        socket.set_read_timeout(Some(left))?;
        announcements += usize::from(socket.recv(&mut [0; 512]).is_ok());
    }
    Ok(announcements)
}

/// Plays the rules alone, in a process of its own.
fn simulate(peers: usize) -> Result<Row> {
    let test = "mesh::tests::scale::a_mesh_of_many_peers";
    let output = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .args([
            "test",
            "--quiet",
            "--release",
            "--lib",
            "--",
            "--ignored",
            "--nocapture",
            "--exact",
            test,
        ])
        .env("P2P_PEERS", peers.to_string())
        .output()?;
    let printed = String::from_utf8(output.stdout)?;
    let columns = printed.lines().skip_while(|line| !line.starts_with("peers,")).nth(1);
    let columns = columns.filter(|_| output.status.success()).ok_or_else(|| {
        format!("the simulation failed: {printed}{}", String::from_utf8_lossy(&output.stderr))
    })?;
    let columns: Vec<Option<f64>> =
        columns.split(',').map(|column| column.parse().ok()).collect();
    let [Some(peers), _, Some(links), full_ms, _, memory_kib] = columns[..] else {
        return Err(format!("not what the simulation prints: {printed}").into());
    };
    Ok(Row { peers, links, full_ms, heard: peers / EVERY, memory_kib })
}

fn print(kind: &str, row: Option<&Row>) {
    let Some(Row { peers, links, full_ms, heard, memory_kib }) = row else { return };
    let full = full_ms.map_or("never".into(), |ms| format!("{ms:.0} ms"));
    let memory = memory_kib.map_or("not here".into(), |kib| format!("{kib:.0} KiB"));
    println!("| {kind} | {peers} | {links:.0} | {full} | {heard:.1}/s | {memory} |");
}

fn draw(real: &[Row], simulated: &[Row], overlay: &[(f64, gossip::Outcome)]) -> Result<()> {
    let of = |rows: &[Row], value: fn(&Row) -> Option<f64>| -> Vec<(f64, f64)> {
        rows.iter()
            .filter_map(|row| Some((row.peers, value(row).filter(|value| *value > 0.0)?)))
            .collect()
    };
    let both = |value: fn(&Row) -> Option<f64>| {
        vec![
            Series { name: "simulated", points: of(simulated, value) },
            Series { name: "real", points: of(real, value) },
        ]
    };
    let gossip = |value: fn(&gossip::Outcome) -> f64| Series {
        name: "gossip",
        points: overlay.iter().map(|(peers, outcome)| (*peers, value(outcome))).collect(),
    };
    let mut links = both(|row| Some(row.links));
    links.push(gossip(|outcome| outcome.links));
    let panels = [
        Panel { title: "links of a peer", series: links },
        Panel {
            title: "announcements a peer hears, per second",
            series: both(|row| Some(row.heard)),
        },
        Panel { title: "until the mesh is full, ms", series: both(|row| row.full_ms) },
        Panel { title: "memory of a peer, KiB", series: both(|row| row.memory_kib) },
    ];
    let folder = concat!(env!("CARGO_TARGET_TMPDIR"), "/..");
    let path = std::path::Path::new(folder).canonicalize()?.join("scale.svg");
    fs::write(&path, picture::svg(&panels))?;
    println!("\nPicture: scale.svg, in the target folder of cargo; docs/pictures/ has a copy");
    Ok(())
}

#[expect(clippy::cast_precision_loss, reason = "far below 2^52")]
fn number(things: usize) -> f64 {
    things as f64
}
