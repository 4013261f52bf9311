//! What this lab promises, measured with whole programs on this machine.
//!
//! Each row is a goal, a hard limit, and what came out in this run. The peers are processes,
//! started with `--local --plain` on a discovery port of their own: nothing leaves the machine.
//! A thread reads each screen and notes when each line came. So a time is what a user would
//! see: from the line typed, or the process started, to the line on the screen. Memory, threads
//! and CPU are read in `/proc`; without that, the row says `not here`.
//!
//! What the machine could do at best stands below: the same lines over one bare `TcpStream`, in
//! turns with the programs.

mod room;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::env;
use std::error::Error;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use scenario::statistics;

use room::{P2P_CHAT, PATIENCE, Process, Room, Seen, numbered};
use table::{at_least, at_most, median, number, percentile, row, within};

/// How often it is tried, where once could be luck.
const REPEATS: usize = 20;

/// After this, a peer that was alone has nothing left of its first announcements.
const SETTLED: Duration = Duration::from_millis(1200);

/// How many lines go one at a time, and how many as fast as they can.
const SINGLE_LINES: usize = 1000;
const MANY_LINES: usize = 100_000;
const ROUNDS: usize = 3;

/// The large mesh, and how many lines everybody there says at once.
const CROWD: usize = 50;
const CHATTER: usize = 10;

/// From when on a mesh counts as idle, and how long it is watched then.
const IDLE: Duration = Duration::from_secs(10);

/// Clock ticks per second in `/proc`. It is 100 on every Linux that we know of.
const TICKS: f64 = 100.0;

/// A build takes longer than anything else.
const BUILD_PATIENCE: Duration = Duration::from_mins(2);

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    table::head();
    newcomers()?;
    leavers()?;
    three_at_once()?;
    a_stopped_peer()?;
    let beside = a_pair()?;
    fifty_at_once()?;
    the_program()?;
    println!("\n{} processors. Two numbers: median, worst.", thread::available_parallelism()?);
    println!("A network that is cut is tested elsewhere; here a peer is stopped, and goes on.");
    println!("\n{beside}");
    Ok(())
}

/// Peers that come to one who has been there for a while, and go again.
fn newcomers() -> Result<()> {
    let mut room = Room::open();
    room.start("Alice")?;
    room.sees("a peer that is up", |seen| seen.line.starts_with("🔗"))?;
    room.lets_pass(SETTLED);
    let [mut found, mut talked, mut left] = [const { Vec::new() }; 3];
    for _ in 0..REPEATS {
        let begun = Instant::now();
        let bob = room.start("Bob")?;
        for notice in 1..=2 {
            let seen = room.sees("a peer found", Seen::is_found)?;
            room.types(seen.who, "first\n")?;
            if notice == 2 {
                found.push(ms(seen.at - begun));
            }
        }
        let both = room.sees_all(2, "a message", |seen| seen.line.ends_with("says: first"))?;
        talked.push(ms(both - begun));
        let typed = Instant::now();
        room.types(bob, "/quit\n")?;
        left.push(ms(room.sees("an end", |seen| seen.is_end_of(bob))?.at - typed));
    }
    let limit = Some(1000.0);
    row("a newcomer and a peer find each other", at_most(100.0, limit, "ms"), &found);
    row("their first messages have arrived", at_most(150.0, limit, "ms"), &talked);
    row("`/quit` to the end of the process", at_most(300.0, Some(1500.0), "ms"), &left);
    Ok(())
}

/// Peers that end without a word.
fn leavers() -> Result<()> {
    let mut room = Room::open();
    room.start("Alice")?;
    let mut noticed = Vec::new();
    for _ in 0..REPEATS {
        let eve = room.start("Eve")?;
        room.are_linked(2)?;
        let killed = Instant::now();
        room.peers[eve].child.kill()?;
        let seen = room.sees("a killed peer gone", |seen| seen.is_leave_of("Eve"))?;
        noticed.push(ms(seen.at - killed));
    }
    row("`kill -9` is noticed", at_most(100.0, Some(1000.0), "ms"), &noticed);
    Ok(())
}

