//! Files whose index gives the end of the last block too low, as ziso.py writes them of images over 2 GiB and
//! ciso.py with `-a`: both round it down to a whole unit of the index. The bytes after it are in the file.

use crate::support::images::Kind;
use crate::support::{read_sectors, small_disc, taken_over};

const SECTOR: usize = 2048;
/// Sectors of the image.
const SECTORS: u32 = 40;

/// An image whose last sector is worth packing: `last` bytes of text, and zeros.
fn image(last: usize) -> Vec<u8> {
    let mut image = small_disc().bytes[..SECTORS as usize * SECTOR].to_vec();
    let (_, sector) = image.split_last_chunk_mut::<SECTOR>().unwrap();
    sector.fill(0);
    let words = b"the quick brown fox jumps over the lazy dog ".iter().cycle();
    sector.iter_mut().zip(words).take(last).for_each(|(byte, &letter)| *byte = letter);
    image
}

/// Rounds the end of the last block down, and ends the file with its data. Returns how many bytes follow the end by the
/// index; `None` where that is the whole block, which the driver does not find.
fn round_down(file: &mut Vec<u8>, shift: u32) -> Option<usize> {
    // The writer fills the last unit up with this byte, which no stream of `image` ends with.
    while file.last() == Some(&0x58) {
        file.pop();
    }
    let size = u32::from_le_bytes(file[16..20].try_into().unwrap());
    let blocks = (SECTORS * 2048).div_ceil(size) as usize;
    let end = u32::try_from(file.len()).unwrap() >> shift;
    let entry = 24 + 4 * blocks;
    file[entry..entry + 4].copy_from_slice(&end.to_le_bytes());
    let start = u32::from_le_bytes(file[entry - 4..entry].try_into().unwrap()) & 0x7FFF_FFFF;
    (start < end).then_some(file.len() % (1 << shift))
}

/// Every sector is right in requests of every kind; the last block in particular is read alone, in requests that end with
/// it, and again.
#[test]
#[ignore = "needs the built driver"]
fn last_block_is_read_beyond_its_end_by_the_index() {
    let mut beyond = 0;
    for last in [0, 44, 300] {
        let image = image(last);
        for shift in [1, 2, 7] {
            for block in [2048, 16384] {
                for kind in
                    [Kind::Cso { block, shift }, Kind::Cso2 { block, shift }, Kind::Zso { block, shift }]
                {
                    let mut file = kind.pack(&image);
                    let Some(rest) = round_down(&mut file, shift) else { continue };
                    beyond += usize::from(rest > 0);
                    for filled in [false, true] {
                        if filled {
                            file.resize(file.len().next_multiple_of(SECTOR), 0);
                        }
                        let (mut psp, _) = taken_over(file.clone());
                        for (lba, count) in [
                            (SECTORS - 1, 1),
                            (0, 1),
                            (SECTORS - 3, 3),
                            (0, SECTORS),
                            (7, SECTORS - 7),
                            (SECTORS - 1, 1),
                        ] {
                            let bytes = read_sectors(&mut psp, lba, count).bytes;
                            let at = lba as usize * SECTOR;
                            assert!(
                                bytes == image[at..at + count as usize * SECTOR],
                                "{} with {last}, {count} sectors at {lba}",
                                kind.name()
                            );
                        }
                    }
                }
            }
        }
    }
    assert!(beyond > 20, "only {beyond} files end inside a unit");
}
