//! Task 1, the listener: answer calls, and report the message that each one brings.
//!
//! *What if a caller connects and says nothing?* The example waits for it, and so does every
//! caller behind it. Here the listener waits for `MAX_WAIT` at most: nearly all callers finish
//! in much less, because typed text arrives together with its end. A slow caller gets a thread of
//! its own for the rest of its time, and the listener accepts the next call.
//!
//! So messages that the listener has read itself are reported in the order of their calls. A slow
//! caller may be overtaken by the next one.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::report::Report;

// LAB:BEGIN listener
use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
use std::mem;
use std::net::Shutdown;
use std::sync::Weak;
use std::time::Instant;

use crate::call::{Call, Cut};
use crate::config::CALLER_PATIENCE;
use crate::control_line::is_line;

/// How long the listener itself waits for callers, in all: a token bucket, refilled by a third of
/// the time that passes. When it is used up, each call gets a thread at once. So silent callers,
/// however many, delay a message by less than 300 ms.
const MAX_WAIT: Duration = Duration::from_millis(150);

/// A message that comes within this time costs none of `MAX_WAIT`: on a busy machine even an
/// honest caller can take some milliseconds.
const SHORT: Duration = Duration::from_millis(30);

/// How many slow callers are listened to. For one more, the oldest is hung up on.
const MAX_CALLERS: usize = 64;

/// How long the listener pauses when the system accepts no call (too many open files, say),
/// because a second try at once would fail as well.
const PAUSE: Duration = Duration::from_millis(50);

/// The least time between two reports that the system accepts no call.
const REPORT_AGAIN: Duration = Duration::from_secs(10);
// LAB:STUB
// LAB:END listener

/// How long the call that wakes the listener may take.
const WAKE_PATIENCE: Duration = Duration::from_millis(400);

/// The means to stop the listener thread.
pub struct Listener {
    address: SocketAddr,
    stop: Sender<()>,
}

impl Listener {
    /// Starts to answer calls on `socket`.
    pub fn start(socket: TcpListener, report: Sender<Report>) -> io::Result<Self> {
        let address = socket.local_addr()?;
        let (stop, stop_requested) = bounded(1);
        let body = move || listen(socket, &stop_requested, &report);
        thread::Builder::new().name("listener".into()).spawn(body)?;
        Ok(Self { address, stop })
    }

    /// Frees the port and hangs up on all callers. The thread drops its end of `report` last.
    pub(crate) fn stop(&self) {
        let _ = self.stop.try_send(());
        // A thread in `accept` looks at nothing else. So we dial it.
        let _ = TcpStream::connect_timeout(&self.address, WAKE_PATIENCE);
    }
}

fn listen(socket: TcpListener, stop_requested: &Receiver<()>, report: &Sender<Report>) {
    // LAB:BEGIN listener
    let mut slow: Vec<SlowCaller> = Vec::new(); // The oldest first.
    let (mut wait_left, mut refilled) = (MAX_WAIT, Instant::now());
    let mut last_failure: Option<Instant> = None;
    loop {
        let accepted = socket.accept();
        if stop_requested.try_recv().is_ok() {
            break;
        }
        slow.retain(|caller| !caller.thread.is_finished());
        wait_left = MAX_WAIT.min(wait_left + refilled.elapsed() / 3);
        refilled = Instant::now();
        let taken = accepted.and_then(|(stream, from)| {
            take_call(stream, from, &mut slow, &mut wait_left, report)
        });
        let Err(error) = taken else { continue };
        if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
            continue; // The caller has hung up already, and that harms no other caller.
        }
        if last_failure.is_none_or(|last| last.elapsed() > REPORT_AGAIN) {
            last_failure = Some(Instant::now());
            let _ = report.send(Report::AcceptFailed(error.to_string()));
        }
        // If files or threads have run out, a slow caller can give some back.
        hang_up_on_the_oldest(&mut slow);
        if stop_requested.recv_timeout(PAUSE).is_ok() {
            break;
        }
    }
    drop(socket);
    for caller in slow {
        caller.hang_up(Cut::Closing);
    }
    // LAB:STUB
    //| let why = "task listener is not written yet".to_owned();
    //| let _ = report.send(Report::AcceptFailed(why));
    //| let _ = stop_requested.recv();
    //| drop(socket);
    // LAB:END listener
}

