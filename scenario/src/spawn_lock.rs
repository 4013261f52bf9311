//! The lock that keeps "start a program" and "try out a port" apart.
//!
//! Between fork and exec, a new program holds a copy of every descriptor of this process. A port
//! that is tried out in that instant stays taken until the exec, and another test finds it in
//! use. Spawning returns after the exec, so a lock around it is enough.

use std::sync::{Mutex, MutexGuard, PoisonError};

static SPAWNING: Mutex<()> = Mutex::new(());

/// Locks until the guard is dropped.
pub(crate) fn hold() -> MutexGuard<'static, ()> {
    SPAWNING.lock().unwrap_or_else(PoisonError::into_inner)
}
