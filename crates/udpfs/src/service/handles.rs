//! The table of a console's open files.

use std::collections::BTreeMap;

use crate::errno::Errno;
use crate::message::{Handle, OpenFlags};
use crate::service::{Files, Opened};

/// Maximum number of handles of one console. Its client keeps up to 8, and every restart leaves those of
/// the previous program open, since the protocol has no goodbye. Opening one more closes the least recently
/// used handle.
pub const MAX_HANDLES: usize = 64;

/// An open file with its position.
pub(super) struct Entry<F: Files> {
    pub(super) file: F::File,
    pub(super) flags: OpenFlags,
    pub(super) position: u64,
    /// Where the next read begins if the console reads sequentially.
    pub(super) expected: u64,
}

enum Slot<F: Files> {
    File(Entry<F>),
    Folder(F::Folder),
}

/// All handles of one console.
pub(super) struct Handles<F: Files> {
    slots: BTreeMap<Handle, (u64, Slot<F>)>,
    device: Option<Entry<F>>,
    last: i32,
    clock: u64,
}

impl<F: Files> Default for Handles<F> {
    fn default() -> Self {
        Self { slots: BTreeMap::new(), device: None, last: 0, clock: 0 }
    }
}

impl<F: Files> Handles<F> {
    pub(super) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Assigns a number to an opened file or folder: the one that has been unused for longest.
    pub(super) fn insert(&mut self, opened: Opened<F::File, F::Folder>, flags: OpenFlags) -> Handle {
        if self.slots.len() >= MAX_HANDLES {
            let oldest = self.slots.iter().min_by_key(|(_, (used, _))| *used).map(|(&handle, _)| handle);
            self.slots.remove(&oldest.unwrap_or(Handle::DEVICE));
        }
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if !self.slots.contains_key(&Handle(self.last)) {
                break;
            }
        }
        let slot = match opened {
            Opened::File(file) => Slot::File(Entry::new(file, flags)),
            Opened::Folder(folder) => Slot::Folder(folder),
        };
        self.clock += 1;
        self.slots.insert(Handle(self.last), (self.clock, slot));
        Handle(self.last)
    }

    pub(super) fn remove(&mut self, handle: Handle) -> Result<(), Errno> {
        self.slots.remove(&handle).map(drop).ok_or(Errno::BAD_HANDLE)
    }

    fn slot(&mut self, handle: Handle) -> Result<&mut Slot<F>, Errno> {
        let (used, slot) = self.slots.get_mut(&handle).ok_or(Errno::BAD_HANDLE)?;
        self.clock += 1;
        *used = self.clock;
        Ok(slot)
    }

    /// Returns an open file, or the block device.
    pub(super) fn file(&mut self, files: &F, handle: Handle) -> Result<&mut Entry<F>, Errno> {
        if handle == Handle::DEVICE {
            return self.device(files);
        }
        match self.slot(handle)? {
            Slot::File(entry) => Ok(entry),
            Slot::Folder(_) => Err(Errno::IS_A_FOLDER),
        }
    }

    pub(super) fn folder(&mut self, handle: Handle) -> Result<&mut F::Folder, Errno> {
        match self.slot(handle)? {
            Slot::Folder(folder) => Ok(folder),
            Slot::File(_) => Err(Errno::NOT_A_FOLDER),
        }
    }

    /// Returns the block device, which is opened on first use.
    pub(super) fn device(&mut self, files: &F) -> Result<&mut Entry<F>, Errno> {
        if self.device.is_none() {
            let (file, _) = files.open_device()?;
            self.device = Some(Entry::new(file, OpenFlags(3)));
        }
        self.device.as_mut().ok_or(Errno::NO_DEVICE)
    }
}
