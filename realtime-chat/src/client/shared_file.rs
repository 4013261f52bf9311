//! A file of ours that others may read, part by part. Only our user opens one.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;
use std::ptr;

use capnweb::{Code, RpcError};
use data_encoding::BASE64_NOPAD;

use crate::client::event::Trouble;
use crate::interface::{CHUNK, MAX_FILE, Result, Size, progress};
use crate::name::FileName;

/// A file that is shared. It is the very object that others call, so it is closed as soon as nobody
/// can call it any more.
#[derive(Debug)]
pub(crate) struct SharedFile {
    file: File,
    pub name: FileName,
    /// How many bytes were promised.
    pub size: u64,
}

impl SharedFile {
    /// Opens a file to be shared.
    pub(crate) fn open(path: &Path) -> Result<Self, Trouble> {
        // Looked at first: to open a pipe, or a tape, may take for ever.
        let about = fs::metadata(path).map_err(|error| in_words(&error))?;
        if !about.is_file() {
            return Err(Trouble::NoFile);
        }
        let size = about.len();
        if size > MAX_FILE {
            return Err(Trouble::TooBig(Size(size)));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = FileName::read(&name).map_err(Trouble::Other)?;
        let file = File::open(path).map_err(|error| in_words(&error))?;
        Ok(Self { file, name, size })
    }

    /// A part of it, as base64, or an error for the caller, which says nothing of this machine.
    /// From the end on there is nothing. Where that is was said when the file was offered, so a
    /// file that grows meanwhile still is what was promised.
    pub(crate) fn read(&self, offset: u64) -> Result<String> {
        let most = self.size.saturating_sub(offset).min(CHUNK as u64);
        if most == 0 {
            return Ok(String::new()); // The system cannot even seek to every offset beyond the end.
        }
        let (mut file, mut part) = (&self.file, Vec::new());
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.take(most).read_to_end(&mut part))
            .map_err(|_| RpcError::new(Code::Internal, "the file cannot be read any more"))?;
        Ok(BASE64_NOPAD.encode(&part))
    }

    /// How much of it, in percent, a client has that reads on from here, if that is worth telling.
    /// Whatever is before that has been saved over there: nobody asks for the next part, or for the
    /// end, before that.
    pub(crate) fn progress(&self, offset: u64) -> Option<u64> {
        progress(offset.checked_sub(CHUNK as u64), offset, self.size)
    }
}

impl PartialEq for SharedFile {
    /// The same file, not an equal one.
    fn eq(&self, other: &Self) -> bool {
        ptr::eq(self, other)
    }
}

fn in_words(error: &io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::NotFound => Trouble::Missing,
        _ => Trouble::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
