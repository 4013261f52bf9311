//! The crowd: clients of one room, all on one thread, so that the load itself costs little. They
//! speak as much Cap'n Web as any client must: they join, and answer what they are asked.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use crate::Result;
use crate::frame::{self, Kind};

/// How long the crowd waits for a server before it gives the run up.
const PATIENCE: Duration = Duration::from_secs(30);

/// How many clients are looked after at once.
const AT_ONCE: usize = 64;

/// How long to wait when a server does not take what is said to it.
const BREATH: Duration = Duration::from_millis(1);

/// How many bytes are read at once.
const PIECE: usize = 64 * 1024;

/// All clients of one room.
pub(crate) struct Crowd {
    clients: Vec<Client>,
    /// Says which of them have something to hear. With poll(2), asking for 500 would take longer
    /// than hearing one, and a server that tells one after the other would seem slow.
    epoll: Epoll,
    /// Times are told as nanoseconds since then.
    began: Instant,
    /// How long deliveries took, in the order in which they came, in microseconds.
    times: Vec<f64>,
    piece: Vec<u8>,
}

/// What came of one run.
pub(crate) struct Outcome {
    /// Deliveries per second.
    pub(crate) rate: f64,
    /// From the sending of a message to its delivery, in microseconds, of all deliveries.
    pub(crate) times: Vec<f64>,
}

struct Client {
    stream: TcpStream,
    heard: Vec<u8>,
    says: Vec<u8>,
    /// Its calls: how many were made, and how many are answered.
    called: u64,
    answered: u64,
    delivered: usize,
}

impl Crowd {
    /// So many clients join; it ends when all have been welcomed. Also tells how long that took.
    pub(crate) fn joins(address: SocketAddr, size: usize) -> Result<(Self, Duration)> {
        let began = Instant::now();
        let epoll = Epoll::new(EpollCreateFlags::empty())?;
        let clients: Vec<_> =
            (0..size).map(|_| Client::dials(address)).collect::<Result<_>>()?;
        for (index, client) in clients.iter().enumerate() {
            epoll.add(&client.stream, EpollEvent::new(EpollFlags::EPOLLIN, index as u64))?;
        }
        let piece = vec![0; PIECE];
        let mut crowd = Self { clients, epoll, began, times: Vec::new(), piece };
        for (index, client) in crowd.clients.iter_mut().enumerate() {
            client.calls("join", &format!("\"client {index}\",[\"export\",-1]"));
        }
        crowd.run_until(|crowd| crowd.clients.iter().all(|client| client.answered == 1))?;
        let took = began.elapsed();
        Ok((crowd, took))
    }

    /// The first of them talks for so long, with at most so many messages unanswered, until
    /// everybody has heard everything.
    pub(crate) fn talks(&mut self, outstanding: u64, turn: Duration) -> Result<Outcome> {
        self.times.clear();
        let heard_before: usize = self.clients.iter().map(|client| client.delivered).sum();
        let start = Instant::now();
        let mut sent = 0;
        while start.elapsed() < turn {
            let moment = self.began.elapsed().as_nanos();
            let speaker = &mut self.clients[0];
            while speaker.called - speaker.answered < outstanding {
                speaker.calls("sendMessage", &format!("\"client 0\",\"@{moment}.\""));
                sent += 1;
            }
            self.look(Duration::from_millis(10))?;
        }
        let all = sent * self.clients.len();
        self.run_until(|crowd| {
            crowd.clients.iter().map(|client| client.delivered).sum::<usize>() - heard_before
                >= all
        })?;
        let rate = f64::from(u32::try_from(all)?) / start.elapsed().as_secs_f64();
        Ok(Outcome { rate, times: std::mem::take(&mut self.times) })
    }

    /// Nobody talks for so long; pings are answered.
    pub(crate) fn rests(&mut self, time: Duration) -> Result<()> {
        let deadline = Instant::now() + time;
        while Instant::now() < deadline {
            self.look(deadline.saturating_duration_since(Instant::now()))?;
        }
        Ok(())
    }

    fn run_until(&mut self, is_done: impl Fn(&Self) -> bool) -> Result<()> {
        let deadline = Instant::now() + PATIENCE;
        while !is_done(self) {
            if Instant::now() > deadline {
                return Err("the server does not keep up".into());
            }
            self.look(Duration::from_millis(100))?;
        }
        Ok(())
    }

