//! Task 2, the sender: dial a peer, deliver one message, hang up.
//!
//! *What if the other peer accepts no calls?* Its system makes the connections all the same, until
//! its queue is full; then the example stands still. Here a few threads dial, and the owner waits for
//! none of them. The dials to peer `n` are all made by thread `n % SENDERS`, one after the other, so
//! messages to one peer keep their order without a lock. A peer that does not accept delays only the
//! peers that share its thread.

use std::io;
use std::thread;

use crossbeam_channel::{Receiver, Sender, bounded, select_biased};

use crate::config::{AddressPlan, MAX_KNOWN};
use crate::report::{Dial, Failure, Outcome, Purpose, Report};

/// How many threads dial.
const SENDERS: usize = 8;

/// How many of our own dials may wait for one thread: a broadcast or a search, and the goodbyes.
const MAX_OWN: usize = 2 * MAX_KNOWN;

/// How many relays may wait for one thread. Strangers can make us relay, so there is a limit.
const MAX_RELAYS: usize = 32;

/// The dials that wait for each thread.
pub(crate) struct Senders {
    queues: Vec<Queues>,
}

struct Queues {
    own: Sender<Dial>,
    relays: Sender<Dial>,
    /// The other ends, to take back what still waits.
    waiting: [Receiver<Dial>; 2],
}

impl Senders {
    /// Starts threads that report the outcome of each dial.
    pub(crate) fn start(plan: AddressPlan, report: &Sender<Report>) -> io::Result<Self> {
        let mut queues = Vec::new();
        for _ in 0..SENDERS {
            let (own, own_dials) = bounded(MAX_OWN);
            let (relays, relay_dials) = bounded(MAX_RELAYS);
            let waiting = [own_dials.clone(), relay_dials.clone()];
            let report = report.clone();
            let body = move || make_dials(plan, &own_dials, &relay_dials, &report);
            thread::Builder::new().name("sender".into()).spawn(body)?;
            queues.push(Queues { own, relays, waiting });
        }
        Ok(Self { queues })
    }

    /// Hands `dial` to its thread. Never waits; returns whether there was room for it. Not to be
    /// called after [`Senders::stop`].
    pub(crate) fn dial(&self, dial: Dial) -> bool {
        let queues = &self.queues[usize::from(dial.to) % SENDERS];
        let queue = if dial.purpose == Purpose::Relay { &queues.relays } else { &queues.own };
        queue.try_send(dial).is_ok()
    }

    /// Takes back all dials that still wait.
    pub(crate) fn take_back(&self) -> Vec<Dial> {
        let waiting = self.queues.iter().flat_map(|queues| &queues.waiting);
        waiting.flat_map(Receiver::try_iter).collect()
    }

    /// Closes the queues. Each thread makes the dials of our own that wait, drops its end of
    /// `report`, and ends.
    pub(crate) fn stop(&mut self) {
        self.queues.clear();
    }
}

fn make_dials(
    plan: AddressPlan,
    own: &Receiver<Dial>,
    relays: &Receiver<Dial>,
    report: &Sender<Report>,
) {
    // Our user, who waits for an answer, goes before strangers.
    while let Ok(dial) = select_biased! {
        recv(own) -> dial => dial,
        recv(relays) -> dial => dial,
    } {
        let outcome = send_message(plan, &dial).unwrap_or_else(Outcome::Failed);
        // Fails once the owner has gone, and nothing is shown any more.
        let _ = report.send(Report::Dialed(dial, outcome));
    }
}

/// Dials a peer and delivers the message; if it is a question, waits for the answer.
pub fn send_message(plan: AddressPlan, dial: &Dial) -> Result<Outcome, Failure> {
    // LAB:BEGIN sender
    use crate::call::Call;
    use crate::config::{DIAL_PATIENCE, MAX_MESSAGE};

    if dial.text.len() > MAX_MESSAGE {
        return Err(Failure::TooLong(dial.text.len()));
    }
    if let Purpose::Question(until) = dial.purpose
        && until.left().is_none()
    {
        return Err(Failure::SearchOver); // It waited behind other dials.
    }
    // No peer listens on a port that does not exist.
    let address = plan.address_of(dial.to).ok_or(Failure::Offline)?;
    let mut call = Call::dial(address, DIAL_PATIENCE).map_err(|error| failure(&error))?;
    let written = call.write(&dial.text);
    if !matches!(dial.purpose, Purpose::Question(_)) {
        // Dropping the call hangs up, and that is what ends the message.
        return written.map(|()| Outcome::Delivered).map_err(|error| failure(&error));
    }
    // The connection was made, so the peer is online, whatever it answers. One that knows only
    // messages takes the question for a message, and answers nothing.
    if written.and_then(|()| call.finish_message()).is_ok() {
        let _ = call.read_message();
    }
    Ok(Outcome::Answered(call.message))
    // LAB:STUB
    //| let _ = (plan, dial);
    //| Err(Failure::Broken("task sender is not written yet".into()))
    // LAB:END sender
}

// LAB:BEGIN sender
fn failure(error: &io::Error) -> Failure {
    use std::io::ErrorKind;

    match error.kind() {
        ErrorKind::ConnectionRefused => Failure::Offline,
        // Windows tries a closed port three times, which takes it longer than our patience.
        ErrorKind::TimedOut if cfg!(windows) => Failure::Offline,
        ErrorKind::TimedOut | ErrorKind::WouldBlock => Failure::NoAnswer,
        _ => Failure::Broken(error.to_string()),
    }
}
// LAB:STUB
// LAB:END sender

