//! Files of ours that others may read, part by part. Only our user opens one.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::path::Path;

use capnweb::{Code, RpcError};
use data_encoding::BASE64_NOPAD;

use crate::client::event::{Event, Trouble};
use crate::interface::{CHUNK, FileId, MAX_FILE, Size, progress};
use crate::name::FileName;

/// How many files can be shared; each is open for as long as the client runs.
const MAX_SHARED: usize = 16;

/// All files of ours that are shared.
#[derive(Debug, Default)]
pub(crate) struct SharedFiles {
    files: BTreeMap<FileId, SharedFile>,
    last: u64,
}

#[derive(Debug)]
struct SharedFile {
    file: File,
    name: FileName,
    /// How many bytes were promised.
    size: u64,
}

impl SharedFiles {
    /// Opens a file to be shared. Its number, its name, and how many bytes it has.
    pub(crate) fn open(&mut self, path: &Path) -> Result<(FileId, FileName, u64), Trouble> {
        // Looked at first: to open a pipe, or a tape, may take for ever.
        let about = fs::metadata(path).map_err(|error| in_words(&error))?;
        if !about.is_file() {
            return Err(Trouble::NoFile);
        }
        let size = about.len();
        if size > MAX_FILE {
            return Err(Trouble::TooBig(Size(size)));
        }
        if self.files.len() >= MAX_SHARED {
            return Err(Trouble::TooMany(MAX_SHARED));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = FileName::read(&name).map_err(Trouble::Other)?;
        let file = File::open(path).map_err(|error| in_words(&error))?;
        self.last += 1;
        let id = FileId(self.last);
        self.files.insert(id, SharedFile { file, name: name.clone(), size });
        Ok((id, name, size))
    }

    /// It is not shared after all.
    pub(crate) fn close(&mut self, file: FileId) {
        self.files.remove(&file);
    }

    /// A part of a file, as base64, or an error for the caller, which says nothing of this machine.
    /// From the end on there is nothing. Where that is was said when the file was offered, so a
    /// file that grows meanwhile still is what was promised.
    pub(crate) fn read(&mut self, file: FileId, offset: u64) -> Result<String, RpcError> {
        let gone = || RpcError::new(Code::CapRevoked, "this file is not shared any more");
        let SharedFile { file, size, .. } = self.files.get_mut(&file).ok_or_else(gone)?;
        let most = size.saturating_sub(offset).min(CHUNK as u64);
        if most == 0 {
            return Ok(String::new()); // The system cannot even seek to every offset beyond the end.
        }
        let mut part = Vec::new();
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.take(most).read_to_end(&mut part))
            .map_err(|_| RpcError::new(Code::Internal, "the file cannot be read any more"))?;
        Ok(BASE64_NOPAD.encode(&part))
    }

    /// What our user is told when another client reads on from here. Whatever is before that has
    /// been saved over there: nobody asks for the next part, or for the end, before that.
    pub(crate) fn progress(&self, file: FileId, offset: u64) -> Option<Event> {
        let SharedFile { name, size, .. } = self.files.get(&file)?;
        let percent = progress(offset.checked_sub(CHUNK as u64), offset, *size)?;
        Some(Event::Sent(name.to_string(), percent))
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
