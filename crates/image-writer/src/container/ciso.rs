//! CSO v1, CSO v2 and ZSO: the index is one table. Header and entries come from
//! [`sector_decode::container::ciso`].

use sector_decode::container::ciso::{self, Entry, Header, Variant};

use super::{Container, Placed, Table, fits};
use crate::digest::ImageDigests;

pub(super) struct Ciso {
    pub(super) variant: Variant,
    pub(super) header: Header,
}

impl Ciso {
    /// Blocks begin at multiples of two to the power of the shift, so the shift does not lose any bits.
    fn value(&self, position: u64, flag: bool) -> [u8; 4] {
        fits(Entry { position, flag }.encode(self.header.index_shift))
    }
}

impl Container for Ciso {
    fn tables(&self) -> Vec<Table> {
        vec![Table::new(ciso::HEADER_LEN as u64)]
    }

    fn add_block(&self, tables: &mut [Table], block: Placed) {
        tables[0].push(&self.value(block.start, self.variant.flag(block.coding)));
    }

    fn add_end(&self, tables: &mut [Table], end: u64) {
        tables[0].push(&self.value(end, false));
    }

    fn header(&self, _digests: &ImageDigests) -> Vec<u8> {
        self.variant.to_bytes(&self.header).into()
    }
}
