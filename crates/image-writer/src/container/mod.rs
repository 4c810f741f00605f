//! What the formats put around the packed blocks, which are the same bytes in all of them: how the index
//! tables fill up, and when the header is known. [`sector_decode::container`] defines what headers and
//! entries look like.

mod ciso;
pub(crate) mod dax;
mod jso;

use std::io::{self, Seek, Write};

use sector_decode::container::{self as formats, WriteLimits, cso, cso2, zso};
use sector_decode::{Coding, SECTOR_SIZE};

use crate::digest::ImageDigests;
use crate::output::Output;
use crate::plan::{OutputFormat, Plan};

/// What a format puts around the packed blocks.
pub(crate) trait Container {
    /// The empty tables that make up the index.
    fn tables(&self) -> Vec<Table>;

    /// Adds the index entry of the next block.
    fn add_block(&self, tables: &mut [Table], block: Placed);

    /// Adds whatever the format has after the last block's entry. `end` is where the next block would begin.
    fn add_end(&self, tables: &mut [Table], end: u64);

    /// The bytes at the beginning of the file.
    fn header(&self, digests: &ImageDigests) -> Vec<u8>;
}

/// A block with its place in the file.
#[derive(Clone, Copy)]
pub(crate) struct Placed {
    /// Position of its first byte.
    pub(crate) start: u64,
    /// Its packed bytes, without padding.
    pub(crate) len: u32,
    pub(crate) coding: Coding,
}

/// Makes the container of a plan that fits the image.
pub(crate) fn of(plan: &Plan, image_size: u64) -> Box<dyn Container> {
    let Plan { block_size, index_shift, .. } = *plan;
    let ciso = |variant: formats::ciso::Variant| {
        Box::new(ciso::Ciso { variant, header: variant.header(image_size, block_size, index_shift) })
    };
    match plan.format {
        OutputFormat::Cso => ciso(cso::VARIANT),
        OutputFormat::Cso2 => ciso(cso2::VARIANT),
        OutputFormat::Zso => ciso(zso::VARIANT),
        OutputFormat::Dax => {
            Box::new(dax::Dax { image_size, frames: field(image_size.div_ceil(block_size.into())) })
        }
        OutputFormat::Jso => Box::new(jso::Jso { image_size, block_size }),
        // Nothing hands packed blocks to a writer of this crate.
        OutputFormat::Chd => unreachable!("a CHD is written by the encoder of another crate"),
    }
}

/// The end of the index of an image with this many blocks; the most for a CHD, whose index is packed.
pub(crate) const fn index_end(format: OutputFormat, blocks: u32) -> u64 {
    match format {
        OutputFormat::Cso | OutputFormat::Cso2 | OutputFormat::Zso => formats::ciso::index_end(blocks),
        OutputFormat::Dax => formats::dax::index_end(blocks, 0),
        OutputFormat::Jso => formats::jso::index_end(blocks),
        // The map is at the end, but counts alike: header, entry of metadata, and 16 bytes, 64 for its Huffman code,
        // and at most 12 for each hunk.
        OutputFormat::Chd => 124 + 17 + 16 + 64 + 12 * blocks as u64,
    }
}

/// Makes a deflate stream that holds `block` as it is: one final stored block (RFC 1951, 3.2.4).
pub(crate) fn stored_deflate(block: &[u8]) -> Vec<u8> {
    let len: u16 = field(block.len());
    let mut deflate = Vec::with_capacity(1 + 2 + 2 + block.len());
    deflate.push(1);
    deflate.extend_from_slice(&len.to_le_bytes());
    deflate.extend_from_slice(&(!len).to_le_bytes());
    deflate.extend_from_slice(block);
    deflate
}

/// The subset of a format that is written.
pub(crate) const fn limits(format: OutputFormat) -> WriteLimits {
    match format {
        OutputFormat::Cso | OutputFormat::Cso2 | OutputFormat::Zso => formats::ciso::WRITTEN,
        OutputFormat::Dax => formats::dax::WRITTEN,
        OutputFormat::Jso => formats::jso::WRITTEN,
        OutputFormat::Chd => {
            WriteLimits { block_sizes: (SECTOR_SIZE, 32 << 10), max_position: u32::MAX, max_shift: 0 }
        }
    }
}

/// One table of the index. Only one page of it is in memory; full pages are written to their place in the
/// file.
pub(crate) struct Table {
    page: Vec<u8>,
    /// Where the page belongs in the file.
    at: u64,
}

impl Table {
    /// Entries of 4096 blocks, which is at least 8 MiB of image.
    const PAGE: usize = 16 << 10;

    fn new(at: u64) -> Self {
        Self { page: Vec::with_capacity(Self::PAGE), at }
    }

    fn push(&mut self, entry: &[u8]) {
        self.page.extend_from_slice(entry);
    }

    pub(crate) fn write_full_page(&mut self, output: &mut Output<impl Write + Seek>) -> io::Result<()> {
        if self.page.len() >= Self::PAGE { self.write_page(output) } else { Ok(()) }
    }

    pub(crate) fn write_page(&mut self, output: &mut Output<impl Write + Seek>) -> io::Result<()> {
        output.put(self.at, &self.page)?;
        self.at += self.page.len() as u64;
        self.page.clear();
        Ok(())
    }
}

/// Converts a number that fits into a field of a header or an index.
///
/// # Panics
///
/// When it does not fit, because [`Plan::check`] has missed something. A wrong field would mean a broken
/// image.
pub(crate) fn field<N, F: TryFrom<N>>(number: N) -> F {
    fits(F::try_from(number).ok())
}

/// Same as [`field`], for a number that was already converted.
fn fits<F>(field: Option<F>) -> F {
    match field {
        Some(field) => field,
        None => panic!("a plan that was checked has a number that its format cannot hold"),
    }
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::*;

    #[test]
    fn index_of_a_chd_is_counted_by_its_parts() {
        // A header of 124 bytes, an entry of metadata of 16 and its NUL, a map's header of 16 and its Huffman code.
        assert_eq!(index_end(OutputFormat::Chd, 0), 221);
        assert_eq!(index_end(OutputFormat::Chd, 1000), 221 + 12_000);
    }

    #[test]
    fn full_pages_go_to_the_file_and_others_wait() {
        let mut file = Cursor::new(Vec::new());
        let mut output = Output::new(&mut file, 40_000).unwrap();
        let mut table = Table::new(24);
        let entries: Vec<[u8; 4]> = (0..10_000_u32).map(u32::to_le_bytes).collect();
        for (number, entry) in (1..).zip(&entries) {
            table.push(entry);
            table.write_full_page(&mut output).unwrap();
            assert_eq!(table.page.len(), number * 4 % Table::PAGE, "{number}");
        }
        table.write_page(&mut output).unwrap();
        assert!(table.page.is_empty());
        output.flush().unwrap();
        drop(output);
        assert_eq!(file.into_inner()[24..], *entries.concat());
    }
}
