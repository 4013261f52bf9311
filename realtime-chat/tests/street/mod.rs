//! The street of one test: a chat server, the clients at their terminals, and a folder for files.
#![allow(dead_code, reason = "each file of tests needs a part of it")]

use std::fs;
use std::path::{Path, PathBuf};

use grader::{PortLease, Program, Story, Terminal};

pub(crate) const SERVER: &str = env!("CARGO_BIN_EXE_chat-server");
pub(crate) const CLIENT: &str = env!("CARGO_BIN_EXE_chat-client");

/// The last line of a client's welcome.
pub(crate) const WELCOME: &str =
    "Type '/quit' to exit, '/users' to list users, '/help' for commands\n\n";

/// A street.
pub(crate) struct Street {
    pub(crate) story: Story,
    pub(crate) ports: PortLease,
    folder: PathBuf,
}

impl Street {
    pub(crate) fn open() -> Self {
        let (story, ports) = (Story::begin(), PortLease::lease());
        // Nobody else has this port, so nobody else has this folder.
        let folder = std::env::temp_dir().join(format!("realtime-chat-{}", ports.base_port()));
        let _ = fs::remove_dir_all(&folder); // Left there by a test that was killed.
        fs::create_dir(&folder).expect("a folder can be made");
        Self { story, ports, folder }
    }

    /// A path in the folder of this test.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Where the server is.
    pub(crate) fn url(&self) -> String {
        format!("ws://127.0.0.1:{}/rpc/ws", self.ports.port(0))
    }

    /// Starts a server, and waits until it is up.
    #[track_caller]
    pub(crate) fn server(&self, options: &[&str]) -> Terminal {
        let port = self.ports.port(0).to_string();
        let args = [&["--port", &port], options].concat();
        let mut server = self.story.terminal("Server", &Program::exactly(&[SERVER]), &args);
        server.sees("Press Ctrl+C to stop\n");
        server
    }

    /// Starts a client, and does not wait for anything.
    #[track_caller]
    pub(crate) fn starts(&self, title: &str, options: &[&str]) -> Terminal {
        let url = self.url();
        let args = [&["--url", &url], options].concat();
        self.story.terminal(title, &Program::exactly(&[CLIENT]), &args)
    }

    /// Starts a client, and waits until it has joined.
    #[track_caller]
    pub(crate) fn client(&self, name: &str) -> Terminal {
        self.client_with(name, &[])
    }

    /// The same, with these options.
    #[track_caller]
    pub(crate) fn client_with(&self, name: &str, options: &[&str]) -> Terminal {
        let mut client = self.starts(name, &[&["--name", name], options].concat());
        client.sees(WELCOME);
        client
    }
}

impl Drop for Street {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A path as it is typed.
pub(crate) fn typed(path: &Path) -> &str {
    path.to_str().expect("a path in UTF-8")
}
