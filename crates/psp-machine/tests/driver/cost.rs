//! The cost of requests excluding decoding: instructions, calls of the card, bytes from the card. All of
//! these are counts, and the same in every run.

use mips_cpu::Meter;
use psp_machine::Psp;

use crate::support::converter::convert;
use crate::support::images::{JsoMethod, Kind};
use crate::support::{assert_sectors, function, read_sectors, small_disc, taken_over};

/// Sectors of the small disc.
const SECTORS: u32 = 1024;

/// The cost of reading the small disc in sequence.
struct Cost {
    requests: u32,
    instructions: u64,
    /// Of these, inside the decoder.
    decoding: u64,
    blocks_decoded: u64,
    card_reads: u32,
    card_bytes: u64,
}

impl Cost {
    /// The ratio of all instructions to those of a decoder that takes `decoder` per byte, as this codec's
    /// does on the corpus that decoders are measured with. The small disc has many repetitions, which are
    /// cheaper.
    fn ratio(&self, decoder: f64) -> f64 {
        let [decoding, all] = self.per_byte();
        (decoder + all - decoding) / decoder
    }

    /// Instructions per byte, in the decoder and in total.
    fn per_byte(&self) -> [f64; 2] {
        let bytes = f64::from(SECTORS) * 2048.0;
        [self.decoding as f64 / bytes, self.instructions as f64 / bytes]
    }

    fn row(&self, key: &str, decoder: f64) -> String {
        let [decoding, all] = self.per_byte();
        format!("{key} {decoding:.2} | {all:.2} | {decoder:.2} | {:.2} |\n", self.ratio(decoder))
    }
}

/// Starts the driver, and counts the instructions of its decoder.
fn metered(image: &[u8]) -> Psp {
    let (mut psp, module) = taken_over(image.to_vec());
    psp.cpu.set_meter(Meter::new(module.region.start + function("Decoder6decode")));
    psp
}

/// Reads the whole disc in requests of `count` sectors.
fn sequence(image: &[u8], count: u32) -> Cost {
    let mut psp = metered(image);
    let before = psp.kernel.card.stats;
    let mut instructions = 0;
    for lba in (0..SECTORS).step_by(count as usize) {
        let finished = read_sectors(&mut psp, lba, count);
        let at = lba as usize * 2048;
        assert!(
            finished.bytes == small_disc().bytes[at..at + count as usize * 2048],
            "{count} sectors at {lba}"
        );
        instructions += finished.outcome.instructions;
    }
    let (after, meter) = (psp.kernel.card.stats, psp.cpu.meter());
    Cost {
        requests: SECTORS / count,
        instructions,
        decoding: meter.instructions,
        blocks_decoded: meter.calls,
        card_reads: after.reads - before.reads,
        card_bytes: after.bytes - before.bytes,
    }
}

/// The small disc in a commonly used format.
struct Image {
    name: &'static str,
    /// Sectors per block.
    sectors: u32,
    /// The coding of most of its blocks, as named in the table of the decoders' costs.
    codec: &'static str,
    bytes: Vec<u8>,
}

fn images() -> Vec<Image> {
    let disc = &small_disc().bytes;
    let converted = |name, format, sectors: u32, codec| Image {
        name,
        sectors,
        codec,
        bytes: convert(disc, format, sectors * 2048, 1),
    };
    let lzo = Kind::Jso { block: 2048, method: JsoMethod::Lzo, headers: false };
    vec![
        converted("CSO v1, 2 KiB", "cso", 1, "inflate"),
        converted("CSO v1, 8 KiB", "cso", 4, "inflate"),
        converted("CSO v1, 16 KiB", "cso", 8, "inflate"),
        converted("CSO v2, 2 KiB", "cso2", 1, "inflate"),
        converted("ZSO, 2 KiB", "zso", 1, "LZ4"),
        converted("ZSO, 16 KiB", "zso", 8, "LZ4"),
        converted("DAX, 8 KiB", "dax", 4, "inflate"),
        converted("JSO deflate, 2 KiB", "jso", 1, "inflate"),
        Image { name: "JSO LZO, 2 KiB", sectors: 1, codec: "LZO1X", bytes: lzo.pack(disc) },
    ]
}

/// The committed table, from the project's root folder.
const TABLE: &str = "docs/driver-costs.md";
/// The decoders' own cost per byte, also committed and checked by a test.
const DECODERS: &str = "docs/device-costs.md";
/// Set by `cargo xtask bench --device`, which regenerates the table.
const WRITE: &str = "CISOR_WRITE_COUNTS";
/// How much a count may grow before somebody must look at it.
const TOLERANCE: f64 = 1.03;