    /// Says what is to be said, waits for something to be heard, and hepoll it.
    fn look(&mut self, patience: Duration) -> Result<()> {
        for client in &mut self.clients {
            client.speak()?;
        }
        let is_full = self.clients.iter().any(|client| !client.says.is_empty());
        let patience = if is_full { BREATH } else { patience };
        let mut heard = [EpollEvent::empty(); AT_ONCE];
        let count = self.epoll.wait(&mut heard, EpollTimeout::try_from(patience)?)?;
        for event in &heard[..count] {
            let client = &mut self.clients[usize::try_from(event.data())?];
            client.hear(&mut self.piece)?;
            client.understand(self.began, &mut self.times)?;
        }
        Ok(())
    }
}

impl Client {
    /// Dials, and shakes hands.
    fn dials(address: SocketAddr) -> Result<Self> {
        let mut stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        write!(
            stream,
            "GET /rpc/ws HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\n\
             Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
             Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )?;
        let mut head = Vec::new();
        let mut byte = [0];
        while !head.ends_with(b"\r\n\r\n") {
            stream.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        if !head.starts_with(b"HTTP/1.1 101 ") {
            return Err(String::from_utf8_lossy(&head).into());
        }
        stream.set_nonblocking(true)?;
        let (heard, says) = (Vec::new(), Vec::new());
        Ok(Self { stream, heard, says, called: 0, answered: 0, delivered: 0 })
    }

    /// Calls, and asks for the answer.
    fn calls(&mut self, method: &str, args: &str) {
        self.called += 1;
        self.say(&format!("[\"push\",[\"pipeline\",0,[\"{method}\"],[{args}]]]"));
        self.say(&format!("[\"pull\",{}]", self.called));
    }

    fn say(&mut self, text: &str) {
        frame::write(&mut self.says, Kind::Text, text.as_bytes(), true);
    }

    /// Writes as much as there is room for.
    fn speak(&mut self) -> Result<()> {
        if self.says.is_empty() {
            return Ok(());
        }
        match self.stream.write(&self.says) {
            Ok(count) => drop(self.says.drain(..count)),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }

    fn hear(&mut self, piece: &mut [u8]) -> Result<()> {
        match self.stream.read(piece) {
            Ok(0) => Err("the server has hung up on a client".into()),
            Ok(count) => {
                self.heard.extend_from_slice(&piece[..count]);
                Ok(())
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes in all whole frames.
    fn understand(&mut self, began: Instant, times: &mut Vec<f64>) -> Result<()> {
        let heard = std::mem::take(&mut self.heard);
        let mut done = 0;
        while let Some((kind, payload, length)) = frame::read(&heard[done..]) {
            let payload = &heard[done..][payload];
            match kind {
                Kind::Text => self.take(str::from_utf8(payload)?, began, times)?,
                Kind::Ping => frame::write(&mut self.says, Kind::Pong, payload, true),
                Kind::Pong => {}
                Kind::Close => return Err("the server closes a client's line".into()),
            }
            done += length;
        }
        self.heard = heard;
        self.heard.drain(..done);
        Ok(())
    }

    fn take(&mut self, text: &str, began: Instant, times: &mut Vec<f64>) -> Result<()> {
        if text.starts_with("[\"push\"") {
            let moment = text.split_once("\"@").and_then(|(_, rest)| rest.split_once(".\""));
            if let Some(moment) = moment.and_then(|(moment, _)| moment.parse().ok()) {
                let took = began.elapsed().saturating_sub(Duration::from_nanos(moment));
                times.push(took.as_secs_f64() * 1e6);
                self.delivered += 1;
            }
        } else if let Some(rest) = text.strip_prefix("[\"pull\",") {
            let id = rest.trim_end_matches(']');
            self.say(&format!("[\"resolve\",{id},[\"undefined\"]]"));
        } else if text.starts_with("[\"resolve\"") {
            self.answered += 1;
            self.say(&format!("[\"release\",{},1]", self.answered));
        } else if !text.starts_with("[\"release\"") {
            return Err(text.into());
        }
        Ok(())
    }
}
