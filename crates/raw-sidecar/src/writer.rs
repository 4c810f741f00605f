//! Makes a sidecar while a dump is read forward.

use std::io::Write;

use crate::code::{Context, Instruction, Run, Shape};
use crate::disc::Disc;
use crate::error::Error;
use crate::pack::pack;
use crate::section;
use crate::sector::{Header, MAX_ADDRESS, Mode, RAW, SYNC, USER, mode_2};
use crate::sums::{Hashing, Sums};

/// A part is written when it has this much data, or this many bytes of instructions.
const PART_DATA: usize = 1 << 20;
const PART_INSTRUCTIONS: usize = 256 << 10;
/// A sector that is not in the image is kept as it is if more of its bytes than these are irregular.
const FEW_CHANGES: usize = 64;

/// Writes a sidecar. It receives all bytes of all files in order.
pub struct Writer<W> {
    out: W,
    disc: Disc,
    hashing: Hashing,
    image_sectors: u32,
    context: Context,
    instructions: Vec<u8>,
    data: Vec<u8>,
    /// Whether all of the data is audio.
    is_sound: bool,
    /// Not yet among the instructions.
    pending: Option<Instruction>,
}

impl<W: Write> Writer<W> {
    /// Begins a sidecar.
    ///
    /// # Errors
    ///
    /// When a name or a size in the description is not possible, or it cannot be written.
    pub fn new(mut out: W, disc: Disc) -> Result<Self, Error> {
        disc.check()?;
        section::write_start(&mut out)?;
        section::write(&mut out, section::DISC, &disc.to_bytes())?;
        Ok(Self {
            out,
            hashing: Hashing::new(&disc),
            disc,
            image_sectors: 0,
            context: Context::START,
            instructions: Vec::new(),
            data: Vec::new(),
            is_sound: false,
            pending: None,
        })
    }

    /// Adds one sector of the track that the image holds, with the image's 2048 bytes of it.
    ///
    /// # Errors
    ///
    /// When the sector does not have 2048, 2336, 2352 or 2448 bytes, is not in a file or in the image, or
    /// cannot be written.
    pub fn sector(&mut self, bytes: &[u8], user: &[u8; USER]) -> Result<(), Error> {
        let shape = Shape::of_len(bytes.len()).ok_or(Error::Damaged("a sector has an unknown length"))?;
        self.image_sectors += 1;
        self.begin(bytes, false)?;
        let mut actual = [0; RAW];
        let range = shape.range();
        actual[range.clone()].copy_from_slice(&bytes[..range.len()]);
        let mut best: Option<(usize, Header, Changes)> = None;
        for header in self.candidates(shape, &actual) {
            let mut built = [0; RAW];
            built[header.mode.user_start()..][..USER].copy_from_slice(user);
            if header.mode.user_len() > USER {
                built[24 + USER..2348].copy_from_slice(&actual[24 + USER..2348]);
            }
            if shape != Shape::User {
                header.complete(&mut built);
            }
            let changes = changes(&built, &actual, range.clone());
            let cost = changes.iter().map(|(_, bytes)| bytes.len() + 2).sum();
            if best.as_ref().is_none_or(|best| cost < best.0) {
                best = Some((cost, header, changes));
            }
            if cost == 0 {
                break;
            }
        }
        let (_, header, changes) = best.ok_or(Error::Damaged("no kind of sector fits"))?;
        if shape != Shape::User && header.mode.user_len() > USER {
            self.data.extend(&actual[24 + USER..2348]);
        }
        self.data.extend(&bytes[range.len()..]);
        self.add_run(Run { shape, is_kept: false, header, count: 1, changes });
        self.end(bytes)
    }

    /// Adds one sector that is not in the image. What does not look like a data sector is kept as it is.
    ///
    /// # Errors
    ///
    /// When the file ends inside it, or it cannot be written.
    pub fn kept_sector(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let shape = Shape::of_len(bytes.len()).filter(|shape| match shape {
            Shape::Whole { .. } => bytes[..12] == SYNC,
            Shape::Headless => true,
            Shape::User => false,
        });
        let Some(shape) = shape else { return self.bytes(bytes, false) };
        let mut actual = [0; RAW];
        let range = shape.range();
        actual[range.clone()].copy_from_slice(&bytes[..range.len()]);
        let header = match shape {
            Shape::Headless => Some(self.headless(&actual)),
            _ => Header::of(&actual),
        };
        let Some(header) = header else { return self.bytes(bytes, false) };
        let (start, len) = (header.mode.user_start(), header.mode.user_len());
        let mut built = [0; RAW];
        built[start..start + len].copy_from_slice(&actual[start..start + len]);
        header.complete(&mut built);
        let changes = changes(&built, &actual, range.clone());
        if changes.iter().map(|(_, bytes)| bytes.len()).sum::<usize>() > FEW_CHANGES {
            return self.bytes(bytes, false);
        }
        self.begin(bytes, false)?;
        self.data.extend(&actual[start..start + len]);
        self.data.extend(&bytes[range.len()..]);
        self.add_run(Run { shape, is_kept: true, header, count: 1, changes });
        self.end(bytes)
    }