/// Sequential reads, in requests of one sector, 32 KiB and 128 KiB: at most as many instructions as the table
/// says, and at most these limits.
///
/// - A request of whole blocks takes at most 15 % more than the decoder alone, whose costs are those on the
///   corpus.
/// - Single sectors of larger blocks take at most 30 % more.
/// - Single sectors decode each block once, and access the card at most every sixteenth request.
#[test]
#[ignore = "needs the built driver"]
fn requests_cost_what_the_table_says() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let path = root.join(TABLE);
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    let decoders = std::fs::read_to_string(root.join(DECODERS)).expect("the decoders' costs");
    let mut rows = String::new();
    let mut dear = Vec::new();
    for Image { name, sectors, codec, bytes } in images() {
        let decoder = decoder_cost(&decoders, codec, sectors * 2048);
        for count in [1, 16, 64] {
            let cost = sequence(&bytes, count);
            let key = format!("| {name} | {} KiB |", count * 2);
            let row = cost.row(&key, decoder);
            rows.push_str(&row);
            let committed =
                committed.lines().find(|line| line.starts_with(&key)).map(|line| &line[key.len()..]);
            match committed.map(numbers) {
                Some(before) if before.len() == 2 => {
                    for (before, now) in before.into_iter().zip(cost.per_byte()) {
                        if now > before * TOLERANCE {
                            dear.push(format!("{key} {before} became {now:.2}"));
                        }
                    }
                }
                _ => dear.push(format!("{key} is not in {TABLE}")),
            }
            let limit = if count < sectors { 1.3 } else { 1.15 };
            let ratio = cost.ratio(decoder);
            assert!(ratio <= limit, "{key} {ratio:.3} times the decoder");
            if count == 1 {
                assert!(
                    cost.card_reads <= cost.requests / 16,
                    "{name}: {} reads of the card",
                    cost.card_reads
                );
                // The volume descriptor's block is in the driver's memory from the start.
                let blocks = u64::from(SECTORS / sectors);
                assert!(cost.blocks_decoded <= blocks, "{name}: {} of {blocks} blocks", cost.blocks_decoded);
            }
        }
    }
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, format!("{HEAD}{rows}")).expect("docs is writable");
    } else {
        assert!(dear.is_empty(), "dearer than {TABLE} says:\n{}", dear.join("\n"));
    }
}

const HEAD: &str = "\
# What a request costs the PSP driver

Executed MIPS instructions per byte, counted on the emulated console while the built driver reads a disc of 2 MiB in
sequence. Written by `cargo xtask bench --device`; a test fails when a number grows by more than 3 %. The driver was built by
Debian's rustc-web 1.96; another compiler's may take a little more or less.

*Decoding* is what runs inside the decoder; *in all* is everything from the driver's entry to its return. *Corpus* is what the decoder
takes by itself for a byte of the corpus of [device-costs.md](device-costs.md), and *ratio* what a request would take there, to that: the
disc of this table has many repetitions, which take less, and the rest of a request does not depend on them. A test holds
the ratio to 1.15 for requests of whole blocks and to 1.3 for single sectors of larger ones.

| image | request | decoding | in all | corpus | ratio |
|---|--:|--:|--:|--:|--:|
";

/// The mean in the table of the decoders' costs.
fn decoder_cost(table: &str, codec: &str, block_size: u32) -> f64 {
    let key = format!("| {block_size} | {codec} |");
    let cells = table.lines().find_map(|line| line.strip_prefix(&key)).expect("the decoder's row");
    let mean = cells.split('|').nth(1).expect("the mean");
    mean.trim().trim_matches('*').parse().expect("a number")
}

/// The first two numbers of a row.
fn numbers(cells: &str) -> Vec<f64> {
    cells.split('|').filter_map(|cell| cell.trim().parse().ok()).take(2).collect()
}

/// Data read ahead is used: sequential requests of 32 KiB and more read at most 5 % more than the file has.
#[test]
#[ignore = "needs the built driver"]
fn large_requests_in_sequence_read_the_card_once() {
    for Image { name, bytes, .. } in images() {
        for count in [16, 64] {
            let cost = sequence(&bytes, count);
            let limit = bytes.len() as u64 * 105 / 100;
            assert!(cost.card_bytes <= limit, "{name}: {} of {} bytes", cost.card_bytes, bytes.len());
        }
    }
}

/// Two files read alternately, in large requests: neither pays for the other's read-ahead.
#[test]
#[ignore = "needs the built driver"]
fn interleaved_streams_read_nothing_twice() {
    for Image { name, bytes: image, .. } in images() {
        let mut psp = metered(&image);
        let before = psp.kernel.card.stats;
        for lba in (0..SECTORS / 2).step_by(32) {
            assert_sectors(&mut psp, small_disc(), lba, 32);
            assert_sectors(&mut psp, small_disc(), SECTORS / 2 + lba, 32);
        }
        let bytes = psp.kernel.card.stats.bytes - before.bytes;
        let limit = image.len() as u64 * 105 / 100;
        assert!(bytes <= limit, "{name}: {bytes} of {} bytes", image.len());
    }
}
