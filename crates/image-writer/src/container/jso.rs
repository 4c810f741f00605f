//! JSO: the index is one table, and the header contains the MD5 of the image. Header and entries come from
//! [`sector_decode::container::jso`].

use sector_decode::container::jso::{self, Entry, Header};

use super::{Container, Placed, Table, field};
use crate::digest::ImageDigests;

pub(super) struct Jso {
    pub(super) image_size: u64,
    pub(super) block_size: u32,
}

impl Container for Jso {
    fn tables(&self) -> Vec<Table> {
        vec![Table::new(jso::HEADER_LEN as u64)]
    }

    fn add_block(&self, tables: &mut [Table], block: Placed) {
        self.add_end(tables, block.start);
    }

    fn add_end(&self, tables: &mut [Table], end: u64) {
        tables[0].push(&Entry { position: field(end) }.encode());
    }

    fn header(&self, digests: &ImageDigests) -> Vec<u8> {
        // Zeros mean that there is none; `encode` makes sure that there is one.
        let md5 = digests.all().map_or([0; 16], |digests| digests.md5);
        Header::new(field(self.image_size), field(self.block_size), md5).to_bytes().into()
    }
}