// LAB:BEGIN listener
/// Reads and reports a message: here if it is finished soon, or else in a thread of its own.
fn take_call(
    stream: TcpStream,
    from: SocketAddr,
    slow: &mut Vec<SlowCaller>,
    wait_left: &mut Duration,
    report: &Sender<Report>,
) -> io::Result<()> {
    let mut call = Call::accepted(stream, CALLER_PATIENCE);
    if *wait_left > SHORT {
        let begun = Instant::now();
        let ended = call.read_message_within(*wait_left);
        if call.message.is_empty() || begun.elapsed() > SHORT {
            *wait_left = wait_left.saturating_sub(begun.elapsed());
        }
        if ended != Err(Cut::TooSlow) {
            report_message(report, from, call, ended.err());
            return Ok(());
        }
    }
    if slow.len() == MAX_CALLERS {
        hang_up_on_the_oldest(slow);
    }
    slow.push(SlowCaller::start(call, from, report.clone())?);
    Ok(())
}

fn hang_up_on_the_oldest(slow: &mut Vec<SlowCaller>) {
    if !slow.is_empty() {
        slow.remove(0).hang_up(Cut::Crowded);
    }
}

/// A slow caller: the thread that reads on, and the means to hang up.
struct SlowCaller {
    /// `Weak`, since an `Arc` would keep the connection open after the thread has ended.
    stream: Weak<TcpStream>,
    reason: Sender<Cut>,
    thread: JoinHandle<()>,
}

impl SlowCaller {
    fn start(mut call: Call, from: SocketAddr, report: Sender<Report>) -> io::Result<Self> {
        let stream = call.handle();
        let (reason, hung_up) = bounded(1);
        let thread = thread::Builder::new().name("caller".into()).spawn(move || {
            let ended = call.read_message();
            let cut = hung_up.try_recv().ok().or(ended.err());
            report_message(&report, from, call, cut);
        })?;
        Ok(Self { stream, reason, thread })
    }

    /// Ends the call; its thread reports the message so far, and `why`.
    fn hang_up(self, why: Cut) {
        let _ = self.reason.try_send(why);
        if let Some(stream) = self.stream.upgrade() {
            let _ = stream.shutdown(Shutdown::Both); // Fails if the caller has just hung up.
        }
        let _ = self.thread.join(); // A panic has been printed already.
    }
}

fn report_message(report: &Sender<Report>, from: SocketAddr, mut call: Call, cut: Option<Cut>) {
    let message = mem::take(&mut call.message);
    // A line may be a question, and then its caller waits for a reply. All other calls are over,
    // even if the owner is slow to take the report.
    let call = (cut.is_none() && is_line(&message)).then_some(call);
    // Fails once the owner has gone, and nothing is shown any more.
    let _ = report.send(Report::Called { from, message, cut, call });
}
// LAB:STUB
// LAB:END listener

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::Cut;

    #[test]
    fn stopping_hangs_up_on_a_silent_caller_and_frees_the_port() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (report, reports) = bounded(16);
        let listener = Listener::start(socket, report).unwrap();
        let silent = TcpStream::connect(address).unwrap();
        // After this time the listener has handed it to a thread of its own.
        assert!(reports.recv_timeout(Duration::from_millis(320)).is_err());
        listener.stop();
        let Ok(Report::Called { cut, .. }) = reports.recv() else { panic!() };
        assert_eq!(cut, Some(Cut::Closing));
        assert!(reports.recv().is_err(), "all threads have ended");
        TcpListener::bind(address).expect("the port is free");
        drop(silent);
    }
}