fn three_at_once() -> Result<()> {
    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let mut room = Room::open();
        let begun = Instant::now();
        room.fill(3)?;
        for who in 0..3 {
            room.types(who, "hi\n")?;
        }
        let all = room.sees_all(6, "a greeting", |seen| seen.line.ends_with("says: hi"))?;
        times.push(ms(all - begun));
    }
    row("3 peers at once, 6 messages", at_most(150.0, Some(1000.0), "ms"), &times);
    Ok(())
}

/// One of three freezes: the two others talk and list, until it is lost. Then it goes on.
fn a_stopped_peer() -> Result<()> {
    let mut room = Room::open();
    room.fill(3)?;
    let [mut lines, mut lists, mut back] = [const { Vec::new() }; 3];
    let stopped = Instant::now();
    let here = room.signals(2, "-STOP");
    while here && room.leaves.len() < 2 {
        let typed = Instant::now();
        room.types(0, "still there?\n/list\n")?;
        for _ in 0..2 {
            let seen = room.sees("an answer beside a stopped peer", |seen| match seen.who {
                0 => seen.line.starts_with("👥"),
                _ => seen.line.ends_with("there?"),
            })?;
            let times = if seen.who == 0 { &mut lists } else { &mut lines };
            times.push(ms(seen.at - typed));
        }
        room.lets_pass(Duration::from_millis(50));
        if stopped.elapsed() > PATIENCE {
            return Err("a stopped peer was never lost".into());
        }
    }
    let after = |seen: &Seen| (seen.at - stopped).as_secs_f64();
    let lost: Vec<_> = room.leaves.iter().map(after).collect();
    let continued = Instant::now();
    if here && room.signals(2, "-CONT") {
        back.push((room.are_linked(4)? - continued).as_secs_f64());
    }
    row("a line beside a stopped peer", at_most(100.0, None, "ms"), &lines);
    row("`/list` beside a stopped peer", at_most(100.0, None, "ms"), &lists);
    row("a stopped peer is noticed", within(5.0..=8.0, "s"), &lost);
    row("when it goes on, it is back", at_most(7.0, None, "s"), &back);
    Ok(())
}

/// Two peers and their one link: how soon a line arrives, and how many. Returns how that
/// compares with a bare loop.
fn a_pair() -> Result<String> {
    let mut room = Room::open();
    room.fill(2)?;
    let mut times = Vec::new();
    for line in 0..SINGLE_LINES {
        let typed = Instant::now();
        room.types(0, &numbered(line))?;
        let seen = room.sees("a line", |seen| seen.number() == Some(line))?;
        times.push(ms(seen.at - typed));
    }
    let (p50, p99) = (median(&times), percentile(&times, 99));
    row("a line between 2 peers, p50", at_most(1.0, Some(50.0), "ms"), &[p50]);
    row("the same, p99", at_most(5.0, Some(50.0), "ms"), &[p99]);
    memory_and_threads(&room, 1, 5.0);

    let lines: String = (0..MANY_LINES).map(numbered).collect();
    let [mut ours, mut bare, mut bare_times] = [const { Vec::new() }; 3];
    for _ in 0..ROUNDS {
        ours.push(pour(&mut room, &lines)?);
        let (time, rate) = bare_loop(&lines)?;
        bare_times.push(time);
        bare.push(rate);
    }
    row("lines of 40 bytes on one link", at_least(5e4, 1e4, "/s"), &ours);
    let (ours, bare, bare_p50) = (median(&ours), median(&bare), median(&bare_times));
    Ok(format!(
        "Ours to a bare loop: a line in {:.1} times the time ({p50:.3} to {bare_p50:.3} ms), \
         {:.2} of the lines per second ({ours:.0} to {bare:.0}).",
        p50 / bare_p50,
        ours / bare
    ))
}

