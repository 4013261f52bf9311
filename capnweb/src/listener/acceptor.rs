//! The acceptor: starts callers while there are connection slots, and ends them all.
//!
//! Most connections are idle most of the time: a caller keeps one for its next request. So when
//! all slots are taken, the connection that has been idle for longest is evicted: a crowd that
//! says nothing cannot keep out a caller that has something to say. Only when all are busy is a
//! new caller rejected.
//!
//! The threads are a pool that grows on demand: one whose caller is gone waits a moment for the
//! next, since to start a thread and to end it costs more than a short request.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{self, ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::atomic::Ordering::SeqCst;
use std::sync::{Arc, Weak};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, bounded, never};

use super::activity::Activity;
use super::caller::Caller;
use super::service::Service;
use crate::http::{Refusal, Request, Response};
use crate::wire::STACK;

/// How many rejected connections are kept until their callers have read why, or had the time to.
pub(super) const MAX_REJECTED: usize = 64;

/// The time between two looks at new callers whose first bytes may come at any moment.
const LOOK_AGAIN: Duration = Duration::from_millis(5);

/// How much of what a rejected caller has sent is read, in bytes. Most requests are shorter.
const MAX_UNREAD: usize = 16 * 1024;

/// How long the acceptor pauses when the system accepts no call (too many open files, say),
/// because a second try at once would fail as well.
const PAUSE: Duration = Duration::from_millis(50);

/// The least time between two reports that the system accepts no call.
const REPORT_AGAIN: Duration = Duration::from_mins(1);

/// How long we wait for threads whose connections are shut down, so that they wait for nothing.
const AFTER_SHUTDOWN: Duration = Duration::from_millis(250);

/// What the user of the program should read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Report {
    /// The system accepts no call, for this reason. Reported at most once a minute.
    AcceptFailed(String),
}

/// What the listener's thread owns.
pub(super) struct Acceptor {
    service: Arc<Service>,
    stop_requested: Receiver<()>,
    connections: Vec<Connection>,
    /// Has no room, so a caller can be sent only while a thread of the pool waits for one.
    pool: Sender<Caller>,
    next_caller: Receiver<Caller>,
    /// Every thread of the pool has one of these. When the last is dropped, all have ended.
    alive: Sender<Infallible>,
    all_ended: Receiver<Infallible>,
    rejected: VecDeque<(Instant, Arc<TcpStream>)>,
    /// Dropped last, hence the last field: see [`Listener::stop`](super::Listener::stop).
    report: Sender<Report>,
}

/// A caller that has a slot.
struct Connection {
    activity: Arc<Activity>,
    /// `Weak`, since an `Arc` would keep the connection open after its caller is gone, up to the
    /// next call. If the system has no descriptor left, there will be no next one.
    stream: Weak<TcpStream>,
}

impl Connection {
    fn shut_down(&self, how: Shutdown) {
        if let Some(stream) = self.stream.upgrade() {
            let _ = stream.shutdown(how); // Fails if the caller has just hung up.
        }
    }

    /// Takes its slot if it is idle. Returns whether it was. Its thread wakes, and hangs up.
    fn evict(&self) -> bool {
        let is_idle = self.activity.evict();
        if is_idle {
            self.shut_down(Shutdown::Read);
        }
        is_idle
    }
}

impl Acceptor {
    pub(super) fn new(
        service: Service,
        report: Sender<Report>,
        stop_requested: Receiver<()>,
    ) -> Self {
        let (pool, next_caller) = bounded(0);
        let (alive, all_ended) = bounded(0);
        Self {
            service: Arc::new(service),
            stop_requested,
            connections: Vec::new(),
            pool,
            next_caller,
            alive,
            all_ended,
            rejected: VecDeque::new(),
            report,
        }
    }

    /// Accepts calls until it is told to stop. Then it ends them all.
    pub(super) fn run(mut self, socket: TcpListener) {
        use ErrorKind::{ConnectionAborted, ConnectionReset, Interrupted};
        let mut last_report: Option<Instant> = None;
        loop {
            let accepted = socket.accept();
            if self.stop_requested.try_recv() != Err(TryRecvError::Empty) {
                break;
            }
            let error = match accepted {
                Ok((stream, _)) => {
                    self.take(stream);
                    continue;
                }
                Err(error) => error,
            };
            if matches!(error.kind(), ConnectionAborted | ConnectionReset | Interrupted) {
                continue; // The caller has hung up already, and that harms no other caller.
            }
            if last_report.is_none_or(|last| last.elapsed() > REPORT_AGAIN) {
                last_report = Some(Instant::now());
                // If nobody has read the last one, this one is not needed.
                let _ = self.report.try_send(Report::AcceptFailed(error.to_string()));
            }
            // If descriptors have run out, these can give some back.
            self.rejected.clear();
            self.evict_the_longest_idle();
            if self.stop_requested.recv_timeout(PAUSE) != Err(RecvTimeoutError::Timeout) {
                break;
            }
        }
        drop(socket);
        self.close();
    }

