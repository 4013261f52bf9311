//! What the server promises beyond the chat: threads, help, ports, and how it ends.

mod fixture;

#[cfg(unix)]
use std::time::{Duration, Instant};

use fixture::{ALONE, Fixture, RawClient, SERVER, Server, Stranger};
use scenario::Program;
#[cfg(unix)]
use scenario::Terminal;
#[cfg(target_os = "linux")]
use scenario::statistics;
#[cfg(unix)]
use serde_json::json;

#[test]
fn the_banner_reads_as_on_the_lab_sheet() {
    let fixture = Fixture::open();
    let mut server = fixture.server();
    let port = server.port;
    let expected = format!(
        "🚀 Chat server running on http://127.0.0.1:{port}\n   \
            WebSocket endpoint: ws://127.0.0.1:{port}/rpc/ws\n   \
            HTTP endpoint: http://127.0.0.1:{port}/rpc/batch\n   \
            Browser page: http://127.0.0.1:{port}/\n\n\
         Run clients with: cargo run -p realtime-chat --bin chat-client -- --url \
         ws://127.0.0.1:{port}/rpc/ws\nPress Ctrl+C to stop\n"
    );
    assert_eq!(server.printed(), expected);
}

#[test]
fn the_thread_map_is_true() {
    let fixture = Fixture::open();
    let server = fixture.server();
    server.runs_threads(&ALONE);
    let dialed = server.is_dialed();
    server.runs_threads(&[&ALONE[..], &["caller"]].concat());
    let alice = server.is_joined_by("Alice");
    server.runs_threads(&[&ALONE[..], &["caller", "caller", "writer"]].concat());
    drop(dialed);
    let bob = server.is_joined_by("Bob");
    server.runs_threads(&[&ALONE[..], &["caller", "caller", "writer", "writer"]].concat());
    drop((alice, bob));
    server.runs_threads(&ALONE);
}