/// Types all lines into peer 0, and sees them arrive on the screen of peer 1, in order. Returns
/// how many that are in a second.
fn pour(room: &mut Room, lines: &str) -> Result<f64> {
    let mut keyboard = room.peers[0].keyboard.take().ok_or("no keyboard")?;
    let typed = lines.to_owned();
    let begun = Instant::now();
    // In a thread of its own: whoever types faster than is read has to wait.
    let typist = thread::Builder::new().name("typist".into()).spawn(move || {
        let _ = keyboard.write_all(typed.as_bytes()); // What is missing is noticed.
        keyboard
    })?;
    let mut next = 0;
    let last = room.sees("100,000 lines in order", |seen| {
        next += usize::from(seen.number() == Some(next));
        next == MANY_LINES
    })?;
    room.peers[0].keyboard = typist.join().ok();
    Ok(number(MANY_LINES) / (last.at - begun).as_secs_f64())
}

/// The same lines over a bare connection. Returns the milliseconds that one takes if each is
/// waited for, and how many arrive in a second if none is.
fn bare_loop(lines: &str) -> Result<(f64, f64)> {
    let socket = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut writer = TcpStream::connect(socket.local_addr()?)?;
    writer.set_nodelay(true)?;
    let mut reader = BufReader::new(socket.accept()?.0);
    let (report, arrivals) = channel();
    thread::Builder::new().name("bare reader".into()).spawn(move || {
        let mut line = String::new();
        while reader.read_line(&mut line).is_ok_and(|length| length > 0)
            && report.send(Instant::now()).is_ok()
        {
            line.clear();
        }
    })?;
    let mut times = Vec::new();
    for line in lines.split_inclusive('\n').take(SINGLE_LINES) {
        let written = Instant::now();
        writer.write_all(line.as_bytes())?;
        times.push(ms(arrivals.recv_timeout(PATIENCE)? - written));
    }
    let begun = Instant::now();
    for line in lines.split_inclusive('\n') {
        writer.write_all(line.as_bytes())?;
    }
    let mut last = begun;
    for _ in 0..MANY_LINES {
        last = arrivals.recv_timeout(PATIENCE)?;
    }
    Ok((median(&times), number(MANY_LINES) / (last - begun).as_secs_f64()))
}

/// How a crowd meets, talks, and is silent; then one more comes.
fn fifty_at_once() -> Result<()> {
    let mut room = Room::open();
    let begun = Instant::now();
    let full = ms(room.fill(CROWD)? - begun);
    row("50 peers at once, full mesh", at_most(2e3, Some(15e3), "ms"), &[full]);

    let mut times = Vec::new();
    for line in 0..REPEATS {
        let typed = Instant::now();
        room.types(0, &numbered(line))?;
        let last = room.sees_all(CROWD - 1, "a line", |seen| seen.number() == Some(line))?;
        times.push(ms(last - typed));
    }
    row("a line to 49 peers, last receipt", at_most(50.0, Some(500.0), "ms"), &times);
    let wrong = number(chatter(&mut room)?);
    row("not in place, of 24,500 lines said at once", at_most(0.0, Some(0.0), ""), &[wrong]);
    memory_and_threads(&room, CROWD - 1, 10.0);

    room.lets_pass(IDLE.saturating_sub(begun.elapsed()));
    let (before, watched) = (ticks(&room), Instant::now());
    room.lets_pass(IDLE);
    let percent = |ticks| 100.0 * ticks / TICKS / watched.elapsed().as_secs_f64();
    let cpu = ticks(&room).zip(before).map(|(after, before)| percent(after - before));
    let in_all = "all 50, idle, of one core";
    row(in_all, at_most(25.0, None, "%"), cpu.as_slice());
    let leaves = number(room.leaves.len());
    row("false leave notices up to here", at_most(0.0, Some(0.0), ""), &[leaves]);
    for Seen { who, at, line } in room.leaves.iter().take(3) {
        eprintln!("on the screen of Peer{who}, {:.1?} after the start: {line}", *at - begun);
    }

    let mut times = Vec::new();
    for _ in 0..REPEATS {
        let begun = Instant::now();
        let late = room.start("Late")?;
        times.push(ms(room.are_linked(2 * CROWD)? - begun));
        room.types(late, "/quit\n")?;
        room.sees_all(CROWD, "a leave", |seen| seen.is_leave_of("Late"))?;
    }
    row("one more, linked with all 50", at_most(300.0, Some(2000.0), "ms"), &times);
    Ok(())
}

