//! The fixture of a test in the browser: a chat server, and a browser with tabs, which a test plays
//! line by line.

use std::path::{Path, PathBuf};
use std::{fs, thread};

use scenario::{Program, Terminal};

use super::fixture::{Fixture, Server};

/// The files that the tests have saved, and the screenshots.
const SCREENSHOTS: &str = concat!(env!("CARGO_TARGET_TMPDIR"), "/screenshots");

/// A browser complains of this by itself, when a server is away; no page can prevent it.
const AWAY: &str = "Failed to load resource: net::ERR_CONNECTION_REFUSED";

/// For a client that says more than a person does.
pub(crate) const NO_RATE_LIMIT: [&str; 4] = ["--rate", "10000", "--burst", "10000"];

/// A server, and a browser with tabs. When it is closed, no page may have complained of anything,
/// have asked for anything elsewhere, or have been refused something by its own
/// Content-Security-Policy.
pub(crate) struct Browser {
    terminal: Terminal,
    address: String,
    pub(crate) server: Server,
    options: Vec<String>,
    pub(crate) fixture: Fixture,
}

impl Browser {
    #[track_caller]
    pub(crate) fn opens() -> Self {
        Self::opens_with(&[])
    }

    /// The same, with these options of the server.
    #[track_caller]
    pub(crate) fn opens_with(options: &[&str]) -> Self {
        Self::opens_in(Fixture::open(), "127.0.0.1", options)
    }

    /// The same, and finds the page at this host.
    #[track_caller]
    pub(crate) fn opens_in(fixture: Fixture, host: &str, options: &[&str]) -> Self {
        let folder = Path::new("tests").join("browser");
        let missing = !folder.join("node_modules").join("playwright-core").is_dir();
        assert!(!missing, "what drives the browser is not here: type `just browser`");
        fs::create_dir_all(SCREENSHOTS).expect("a folder can be made in target/");
        let driver = folder.join("driver.mjs");
        let driver = Program::exactly(&["node", driver.to_str().expect("a path in UTF-8")]);
        let server = fixture.server_with(options);
        let terminal = fixture.story.terminal("browser", &driver, &[SCREENSHOTS]);
        let address = format!("http://{host}:{}/", server.port);
        let options = options.iter().map(ToString::to_string).collect();
        let mut browser = Self { terminal, address, server, options, fixture };
        browser.waits_for("✅ The browser is open");
        browser
    }

    /// Waits for a line of the driver. The driver has more patience than we, and says so.
    #[track_caller]
    fn waits_for(&mut self, line: &str) {
        while self.terminal.sees_one_of(&[line, "… still at it"]).0 == 1 {}
    }

    /// Types lines, and waits until what each says is so.
    #[track_caller]
    pub(crate) fn plays(&mut self, lines: &str) {
        for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
            let line = line.replace("the page", &self.address);
            self.terminal.types(&line);
            self.waits_for(&format!("✅ {line}"));
        }
    }

    /// Alice and Bob join, each in a tab.
    #[track_caller]
    pub(crate) fn is_joined_by_two(&mut self) {
        self.plays(
            "Alice comes to the page
             Bob comes to the page
             Alice reads *** Bob joined the chat ***",
        );
    }

    /// A client in a terminal, which has joined.
    #[track_caller]
    pub(crate) fn client(&self, name: &str) -> Terminal {
        self.fixture.client(name)
    }

    /// The server is killed; these tabs, which are all that are open, look for it.
    #[track_caller]
    pub(crate) fn loses_the_server(&mut self, tabs: &[&str]) {
        for tab in tabs {
            self.plays(&format!("{tab} may complain of {AWAY}"));
        }
        self.server.is_killed();
        for tab in tabs {
            let why = "Connection lost: the server is away. Trying again…";
            self.plays(&format!("{tab} sees {why}"));
        }
    }

    #[track_caller]
    pub(crate) fn gets_the_server_back(&mut self) {
        let options: Vec<_> = self.options.iter().map(String::as_str).collect();
        self.server = self.fixture.server_with(&options);
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !thread::panicking() {
            self.terminal.presses_ctrl_d();
            self.terminal.ends_well();
        }
    }
}

/// A file that a tab saves, or shares.
pub(crate) fn saved(name: &str) -> PathBuf {
    Path::new(SCREENSHOTS).join(name)
}

/// A client in a terminal leaves.
#[track_caller]
pub(crate) fn quits(client: &mut Terminal) {
    client.types("/quit");
    client.ends_well();
}
