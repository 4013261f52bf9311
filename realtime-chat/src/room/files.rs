//! Files: only their names are told, and a capability with them. The bytes stay with the client
//! that shares the file; the read of another client is passed on to it, and its answer back. So
//! nothing is stored here, and nothing is sent that is not asked for.
//!
//! The client that shares may be slow, wrong or gone, and the client that reads, too. So a read
//! waits with a deadline, and an answer that comes too late is known by its number.

use std::sync::Arc;
use std::time::{Duration, Instant};

use capnweb::{AnswerId, Code, RpcError, Stub};

use super::{ChatRoom, ClientId, Order, Read, ReadId, User};
use crate::interface::{CHUNK, Kind, Note, Reply, Result, Shared, Size, repeated};
use crate::name::{FileName, Name};

/// The most files that one client shares at a time.
pub(crate) const MAX_SHARED: usize = 16;

/// The most reads of one client that wait at a time.
pub(crate) const MAX_READS: usize = 8;

/// The most reads that one client has not answered yet, late ones included. All of them fit into
/// its outbox, so nobody can have it dropped by reading its files.
pub(crate) const MAX_ASKED: usize = 256;

/// How long the client that shares a file may take to read a part of it.
pub(crate) const READ_PATIENCE: Duration = Duration::from_secs(10);

/// How much of a sharer's error is repeated to the reader, in bytes.
const SHOWN: usize = 200;

impl ChatRoom {
    /// Tells everybody in the room that there is a file.
    pub(super) fn share_file(
        &mut self,
        user: &User,
        name: &FileName,
        size: u64,
        stub: Stub,
    ) -> Result<Reply> {
        let file = Arc::new(Shared { by: user.id, name: user.name.clone(), stub });
        if let Some(sharer) = self.clients.get_mut(&user.id) {
            if sharer.shared.len() >= MAX_SHARED {
                let text =
                    format!("you share {MAX_SHARED} files already; they go when you leave");
                return Err(RpcError::new(Code::TooMany, text));
            }
            sharer.shared.push(Arc::clone(&file));
        }
        let text = format!("shares {name} ({})", Size(size));
        let kind = Kind::File { name: name.to_string(), size, content: Some(file) };
        let note = Note { username: user.name.to_string(), text, kind };
        let note = self.record(&user.room, note);
        self.notify(&user.room, &note);
        Ok(Reply::Status("shared"))
    }

    /// Asks the client that shares the file for a part of it. The answer comes later.
    pub(super) fn read_file(
        &mut self,
        reader: ClientId,
        call: AnswerId,
        file: Arc<Shared>,
        offset: u64,
        now: Instant,
    ) -> Result<()> {
        let waiting = self.reads.values().filter(|read| read.reader == reader).count();
        let Shared { by, name, stub } = &*file;
        let sharer = self.clients.get_mut(by).filter(|client| client.shared.contains(&file));
        let Some(sharer) = sharer else { return Err(gone(name)) };
        if waiting >= MAX_READS {
            let text = format!("{MAX_READS} reads of yours are waiting already");
            return Err(RpcError::new(Code::TooMany, text));
        }
        if sharer.asked >= MAX_ASKED {
            let text = format!("{name} has {MAX_ASKED} reads to answer; try again later");
            return Err(RpcError::new(Code::TooMany, text));
        }
        sharer.asked += 1;
        let read = ReadId(self.next_read);
        self.next_read += 1;
        self.order(*by, Order::Read { read, file: *stub, offset });
        self.reads.insert(read, Read { reader, call, file, until: now + READ_PATIENCE });
        Ok(())
    }

    /// A client has answered a read. If nobody waits for it any more, that is all.
    pub(super) fn take_answer(&mut self, client: ClientId, id: ReadId, bytes: Result<String>) {
        if let Some(client) = self.clients.get_mut(&client) {
            client.asked = client.asked.saturating_sub(1);
        }
        if self.reads.get(&id).is_none_or(|read| read.file.by != client) {
            return;
        }
        let Some(read) = self.reads.remove(&id) else { return };
        let result = match bytes {
            Ok(base64) if base64.len() <= (4 * CHUNK).div_ceil(3) => Ok(Reply::Bytes(base64)),
            Ok(_) => {
                let text =
                    format!("{} has sent more than {CHUNK} bytes at once", read.file.name);
                Err(RpcError::new(Code::Internal, text))
            }
            Err(error) => {
                let why = repeated(&error.message, SHOWN);
                let text = format!("{} cannot read it: {why}", read.file.name);
                Err(RpcError::new(error.code.unwrap_or(Code::Internal), text))
            }
        };
        self.order(read.reader, Order::Answer(read.call, result));
    }

    /// Ends the reads that have waited for too long.
    pub(super) fn give_up_reads(&mut self, now: Instant) {
        let late =
            |name: &Name| RpcError::new(Code::Internal, format!("{name} does not answer"));
        self.end_reads(|read| read.until <= now, late);
    }

    /// Ends the reads of a user's files, since the user has left.
    pub(super) fn withdraw_files(&mut self, user: &User) {
        self.end_reads(|read| read.file.by == user.id, gone);
    }

    /// Ends the wait for a client, for this reason.
    fn end_reads(&mut self, is_over: impl Fn(&Read) -> bool, why: fn(&Name) -> RpcError) {
        let over = self.reads.extract_if(.., |_, read| is_over(read));
        for (_, read) in over.collect::<Vec<_>>() {
            self.order(read.reader, Order::Answer(read.call, Err(why(&read.file.name))));
        }
    }
}

fn gone(name: &Name) -> RpcError {
    RpcError::new(Code::CapRevoked, format!("the file left with {name}"))
}
