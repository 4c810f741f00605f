//! Containers, one file each: header and index. What lies between them, the packed blocks, is the
//! same bytes in all of them.

mod ciso;
pub(crate) mod dax;
mod jso;

use std::io::{self, Seek, Write};

use sector_decode::Coding;

use crate::digest::ImageDigests;
use crate::output::Output;
use crate::plan::{OutputFormat, Plan};

/// What a format puts around the packed blocks.
pub(crate) trait Container {
    /// The tables that the index consists of, still empty.
    fn tables(&self) -> Vec<Table>;

    /// Adds the index entry of the next block.
    fn add_block(&self, tables: &mut [Table], block: Placed);

    /// Adds what the format has behind the last block's entry. `end` is where the next block would begin.
    fn add_end(&self, tables: &mut [Table], end: u64);

    /// The bytes at the beginning of the file.
    fn header(&self, digests: &ImageDigests) -> Vec<u8>;
}

/// A block that has its place in the file.
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
    let blocks = image_size.div_ceil(u64::from(plan.block_size));
    match plan.format {
        OutputFormat::Cso => Box::new(ciso::Ciso::cso(plan, image_size)),
        OutputFormat::Cso2 => Box::new(ciso::Ciso::cso2(plan, image_size)),
        OutputFormat::Zso => Box::new(ciso::Ciso::zso(plan, image_size)),
        OutputFormat::Dax => Box::new(dax::Dax { image_size, blocks }),
        OutputFormat::Jso => Box::new(jso::Jso { image_size, block_size: plan.block_size }),
    }
}

/// Where the index of an image of so many blocks ends. Wide, because nobody has checked the number yet.
pub(crate) fn index_end(format: OutputFormat, blocks: u64) -> u128 {
    let blocks = u128::from(blocks);
    match format {
        OutputFormat::Cso | OutputFormat::Cso2 | OutputFormat::Zso => ciso::index_end(blocks),
        OutputFormat::Dax => dax::index_end(blocks),
        OutputFormat::Jso => jso::index_end(blocks),
    }
}

/// One table of the index. Only a page of it is in memory; full pages go to their place in the file.
pub(crate) struct Table {
    page: Vec<u8>,
    /// Where the page belongs in the file.
    at: u64,
}

impl Table {
    /// Entries of 4096 blocks, of 8 MiB of image at the least.
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

/// Makes a field of a header or an index of a number that it can hold.
///
/// # Panics
///
/// When it cannot: [`Plan::check`] has let something through. A wrong field would be a broken image.
pub(crate) fn field<N, F: TryFrom<N>>(number: N) -> F {
    match F::try_from(number) {
        Ok(field) => field,
        Err(_) => panic!("a plan that was checked has a number that its format cannot hold"),
    }
}
