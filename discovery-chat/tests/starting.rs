//! What can keep a peer from starting, and what cannot: ports that others hold, and other users.

mod fixture;

use std::net::{Ipv4Addr, TcpListener};

use fixture::Fixture;

/// Another program listens on the port that Bob wants.
#[test]
fn a_tcp_port_in_use_is_named_with_a_way_out() {
    let fixture = Fixture::open();
    let port = fixture.ports.port(1);
    let _holder = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).expect("it is leased");
    let mut bob = fixture.starts("Bob", &["--port", &port.to_string()]);
    bob.ends_with(1);
    let complaint = bob.complained();
    assert!(complaint.starts_with(&format!("error: TCP port {port} is in use")), "{complaint}");
    assert!(complaint.contains("choose another --port"), "{complaint}");
    assert_eq!(bob.printed(), "", "it does not look as if it had started");
}

/// A program that shares its port with nobody hears what peers announce. (On Windows
/// sharing is up to the program that comes second.)
#[test]
#[cfg(unix)]
fn a_discovery_port_in_use_is_named_with_a_way_out() {
    let fixture = Fixture::open();
    let port = fixture.discovery_port();
    let _holder =
        std::net::UdpSocket::bind((Ipv4Addr::UNSPECIFIED, port)).expect("it is leased");
    let mut bob = fixture.starts("Bob", &[]);
    bob.ends_with(1);
    let complaint = bob.complained();
    assert!(complaint.starts_with(&format!("error: UDP port {port} is in use")), "{complaint}");
    assert!(complaint.contains("another --discovery-port"), "{complaint}");
    assert_eq!(bob.printed(), "", "it does not look as if it had started");
}

/// Two users of one machine share the discovery port. One of them is root here, since
/// only root can be somebody else, too.
#[test]
#[cfg(target_os = "linux")]
fn two_users_of_one_machine_find_each_other() {
    const NOBODY: [&str; 4] = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"];
    use fixture::{P2P_CHAT, Peer};
    use scenario::Program;

    let [setpriv, rest @ ..] = NOBODY;
    let may = std::process::Command::new(setpriv).args(rest).arg("true").output();
    if !may.is_ok_and(|ended| ended.status.success()) {
        eprintln!("NOT TESTED: two users of one machine. That takes root, and setpriv");
        return;
    }
    let copy = Copy::for_all_users(P2P_CHAT);
    let program = Program::exactly(&[&NOBODY[..], &[&copy.path()]].concat());
    let fixture = Fixture::open();
    let mut alice = fixture.peer("Alice");
    let mut bob = Peer::is_up(fixture.starts_program(&program, "Bob", &[]));
    let status = std::fs::read_to_string(format!("/proc/{}/status", bob.pid()));
    assert!(
        status.expect("Bob runs").contains("\nUid:\t65534\t65534\t"),
        "Bob is somebody else"
    );
    let mut charlie = fixture.peer("Charlie");
    alice.sees_all(&["🔍 Discovered new peer: Bob (", "🔍 Discovered new peer: Charlie ("]);
    bob.sees_all(&["🔍 Discovered new peer: Alice (", "🔍 Discovered new peer: Charlie ("]);
    charlie.sees_all(&["🔍 Discovered new peer: Alice (", "🔍 Discovered new peer: Bob ("]);
}

/// A copy of a program in a place where every user may run it.
#[cfg(target_os = "linux")]
struct Copy(std::path::PathBuf);

#[cfg(target_os = "linux")]
impl Copy {
    fn for_all_users(program: &str) -> Self {
        let name = format!("p2p-course-{}-p2p_chat", std::process::id());
        let copy = Self(std::env::temp_dir().join(name));
        // A program of its own writes the copy. If this process did, any program that it starts in the
        // meantime would hold the copy open for writing, and the system would not run it.
        let install = std::process::Command::new("install")
            .args(["-m", "755", program])
            .arg(&copy.0)
            .status();
        assert!(install.expect("it can be copied").success());
        copy
    }

    fn path(&self) -> String {
        self.0.to_string_lossy().into_owned()
    }
}

#[cfg(target_os = "linux")]
impl Drop for Copy {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
