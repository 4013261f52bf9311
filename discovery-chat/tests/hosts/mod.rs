//! Hosts of our own on one machine: network namespaces with cables to a common switch.
//!
//! Each test has its own, so tests can run at once, and every peer can have the same ports.
//! Nothing leaves the machine: the cables end here. Needs Linux, root and iproute2.

use std::fs;
use std::path::Path;
use std::process::{self, Command};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc;
use std::time::Duration;

use scenario::{Program, Story};

use crate::fixture::{P2P_CHAT, Peer};

/// The network that all hosts are in: host 2 is 10.77.0.2 there, its interface `eth77`.
pub(crate) const LAN: u8 = 77;

/// Another one, 10.78.0.x, for hosts that are plugged in there.
pub(crate) const OTHER_LAN: u8 = 78;

/// What `ip neigh` is told of a neighbour, so that packets to it reach no machine.
pub(crate) const UNREACHABLE: &str = "lladdr 02:00:00:00:00:77 nud permanent";

/// The beginning of the names of all our namespaces.
const PREFIX: &str = "p2p-lan-";

/// The hosts of one test. They are gone when this is dropped.
pub(crate) struct Hosts {
    story: Story,
    /// The beginning of the names of their namespaces: the process, and which test of it.
    prefix: String,
    count: u8,
}

impl Hosts {
    /// Hosts 1 to `count`, all in [`LAN`].
    #[track_caller]
    pub(crate) fn up(count: u8) -> Self {
        let hosts = Self::without_cables(count);
        for host in 1..=count {
            hosts.plug_in(host, LAN);
        }
        hosts
    }

    /// Hosts that can only talk to themselves.
    #[track_caller]
    pub(crate) fn without_cables(count: u8) -> Self {
        static TESTS: AtomicU32 = AtomicU32::new(0);
        sweep();
        let test = TESTS.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("{PREFIX}{}-{test}", process::id());
        let hosts = Self { story: Story::begin(), prefix, count };
        for host in 0..=count {
            run(&format!("netns add {}", hosts.name(host)));
            hosts.ip(host, "link set lo up");
        }
        for lan in [LAN, OTHER_LAN] {
            hosts.ip(SWITCH, &format!("link add lan{lan} up type bridge"));
        }
        hosts
    }

    /// Gives a host an interface, an address and a cable in `lan`. The default route leads to
    /// the first of its networks.
    #[track_caller]
    pub(crate) fn plug_in(&self, host: u8, lan: u8) {
        let name = self.name(host);
        self.ip(
            SWITCH,
            &format!("link add cable{lan}-{host} type veth peer name eth{lan} netns {name}"),
        );
        self.ip(SWITCH, &format!("link set cable{lan}-{host} master lan{lan} up"));
        self.ip(host, &format!("addr add 10.{lan}.0.{host}/24 brd + dev eth{lan}"));
        self.ip(host, &format!("link set eth{lan} up"));
        self.ip(host, &format!("route append default dev eth{lan}"));
    }

    /// Removes the interface, as if it were a USB adapter that is pulled out.
    #[track_caller]
    pub(crate) fn unplug(&self, host: u8, lan: u8) {
        self.ip(host, &format!("link del eth{lan}"));
    }

    /// Cuts the cable to [`LAN`]: the interface stays, with its address.
    #[track_caller]
    pub(crate) fn cut(&self, host: u8) {
        self.ip(SWITCH, &format!("link set cable{LAN}-{host} down"));
    }

    /// Mends the cable.
    #[track_caller]
    pub(crate) fn heal(&self, host: u8) {
        self.ip(SWITCH, &format!("link set cable{LAN}-{host} up"));
    }

    /// Gives a host this address in [`LAN`], in place of those it had.
    #[track_caller]
    pub(crate) fn move_to(&self, host: u8, address: &str) {
        // The default route goes with the last address.
        self.ip(host, &format!("addr flush dev eth{LAN}"));
        self.ip(host, &format!("addr add {address}/24 brd + dev eth{LAN}"));
        self.ip(host, &format!("route add default dev eth{LAN}"));
    }

    /// Between these hosts `lan` carries broadcasts and nothing else: each has the other's address
    /// in that network for one of a machine that is not there.
    #[track_caller]
    pub(crate) fn drops_all_but_broadcasts(&self, lan: u8, [one, other]: [u8; 2]) {
        for (host, to) in [(one, other), (other, one)] {
            self.ip(host, &format!("neigh replace 10.{lan}.0.{to} dev eth{lan} {UNREACHABLE}"));
        }
    }