/// Everybody says the same lines at once. Returns how many were not heard where they belong.
fn chatter(room: &mut Room) -> Result<usize> {
    let lines: String = (0..CHATTER).map(numbered).collect();
    for who in 0..CROWD {
        room.types(who, &lines)?;
    }
    let mut heard: BTreeMap<_, Vec<_>> = BTreeMap::new();
    let mut left = CROWD * (CROWD - 1) * CHATTER;
    room.sees("every line that everybody said", |seen| {
        if let Some(line) = seen.number() {
            let speaker = seen.line.split(" says").next().map(str::to_owned);
            heard.entry((seen.who, speaker)).or_default().push(line);
            left -= 1;
        }
        left == 0
    })?;
    let wrong = |lines: &Vec<usize>| (0..).zip(lines).filter(|(at, line)| at != *line).count();
    Ok(heard.values().map(wrong).sum())
}

/// Two rows on peers with so many links.
fn memory_and_threads(room: &Room, links: usize, megabytes: f64) {
    let memory = room.pids().filter_map(statistics::memory_kib);
    let memory: Vec<_> = memory.map(|kib| number(kib) * 1.024e-3).collect();
    let threads = room.pids().filter_map(statistics::threads);
    let threads: Vec<_> = threads.map(|names| number(names.len())).collect();
    let peer = format!("a peer with {links} link{}", if links == 1 { "" } else { "s" });
    row(&format!("memory of {peer}"), at_most(megabytes, None, "MB"), &memory);
    row(&format!("threads of {peer}"), at_most(number(5 + 2 * links), None, ""), &threads);
}

/// How many ticks of a processor all peers have used, if the system says.
fn ticks(room: &Room) -> Option<f64> {
    let of_one = |pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        // Fields 14 and 15, utime and stime. The name, field 2, may contain anything.
        let fields = stat.rsplit_once(") ")?.1.split(' ').skip(11).take(2);
        fields.map(|field| field.parse::<f64>().ok()).sum::<Option<f64>>()
    };
    room.pids().map(of_one).sum()
}

/// What there is to keep, to trust, and to build.
fn the_program() -> Result<()> {
    let bytes = usize::try_from(fs::metadata(P2P_CHAT)?.len())?;
    row("the program", at_most(2.0, None, "MB"), &[number(bytes) / 1e6]);

    let cargo = || {
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.current_dir(env!("CARGO_MANIFEST_DIR")).arg("--offline");
        cargo
    };
    let tree = cargo().args(["tree", "--edges", "normal", "--prefix", "none"]).output()?;
    let tree = String::from_utf8(tree.stdout)?;
    let packages: BTreeSet<_> =
        tree.lines().map(|line| line.trim_end_matches(" (*)")).collect();
    row("packages in it", at_most(40.0, None, ""), &[number(packages.len())]);

    let cold = concat!(env!("CARGO_TARGET_TMPDIR"), "/cold");
    let _ = fs::remove_dir_all(cold); // There is one if a run was interrupted.
    let begun = Instant::now();
    let words = ["build", "--quiet", "--release", "--bin", "p2p_chat", "--target-dir", cold];
    let mut build = Process { child: cargo().args(words).spawn()?, keyboard: None };
    let status = loop {
        if let Some(status) = build.child.try_wait()? {
            break status;
        }
        if begun.elapsed() > BUILD_PATIENCE {
            return Err(format!("a build took more than {BUILD_PATIENCE:?}").into());
        }
        pause(Duration::from_millis(20));
    };
    let took = begun.elapsed().as_secs_f64();
    let built = status.success().then_some(took);
    let _ = fs::remove_dir_all(cold); // Only a file that somebody looks at can be in the way.
    row("a cold release build", at_most(30.0, None, "s"), built.as_slice());
    Ok(())
}

fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Waits for nothing.
fn pause(time: Duration) {
    let (_silent, nothing) = channel::<()>();
    let _ = nothing.recv_timeout(time);
}
