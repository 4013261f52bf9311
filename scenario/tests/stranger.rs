//! Strangers wait for a program, and never for ever.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use scenario::Stranger;
use scenario::stranger::accepts;

const PATIENCE: Duration = Duration::from_millis(200);

#[test]
#[cfg(target_os = "linux")] // Elsewhere, a queue may have no end.
fn a_program_that_does_not_accept_is_given_up() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let _queue = scenario::fixture::fills_the_queue_of(&listener);
    let begun = std::time::Instant::now();
    assert!(Stranger::dials(listener.local_addr().unwrap(), PATIENCE).is_err());
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[test]
fn a_program_that_does_not_dial_is_given_up() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    assert!(accepts(&listener, PATIENCE).is_none());
    let _caller = Stranger::dials(listener.local_addr().unwrap(), PATIENCE).unwrap();
    assert!(accepts(&listener, PATIENCE).is_some());
}
