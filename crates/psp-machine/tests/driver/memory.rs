//! The driver's use of memory and stack.

use psp_machine::abi::Args;
use psp_machine::inferno::Entry;
use psp_machine::machine::Caller;
use psp_machine::memory::{Place, Space};
use psp_machine::umd::{LbaParams, command};

use crate::support::images::{JsoMethod, Kind};
use crate::support::{
    FAMILIES, USUAL, assert_no_trace, assert_sectors, machine, ok, prx, small_disc, taken_over,
};

/// The free memory of partition 1 in all tests that do not specify it.
const ASSUMED_FREE: u32 = 256 << 10;
/// The limit for code and data.
const MODULE_LIMIT: u32 = 64 << 10;

#[test]
#[ignore = "needs the built driver"]
fn code_and_data_are_small() {
    assert!(prx().len() <= 48 << 10, "{} bytes on disk", prx().len());
    let mut psp = machine(USUAL.pack(&small_disc().bytes));
    let module = psp.load(prx(), 0).unwrap();
    assert!(module.region.len <= MODULE_LIMIT, "{} bytes in memory", module.region.len);
}

#[test]
#[ignore = "needs the built driver"]
fn nothing_is_taken_from_games() {
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&small_disc().bytes));
        assert_sectors(&mut psp, small_disc(), 100, 64);
        for partition in [2, 5] {
            assert_eq!(psp.kernel.memory.partitions.get(partition).unwrap().peak, 0);
        }
        assert!(psp.kernel.memory.partitions.kernel().peak <= ASSUMED_FREE);
    }
}

#[test]
#[ignore = "needs the built driver"]
fn nothing_is_allocated_after_the_start() {
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&small_disc().bytes));
        let partitions = &psp.kernel.memory.partitions;
        let (requests, used) = (partitions.requests, partitions.kernel().used);
        let objects = psp.kernel.threads.objects.len();
        for lba in (0..900).step_by(45) {
            assert_sectors(&mut psp, small_disc(), lba, 50);
        }
        assert_eq!(psp.kernel.memory.partitions.requests, requests);
        assert_eq!(psp.kernel.memory.partitions.kernel().used, used);
        assert_eq!(psp.kernel.threads.objects.len(), objects);
    }
}

/// With any amount of memory the driver either works or steps aside without a trace.
#[test]
#[ignore = "needs the built driver"]
fn with_little_memory_it_steps_aside() {
    for kind in [USUAL, Kind::Cso { block: 65_536, shift: 0 }, Kind::Dax { plain_areas: true }] {
        let image = kind.pack(&small_disc().bytes);
        let mut taken = Vec::new();
        for kilobytes in (0..=300).step_by(6) {
            let mut psp = machine(image.clone());
            psp.kernel.memory.partitions.get_mut(1).unwrap().limit = kilobytes << 10;
            let Ok(module) = psp.load(prx(), 0) else { continue };
            let outcome = ok(psp.start(&module, crate::support::PLUGIN));
            if outcome.is_error() {
                assert_no_trace(&psp, 0, &format!("{} with {kilobytes} KiB", kind.name()));
            } else {
                taken.push(kilobytes);
                assert_sectors(&mut psp, small_disc(), 300, 20);
            }
        }
        assert!(taken.contains(&252), "{}: not even with 252 KiB", kind.name());
        let first = taken[0];
        assert!(taken.len() as u32 == (300 - first) / 6 + 1, "{}: {taken:?}", kind.name());
    }
}

/// A request for which the kernel cannot allocate a stack fails, and the next one works again.
#[test]
#[ignore = "needs the built driver"]
fn without_memory_for_a_stack_a_read_fails() {
    let (mut psp, _) = taken_over(USUAL.pack(&small_disc().bytes));
    let partition = psp.kernel.memory.partitions.get_mut(1).unwrap();
    let limit = core::mem::replace(&mut partition.limit, partition.used);
    let finished = ok(psp.read_lba(LbaParams::sectors(300, 2), 0));
    assert!(finished.outcome.is_error());
    psp.kernel.memory.partitions.get_mut(1).unwrap().limit = limit;
    assert_sectors(&mut psp, small_disc(), 300, 2);
}

/// The kernel stack of a game's thread is 2 KiB, and the file manager already uses some of it.
#[test]
#[ignore = "needs the built driver"]
fn entries_use_little_stack() {
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&small_disc().bytes));
        for (lba, count) in [(100, 1), (101, 64), (300, 3)] {
            let finished = ok(psp.read_lba(LbaParams::sectors(lba, count), 0));
            assert!(finished.outcome.stack <= 768, "{} bytes of stack", finished.outcome.stack);
            assert!(finished.outcome.extended_stack > 0, "decoding does not run on the caller's stack");
        }
    }
}

/// Images are opened on the extended stack too, and the stack use of calls of the card adds to it.
#[test]
#[ignore = "needs the built driver"]
fn opening_an_image_leaves_a_quarter_of_the_stack() {
    for kind in FAMILIES {
        let mut psp = machine(kind.pack(&small_disc().bytes));
        let (_, outcome) = crate::support::start(&mut psp);
        assert!(!outcome.is_error());
        let used = outcome.extended_stack;
        assert!((1..=6144).contains(&used), "{}: {used} of 8192 bytes", kind.name());
        assert!(outcome.stack <= 1024, "{}: {} bytes of the caller's stack", kind.name(), outcome.stack);
    }
}

