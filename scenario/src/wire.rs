//! The wire between the ports of one test: connections that open and end, and text that is sent.
//!
//! Only where the judge has a network of its own: there a packet socket hears every program, in
//! whatever language it is. This is for the picture alone. No failure here fails a test, and
//! what is not read (IPv6, UDP, fragments) is not drawn.

use std::collections::HashMap;
use std::env;
use std::io::{self, Read};
use std::sync::{Arc, Weak};
use std::thread;
use std::time::Duration;

use socket2::{Domain, Protocol, Socket, Type};

use crate::environment::LAB_IN_NAMESPACES;
use crate::picture::What;
use crate::port_lease::PortLease;
use crate::timeline::{Timeline, WIRE};

/// The number of IPv4 in a packet socket: `ETH_P_IP`. The socket hands over each packet once, when
/// it arrives; with `ETH_P_ALL` each would come a second time, when it is sent.
const IPV4: u16 = 0x0800;

/// The number of TCP in IPv4.
const TCP: u8 = 6;

/// The longest packet, in bytes.
const LONGEST: usize = 1 << 16;

/// The most events of one story that are recorded.
const MOST_EVENTS: usize = 1000;

/// The most bytes of text in them together.
const MOST_TEXT: usize = 1 << 20;

/// The time without a packet after which the thread says that all has been told, and looks whether
/// the story has ended.
const IDLE: Duration = Duration::from_millis(20);

/// Adds a column for the wire to `timeline`, which has no terminal yet, if packets can be read.
pub(crate) fn record(timeline: &Arc<Timeline>, ports: &PortLease) {
    if env::var_os(LAB_IN_NAMESPACES).is_none() {
        return;
    }
    let Ok(socket) = packets() else { return };
    let (ports, told) = (ports.all(), Arc::downgrade(timeline));
    let body = move || read_packets(socket, |port| ports.contains(&port), &told);
    // Not joined: it ends soon after its story.
    if thread::Builder::new().name("wire".into()).spawn(body).is_ok() {
        timeline.wire_is_idle();
    }
}

fn packets() -> io::Result<Socket> {
    let protocol = Protocol::from(i32::from(IPV4.to_be()));
    let socket = Socket::new(Domain::PACKET, Type::DGRAM, Some(protocol))?;
    socket.set_read_timeout(Some(IDLE))?;
    Ok(socket)
}

fn read_packets(mut socket: Socket, is_ours: impl Fn(u16) -> bool, told: &Weak<Timeline>) {
    let mut packet = vec![0; LONGEST];
    let mut wire = Wire::default();
    let (mut events, mut text) = (0, 0);
    loop {
        let read = socket.read(&mut packet);
        let Some(timeline) = told.upgrade() else { return };
        let length = match read {
            Ok(length) => length,
            Err(error) => match error.kind() {
                // The end of a program interrupts a read that has a timeout.
                io::ErrorKind::Interrupted => continue,
                io::ErrorKind::WouldBlock => {
                    timeline.wire_is_idle();
                    continue;
                }
                _ => return,
            },
        };
        let segment = Segment::read(&packet[..length]);
        let Some(segment) = segment.filter(|one| is_ours(one.from) || is_ours(one.to)) else {
            continue;
        };
        for event in wire.events(&segment) {
            events += 1;
            text += event.len();
            if events > MOST_EVENTS || text > MOST_TEXT {
                timeline.tell(WIRE, What::Crosses("(the rest is not recorded)".into()));
                return;
            }
            let Segment { from, to, .. } = segment;
            timeline.tell(WIRE, What::Crosses(format!("{from} -> {to}: {event}")));
        }
    }
}

/// A segment: the bytes that TCP sends in one piece.
#[derive(Clone, Copy, Debug)]
struct Segment<'a> {
    from: u16,
    to: u16,
    /// The number of its first byte.
    sequence: u32,
    flags: u8,
    data: &'a [u8],
}

const FIN: u8 = 1;
const SYN: u8 = 2;
const RST: u8 = 4;
const ACK: u8 = 16;

impl<'a> Segment<'a> {
    /// Reads a packet of IPv4 (RFC 791), if it has a segment of TCP (RFC 9293).
    fn read(packet: &'a [u8]) -> Option<Self> {
        let &[version, _, high, low, _, _, _, _, _, TCP, ..] = packet else { return None };
        let length = usize::from(u16::from_be_bytes([high, low]));
        let tcp = packet.get(usize::from(version & 15) * 4..length)?;
        let head = tcp.first_chunk::<14>()?;
        Some(Self {
            from: u16::from_be_bytes([head[0], head[1]]),
            to: u16::from_be_bytes([head[2], head[3]]),
            sequence: u32::from_be_bytes([head[4], head[5], head[6], head[7]]),
            flags: head[13],
            data: tcp.get(usize::from(head[12] >> 4) * 4..)?,
        })
    }
}

