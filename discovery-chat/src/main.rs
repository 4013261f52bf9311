//! A peer: it opens its sockets, starts its threads, and does what the rules say.

use std::hash::{BuildHasher, RandomState};
use std::io::{self, ErrorKind, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, Error, Result, anyhow};
use discovery_chat::arguments::Arguments;
use discovery_chat::command::{MAX_TYPED, is_quit};
use discovery_chat::config::Config;
use discovery_chat::console::{Console, Style};
use discovery_chat::event::{Event, PROMPT};
use discovery_chat::owner::Owner;
use discovery_chat::peer_info::{PeerId, PeerInfo};
use discovery_chat::sockets::{Broadcaster, Sockets, open_listener, open_receiver};
use terminal::{Editor, NonBlockingStdout, is_gone};

/// How long the terminal may take for the first and for the last line.
const LAST_LINE: Duration = Duration::from_millis(250);

fn main() -> ExitCode {
    match run(Arguments::read()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // Not `eprintln!`, which panics if stderr is closed too.
            let _ = writeln!(io::stderr(), "error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(Arguments { name, config, plain }: Arguments) -> Result<()> {
    let sockets = Sockets {
        listener: open_listener(&config).map_err(|error| cannot_listen(&config, &error))?,
        receiver: open_receiver(&config).map_err(|error| cannot_hear(&config, error))?,
        broadcaster: Broadcaster::open(&config)
            .context("cannot open a socket to announce with")?,
    };
    // Before the first line is printed: its reader may press Ctrl-C at once.
    let interrupts = terminal::interrupts().context("cannot wait for Ctrl-C")?;
    let port = sockets.listener.local_addr().context("the system hides our port")?.port();
    let me = PeerInfo { id: random_id(), port, name };
    let style = match plain {
        true => Style::Plain,
        false if Editor::is_possible() => Style::Editor,
        false => Style::Prompt,
    };
    let stdout = NonBlockingStdout::open().context("cannot print")?;
    let mut console = Console::new(style, stdout);
    console.show(&Event::Started(me.clone()));

    let ended = if style == Style::Editor {
        console.screen.finish(LAST_LINE).context("cannot print")?;
        let (editor, printer) = Editor::open(PROMPT, MAX_TYPED, is_quit)
            .context("cannot edit lines on this terminal")?;
        let above = Console::new(style, printer);
        // The editor is dropped here, and gives the terminal back.
        Owner::start(me, &config, sockets, above)
            .and_then(|owner| owner.run(&editor.lines, &interrupts))
            .and_then(|mut above| above.screen.finish(LAST_LINE).map(|()| console))
    } else {
        let lines = terminal::lines(MAX_TYPED).context("cannot read the keyboard")?;
        Owner::start(me, &config, sockets, console)
            .and_then(|owner| owner.run(&lines, &interrupts))
    };
    let said_goodbye = ended.and_then(|mut console| {
        console.show(&Event::Goodbye);
        console.screen.finish(LAST_LINE)
    });
    match said_goodbye {
        // A user who closes the window has left, and the other peers have been told.
        Err(error) if is_gone(&error) => Ok(()),
        said_goodbye => said_goodbye.context("cannot go on"),
    }
}

/// 72 random bits, from the keys that std draws for its hash maps.
fn random_id() -> PeerId {
    let [high, low] = [(); 2].map(|()| RandomState::new().hash_one(()));
    PeerId::from_bits(u128::from(high) << 64 | u128::from(low))
}

fn cannot_listen(config: &Config, error: &io::Error) -> Error {
    let port = config.port;
    match (error.kind(), config.bind) {
        (ErrorKind::AddrInUse, _) => anyhow!(
            "TCP port {port} is in use, perhaps by another peer on this machine: choose another \
             --port, or --port 0 for any that is free"
        ),
        (ErrorKind::PermissionDenied, _) => {
            anyhow!("TCP port {port} is not open to you: choose another --port, from 1024 up")
        }
        (ErrorKind::AddrNotAvailable, Some(address)) => {
            anyhow!("{address} is no address of this machine: choose another --bind")
        }
        _ => anyhow!("cannot listen on TCP port {port}: {error}"),
    }
}

fn cannot_hear(config: &Config, error: io::Error) -> Error {
    let port = config.discovery_port;
    match error.kind() {
        ErrorKind::AddrInUse => anyhow!(
            "UDP port {port} is in use by a program that does not share it: stop that one, or \
             give all peers another --discovery-port"
        ),
        ErrorKind::PermissionDenied => anyhow!(
            "UDP port {port} is not open to you: give all peers another --discovery-port, from \
             1024 up"
        ),
        _ => Error::new(error).context(format!("cannot hear UDP port {port}")),
    }
}
