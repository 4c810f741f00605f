//! Packs parts of an image, and puts what the workers packed into a file.

use std::io;

use disc_info::Disc;
use image_writer::{Assembler, BlockPacker, OutputFormat, PackedBlock, Plan};
use md5::{Digest, Md5};
use sector_decode::deflate_lint::lint;
use sector_decode::{BlockIndex, Coding};

use crate::describe::Image;
use crate::journal::{Journal, Writes};
use crate::json::{Object, quoted};
use crate::profile::{check_console, choose};
use crate::purpose;

/// Bytes of one block in the table before the packed bytes: its length and how it is packed.
const ROW: usize = 5;

/// How an image is written.
pub(crate) struct Job {
    plan: Plan,
    image_size: u64,
    packer: BlockPacker,
    assembler: Option<Assembler<Journal>>,
    writes: Writes,
    /// Of the image so far, for a format that has it in its header.
    md5: Option<Md5>,
}

impl Job {
    /// Decides as `cisor compress` does for the same wishes, in the form of [`purpose::parse`]. Returns the decision as
    /// JSON, too.
    pub(crate) fn new(wishes: &str, disc: &Disc, image_size: u64) -> Result<(Self, String), String> {
        let (profile, options) = purpose::parse(wishes)?;
        check_console(profile, disc, false).map_err(|refusal| refusal.to_string())?;
        let choice = choose(profile, &options, image_size).map_err(|refusal| refusal.to_string())?;
        let plan = choice.plan;
        let json = Object::new()
            .text("format", &plan.format.to_string())
            .number("blockSize", plan.block_size.into())
            .number("worstCase", plan.worst_case_len(image_size))
            .flag("firmwareSafe", plan.firmware_safe)
            .list("notes", choice.notes.iter().map(|note| quoted(note)))
            .end();
        Ok((
            Self {
                plan,
                image_size,
                packer: BlockPacker::new(&plan),
                assembler: None,
                writes: Writes::default(),
                md5: (plan.format == OutputFormat::Jso).then(Md5::new),
            },
            json,
        ))
    }

    /// Packs whole blocks. `out` gets how many there are, how many the lint made the packer store, a row for each, and
    /// the packed bytes.
    pub(crate) fn pack(&mut self, image: &[u8], first: u64, out: &mut Vec<u8>) -> Result<(), String> {
        let block_size = self.plan.block_size as usize;
        let count = image.len().div_ceil(block_size);
        out.clear();
        out.resize(8 + ROW * count, 0);
        let mut linted = 0u32;
        for (number, block) in image.chunks(block_size).enumerate() {
            let packed = self.packer.pack(block, out).ok_or_else(|| {
                format!("block {} did not unpack to itself: nothing was written", first + number as u64)
            })?;
            linted += u32::from(packed.lint_finding.is_some());
            let row = &mut out[8 + ROW * number..][..ROW];
            row[..4].copy_from_slice(&packed.len.to_le_bytes());
            row[4] = code(packed.coding);
        }
        let count = u32::try_from(count).map_err(|_| "too many blocks at once".to_owned())?;
        out[..4].copy_from_slice(&count.to_le_bytes());
        out[4..8].copy_from_slice(&linted.to_le_bytes());
        Ok(())
    }

    pub(crate) const fn block_size(&self) -> u32 {
        self.plan.block_size
    }

    pub(crate) fn begin(&mut self) -> io::Result<()> {
        let journal = Journal::default();
        self.writes = journal.writes();
        self.assembler = Some(Assembler::new(journal, &self.plan, self.image_size)?);
        Ok(())
    }

    /// Takes what [`pack`](Self::pack) made of the next part of the image.
    pub(crate) fn add(&mut self, packed: &[u8]) -> io::Result<()> {
        let invalid = || io::Error::from(io::ErrorKind::InvalidInput);
        let assembler = self.assembler.as_mut().ok_or_else(invalid)?;
        let count = packed.first_chunk().map(|&bytes| u32::from_le_bytes(bytes)).ok_or_else(invalid)?;
        let (rows, bytes) = packed[8..].split_at_checked(ROW * count as usize).ok_or_else(invalid)?;
        let blocks: Option<Vec<PackedBlock>> = rows
            .chunks_exact(ROW)
            .map(|row| {
                let len = u32::from_le_bytes(*row.first_chunk()?);
                Some(PackedBlock { len, coding: coding(row[4])?, lint_finding: None })
            })
            .collect();
        assembler.add(bytes.to_vec(), blocks.ok_or_else(invalid)?)
    }

    /// Is told the image from beginning to end.
    pub(crate) fn hash(&mut self, image: &[u8]) {
        if let Some(md5) = &mut self.md5 {
            md5.update(image);
        }
    }

    /// Takes the next write that the page has to carry out: where, and what.
    pub(crate) fn next_write(&mut self) -> Option<(u64, Vec<u8>)> {
        self.writes.borrow_mut().pop_front()
    }

    /// Returns what was written as JSON.
    pub(crate) fn finish(&mut self) -> io::Result<String> {
        let md5 = self.md5.take().map(|md5| md5.finalize().into());
        let done = self.assembler.take().ok_or(io::ErrorKind::InvalidInput)?.finish(md5)?;
        Ok(Object::new()
            .number("size", done.stored_size)
            .number("stored", done.blocks.stored.into())
            .number("deflate", done.blocks.deflate.into())
            .number("lz4", done.blocks.lz4.into())
            .end())
    }
}

const fn code(coding: Coding) -> u8 {
    match coding {
        Coding::Stored => 0,
        Coding::Deflate => 1,
        Coding::Zlib => 2,
        Coding::Lz4 => 3,
        Coding::Lzo => 4,
    }
}

const fn coding(code: u8) -> Option<Coding> {
    Some(match code {
        0 => Coding::Stored,
        1 => Coding::Deflate,
        2 => Coding::Zlib,
        3 => Coding::Lz4,
        4 => Coding::Lzo,
        _ => return None,
    })
}

/// Decodes blocks one by one and counts the deflate streams that the PSP's firmware is not known to read.
pub(crate) fn examine(image: &mut Image, at: u64, out: &mut [u8]) -> Result<u32, String> {
    let block_size = u64::from(image.layout().block_size());
    let mut unsafe_streams = 0;
    let mut done = 0;
    while done < out.len() {
        let number =
            u32::try_from((at + done as u64) / block_size).map_err(|_| "no such block".to_owned())?;
        let view = image.view(BlockIndex(number)).map_err(|error| error.to_string())?;
        // DAX wraps its streams, and only firmwares play it: their header is not part of what is linted.
        if view.extent.coding == Coding::Deflate && lint(view.packed).is_err() {
            unsafe_streams += 1;
        }
        let len = view.data.len().min(out.len() - done);
        out[done..done + len].copy_from_slice(&view.data[..len]);
        done += len;
    }
    Ok(unsafe_streams)
}
