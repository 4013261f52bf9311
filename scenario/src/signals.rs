//! The signals that this process was told to ignore: what it starts shall have the default for them.
//!
//! A script that starts something with `&` ignores SIGINT in it, and `nohup` ignores SIGHUP. A new
//! program inherits that a signal is ignored, but not that it is handled. So the judge handles such a
//! signal, by doing nothing.

use std::process::Command;
use std::sync::{Arc, Once};

use signal_hook::consts::{SIGHUP, SIGINT};
use signal_hook::flag;

use crate::spawn_lock;

/// From now on, what this process starts has the default for these signals. The first call starts
/// two shells.
pub fn are_not_inherited() {
    static DONE: Once = Once::new();
    DONE.call_once(|| {
        let _spawning = spawn_lock::hold();
        for signal in [SIGHUP, SIGINT] {
            // A shell that survives its own signal was told to ignore it.
            let shell = Command::new("sh").args(["-c", &format!("kill -{signal} $$")]).status();
            if shell.is_ok_and(|status| status.success()) {
                let _ = flag::register(signal, Arc::default());
            }
        }
    });
}