/// The connections: for each direction, the number of the next byte.
#[derive(Debug, Default)]
struct Wire(HashMap<(u16, u16), u32>);

impl Wire {
    /// The events that this segment shows, and no earlier one has shown: TCP may send it again.
    fn events(&mut self, segment: &Segment) -> Vec<String> {
        let &Segment { from, to, sequence, flags, data } = segment;
        if flags & RST != 0 {
            let ended = (self.0.remove(&(from, to)), self.0.remove(&(to, from)));
            let how = match ended {
                (None, None) => return Vec::new(),
                (None, Some(_)) => "(refuses)",
                (Some(_), _) => "(resets)",
            };
            return vec![how.to_owned()];
        }
        if flags & SYN != 0 {
            let first = sequence.wrapping_add(1);
            let is_new = self.0.insert((from, to), first) != Some(first);
            let opens = is_new && flags & ACK == 0;
            return opens.then(|| "(opens)".to_owned()).into_iter().collect();
        }
        // The start of a connection is missing where the system had no room for its packets.
        let next = self.0.entry((from, to)).or_insert(sequence);
        // Bytes that came before. Were some missing, this would be nearly 2 to the 32nd.
        let seen = next.wrapping_sub(sequence);
        let seen = if seen > u32::MAX / 2 { 0 } else { seen as usize };
        let mut events = Vec::new();
        let ends = flags & FIN != 0;
        let length = data.len() + usize::from(ends);
        if seen < length {
            let count = u32::try_from(length).expect("a packet has at most 64 KiB");
            *next = sequence.wrapping_add(count);
            let text = data.get(seen..).map(String::from_utf8_lossy).unwrap_or_default();
            // A line end is part of the message, and no row of the picture.
            events.extend((!text.is_empty()).then(|| text.replace('\n', "\\n")));
            events.extend(ends.then(|| "(closes)".to_owned()));
        }
        events
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(flags: u8, sequence: u32, data: &str) -> Segment<'_> {
        Segment { from: 50_123, to: 9002, sequence, flags, data: data.as_bytes() }
    }

    fn answer(flags: u8, sequence: u32) -> Segment<'static> {
        Segment { from: 9002, to: 50_123, ..segment(flags, sequence, "") }
    }

    fn shown(segments: &[Segment]) -> Vec<String> {
        let mut wire = Wire::default();
        segments.iter().flat_map(|segment| wire.events(segment)).collect()
    }

    #[test]
    fn a_message_is_shown_once_however_often_it_is_sent() {
        let sent = [
            segment(SYN, u32::MAX - 2, ""),
            segment(SYN, u32::MAX - 2, ""),
            answer(SYN | ACK, 7),
            segment(ACK, u32::MAX - 1, ""),
            segment(ACK, u32::MAX - 1, "Hel"),
            segment(ACK, u32::MAX - 1, "Hel"),
            segment(ACK | FIN, 0, "llo\n"),
            segment(ACK | FIN, 0, "llo\n"),
            answer(ACK | FIN, 8),
            answer(ACK | FIN, 8),
        ];
        assert_eq!(shown(&sent), ["(opens)", "Hel", "lo\\n", "(closes)", "(closes)"]);
    }

    #[test]
    fn bytes_that_were_not_heard_are_passed_over() {
        let sent = [segment(ACK, 10, "one"), segment(ACK, 20, "two"), segment(ACK, 13, "late")];
        assert_eq!(shown(&sent), ["one", "two"]);
    }

    #[test]
    fn a_refusal_is_told_from_a_reset() {
        let dial = segment(SYN, 1, "");
        assert_eq!(shown(&[dial, answer(RST | ACK, 0)]), ["(opens)", "(refuses)"]);
        let sent = [dial, answer(SYN | ACK, 5), answer(RST, 6), answer(RST, 6)];
        assert_eq!(shown(&sent), ["(opens)", "(resets)"]);
    }

    #[test]
    fn a_packet_is_read_and_half_of_one_is_not() {
        let mut packet =
            vec![0x45, 0, 0, 42, 0, 0, 0, 0, 64, TCP, 0, 0, 127, 0, 0, 1, 127, 0, 0, 1];
        packet.extend([
            0xc3, 0xcb, 0x23, 0x2a, 0, 0, 1, 0, 0, 0, 0, 0, 0x50, ACK, 0, 0, 0, 0, 0, 0,
        ]);
        packet.extend(b"hi and padding");
        let read = Segment::read(&packet).unwrap();
        assert_eq!((read.from, read.to, read.sequence, read.flags), (50_123, 9002, 256, ACK));
        assert_eq!(read.data, b"hi");
        for length in 0..42 {
            assert!(Segment::read(&packet[..length]).is_none(), "{length}");
        }
        packet[9] = 17;
        assert!(Segment::read(&packet).is_none());
    }
}