/// Buffers that the card fills start at a cache line; otherwise every byte would be copied once more.
#[test]
#[ignore = "needs the built driver"]
fn card_reads_go_to_whole_cache_lines() {
    for kind in FAMILIES {
        let mut psp = machine(kind.pack(&small_disc().bytes));
        psp.kernel.card.reads = Some(Vec::new());
        crate::support::take_over(&mut psp);
        for lba in (100..900).step_by(37) {
            assert_sectors(&mut psp, small_disc(), lba, 1);
            assert_sectors(&mut psp, small_disc(), lba + 1, 96);
        }
        let reads = psp.kernel.card.reads.take().unwrap();
        // Headers and the like are read onto the stack.
        let (tails, own): (Vec<_>, Vec<_>) =
            reads.into_iter().filter(|read| read.len >= 512).partition(|read| read.buffer >> 31 == 0);
        let misaligned: Vec<_> = own.iter().filter(|read| !read.is_aligned()).collect();
        assert!(misaligned.is_empty(), "{}: {misaligned:X?}", kind.name());
        // There may not be room to align a span at the end of the caller's buffer when hardly any of it could
        // be packed.
        let misaligned = tails.iter().filter(|read| !read.is_aligned()).count();
        assert!(misaligned * 3 <= tails.len(), "{}: {misaligned} of {}", kind.name(), tails.len());
    }
}

/// A program may use the same memory for parameters and answer.
#[test]
#[ignore = "needs the built driver"]
fn parameters_may_lie_in_the_buffer() {
    let disc = small_disc();
    for kind in FAMILIES {
        let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
        let (file, name) = (psp.file_arg(0).address, psp.place_string(""));
        for (count, at) in [(1, 0), (1, 2012), (32, 0), (32, 65_500)] {
            let params = LbaParams::sectors(300, count).to_bytes();
            let buffer = psp.lend(Space::User, count * 2048, Place::Last { slack: 0 });
            let input = buffer.start + at;
            psp.cpu.write(input, &params).unwrap();
            let words = [file, name, command::READ, input, 36, buffer.start, buffer.len];
            let args = words.into_iter().fold(Args::new(), Args::word);
            let devctl = psp.driver_entry(Entry::Devctl);
            let outcome = ok(psp.call_as("read", Caller::user(), devctl, &args));
            assert_eq!(outcome.value, count * 2048);
            let bytes = psp.take_back(&buffer).unwrap();
            let expected = &disc.bytes[300 * 2048..][..bytes.len()];
            assert!(bytes == expected, "{}: {count} sectors, parameters at {at}", kind.name());
        }
    }
}

/// Requests of 32 KiB and more: one data read when they begin and end on block borders, at most two
/// otherwise; at most one refill of the index per 511 blocks.
///
/// The arithmetic of `sector_decode::SectorReader` allows these exceptions. A request on borders takes two
/// reads when its blocks are longer packed than stored, as noise is in these two formats, and do not fit into
/// the driver's 64 KiB. Blocks of 64 KiB, three of which do not fit into the driver's buffer, take a third
/// read when a request cuts two of them.
#[test]
#[ignore = "needs the built driver"]
fn large_requests_take_few_card_reads() {
    let more = [
        Kind::Cso { block: 8192, shift: 3 },
        Kind::Cso { block: 32_768, shift: 0 },
        Kind::Cso { block: 65_536, shift: 0 },
        Kind::Cso2 { block: 2048, shift: 2 },
        Kind::Dax { plain_areas: false },
        Kind::Jso { block: 2048, method: JsoMethod::Zlib, headers: true },
    ];
    for kind in FAMILIES.into_iter().chain(more) {
        let (mut psp, _) = taken_over(kind.pack(&small_disc().bytes));
        let (block, can_grow) = match kind {
            Kind::Cso { block, .. } | Kind::Cso2 { block, .. } | Kind::Zso { block, .. } => (block, false),
            Kind::Jso { block, headers, .. } => (block, headers),
            Kind::Dax { plain_areas } => (8192, !plain_areas),
            Kind::Iso => (2048, false),
        };
        let sectors = u32::try_from(block / 2048).unwrap();
        for (step, kilobytes) in (0..).zip([32, 64, 128, 256, 384]) {
            for shift in [0, 0, 1, 5, 31] {
                let (lba, count) = ((step * 101 + shift * 7) / sectors * sectors + shift, kilobytes / 2);
                let before_request = if lba < 400 { 900 } else { 100 };
                assert_sectors(&mut psp, small_disc(), before_request, 1);
                let before = psp.kernel.card.stats.reads;
                assert_sectors(&mut psp, small_disc(), lba, count);
                let reads = psp.kernel.card.stats.reads - before;
                let on_borders = lba % sectors == 0 && count % sectors == 0;
                let data = match on_borders {
                    true if can_grow && kilobytes > 64 => 2,
                    true => 1,
                    false if block == 65_536 => 3,
                    false => 2,
                };
                let limit = data + count.div_ceil(511 * sectors);
                assert!(reads <= limit, "{}: {reads} reads for {count} sectors at {lba}", kind.name());
            }
        }
    }
}
