//! Files: which of ours are shared, which of others can be had, and how far each one is that is
//! being saved. A file comes part by part, and each part is asked for when the one before is here.

use std::collections::{BTreeMap, VecDeque};

use super::Action;
use crate::client::event::{Event, Trouble};
use crate::client::session::MAX_OFFERS;
use crate::interface::{CHUNK, FileId, MAX_FILE, OfferId, Size};
use crate::name::FileName;

/// How many files may be saved at once.
const MAX_SAVES: usize = 4;

/// From how many bytes on it is shown how far a file is.
const BIG: u64 = 8 * CHUNK as u64;

/// What is known of all files.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// The last that were offered to us: what each is called, and how many bytes it has.
    offers: VecDeque<(OfferId, String, u64)>,
    saves: BTreeMap<OfferId, Save>,
    shares: BTreeMap<FileId, Share>,
}

/// A file of another client, on its way.
#[derive(Debug)]
struct Save {
    name: FileName,
    size: u64,
    /// How many bytes are here.
    got: u64,
}

/// A file of ours.
#[derive(Debug)]
struct Share {
    name: FileName,
    size: u64,
    /// How many quarters we have told of.
    told: u64,
}

impl Files {
    pub(super) fn offer(&mut self, id: OfferId, name: String, size: u64) {
        self.offers.push_back((id, name, size));
        if self.offers.len() > MAX_OFFERS {
            self.offers.pop_front();
        }
    }

    /// Our user wants to have a file: it is to be read from its first byte.
    pub(super) fn save(&mut self, id: OfferId) -> Result<OfferId, Event> {
        let found = self.offers.iter().find(|(it, ..)| *it == id);
        let (_, name, size) = found.ok_or(Event::NoOffer(id.0))?.clone();
        let cannot = |why| Event::CannotSave(name.clone(), why);
        let file_name = FileName::read(&name).map_err(|why| cannot(Trouble::Other(why)))?;
        if size > MAX_FILE {
            return Err(cannot(Trouble::TooBig(Size(size))));
        }
        if self.saves.contains_key(&id) {
            return Err(cannot(Trouble::Again));
        }
        if self.saves.len() >= MAX_SAVES {
            return Err(cannot(Trouble::TooBusy(MAX_SAVES)));
        }
        self.saves.insert(id, Save { name: file_name, size, got: 0 });
        Ok(id)
    }

    /// A part is here; none of it means the end. From where on is to be read next, and what is to
    /// be done.
    pub(super) fn take_part(
        &mut self,
        id: OfferId,
        bytes: Vec<u8>,
    ) -> (Option<u64>, Vec<Action>) {
        let Some(save) = self.saves.get_mut(&id) else { return (None, Vec::new()) };
        let Save { name, size, got } = save;
        let before = *got;
        *got += bytes.len() as u64;
        if bytes.is_empty() && *got < *size {
            let why = Trouble::Short(Size(*got), Size(*size));
            return (None, self.fail(id, why));
        }
        if *got > *size {
            let why = Trouble::Long(Size(*size));
            return (None, self.fail(id, why));
        }
        if bytes.is_empty() {
            return (None, vec![Action::Finish(id, name.clone())]);
        }
        let mut actions = vec![Action::Append(id, name.clone(), bytes)];
        let (quarter, told) = (quarters(*got, *size), quarters(before, *size));
        if *size >= BIG && quarter > told && quarter < 4 {
            actions.push(Action::Show(Event::Fetched(name.to_string(), 25 * quarter)));
        }
        (Some(*got), actions)
    }

    /// It is whole, and is here.
    pub(super) fn saved(&mut self, id: OfferId, path: String) -> Option<Event> {
        let Save { name, size, .. } = self.saves.remove(&id)?;
        Some(Event::Saved { name: name.to_string(), size: Size(size), path })
    }

    /// It cannot be saved, and nothing of it must stay.
    pub(super) fn fail(&mut self, id: OfferId, why: Trouble) -> Vec<Action> {
        let Some(Save { name, .. }) = self.saves.remove(&id) else { return Vec::new() };
        vec![Action::Discard(id), Action::Show(Event::CannotSave(name.to_string(), why))]
    }

    /// Nothing more will come.
    pub(super) fn give_up(&mut self) -> Vec<Action> {
        let saves: Vec<_> = self.saves.keys().copied().collect();
        saves.into_iter().flat_map(|save| self.fail(save, Trouble::Interrupted)).collect()
    }

    /// A file of ours is about to be offered.
    pub(super) fn share(&mut self, id: FileId, name: FileName, size: u64) {
        self.shares.insert(id, Share { name, size, told: 0 });
    }

    /// It has been offered.
    pub(super) fn shared(&self, id: FileId) -> Option<Event> {
        let Share { name, size, .. } = self.shares.get(&id)?;
        Some(Event::Sharing(name.to_string(), Size(*size)))
    }

    /// It has not.
    pub(super) fn not_shared(&mut self, id: FileId) {
        self.shares.remove(&id);
    }

    /// Somebody wants a part of a file of ours. What is to be told of it: a few steps of a big
    /// one, and the end of any.
    pub(super) fn wanted(&mut self, id: FileId, offset: u64) -> Option<Event> {
        let Share { name, size, told } = self.shares.get_mut(&id)?;
        if offset == 0 {
            *told = 0;
        }
        let quarter = quarters((offset + CHUNK as u64).min(*size), *size);
        let is_step = quarter > *told && (*size >= BIG || quarter == 4);
        *told = quarter.max(*told);
        is_step.then(|| Event::Sent(name.to_string(), 25 * quarter))
    }
}

/// How many quarters of `size` these are.
fn quarters(bytes: u64, size: u64) -> u64 {
    (4 * bytes).checked_div(size).unwrap_or(4)
}
