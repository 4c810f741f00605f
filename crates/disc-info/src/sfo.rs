//! `PARAM.SFO`: the small table of keys and values that describes a PSP title.
//!
//! | offset | size | field |
//! |---:|---:|---|
//! | 0x00 | 4 | magic `\0PSF` |
//! | 0x04 | 4 | version, 0x0101 |
//! | 0x08 | 4 | offset of the keys |
//! | 0x0C | 4 | offset of the values |
//! | 0x10 | 4 | number of entries |
//!
//! Entries of 16 bytes follow at 0x14: offset of the key among the keys (16 bits), kind of the value
//! (16 bits), used and reserved bytes of the value (32 bits each), offset of the value among the values
//! (32 bits). Keys end with a zero byte; so do values of the kind 0x0204, UTF-8 text.

use alloc::string::String;

use crate::clean;

const HEADER_LEN: usize = 0x14;
const ENTRY_LEN: usize = 16;
const TEXT: u16 = 0x0204;

/// A table whose header has been checked. Each entry is checked when it is requested.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sfo<'a> {
    entries: &'a [u8],
    keys: &'a [u8],
    values: &'a [u8],
}

impl<'a> Sfo<'a> {
    /// `None` when this is not such a table. Entries past the end of the file are left out.
    pub(crate) fn parse(file: &'a [u8]) -> Option<Self> {
        if !file.starts_with(b"\0PSF") {
            return None;
        }
        let entries = file.get(HEADER_LEN..)?;
        let count = u32_at(file, 0x10)?.min(entries.len() / ENTRY_LEN);
        Some(Self {
            entries: &entries[..count * ENTRY_LEN],
            keys: file.get(u32_at(file, 0x08)?..)?,
            values: file.get(u32_at(file, 0x0C)?..)?,
        })
    }

    /// Returns the text stored under `key`, fit to be displayed. `None` when it is missing, not text, or
    /// truncated.
    pub(crate) fn text(&self, key: &str) -> Option<String> {
        let entry = self.entries.chunks_exact(ENTRY_LEN).find(|entry| self.is_key(entry, key))?;
        if u16_at(entry, 2)? != TEXT {
            return None;
        }
        let (len, start) = (u32_at(entry, 4)?, u32_at(entry, 12)?);
        let value = self.values.get(start..start.checked_add(len)?)?;
        clean(value.split(|&byte| byte == 0).next()?)
    }

    fn is_key(&self, entry: &[u8], key: &str) -> bool {
        let stored = u16_at(entry, 0).and_then(|start| self.keys.get(usize::from(start)..));
        // Including its zero byte, so that `TITLE` does not match `TITLE_00`.
        stored
            .and_then(|stored| stored.strip_prefix(key.as_bytes()))
            .is_some_and(|rest| rest.starts_with(&[0]))
    }
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<usize> {
    usize::try_from(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?)).ok()
}
