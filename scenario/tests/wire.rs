//! In a network of its own the judge draws what crossed between the terminals.

#![cfg(target_os = "linux")]

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::Command;

use scenario::{Fixture, Program};

const NAME: &str = "the_picture_of_a_failure_shows_what_crossed_the_wire";

/// Runs this test again, in a network of its own. The error says why that is not possible.
fn in_a_network_of_its_own() -> Result<(bool, String), String> {
    let unshare = |words: &[&str]| {
        let mut unshare = Command::new("unshare");
        unshare.args(["-Urn", "--", "sh", "-c", "ip link set lo up && exec \"$@\"", "sh"]);
        unshare.args(words).env("LAB_IN_NAMESPACES", "1");
        let output = unshare.output().map_err(|error| error.to_string())?;
        let said = [output.stdout, output.stderr].concat();
        Ok((output.status.success(), String::from_utf8_lossy(&said).into_owned()))
    };
    let (works, said) = unshare(&["true"])?;
    let this = env::current_exe().expect("this program has a path");
    let again = || unshare(&[&this.to_string_lossy(), "--exact", NAME, "--nocapture"]);
    if works { again() } else { Err(said) }
}

#[test]
fn the_picture_of_a_failure_shows_what_crossed_the_wire() {
    if env::var_os("LAB_IN_NAMESPACES").is_none() {
        match in_a_network_of_its_own() {
            Ok((passes, said)) => assert!(passes && said.contains("1 passed"), "{said}"),
            Err(why) => {
                eprintln!("not tested: unshare(1) and ip(8) make no network here: {why}");
            }
        }
        return;
    }
    let fixture = Fixture::open();
    let mut peer1 = fixture.starts_program(1, &Program::exactly(&["true"]));
    let _peer2 = fixture.starts_program(2, &Program::exactly(&["true"]));
    peer1.ends_well();
    let listener = fixture.stranger(2);
    // Another test's, which is none of our business.
    let elsewhere = std::net::TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = elsewhere.local_addr().expect("it has an address");
    drop(std::net::TcpStream::connect(address).expect("it listens"));
    let caller = fixture.delivers(2, "Hello\n\u{1b}[2J\u{202e}");
    drop(listener);
    // It has ended, so this fails at once: the picture has to wait for the wire.
    let fails = AssertUnwindSafe(|| peer1.ends_with(3));
    let panic = catch_unwind(fails).expect_err("it has ended well");
    let told = panic.downcast_ref::<String>().expect("a text");
    let port = fixture.ports.port(2);

    let heading = told.lines().find(|line| line.starts_with("time")).expect("a picture");
    let columns: Vec<_> = heading.split('|').map(str::trim).collect();
    assert_eq!(columns, ["time", "peer 1", "wire", "peer 2"], "{told}");
    for event in ["(opens)", "Hello\\n\\u{1b", "(closes)"] {
        let row = format!("| {caller} -> {port}: {event}");
        assert_eq!(told.matches(&row).count(), 1, "{row}: {told}");
    }
    assert!(told.contains(&format!("| {port} -> {caller}: (resets)")), "{told}");
    let others = address.port().to_string();
    assert!(!told.contains(&others) && !told.contains(['\u{1b}', '\u{202e}']), "{told}");
}