    /// Gives a caller a slot, if one is free or can be freed, and rejects it otherwise.
    fn take(&mut self, stream: TcpStream) {
        self.connections.retain(|one| one.stream.strong_count() > 0);
        let close = self.service.patience.close;
        while self.rejected.len() >= MAX_REJECTED
            || self.rejected.front().is_some_and(|(since, _)| since.elapsed() > close)
        {
            let first = self.rejected.pop_front();
            // Closing with unread input sends a TCP reset, and then the caller's system may discard
            // our answer.
            let _ = first.map(|(_, stream)| (&*stream).read(&mut [0; MAX_UNREAD]));
        }
        let max = self.service.max_callers;
        // These are about to end; but on a busy machine that may take a while.
        let evicted = self.connections.iter().filter(|one| one.activity.is_evicted()).count();
        let is_full = self.connections.len() - evicted >= max;
        let has_slot = !is_full || evicted < max && self.evict_the_longest_idle();
        let stream = Arc::new(stream);
        // Starting fails if the caller is gone again, or if the system has no thread.
        match has_slot.then(|| self.start(&stream)) {
            Some(Ok(connection)) => self.connections.push(connection),
            _ => self.reject(stream),
        }
    }

    /// Gives a connection a thread: one whose caller is gone, or else a new one.
    fn start(&self, stream: &Arc<TcpStream>) -> io::Result<Connection> {
        // An answer goes out when it is made, not when there is enough for a packet.
        stream.set_nodelay(true)?;
        let here = stream.local_addr()?;
        // Its request may be under way. So it is idle only when it has had some time.
        let some_time = u64::try_from(self.service.patience.new.as_nanos()).unwrap_or_default();
        let activity = Arc::new(Activity::idle_since(self.service.moment() + some_time));
        let service = Arc::clone(&self.service);
        let caller = Caller::new(service, Arc::clone(&activity), Arc::clone(stream), here);
        if let Err(unsent) = self.pool.try_send(caller) {
            let caller = unsent.into_inner();
            let (next_caller, alive) = (self.next_caller.clone(), self.alive.clone());
            let patience = self.service.patience.next;
            let body = move || {
                caller.serve();
                while let Ok(caller) = next_caller.recv_timeout(patience) {
                    caller.serve();
                }
                drop(alive);
            };
            thread::Builder::new().name("caller".into()).stack_size(STACK).spawn(body)?;
        }
        Ok(Connection { activity, stream: Arc::downgrade(stream) })
    }

    /// Evicts the connection that has been idle for longest. Returns whether one was idle.
    fn evict_the_longest_idle(&self) -> bool {
        loop {
            let idle =
                self.connections.iter().filter_map(|one| Some((one.activity.idle()?, one)));
            let Some((moment, longest)) = idle.min_by_key(|(moment, _)| *moment) else {
                return false;
            };
            let early = moment.saturating_sub(self.service.moment());
            if early > 0 {
                let _ = never::<()>().recv_timeout(LOOK_AGAIN.min(Duration::from_nanos(early)));
            } else if longest.evict() {
                return true;
            } // If it has just become busy, there may be another.
        }
    }

    /// Says that all slots are taken, without waiting.
    fn reject(&mut self, stream: Arc<TcpStream>) {
        let rejection =
            Response::from(Refusal::TOO_MANY_CALLERS).bytes(&Request::default(), true);
        // What cannot be sent at once is not sent; on a new connection a few bytes always can.
        if stream.set_nonblocking(true).is_ok() && (&*stream).write(&rejection).is_ok() {
            let _ = stream.shutdown(Shutdown::Write); // Fails if the caller is gone.
            // If we closed at once, a request that is under way would be answered with a TCP reset,
            // and then the caller's system may discard what we have said.
            self.rejected.push_back((Instant::now(), stream));
        }
    }

    /// Ends all connections, and waits until the last thread has nothing more to do.
    fn close(self) {
        let Self { service, connections, pool, alive, all_ended, .. } = self;
        service.is_closing.store(true, SeqCst);
        for connection in &connections {
            connection.evict();
        }
        drop((pool, alive));
        let end_within =
            |patience| all_ended.recv_timeout(patience) == Err(RecvTimeoutError::Disconnected);
        if !end_within(service.patience.stop) {
            for connection in &connections {
                connection.shut_down(Shutdown::Both);
            }
            end_within(AFTER_SHUTDOWN);
        }
    }
}
