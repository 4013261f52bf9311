//! Downloads: files of ours that others may read, and files of others that are being saved.
//!
//! What is saved gets a name of its own: a file that is there already is never touched, and what
//! does not come to its end is removed. Bytes go through here in parts, so no file has to fit into
//! memory.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use capnweb::{Code, RpcError};
use data_encoding::BASE64_NOPAD;
use terminal::clean;

use crate::client::event::Trouble;
use crate::interface::{CHUNK, FileId, MAX_FILE, OfferId, Size};
use crate::name::{FileName, MAX_FILE_NAME};

/// How many files can be shared; each is open for as long as the client runs.
const MAX_SHARED: usize = 16;

/// How many names are tried for a file, before its folder counts as full of it.
const MAX_NAMES: usize = 1000;

/// What is longer than this, in bytes, is not the `.png` of a name.
const MAX_ENDING: usize = 16;

/// All files that are open.
#[derive(Debug)]
pub(crate) struct Downloads {
    folder: PathBuf,
    shared: BTreeMap<FileId, (File, u64)>,
    last: u64,
    saves: BTreeMap<OfferId, (File, PathBuf)>,
}

impl Downloads {
    /// Files are saved in this folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, shared: BTreeMap::new(), last: 0, saves: BTreeMap::new() }
    }

    /// Opens a file to be shared. Its number, its name, and how many bytes it has.
    pub(crate) fn open(&mut self, path: &Path) -> Result<(FileId, FileName, u64), Trouble> {
        // Looked at first: to open a pipe, or a tape, may take for ever.
        let about = fs::metadata(path).map_err(|error| in_words(&error))?;
        if !about.is_file() {
            return Err(Trouble::NoFile);
        }
        if about.len() > MAX_FILE {
            return Err(Trouble::TooBig(Size(about.len())));
        }
        if self.shared.len() >= MAX_SHARED {
            return Err(Trouble::TooMany(MAX_SHARED));
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let name = FileName::read(&name).map_err(Trouble::Other)?;
        let file = File::open(path).map_err(|error| in_words(&error))?;
        self.last += 1;
        let id = FileId(self.last);
        self.shared.insert(id, (file, about.len()));
        Ok((id, name, about.len()))
    }

    /// It is not shared after all.
    pub(crate) fn close(&mut self, file: FileId) {
        self.shared.remove(&file);
    }

    /// A part of a file that is shared, as base64; nothing from its end on. Where the end is was
    /// said when it was offered, so a file that grows meanwhile still is what was promised.
    /// An error is what the caller gets instead. It says nothing of this machine.
    pub(crate) fn read(&mut self, file: FileId, offset: u64) -> Result<String, RpcError> {
        let gone = || RpcError::new(Code::CapRevoked, "this file is not shared any more");
        let (file, size) = self.shared.get_mut(&file).ok_or_else(gone)?;
        let most = size.saturating_sub(offset).min(CHUNK as u64);
        if most == 0 {
            return Ok(String::new()); // Not every place beyond the end can even be looked for.
        }
        let mut part = Vec::new();
        file.seek(SeekFrom::Start(offset))
            .and_then(|_| file.take(most).read_to_end(&mut part))
            .map_err(|_| RpcError::new(Code::Internal, "the file cannot be read any more"))?;
        Ok(BASE64_NOPAD.encode(&part))
    }

    /// Writes bytes at the end of a file that is being saved; with the first ones it begins.
    pub(crate) fn append(
        &mut self,
        id: OfferId,
        name: &FileName,
        bytes: &[u8],
    ) -> Result<(), Trouble> {
        let (file, _) = self.begun(id, name)?;
        file.write_all(bytes).map_err(|error| in_words(&error))
    }

    /// A file is whole. Where it is, fit for a terminal.
    pub(crate) fn finish(&mut self, id: OfferId, name: &FileName) -> Result<String, Trouble> {
        self.begun(id, name)?;
        let path = self.saves.remove(&id).map(|(_, path)| path).unwrap_or_default();
        Ok(clean(path.to_string_lossy().as_bytes()))
    }

    /// Removes what there is of a file.
    pub(crate) fn discard(&mut self, id: OfferId) {
        if let Some((file, path)) = self.saves.remove(&id) {
            drop(file); // Windows removes no file that is open.
            let _ = fs::remove_file(path); // Somebody else was first.
        }
    }

    fn begun(&mut self, id: OfferId, name: &FileName) -> Result<&mut (File, PathBuf), Trouble> {
        match self.saves.entry(id) {
            Entry::Occupied(save) => Ok(save.into_mut()),
            Entry::Vacant(place) => Ok(place.insert(create(&self.folder, name)?)),
        }
    }
}

/// What was not finished does not stay.
impl Drop for Downloads {
    fn drop(&mut self) {
        while let Some((id, _)) = self.saves.first_key_value() {
            self.discard(*id);
        }
    }
}

/// A new file of this name, or nearly: `cat.png`, `cat (1).png`, and so on.
fn create(folder: &Path, name: &FileName) -> Result<(File, PathBuf), Trouble> {
    for number in 0..MAX_NAMES {
        let path = folder.join(numbered(name.as_str(), number));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(file) => return Ok((file, path)),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Trouble::NoFolder(clean(folder.to_string_lossy().as_bytes())));
            }
            Err(error) => return Err(in_words(&error)),
        }
    }
    Err(Trouble::Taken(MAX_NAMES))
}

/// The name with a number in it, and no longer than a name may be.
fn numbered(name: &str, number: usize) -> String {
    if number == 0 {
        return name.to_owned();
    }
    let (stem, end) = match name.rfind('.') {
        Some(dot) if name.len() - dot <= MAX_ENDING => name.split_at(dot),
        _ => (name, ""),
    };
    let middle = format!(" ({number})");
    let room = MAX_FILE_NAME - middle.len() - end.len();
    let stem = &stem[..stem.floor_char_boundary(room)];
    format!("{stem}{middle}{end}")
}

fn in_words(error: &io::Error) -> Trouble {
    match error.kind() {
        ErrorKind::NotFound => Trouble::Missing,
        _ => Trouble::Other(error.to_string()),
    }
}

#[cfg(test)]
mod tests;
