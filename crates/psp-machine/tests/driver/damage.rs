//! Images with random damage in each part of each format.
//!
//! Whatever the result, the machine remains intact and every answer is right or negative as far as the format can tell:
//! damage to one block leaves the others right, a checksum is checked, and whatever else is delivered is what the
//! converter's decoder reads there.

use std::ops::Range;

use sector_decode::{ImageReader, ReaderOptions};
use test_noise::Noise;

use crate::support::images::{JsoMethod, Kind};
use crate::support::{USUAL, machine, read_sectors, small_disc, start};

const SECTORS: usize = 300;

const KINDS: [Kind; 10] = [
    USUAL,
    Kind::Cso { block: 8192, shift: 3 },
    Kind::Cso { block: 65_536, shift: 0 },
    Kind::Cso2 { block: 2048, shift: 0 },
    Kind::Zso { block: 4096, shift: 1 },
    Kind::Dax { plain_areas: true },
    Kind::Dax { plain_areas: false },
    Kind::Jso { block: 2048, method: JsoMethod::Lzo, headers: true },
    Kind::Jso { block: 4096, method: JsoMethod::Zlib, headers: false },
    Kind::Jso { block: 8192, method: JsoMethod::Lzo, headers: false },
];

/// Where the parts of an image are, read from the intact file.
struct Parts {
    header: usize,
    /// Where the index and all other tables end.
    tables: usize,
    block: usize,
    /// The bytes of each block, and whether they have a checksum.
    blocks: Vec<(Range<usize>, bool)>,
}

fn word(image: &[u8], at: usize) -> usize {
    u32::from_le_bytes(image[at..at + 4].try_into().unwrap()) as usize
}

fn half(image: &[u8], at: usize) -> usize {
    u16::from_le_bytes(image[at..at + 2].try_into().unwrap()).into()
}

impl Parts {
    fn of(kind: Kind, image: &[u8]) -> Self {
        let (header, block) = match kind {
            Kind::Iso => unreachable!("plain images have no parts"),
            Kind::Cso { block, .. } | Kind::Cso2 { block, .. } | Kind::Zso { block, .. } => (24, block),
            Kind::Dax { .. } => (32, 8192),
            Kind::Jso { block, .. } => (48, block),
        };
        let count = (SECTORS * 2048).div_ceil(block);
        if let Kind::Dax { .. } = kind {
            let areas = word(image, 12);
            let tables = header + 6 * count + 8 * areas;
            let stored = |number: usize| {
                let mut areas = (0..areas).map(|area| header + 6 * count + 8 * area);
                areas.any(|at| (word(image, at)..word(image, at) + word(image, at + 4)).contains(&number))
            };
            let block_at = |number: usize| {
                let at = word(image, header + 4 * number);
                (at..at + half(image, header + 4 * count + 2 * number), !stored(number))
            };
            return Self { header, tables, block, blocks: (0..count).map(block_at).collect() };
        }
        let shift = if let Kind::Jso { .. } = kind { 0 } else { image[21] };
        let entry = |number: usize| (word(image, header + 4 * number) & 0x7FFF_FFFF) << shift;
        let blocks = (0..count).map(|number| (entry(number)..entry(number + 1), false)).collect();
        Self { header, tables: header + 4 * (count + 1), block, blocks }
    }

    /// The blocks of some sectors.
    fn blocks_of(&self, lba: usize, count: usize) -> &[(Range<usize>, bool)] {
        &self.blocks[lba * 2048 / self.block..((lba + count) * 2048).div_ceil(self.block)]
    }
}

/// What came of the images.
#[derive(Default)]
struct Figures {
    images: u32,
    refused: u32,
    right: u32,
    negative: u32,
    /// Sectors that differ from the undamaged disc, where the format cannot tell.
    changed: u32,
}

/// Damages some bytes of `image` within `range`; returns where.
fn damage(noise: &mut Noise, image: &mut [u8], range: Range<usize>) -> Vec<usize> {
    let places = (0..=noise.below(12)).map(|_| range.start + noise.index(range.len()));
    let places: Vec<usize> = places.collect();
    for &at in &places {
        image[at] = match noise.below(4) {
            0 => 0xFF,
            1 => image[at] ^ (1 << noise.below(8)),
            _ => noise.byte(),
        };
    }
    places
}