    /// Adds bytes that are kept as they are. `is_sound` says whether they are audio of two channels with 16
    /// bits.
    ///
    /// # Errors
    ///
    /// When they are not in a file, or cannot be written.
    pub fn bytes(&mut self, bytes: &[u8], is_sound: bool) -> Result<(), Error> {
        for piece in bytes.chunks(PART_DATA) {
            self.begin(piece, is_sound)?;
            self.data.extend(piece);
            let len = piece.len() as u64;
            if let Some(Instruction::Bytes(before)) = &mut self.pending {
                *before += len;
            } else {
                self.flush_pending();
                self.pending = Some(Instruction::Bytes(len));
            }
            self.end(piece)?;
        }
        Ok(())
    }

    /// Ends the sidecar, and returns what it was written to.
    ///
    /// # Errors
    ///
    /// When bytes of the files or sectors of the image are missing, or it cannot be written.
    pub fn finish(mut self) -> Result<(W, Sums), Error> {
        if self.hashing.file().is_some() || self.image_sectors != self.disc.image_sectors {
            return Err(Error::Damaged("it was not given the whole dump"));
        }
        let sums = self.hashing.finish();
        section::write(&mut self.out, section::SUMS, &sums.to_bytes())?;
        Ok((self.out, sums))
    }

    fn begin(&mut self, bytes: &[u8], is_sound: bool) -> Result<(), Error> {
        if bytes.len() as u64 > self.hashing.left() {
            return Err(Error::Damaged("it was given more than the dump"));
        }
        let is_full =
            self.data.len() + bytes.len() > PART_DATA || self.instructions.len() > PART_INSTRUCTIONS;
        let has_other_kind = self.is_sound != is_sound && !(self.data.is_empty() && self.pending.is_none());
        if is_full || has_other_kind {
            self.flush_part()?;
        }
        self.is_sound = is_sound;
        Ok(())
    }

    fn end(&mut self, bytes: &[u8]) -> Result<(), Error> {
        let file = self.hashing.file();
        self.hashing.update(bytes);
        if self.hashing.file() == file { Ok(()) } else { self.flush_part() }
    }

    fn flush_part(&mut self) -> Result<(), Error> {
        self.flush_pending();
        if self.instructions.is_empty() {
            return Ok(());
        }
        let part = pack(&self.instructions, &self.data, self.is_sound)?;
        self.instructions.clear();
        self.data.clear();
        section::write(&mut self.out, section::PART, &part)
    }

    fn flush_pending(&mut self) {
        if let Some(instruction) = self.pending.take() {
            self.context.put(&instruction, &mut self.instructions);
        }
    }

    fn add_run(&mut self, run: Run) {
        if let Some(Instruction::Run(before)) = &mut self.pending {
            let next = before.header.address + before.count;
            let continues = before.changes.is_empty()
                && (before.shape, before.is_kept, before.header.mode)
                    == (run.shape, run.is_kept, run.header.mode)
                && (before.header.mode == Mode::Mode1 || before.header.subheader == run.header.subheader)
                && next == run.header.address;
            if continues {
                before.count += 1;
                before.changes = run.changes;
                return;
            }
        }
        self.flush_pending();
        self.pending = Some(Instruction::Run(run));
    }

    /// The address and the subheader that follow from the sectors before.
    fn expected(&self) -> Header {
        match &self.pending {
            Some(Instruction::Run(run)) => {
                let address = (run.header.address + run.count) % MAX_ADDRESS;
                Header { address, ..run.header }
            }
            _ => {
                Header { mode: Mode::Mode1, address: self.context.address, subheader: self.context.subheader }
            }
        }
    }

    /// A sector of mode 2 without its header.
    fn headless(&self, actual: &[u8; RAW]) -> Header {
        let (mode, subheader) = mode_2(&actual[16..]);
        Header { mode, address: self.expected().address, subheader }
    }

    /// What a sector may be, the likeliest first.
    fn candidates(&self, shape: Shape, actual: &[u8; RAW]) -> Vec<Header> {
        let expected = self.expected();
        match shape {
            Shape::User => vec![Header { mode: Mode::Mode1, ..expected }],
            Shape::Headless => vec![self.headless(actual), Header { mode: Mode::Form1, ..expected }],
            Shape::Whole { .. } => {
                let own = Header::of(actual);
                let (mode, subheader) = mode_2(&actual[16..]);
                [
                    Some(expected),
                    own,
                    own.map(|own| Header { address: expected.address, ..own }),
                    Some(Header { mode, subheader, ..expected }),
                    Some(Header { mode: Mode::Mode1, ..expected }),
                ]
                .into_iter()
                .flatten()
                .collect()
            }
        }
    }
}

type Changes = Vec<(usize, Vec<u8>)>;

/// The bytes of `actual` that differ from those of `built`. Short gaps are cheaper to repeat than to skip.
fn changes(built: &[u8; RAW], actual: &[u8; RAW], range: std::ops::Range<usize>) -> Changes {
    const SHORT: usize = 3;
    let mut changes: Changes = Vec::new();
    if built[range.clone()] == actual[range.clone()] {
        return changes;
    }
    for at in range.filter(|&at| built[at] != actual[at]) {
        match changes.last_mut() {
            Some((start, bytes)) if at - (*start + bytes.len()) <= SHORT => {
                bytes.extend(&actual[*start + bytes.len()..=at]);
            }
            _ => changes.push((at, vec![actual[at]])),
        }
    }
    changes
}