    /// Between these hosts `lan` carries everything again.
    #[track_caller]
    pub(crate) fn drops_nothing(&self, lan: u8, [one, other]: [u8; 2]) {
        for (host, to) in [(one, other), (other, one)] {
            self.ip(host, &format!("neigh del 10.{lan}.0.{to} dev eth{lan}"));
        }
    }

    /// Runs `ip` on a host.
    #[track_caller]
    pub(crate) fn ip(&self, host: u8, words: &str) {
        run(&format!("-n {} {words}", self.name(host)));
    }

    /// Starts a peer on a host, with plain lines, and waits until it is up.
    #[track_caller]
    pub(crate) fn peer(&self, host: u8, name: &str, options: &[&str]) -> Peer {
        self.starts(host, name, &[&["--plain"], options].concat())
    }

    /// Starts a peer on a host with these options alone, and waits until it is up.
    #[track_caller]
    pub(crate) fn starts(&self, host: u8, name: &str, options: &[&str]) -> Peer {
        self.starts_in(&[], host, name, options)
    }

    /// Starts a peer that asks this name server, for itself alone.
    #[track_caller]
    pub(crate) fn peer_asking(
        &self,
        name_server: &str,
        host: u8,
        name: &str,
        options: &[&str],
    ) -> Peer {
        // `ip netns exec` gives each program mounts of its own, and they end with it.
        let asks = "mount -t tmpfs none /mnt && \
                    echo nameserver $0 >/mnt/resolv.conf && \
                    mount --bind /mnt/resolv.conf /etc/resolv.conf && exec \"$@\"";
        let shell = ["sh", "-c", asks, name_server];
        self.starts_in(&shell, host, name, &[&["--plain"], options].concat())
    }

    #[track_caller]
    fn starts_in(&self, shell: &[&str], host: u8, name: &str, options: &[&str]) -> Peer {
        let host_name = self.name(host);
        let command = [&["ip", "netns", "exec", &host_name], shell, &[P2P_CHAT]].concat();
        let program = Program::exactly(&command);
        let words = [&["start", "--name", name], options].concat();
        Peer::is_up(self.story.terminal(&format!("{name} (host {host})"), &program, &words))
    }

    fn name(&self, host: u8) -> String {
        format!("{}-{host}", self.prefix)
    }
}

/// The namespace with the switches of both networks, to which all cables lead.
const SWITCH: u8 = 0;

impl Drop for Hosts {
    fn drop(&mut self) {
        for host in 0..=self.count {
            // Fails for a namespace that could not be made.
            let _ = try_run(&format!("netns del {}", self.name(host)));
        }
    }
}

/// Removes the namespaces of tests that were killed.
fn sweep() {
    let is_left_behind = |name: &&str| {
        let process = name.strip_prefix(PREFIX).and_then(|rest| rest.split('-').next());
        process.is_some_and(|process| !Path::new("/proc").join(process).exists())
    };
    let all = try_run("netns list").unwrap_or_default();
    let names = all.lines().filter_map(|line| line.split_whitespace().next());
    for name in names.filter(is_left_behind) {
        let _ = try_run(&format!("netns del {name}")); // Another test may have removed it.
    }
}

#[track_caller]
fn run(words: &str) {
    if let Err(complaint) = try_run(words) {
        panic!("ip {words}: {complaint}");
    }
}

/// What `ip` prints, or its error message.
fn try_run(words: &str) -> Result<String, String> {
    let ip = Command::new("ip").args(words.split_whitespace()).output();
    let ip = ip.map_err(|error| format!("is iproute2 installed? {error}"))?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    if ip.status.success() { Ok(text(ip.stdout)) } else { Err(text(ip.stderr)) }
}

/// A counter of the host that process `pid` runs on, such as `("Udp", "InDatagrams")`: the sum for
/// all its programs since the host was made.
pub(crate) fn counted(pid: u32, protocol: &str, what: &str) -> u64 {
    let table = fs::read_to_string(format!("/proc/{pid}/net/snmp")).expect("the host counts");
    let mut rows = table.lines().filter_map(|line| {
        Some(line.strip_prefix(protocol)?.strip_prefix(':')?.split_whitespace())
    });
    let (names, values) = (rows.next().expect("names"), rows.next().expect("values"));
    let mut cells = names.zip(values);
    let (_, value) = cells.find(|(name, _)| *name == what).expect("it is counted");
    value.parse().expect("a number")
}

/// Lets time pass. What a peer does in the meantime, or does not, is what is on trial.
pub(crate) fn passes(time: Duration) {
    let (_never, nothing) = mpsc::channel::<()>();
    let _ = nothing.recv_timeout(time);
}