fn serve(kind: Kind, intact: &[u8], round: u32, figures: &mut Figures) {
    let disc = &small_disc().bytes[..SECTORS * 2048];
    let parts = Parts::of(kind, intact);
    let mut noise = Noise::new(u64::from(round) * 1_000 + intact.len() as u64);
    let mut image = intact.to_vec();
    let (what, range) = match round % 4 {
        0 => ("header", 0..parts.header),
        1 => ("tables", parts.header..parts.tables),
        2 => ("blocks", parts.tables..image.len()),
        _ => ("anything", 0..image.len()),
    };
    let damaged = damage(&mut noise, &mut image, range);
    let when = format!("{}, round {round}, {what}", kind.name());
    let only_blocks = damaged.iter().all(|&at| at >= parts.tables);
    figures.images += 1;

    let mut psp = machine(image.clone());
    let (_, outcome) = start(&mut psp);
    if outcome.is_error() {
        assert!(psp.inferno.untouched(&psp.cpu), "{when}");
        figures.refused += 1;
        return;
    }
    let mut host = ImageReader::open(image.as_slice(), &ReaderOptions::default()).unwrap();
    // At the damage, and anywhere.
    let near =
        damaged.iter().filter_map(|&at| parts.blocks.iter().position(|(range, _)| range.contains(&at)));
    let near: Vec<usize> = near.map(|block| block * parts.block / 2048).collect();
    for number in 0..12 {
        let count = 1 + noise.index(24);
        let lba = match near.get(number) {
            Some(&near) => near.saturating_sub(noise.index(count)).min(SECTORS - count),
            None => noise.index(SECTORS - count),
        };
        let finished = read_sectors(&mut psp, lba as u32, count as u32);
        let right = &disc[lba * 2048..][..count * 2048];
        let blocks = parts.blocks_of(lba, count);
        let is_hit = |range: &Range<usize>| damaged.iter().any(|at| range.contains(at));
        let intact = only_blocks && !blocks.iter().any(|(range, _)| is_hit(range));
        let telling = only_blocks && blocks.iter().all(|(range, checked)| *checked || !is_hit(range));
        let when = format!("{when}: {count} sectors at {lba}");
        if finished.outcome.is_error() {
            assert!(!intact, "{when}: an error, {:#X}", finished.outcome.value);
            figures.negative += 1;
            continue;
        }
        assert_eq!(finished.outcome.value as usize, count * 2048, "{when}");
        if finished.bytes == right {
            figures.right += 1;
            continue;
        }
        assert!(!telling, "{when}: wrong bytes");
        let mut expected = vec![0; count * 2048];
        let len = host.layout().image_size().saturating_sub(lba as u64 * 2048).min(expected.len() as u64);
        let read = host.read(lba as u64 * 2048, &mut expected[..len as usize]);
        assert!(read.is_ok(), "{when}: bytes where the converter has an error: {read:?}");
        assert!(finished.bytes == expected, "{when}: not what the converter reads");
        figures.changed += 1;
    }
    psp.check_guards().unwrap();
}

fn serve_all(rounds: u32) {
    let mut figures = Figures::default();
    for kind in KINDS {
        let image = kind.pack(&small_disc().bytes[..SECTORS * 2048]);
        for round in 0..rounds {
            serve(kind, &image, round, &mut figures);
        }
    }
    let Figures { images, refused, right, negative, changed } = figures;
    println!(
        "{images} damaged images, {refused} refused; reads: {right} right, {negative} negative, {changed} as the \
         damaged file has them"
    );
    assert!(refused > 0 && right > 0 && negative > 0 && changed > 0, "every kind of result");
}

#[test]
#[ignore = "needs the built driver"]
fn random_damage() {
    serve_all(12);
}

/// A part of `cargo xtask soak`.
#[test]
#[ignore = "needs the built driver; takes minutes"]
fn a_thousand_damaged_images() {
    serve_all(100);
}
