//! An image of more than 4 GiB, from start to finish. The slow test of this crate: hashing the image takes
//! about ten seconds of processor time, the rest almost nothing.

mod support;

use std::convert::Infallible;

use image_writer::{DeflateEncoder, OutputFormat, Plan};
use sector_decode::ReadAt;
use support::corpus::mix;
use support::{pack, plan, threads, with_reader};

/// Zeros, except that every 64 MiB begin with a sector that contains its position.
struct Sparse {
    size: u64,
}

const LANDMARK: u64 = 64 << 20;

fn landmark(offset: u64) -> [u8; 2048] {
    std::array::from_fn(|at| mix(offset + at as u64 / 8).to_le_bytes()[at % 8])
}

impl ReadAt for Sparse {
    type Error = Infallible;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Infallible> {
        buf.fill(0);
        if offset.is_multiple_of(LANDMARK) {
            let len = buf.len().min(2048);
            buf[..len].copy_from_slice(&landmark(offset)[..len]);
        }
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Infallible> {
        Ok(self.size)
    }
}

#[test]
fn an_image_over_4_gib() {
    let size = (4 << 30) + 3 * 2048;
    let plan = Plan {
        block_size: 64 << 10,
        deflate: DeflateEncoder::Libdeflate { level: 1 },
        threads: threads(2),
        ..plan(OutputFormat::Cso)
    };
    let index_shift = plan.smallest_shift(size).unwrap();
    assert_eq!(index_shift, 2);
    let (file, summary) = pack(Sparse { size }, &Plan { index_shift, ..plan }).unwrap();
    assert_eq!(summary.image_size, size);
    // Not a multiple of 64 KiB: there is one more block, and it is partial.
    assert_eq!(summary.blocks.stored + summary.blocks.deflate, 65_537);

    with_reader(&file, |reader| {
        assert_eq!(reader.layout().image_size(), size);
        let mut sector = [0; 2048];
        for offset in (0..size).step_by(2048 * 9973).chain((0..size).step_by(64 << 20)).chain([size - 2048]) {
            reader.read(offset, &mut sector).unwrap();
            let expected = if offset.is_multiple_of(LANDMARK) { landmark(offset) } else { [0; 2048] };
            assert_eq!(sector, expected, "at {offset}");
        }
    });
}
