//! Task 1, the listener: answer calls, and report the message that each one brings.
//!
//! *What if a caller connects and says nothing?* The example waits for it, and so does every
//! caller behind it. Here the listener waits for `MAX_WAIT` at most, and for less if others have
//! just made it wait: nearly all callers finish in much less, because typed text arrives together
//! with its end. A slow caller gets a thread of its own for the rest of its time, and the listener
//! accepts the next call.
//!
//! So messages that the listener has read itself are reported in the order of their calls. A slow
//! caller may be overtaken by the next one.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded};

use crate::report::Report;

// LAB:BEGIN listener
use std::io::ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
use std::mem;
use std::net::Shutdown;
use std::sync::Weak;
use std::thread::JoinHandle;
use std::time::Instant;

use crate::call::{Call, Cut};
use crate::config::CALLER_PATIENCE;
use crate::control_line::is_line;

/// How long the listener itself waits for all callers together, before time refills this budget
/// ([`WaitBudget`]). While it is used up, a call whose end is not there yet gets a thread at once.
/// So silent callers, however many, delay a message by less than 300 ms.
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
    let mut budget = WaitBudget { full_at: Instant::now() };
    let mut last_failure: Option<Instant> = None;
    loop {
        let accepted = socket.accept();
        if stop_requested.try_recv().is_ok() {
            break;
        }
        slow.retain(|caller| !caller.thread.is_finished());
        let taken = accepted
            .and_then(|(stream, from)| take_call(stream, from, &mut slow, &mut budget, report));
        let Err(error) = taken else { continue };
        if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
            continue; // The caller has hung up already, and that harms no other caller.
        }
        let now = Instant::now();
        if is_report_due(last_failure, now) {
            last_failure = Some(now);
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
    budget: &mut WaitBudget,
    report: &Sender<Report>,
) -> io::Result<()> {
    let mut call = Call::accepted(stream, CALLER_PATIENCE);
    let begun = Instant::now();
    // When the budget is used up, no time is left, and the call takes what is there already.
    let time = budget.left(begun).unwrap_or_default();
    let ended = call.read_message_within(time);
    budget.spend(begun, begun.elapsed().min(time), call.message.is_empty());
    if ended != Err(Cut::TooSlow) {
        report_message(report, from, call, ended.err());
        return Ok(());
    }
    if slow.len() == MAX_CALLERS {
        hang_up_on_the_oldest(slow);
    }
    slow.push(SlowCaller::start(call, from, report.clone())?);
    Ok(())
}

/// A token bucket with the time that is left of [`MAX_WAIT`]; a third of the time that passes flows
/// in. All that it has to know is when it is full again.
struct WaitBudget {
    full_at: Instant,
}

impl WaitBudget {
    /// How long the listener may wait for a caller; `None` if that is too short to be of use.
    fn left(&self, now: Instant) -> Option<Duration> {
        let spent = self.full_at.saturating_duration_since(now) / 3;
        MAX_WAIT.checked_sub(spent).filter(|left| *left > SHORT)
    }

    /// The listener has waited. A caller that has said nothing costs time, however short.
    fn spend(&mut self, begun: Instant, waited: Duration, is_silent: bool) {
        if is_silent || waited > SHORT {
            self.full_at = self.full_at.max(begun) + 3 * waited;
        }
    }
}

