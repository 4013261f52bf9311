//! How far the mesh carries: the same rules with fake time, for more peers than a machine can run.
//!
//! A simulation: all peers are one network's, each datagram and each word arrives one millisecond
//! after it was sent, in an order drawn from a fixed seed, and nothing gets lost. What a real
//! network adds (full buffers, slow machines, Wi-Fi) makes every figure worse.

use std::collections::HashMap;
use std::env;
use std::net::Ipv4Addr;
use std::process;

use scenario::statistics::memory_kib;

use super::*;

/// What a step of the simulation stands for.
const STEP: Duration = Duration::from_millis(1);

/// All peers start within this time, one after the other.
const STARTS: Duration = Duration::from_secs(1);

/// How long the mesh is watched then. Each peer has announced itself three times.
const WATCHED: Duration = Duration::from_secs(2);

/// What is printed: the peers; the fewest links that a peer has in the end, and the mean; the
/// milliseconds from the last start to a full mesh; the dials of a peer; its memory, in KiB, with
/// its share of what is on its way.
const COLUMNS: &str = "peers,fewest,mean,full,dials,memory";

/// A peer, by its number in the simulation.
type Who = usize;

/// Something that arrives in the next step.
#[derive(Clone, Copy)]
enum Arrival {
    /// An announcement, at all peers.
    Announcement { from: Who },
    /// A dial, and its hello.
    Hello { from: Who, dialed: LinkId, to: Who },
    /// The answer to a dial.
    Answer { to: Who, dialed: LinkId, from: Who, answer: Answer },
    /// The end of a link.
    End { to: Who, link: LinkId },
}

/// All peers, and what is on its way between them.
struct Network {
    now: Instant,
    peers: Vec<Mesh>,
    /// When each peer is due, and whether that has to be asked for again.
    due: Vec<Instant>,
    touched: Vec<bool>,
    on_its_way: Vec<Arrival>,
    /// Each end of a link, and the other one.
    ends: HashMap<(Who, LinkId), (Who, LinkId)>,
    accepted: u64,
    dials: usize,
    random: Random,
}

fn id_of(who: Who) -> PeerId {
    // Ids are drawn at random; this spreads the numbers over all 72 bits, and keeps them apart.
    PeerId::from_bits((who as u128 + 1).wrapping_mul(0x9E_3779_B97F_4A7C_15F3))
}

fn address_of(who: Who) -> IpAddr {
    Ipv4Addr::from_bits(0x0A00_0001 + u32::try_from(who).unwrap()).into()
}

fn info_of(who: Who) -> PeerInfo {
    info(id_of(who), &format!("Peer{who}"))
}

impl Network {
    fn new() -> Self {
        Self {
            now: Instant::now(),
            peers: Vec::new(),
            due: Vec::new(),
            touched: Vec::new(),
            on_its_way: Vec::new(),
            ends: HashMap::new(),
            accepted: 0,
            dials: 0,
            random: Random(1),
        }
    }

    fn start_peer(&mut self) {
        let me = info_of(self.peers.len());
        self.peers.push(Mesh::new(me, Scope::Lan, &[], self.now));
        self.due.push(self.now);
        self.touched.push(true);
    }

    fn step(&mut self) {
        self.now += STEP;
        let mut arrivals = mem::take(&mut self.on_its_way);
        self.random.shuffle(&mut arrivals);
        for arrival in arrivals {
            self.arrives(arrival);
        }
        for who in 0..self.peers.len() {
            if mem::take(&mut self.touched[who]) {
                self.due[who] = self.peers[who].next_due();
            }
            if self.due[who] <= self.now {
                self.on(who, Report::Tick);
            }
        }
    }

