//! WebSocket frames, as much of them as a load needs: text, ping and pong, whole.

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Text,
    Close,
    Ping,
    Pong,
}

/// Appends a frame. Clients must mask theirs; a mask of zeros changes nothing and costs nothing.
pub(crate) fn write(out: &mut Vec<u8>, kind: Kind, payload: &[u8], from_client: bool) {
    out.push(0x80 | byte(kind));
    let mask = if from_client { 0x80 } else { 0 };
    let length = payload.len();
    match (u8::try_from(length), u16::try_from(length)) {
        (Ok(short @ ..126), _) => out.push(mask + short),
        (_, Ok(medium)) => {
            out.push(mask + 126);
            out.extend(medium.to_be_bytes());
        }
        _ => {
            out.push(mask + 127);
            out.extend((length as u64).to_be_bytes());
        }
    }
    if from_client {
        out.extend([0; 4]);
    }
    out.extend_from_slice(payload);
}

/// The first whole frame: its kind, where its payload is, and how long it is in all. `None` if it
/// is not whole yet. Takes frames with a mask of zeros, and those without one.
pub(crate) fn read(bytes: &[u8]) -> Option<(Kind, std::ops::Range<usize>, usize)> {
    let (first, second) = (*bytes.first()?, *bytes.get(1)?);
    let (length, head) = match second & 0x7F {
        126 => (u16::from_be_bytes(*bytes.get(2..)?.first_chunk()?).into(), 4),
        127 => (u64::from_be_bytes(*bytes.get(2..)?.first_chunk()?), 10),
        short => (short.into(), 2),
    };
    let head = head + if second & 0x80 == 0 { 0 } else { 4 };
    let end = head + usize::try_from(length).ok()?;
    if bytes.len() < end {
        return None;
    }
    let kind = match first & 0x0F {
        8 => Kind::Close,
        9 => Kind::Ping,
        10 => Kind::Pong,
        _ => Kind::Text,
    };
    Some((kind, head..end, end))
}

fn byte(kind: Kind) -> u8 {
    match kind {
        Kind::Text => 1,
        Kind::Close => 8,
        Kind::Ping => 9,
        Kind::Pong => 10,
    }
}