fn is_report_due(last: Option<Instant>, now: Instant) -> bool {
    last.is_none_or(|last| now - last > REPORT_AGAIN)
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
    use std::io::Write;

    use super::*;
    use crate::report::Cut;

    /// A running listener, its address, and its reports.
    fn started() -> (Listener, SocketAddr, Receiver<Report>) {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        let (report, reports) = bounded(16);
        (Listener::start(socket, report).unwrap(), address, reports)
    }

    #[test]
    fn stopping_hangs_up_on_silent_callers_and_frees_the_port() {
        let (listener, address, reports) = started();
        let silent = [(); 2].map(|()| TcpStream::connect(address).unwrap());
        // After this time the listener has handed both to threads of their own.
        assert!(reports.recv_timeout(Duration::from_millis(320)).is_err());
        listener.stop();
        for _ in &silent {
            let Ok(Report::Called { cut, .. }) = reports.recv() else { panic!() };
            assert_eq!(cut, Some(Cut::Closing));
        }
        assert!(reports.recv().is_err(), "all threads have ended");
        TcpListener::bind(address).expect("the port is free");
    }

    #[test]
    fn only_a_caller_that_may_wait_for_a_reply_is_not_hung_up_on() {
        let (_listener, address, reports) = started();
        for (message, may_wait) in [("discover 2\n", true), ("discover 2", false)] {
            let mut caller = TcpStream::connect(address).unwrap();
            caller.write_all(message.as_bytes()).unwrap();
            caller.shutdown(std::net::Shutdown::Write).unwrap();
            let Ok(Report::Called { cut: None, call, .. }) = reports.recv() else { panic!() };
            assert_eq!(call.is_some(), may_wait, "{message:?}");
        }
    }

    // LAB:BEGIN listener
    use std::io::Read;

    const MINUTE: Duration = Duration::from_mins(1);

    #[test]
    fn silent_callers_use_up_the_budget_and_time_refills_it() {
        let begun = Instant::now();
        let after = |milliseconds| begun + Duration::from_millis(milliseconds);
        let left = |milliseconds| Some(Duration::from_millis(milliseconds));
        let mut budget = WaitBudget { full_at: begun };
        budget.spend(begun, MAX_WAIT, true);
        assert_eq!(budget.left(after(150)), left(50), "150 ms spent, a third of it flowed in");
        budget.spend(after(150), Duration::from_millis(50), true);
        assert_eq!(budget.left(after(200)), None, "17 ms are too short to be of use");
        assert_eq!(budget.left(after(240)), None, "30 ms as well");
        assert_eq!(budget.left(after(243)), left(31));
        assert_eq!(budget.left(after(600)), left(150));
        assert_eq!(budget.left(after(9999)), left(150), "it is never more than full");
        budget.spend(after(9000), Duration::from_millis(90), true);
        assert_eq!(budget.left(after(9090)), left(90));
    }

    #[test]
    fn a_message_that_comes_soon_costs_nothing() {
        let begun = Instant::now();
        let longer = SHORT + Duration::from_millis(3);
        for (waited, is_silent, is_free) in
            [(SHORT, false, true), (longer, false, false), (SHORT, true, false)]
        {
            let mut budget = WaitBudget { full_at: begun };
            budget.spend(begun, waited, is_silent);
            let is_full = budget.left(begun) == Some(MAX_WAIT);
            assert_eq!(is_full, is_free, "{waited:?} {is_silent}");
        }
    }

    #[test]
    fn a_system_that_accepts_no_call_is_reported_now_and_then() {
        let last = Instant::now();
        assert!(is_report_due(None, last));
        assert!(!is_report_due(Some(last), last + REPORT_AGAIN));
        assert!(is_report_due(Some(last), last + REPORT_AGAIN + Duration::from_millis(1)));
    }

    #[test]
    fn when_the_budget_is_used_up_a_message_that_is_there_is_still_reported_in_order() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let (report, reports) = bounded(16);
        let full_at = Instant::now() + MINUTE;
        let mut budget = WaitBudget { full_at };
        for _ in 0..2 {
            drop(TcpStream::connect(socket.local_addr().unwrap()).unwrap());
            let (stream, from) = socket.accept().unwrap();
            assert_eq!(stream.peek(&mut [0]).unwrap(), 0, "its end is there");
            let mut slow = Vec::new();
            take_call(stream, from, &mut slow, &mut budget, &report).unwrap();
            assert!(slow.is_empty(), "it has no thread, which the next one might overtake");
            let Ok(Report::Called { from: reported, cut: None, .. }) = reports.recv() else {
                panic!()
            };
            assert_eq!(reported, from);
        }
        assert_eq!(budget.full_at, full_at, "no wait, no cost");
    }

    #[test]
    fn for_one_slow_caller_too_many_the_oldest_is_hung_up_on() {
        let socket = TcpListener::bind("127.0.0.1:0").unwrap();
        let (report, reports) = bounded(16);
        let mut callers = Vec::new();
        let mut slow = Vec::new();
        let mut call = || {
            callers.push(TcpStream::connect(socket.local_addr().unwrap()).unwrap());
            socket.accept().unwrap()
        };
        for _ in 1..MAX_CALLERS {
            let (stream, from) = call();
            let call = Call::accepted(stream, MINUTE);
            slow.push(SlowCaller::start(call, from, report.clone()).unwrap());
        }
        // It is empty for so long that each caller gets a thread at once.
        let mut budget = WaitBudget { full_at: Instant::now() + MINUTE };
        for expected in [0, 1] {
            let (stream, from) = call();
            take_call(stream, from, &mut slow, &mut budget, &report).unwrap();
            assert_eq!((slow.len(), reports.len()), (MAX_CALLERS, expected));
        }
        let Ok(Report::Called { from, cut, .. }) = reports.recv() else { panic!() };
        assert_eq!((from, cut), (callers[0].local_addr().unwrap(), Some(Cut::Crowded)));
        assert_eq!(callers[0].read(&mut [0]).unwrap(), 0);
        drop(callers); // So all threads end.
    }
    // LAB:STUB
    // LAB:END listener
}