#[cfg(test)]
mod tests {
    use std::io::Read;
    use std::net::TcpListener;
    use std::time::Duration;

    use crossbeam_channel::RecvTimeoutError;
    use terminal::Deadline;

    use super::*;
    use crate::config::{HOST, MAX_MESSAGE, PeerId};

    /// A socket, and the plan in which it is peer 0's.
    fn peer_0() -> (TcpListener, AddressPlan) {
        let socket = TcpListener::bind((HOST, 0)).unwrap();
        let base_port = socket.local_addr().unwrap().port();
        (socket, AddressPlan { host: HOST, base_port })
    }

    fn message(text: String) -> Dial {
        Dial { to: 0, text, purpose: Purpose::Message }
    }

    #[test]
    fn a_message_at_the_limit_is_sent_and_for_a_longer_one_no_peer_is_dialed() {
        let (socket, plan) = peer_0();
        let longest = "x".repeat(MAX_MESSAGE);
        let too_long = message(longest.clone() + "x");
        assert_eq!(send_message(plan, &too_long), Err(Failure::TooLong(MAX_MESSAGE + 1)));
        let listen = thread::Builder::new().spawn(move || {
            let mut heard = String::new();
            socket.accept().unwrap().0.read_to_string(&mut heard).unwrap();
            heard.len()
        });
        assert_eq!(send_message(plan, &message(longest)), Ok(Outcome::Delivered));
        assert_eq!(listen.unwrap().join().unwrap(), MAX_MESSAGE);
    }

    #[test]
    fn there_is_room_for_a_broadcast_and_all_goodbyes_and_a_limit_for_relays() {
        let (report, reports) = bounded(0);
        // No peer has a port, so no socket is opened.
        let plan = AddressPlan { host: HOST, base_port: PeerId::MAX };
        let mut senders = Senders::start(plan, &report).unwrap();
        let dial = |purpose| {
            // All to the same thread, which waits until its first report is taken.
            senders.dial(Dial { to: 8, text: "hi".to_owned(), purpose })
        };
        let others = MAX_KNOWN - 1;
        assert!((0..others).all(|_| dial(Purpose::Message)));
        assert!((0..others).all(|_| dial(Purpose::Goodbye)));
        assert!((0..MAX_RELAYS).all(|_| dial(Purpose::Relay)));
        // The thread may have taken one of them.
        assert!([(); 2].iter().any(|()| !dial(Purpose::Relay)));
        let outcome = |report| match report {
            Report::Dialed(dial, outcome) => (dial.purpose, outcome),
            _ => panic!("{report:?}"),
        };
        let made = reports.iter().take(2 * others + MAX_RELAYS).map(outcome);
        let made: Vec<_> = made.collect();
        assert!(made.iter().all(|(_, outcome)| *outcome == Outcome::Failed(Failure::Offline)));
        let first_relay = made.iter().position(|(purpose, _)| *purpose == Purpose::Relay);
        assert_eq!(first_relay, Some(2 * others), "our own dials go first");

        senders.stop();
        drop(report);
        let patience = Duration::from_secs(10);
        let last = reports.recv_timeout(patience).and_then(|_| reports.recv_timeout(patience));
        assert_eq!(last.unwrap_err(), RecvTimeoutError::Disconnected, "the threads end");
    }

    #[test]
    fn a_question_that_has_waited_too_long_is_not_asked() {
        let (socket, plan) = peer_0();
        let purpose = Purpose::Question(Deadline::after(Duration::ZERO));
        let dial = Dial { to: 0, text: "discover 1\n".into(), purpose };
        assert_eq!(send_message(plan, &dial), Err(Failure::SearchOver));
        socket.set_nonblocking(true).unwrap();
        assert!(socket.accept().is_err(), "the peer was not dialed");
    }

    #[test]
    fn a_peer_hears_us_in_our_order_and_the_goodbye_last() {
        let (socket, plan) = peer_0();
        let (report, _reports) = bounded(256);
        let senders = Senders::start(plan, &report).unwrap();
        let messages = (0..50).map(|number| ("x".repeat(1000 * number), Purpose::Message));
        let spoken: Vec<_> =
            messages.chain([("bye 1\n".to_owned(), Purpose::Goodbye)]).collect();
        for (text, purpose) in spoken.clone() {
            assert!(senders.dial(Dial { to: 0, text, purpose }));
        }
        for (text, _) in spoken {
            let mut heard = String::new();
            socket.accept().unwrap().0.read_to_string(&mut heard).unwrap();
            assert_eq!(heard.len(), text.len());
        }
    }
    // LAB:BEGIN sender
    #[cfg(not(windows))]
    #[test]
    fn a_peer_that_does_not_answer_is_told_from_one_that_refuses() {
        use std::io::ErrorKind::{ConnectionRefused, ConnectionReset, TimedOut, WouldBlock};
        assert_eq!(failure(&ConnectionRefused.into()), Failure::Offline);
        assert_eq!(failure(&TimedOut.into()), Failure::NoAnswer);
        assert_eq!(failure(&WouldBlock.into()), Failure::NoAnswer);
        assert!(matches!(failure(&ConnectionReset.into()), Failure::Broken(_)));
    }
    // LAB:STUB
    // LAB:END sender
}
