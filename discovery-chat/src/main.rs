//! A peer: sockets first, then threads, then it does what its rules say.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, anyhow};
use discovery_chat::arguments::Arguments;
use discovery_chat::card::{Card, PeerId};
use discovery_chat::console::{Screen, Style, Window};
use discovery_chat::editor::{Editor, Mode};
use discovery_chat::interrupt::interrupts;
use discovery_chat::keyboard::Keyboard;
use discovery_chat::owner::Owner;
use discovery_chat::sockets::{CannotOpen, Place, Sockets};
use discovery_chat::stdout::Stdout;
use discovery_chat::{Event, Mesh};

fn main() -> ExitCode {
    match run(Arguments::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`: it panics if nobody reads that either.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(Arguments { name, place, peers, plain }: Arguments) -> Result<()> {
    let sockets = Sockets::open(&place).map_err(|error| explain(&error, &place))?;
    // Before the first line, since whoever reads it may press Ctrl-C at once.
    let mode = Mode::now();
    let before = mode.clone();
    let interrupts = interrupts(move || before.restore()).context("cannot wait for Ctrl-C")?;
    let port = sockets.tcp.local_addr().context("the system hides our port")?.port();
    let me = Card { id: draw_id(), port, name };
    let mesh = Mesh::new(me.clone(), place.scope, &peers, Instant::now());
    let started = Event::Started(me.clone());
    let stdout = || Stdout::open().map(Window::Stdout).context("cannot print");

    let ended = if !plain && Editor::is_possible() {
        let mut screen = Screen::new(stdout()?, Style::Editor);
        screen.show(&started);
        screen.finish(LAST_LINE).context("cannot print")?;
        let (editor, printer) = Editor::open(mode).context("cannot edit on this terminal")?;
        let above = Screen::new(Window::Above(printer), Style::Editor);
        let ended = Owner::start(me, mesh, &place, sockets, above)
            .and_then(|owner| owner.run(&editor.lines, &interrupts));
        let closed = editor.close();
        ended.and(closed).map(|()| screen)
    } else {
        let style = if plain { Style::Plain } else { Style::Prompt };
        let mut screen = Screen::new(stdout()?, style);
        screen.show(&started);
        let keyboard = Keyboard::plug_in().context("cannot read the keyboard")?;
        let ended = Owner::start(me, mesh, &place, sockets, screen)
            .and_then(|owner| owner.run(&keyboard.lines, &interrupts));
        keyboard.unplug();
        ended
    };
    let said_goodbye = ended.and_then(|mut screen| {
        screen.show(&Event::Goodbye);
        screen.finish(LAST_LINE)
    });
    match said_goodbye {
        // Whoever closes the window has left, and the others have been told.
        Err(error) if is_gone(&error) => Ok(()),
        said_goodbye => said_goodbye.context("cannot go on"),
    }
}

/// How long the terminal may take for the last line.
const LAST_LINE: Duration = Duration::from_millis(250);

/// Whether the terminal is gone: a pipe says so, and a window that was closed.
fn is_gone(error: &io::Error) -> bool {
    const EIO: i32 = 5; // On all systems where std tells of it.
    error.kind() == ErrorKind::BrokenPipe || cfg!(unix) && error.raw_os_error() == Some(EIO)
}

/// 72 bits of chance, from the keys that std draws for its hash maps.
fn draw_id() -> PeerId {
    let [high, low] = [(); 2].map(|()| RandomState::new().hash_one(()));
    PeerId::from_bits(u128::from(high) << 64 | u128::from(low))
}

fn explain(error: &CannotOpen, place: &Place) -> anyhow::Error {
    let Place { port, discovery_port, bind, .. } = place;
    let (CannotOpen::Tcp(why) | CannotOpen::Ears(why) | CannotOpen::Voice(why)) = error;
    match (error, why.kind(), bind) {
        (_, ErrorKind::AddrNotAvailable, Some(address)) => {
            anyhow!("{address} is no address of this machine: choose another --bind")
        }
        (CannotOpen::Tcp(_), ErrorKind::AddrInUse, _) => anyhow!(
            "TCP port {port} is in use, perhaps by another peer on this machine: choose another \
             --port, or --port 0 for any that is free"
        ),
        (CannotOpen::Tcp(_), ErrorKind::PermissionDenied, _) => {
            anyhow!("TCP port {port} is not open to you: choose a --port of 1024 or more")
        }
        (CannotOpen::Ears(_), ErrorKind::AddrInUse, _) => anyhow!(
            "UDP port {discovery_port} is in use by a program that does not share it: stop that \
             one, or give all peers another --discovery-port"
        ),
        (CannotOpen::Ears(_), ErrorKind::PermissionDenied, _) => anyhow!(
            "UDP port {discovery_port} is not open to you: give all peers a --discovery-port of \
             1024 or more"
        ),
        (CannotOpen::Tcp(_), ..) => anyhow!("cannot listen on TCP port {port}: {why}"),
        (CannotOpen::Ears(_), ..) => anyhow!("cannot hear UDP port {discovery_port}: {why}"),
        (CannotOpen::Voice(_), ..) => anyhow!("cannot open a socket to announce with: {why}"),
    }
}