#[test]
fn help_names_every_option_and_its_default_and_no_secret() {
    let fixture = Fixture::open();
    let program = Program::exactly(&[SERVER]);
    let secret = [("CHAT_TOKEN", "open-sesame")];
    let mut help = fixture.story.terminal_with("help", &program, &["--help"], &secret);
    help.ends_well();
    let text = help.printed();
    for word in [
        "--port <PORT>",
        "[default: 8080]",
        "--host <HOST>",
        "[default: 127.0.0.1]",
        "--origin <URL>",
        "--token <SECRET>",
        "CHAT_TOKEN",
        "--history <FILE>",
        "--rate <NUMBER>",
        "[default: 5]",
        "--burst <NUMBER>",
        "[default: 20]",
        "Ctrl-C ends the server",
    ] {
        assert!(text.contains(word), "{word}: {text}");
    }
    assert!(!text.contains("sesame"), "{text}");
    assert_eq!(help.complained(), "");
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_starts() {
    let fixture = Fixture::open();
    for (words, complaint) in [
        (&["--prot", "1"][..], "--prot"),
        (&["bob"], "bob"),
        (&["--port"], "--port"),
        (&["--port", "65536"], "65536"),
        (&["--port", "-1"], "-1"),
        (&["--host", "example.org"], "write localhost, or an IP address"),
        (&["--host", "127.0.0.1:8080"], "write localhost, or an IP address"),
        (&["--origin", "chat.example"], "write a scheme and a host"),
        (&["--origin", "https://chat.example/room"], "such as https://chat.example"),
        (&["--token", ""], "a token is 1 to 256 of"),
        (&["--token", "open sesame"], "a token is 1 to 256 of"),
        (&["--rate", "0"], "0"),
        (&["--rate", "many"], "many"),
        (&["--burst", "0"], "0"),
        (&["--burst", "1000001"], "1000001"),
        (&["--history"], "--history"),
    ] {
        let mut refused =
            fixture.story.terminal("refused", &Program::exactly(&[SERVER]), words);
        refused.ends_with(2);
        let complained = refused.complained();
        assert!(complained.contains(complaint), "{words:?}: {complained}");
        assert_eq!(refused.printed(), "", "{words:?}");
    }
}

#[test]
fn a_port_that_is_taken_is_named_and_nothing_is_printed() {
    let fixture = Fixture::open();
    let server = fixture.server();
    let mut second = fixture.starts_server(&[]);
    second.ends_with(1);
    let complaint = format!(
        "error: port {} is in use, perhaps by another chat server: stop that one, or choose \
         another --port\n",
        server.port
    );
    assert_eq!(second.complained(), complaint);
    assert_eq!(second.printed(), "");
    server.still_serves();
}

#[test]
fn an_address_of_another_machine_is_named() {
    let fixture = Fixture::open();
    // Kept for examples: nobody has it.
    let mut server = fixture.starts_server(&["--host", "192.0.2.1"]);
    server.ends_with(1);
    let complaint = "error: 192.0.2.1 is no address of this machine: choose another --host\n";
    assert_eq!(server.complained(), complaint);
}

#[test]
fn port_0_is_any_and_the_real_one_is_told() {
    let fixture = Fixture::open();
    let program = Program::exactly(&[SERVER]);
    let mut server =
        fixture.story.terminal("Server", &program, &["--port", "0", "--host", "localhost"]);
    server.sees("Press Ctrl+C to stop\n");
    let printed = server.printed();
    let first = printed.lines().next().unwrap_or_default();
    let port = first.rsplit(':').next().and_then(|port| port.parse().ok()).expect("a port");
    assert_ne!(port, 0);
    let mut client = RawClient::of(Stranger::dials(port).expect("it accepts"));
    client.line.upgrades("");
    client.joins("Alice").expect("it may join");
}

#[test]
fn the_token_can_be_in_the_environment() {
    let fixture = Fixture::open();
    let port = fixture.port().to_string();
    let secret = [("CHAT_TOKEN", "open-sesame")];
    let program = Program::exactly(&[SERVER]);
    let mut server =
        fixture.story.terminal_with("Server", &program, &["--port", &port], &secret);
    server.sees(" --token SECRET\nPress Ctrl+C to stop\n");
    let mut line = Stranger::dials(fixture.port()).expect("it accepts");
    line.posts(b"");
    assert_eq!(line.hears_reply().status, 401);
    assert!(!server.printed().contains("sesame"));
}

/// A way to end a program, and what it is called.
#[cfg(unix)]
type Way = (&'static str, fn(&mut Terminal));

#[cfg(unix)]
const WAYS: [Way; 2] =
    [("Ctrl-C", Terminal::presses_ctrl_c), ("SIGTERM", Terminal::is_terminated)];

#[test]
#[cfg(unix)]
fn it_ends_in_order_with_all_kinds_of_clients() {
    for (way, ends) in WAYS {
        let fixture = Fixture::open();
        let mut server = fixture.server();
        let mut clients: Vec<_> =
            (0..20).map(|n| server.is_joined_by(&format!("Guest {n}"))).collect();
        let mut silent = server.opens_socket();
        let mut half = server.is_dialed();
        half.sends("POST /rpc/batch HT");
        let mut idle = server.is_dialed();
        idle.posts(b"");
        idle.hears_reply();
        let begun = Instant::now();
        ends(&mut server);
        // All are told, whether they have joined or not.
        for line in clients.iter_mut().map(|client| &mut client.line).chain([&mut silent]) {
            let (_, goodbye) = line.hears_the_end();
            assert_eq!(
                goodbye,
                Some((1001, "the server is shutting down".to_owned())),
                "{way}"
            );
        }
        server.sees("👋 Chat server shutting down...\n");
        server.ends_well();
        eprintln!("{way}: it took {:?}", begun.elapsed());
        assert!(server.printed().ends_with("👋 Chat server shutting down...\n"), "{way}");
        assert_eq!(server.complained(), "", "{way}");
        // The port is free at once.
        drop(server);
        fixture.server().still_serves();
    }
}

/// Its own address can be taken away from the machine, or be one that nobody can dial. Then it
/// cannot wake its listener, and does not wait for it for ever.
#[test]
#[cfg(target_os = "linux")] // Elsewhere nothing can listen there.
fn it_ends_although_nobody_can_dial_it() {
    let fixture = Fixture::open();
    let mut server = fixture.starts_server(&["--host", "127.255.255.255"]);
    server.sees("Press Ctrl+C to stop\n");
    server.is_terminated();
    server.sees("👋 Chat server shutting down...\n");
    server.ends_well();
    assert_eq!(server.complained(), "");
}

/// Nobody holds it up, not even who reads nothing and does not say goodbye.
#[test]
#[cfg(unix)]
fn it_ends_although_somebody_does_not_read() {
    let fixture = Fixture::open();
    let mut server = fixture.server_with(&["--rate", "100000", "--burst", "100000"]);
    let line = Stranger::dials_with_a_small_buffer(server.port).expect("it accepts");
    let mut deaf = RawClient::of(line);
    deaf.line.upgrades("");
    deaf.joins("Deaf").expect("it may join");
    let mut alice = server.is_joined_by("Alice");
    // More than fits into a socket, and less than would make an outbox full.
    let text = "x".repeat(4000);
    let calls: Vec<_> =
        (0..1300).map(|_| alice.calls("sendMessage", &json!(["Alice", text]))).collect();
    for call in calls {
        alice.hears_answer(call).expect("it may");
    }
    let begun = Instant::now();
    server.presses_ctrl_c();
    server.sees("👋 Chat server shutting down...\n");
    server.ends_well();
    // It gives up after two seconds, and not when its writer does.
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

/// A server without a terminal, which prints into a pipe.
#[cfg(unix)]
struct Piped(std::process::Child);

#[cfg(unix)]
impl Piped {
    fn starts(fixture: &Fixture, pipe: impl Into<std::process::Stdio>) -> Self {
        let mut command = std::process::Command::new(SERVER);
        command.args(["--port", &fixture.port().to_string()]).stdout(pipe);
        Self(command.spawn().expect("it can be started"))
    }

    fn is_terminated(&self) {
        let pid = self.0.id().to_string();
        let kill = std::process::Command::new("kill").args(["-TERM", &pid]).status();
        assert!(kill.is_ok_and(|status| status.success()));
    }

    #[track_caller]
    fn ends_well(&mut self) {
        let mut status = None;
        assert!(fixture::comes_true(|| {
            status = self.0.try_wait().expect("it can be waited for");
            status.is_some()
        }));
        assert_eq!(status.and_then(|status| status.code()), Some(0));
    }
}

#[cfg(unix)]
impl Drop for Piped {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[cfg(unix)]
fn joins(fixture: &Fixture, name: &str) -> RawClient {
    let mut line = None;
    assert!(fixture::comes_true(|| {
        line = Stranger::dials(fixture.port()).ok();
        line.is_some()
    }));
    let mut client = RawClient::of(line.expect("it accepts"));
    client.line.upgrades("");
    client.joins(name).expect("it may join");
    client
}

#[test]
#[cfg(unix)]
fn it_ends_well_if_nobody_reads_its_first_line() {
    let fixture = Fixture::open();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    Piped::starts(&fixture, writer).ends_well();
}

/// The reader of the output has read enough, as `head -1` has; the clients need not care.
#[test]
#[cfg(unix)]
fn it_goes_on_without_a_reader_and_ends_well() {
    use std::io::{BufRead, BufReader};

    let fixture = Fixture::open();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    let mut server = Piped::starts(&fixture, writer);
    let mut lines = BufReader::new(reader).lines().map_while(Result::ok);
    assert!(lines.any(|line| line == "Press Ctrl+C to stop"));
    drop(lines);
    let mut client = joins(&fixture, "Alice");
    server.is_terminated();
    assert_eq!(client.line.hears_the_end().1.map(|(code, _)| code), Some(1001));
    server.ends_well();
}

#[test]
#[cfg(unix)]
fn a_terminal_that_stands_still_stops_neither_clients_nor_its_end() {
    use std::io::Write;

    let fixture = Fixture::open();
    let (reader, writer) = std::io::pipe().expect("a pipe");
    // It is full before the server prints its first line. (A pipe holds 64 KiB, or less.)
    let stuff = writer.try_clone().expect("a second end");
    let stuffing = std::thread::Builder::new().name("stuffing".into()).spawn(move || {
        let mut stuff = stuff;
        while stuff.write_all(&[b'.'; 4096]).is_ok() {}
    });
    let mut server = Piped::starts(&fixture, writer);
    let mut client = joins(&fixture, "Alice");
    client.asks("sendMessage", &json!(["Alice", "hello"])).expect("it may");
    server.is_terminated();
    server.ends_well();
    drop(reader); // And so the stuffing ends.
    stuffing.expect("a thread").join().expect("it ends");
}

/// Its system has no descriptors left, again and again. It is told once, and it serves again.
#[test]
#[cfg(target_os = "linux")]
fn a_want_of_descriptors_that_comes_and_goes_is_told_once() {
    let fixture = Fixture::open();
    let port = fixture.port().to_string();
    let line = "ulimit -n 40; exec \"$0\" \"$@\"";
    let poor = Program::exactly(&["sh", "-c", line, SERVER]);
    let mut server = fixture.story.terminal("Server", &poor, &["--port", &port]);
    server.sees("Press Ctrl+C to stop\n");
    let serves = || {
        fixture::comes_true(|| {
            let Ok(mut line) = Stranger::dials(fixture.port()) else { return false };
            line.tries_to_send(fixture::upgrade(fixture.port(), "/rpc/ws", ""));
            line.reads_reply().is_ok_and(|reply| reply.status == 101)
        })
    };
    for _ in 0..3 {
        let crowd: Vec<_> = (0..100).map(|_| Stranger::dials(fixture.port())).collect();
        server.waits_until("all descriptors in use", |pid| {
            statistics::descriptors(pid).is_none_or(|count| count >= 38)
        });
        drop(crowd);
        assert!(serves());
    }
    server.is_terminated();
    server.ends_well();
    server.saw_times("⚠️ No call can be accepted for now", 1);
}

#[test]
fn the_other_endpoints_are_there() {
    let fixture = Fixture::open();
    let server: Server = fixture.server();
    let reply =
        server.is_asked_for("[\"push\",[\"pipeline\",0,[\"userCount\"]]]\n[\"pull\",1]");
    assert_eq!((reply.status, reply.text().as_str()), (200, "[\"resolve\",1,0]"));
}