    fn arrives(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Announcement { from } => {
                let info = info_of(from);
                for who in 0..self.peers.len() {
                    let heard = Ok(Announcement::Here(info.clone()));
                    self.on(who, Report::Heard(heard, address_of(from)));
                }
            }
            Arrival::Hello { from, dialed, to } => {
                self.accepted += 1;
                let link = LinkId::Accepted(self.accepted);
                self.ends.insert((from, dialed), (to, link));
                self.ends.insert((to, link), (from, dialed));
                let hello = Hello { to: Some(id_of(to)), info: info_of(from) };
                self.on(to, Report::Called(link, hello, address_of(from)));
            }
            Arrival::Answer { to, dialed, from, answer } => {
                let address = SocketAddr::new(address_of(from), 8081);
                let report = match answer {
                    Answer::Hello => Report::DialAnswered(dialed, info_of(from), address),
                    Answer::Dup => Report::NotLinked(dialed, Failure::Dup),
                    Answer::Nothing => Report::NotLinked(dialed, Failure::Refused),
                };
                self.on(to, report);
            }
            Arrival::End { to, link } => {
                self.end(to, link);
                self.on(to, Report::HungUp(link, Gone::HungUp));
            }
        }
    }

    /// One side says no more on a link; the other one will read its end.
    fn end(&mut self, who: Who, link: LinkId) {
        if let Some((to, link)) = self.ends.remove(&(who, link)) {
            self.on_its_way.push(Arrival::End { to, link });
        }
    }

    fn on(&mut self, who: Who, report: Report) {
        // A peer that has all its links takes no notice of an announcement.
        let is_full = self.peers[who].linked.len() == MAX_LINKS;
        self.touched[who] |= !is_full || !matches!(report, Report::Heard(..));
        for action in self.peers[who].on(report, self.now) {
            match action {
                Action::Announce => self.on_its_way.push(Arrival::Announcement { from: who }),
                Action::Dial(dialed, Callee::At { to: Some(id), address, .. }) => {
                    self.dials += 1;
                    let IpAddr::V4(ip) = address.ip() else { panic!("{address}") };
                    let to = usize::try_from(ip.to_bits() - 0x0A00_0001).unwrap();
                    assert_eq!(id, id_of(to));
                    self.on_its_way.push(Arrival::Hello { from: who, dialed, to });
                }
                Action::Answer(link, answer) => {
                    let (to, dialed) = self.ends[&(who, link)];
                    self.on_its_way.push(Arrival::Answer { to, dialed, from: who, answer });
                }
                Action::HangUp(link) => self.end(who, link),
                _ => {}
            }
        }
    }

    fn is_full(&self) -> bool {
        self.peers.iter().all(|peer| peer.linked.len() == self.peers.len() - 1)
    }
}

/// Plays a mesh of so many peers, and prints what came out: see [`COLUMNS`].
fn play(peers: usize) -> Network {
    let memory_before = memory_kib(process::id());
    let mut network = Network::new();
    let begun = network.now;
    let pause = STARTS / u32::try_from(peers).unwrap();
    let (mut next_start, mut last_start) = (begun, begun);
    let mut full = None;
    while network.now < begun + STARTS + WATCHED {
        while network.peers.len() < peers && next_start <= network.now {
            network.start_peer();
            last_start = next_start;
            next_start += pause;
        }
        network.step();
        if full.is_none() && network.peers.len() == peers && network.is_full() {
            full = Some(network.now - last_start);
        }
    }
    let links: Vec<_> = network.peers.iter().map(|peer| peer.linked.len()).collect();
    let memory = memory_kib(process::id()).zip(memory_before);
    let memory = memory.map(|(after, before)| after.saturating_sub(before) / peers);
    let columns = [
        peers.to_string(),
        links.iter().min().unwrap().to_string(),
        (links.iter().sum::<usize>() / peers).to_string(),
        full.map_or("never".into(), |full| full.as_millis().to_string()),
        (network.dials / peers).to_string(),
        memory.map_or("not here".into(), |kib| kib.to_string()),
    ];
    println!("{COLUMNS}\n{}", columns.join(","));
    network
}

/// Chance that is the same in every run: xorshift64.
struct Random(u64);

impl Random {
    fn shuffle<T>(&mut self, things: &mut [T]) {
        for last in (1..things.len()).rev() {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            things.swap(last, usize::try_from(self.0 % (last as u64 + 1)).unwrap());
        }
    }
}

#[test]
#[ignore = "for `just scale`, which sets the number of peers; 10,000 take minutes"]
fn a_mesh_of_many_peers() {
    let peers = env::var("P2P_PEERS").map_or(100, |peers| peers.parse().unwrap());
    let network = play(peers);
    // Beyond that there is no full mesh: a peer has at most so many links.
    assert_eq!(network.is_full(), peers <= MAX_LINKS + 1);
}
