//! Downloads: files of others that are being saved, part by part. Each part is asked for when the
//! one before is written, so no file has to fit into memory.
//!
//! A download gets a name of its own: a file that is there already is never touched, and a download
//! that does not come to its end is removed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Write};
use std::mem;
use std::path::PathBuf;

use data_encoding::BASE64_NOPAD;
use terminal::{appearance, clean};

use crate::client::event::{Event, Trouble};
use crate::interface::{MAX_FILE, Size, progress};
use crate::name::{FileName, MAX_FILE_NAME};

/// How many files may be saved at once.
const MAX_SAVES: usize = 4;

/// How many names are tried for a file, before its folder counts as full of it.
const MAX_NAMES: usize = 1000;

/// The longest ending of a name, such as `.png`, in bytes.
const MAX_ENDING: usize = 16;

/// The files that are being saved, by the numbers of their offers.
#[derive(Debug)]
pub(crate) struct Downloads {
    folder: PathBuf,
    saves: BTreeMap<u64, Save>,
}

/// The result of a step: the offset of the next part, if there is one, and an event for the user.
pub(crate) type Step = (Option<u64>, Option<Event>);

/// A file that is being saved.
#[derive(Debug)]
struct Save {
    file: File,
    path: PathBuf,
    name: String,
    size: u64,
    /// How many bytes are here.
    got: u64,
}

impl Downloads {
    /// Files are saved in this folder.
    pub(crate) fn new(folder: PathBuf) -> Self {
        Self { folder, saves: BTreeMap::new() }
    }

    /// Begins to save a file.
    pub(crate) fn begin(&mut self, number: u64, name: String, size: u64) -> Step {
        match self.create(number, &name, size) {
            Ok((file, path)) => {
                self.saves.insert(number, Save { file, path, name, size, got: 0 });
                (Some(0), None)
            }
            Err(why) => (None, Some(Event::CannotSave(name, why))),
        }
    }

    /// A new file of this name, or nearly: `cat.png`, `cat (1).png`, and so on. No file is there
    /// that only looks as if it had the same name.
    fn create(&self, number: u64, name: &str, size: u64) -> Result<(File, PathBuf), Trouble> {
        let name = FileName::read(name).map_err(Trouble::Other)?.to_string();
        if size > MAX_FILE {
            return Err(Trouble::TooBig(Size(size)));
        }
        if self.saves.contains_key(&number) {
            return Err(Trouble::Again);
        }
        if self.saves.len() >= MAX_SAVES {
            return Err(Trouble::TooBusy(MAX_SAVES));
        }
        let entries = fs::read_dir(&self.folder).into_iter().flatten().flatten();
        let taken = entries.map(|entry| appearance(&entry.file_name().to_string_lossy()));
        let taken: BTreeSet<_> = taken.collect();
        let names = (0..MAX_NAMES).map(|number| numbered(&name, number));
        for name in names.filter(|name| !taken.contains(&appearance(name))) {
            let path = self.folder.join(name);
            match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(file) => return Ok((file, path)),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    let folder = clean(self.folder.to_string_lossy().as_bytes());
                    return Err(Trouble::NoFolder(folder));
                }
                Err(error) => return Err(Trouble::Other(error.to_string())),
            }
        }
        Err(Trouble::Taken(MAX_NAMES))
    }

    /// Writes a part, in base64, if it came; an empty one is the end.
    pub(crate) fn take_part(&mut self, number: u64, part: Result<String, Trouble>) -> Step {
        let Some(save) = self.saves.get_mut(&number) else { return (None, None) };
        let before = save.got;
        match part.and_then(|base64| save.write(&base64)) {
            Ok(()) if save.got == before => {
                (None, self.saves.remove(&number).map(Save::finish))
            }
            Ok(()) => {
                let percent = progress(Some(before), save.got, save.size);
                let percent = percent.filter(|percent| *percent < 100);
                let told = percent.map(|percent| Event::Fetched(save.name.clone(), percent));
                (Some(save.got), told)
            }
            Err(why) => (None, self.saves.remove(&number).map(|save| save.fail(why))),
        }
    }

    /// Nothing more will come.
    pub(crate) fn give_up(&mut self) -> Vec<Event> {
        let saves = mem::take(&mut self.saves).into_values();
        saves.map(|save| save.fail(Trouble::Interrupted)).collect()
    }
}

/// Unfinished downloads are removed.
impl Drop for Downloads {
    fn drop(&mut self) {
        self.give_up();
    }
}

impl Save {
    fn write(&mut self, base64: &str) -> Result<(), Trouble> {
        let bytes = BASE64_NOPAD.decode(base64.trim_end_matches('=').as_bytes());
        let bytes = bytes.map_err(|_| Trouble::Other("its bytes make no sense".into()))?;
        self.got += bytes.len() as u64;
        if self.got > self.size {
            return Err(Trouble::Long(Size(self.size)));
        }
        if bytes.is_empty() && self.got < self.size {
            return Err(Trouble::Short(Size(self.got), Size(self.size)));
        }
        self.file.write_all(&bytes).map_err(|error| Trouble::Other(error.to_string()))
    }

    /// It cannot be saved, and nothing of it must stay.
    fn fail(self, why: Trouble) -> Event {
        let Self { file, path, name, .. } = self;
        drop(file); // Windows removes no file that is open.
        let _ = fs::remove_file(path); // It is gone already.
        Event::CannotSave(name, why)
    }

    fn finish(self) -> Event {
        let path = clean(self.path.to_string_lossy().as_bytes());
        Event::Saved { name: self.name, size: Size(self.size), path }
    }
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

#[cfg(test)]
mod tests;
