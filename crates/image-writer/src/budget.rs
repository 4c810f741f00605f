//! How much work is in progress at once, so that memory stays bounded.
//!
//! Packing stays under 64 MiB with up to 16 threads, whatever the size of the image. The memory is used by:
//!
//! - jobs: each is 256 KiB of image. Two per thread plus two more for the reader and the writer exist at once
//!   ([`crate::pipeline`]), and each thread needs the same amount again for the packed bytes;
//! - the encoders, which are small for most settings, but grow with the block size for the best ones;
//! - recently packed blocks ([`crate::repeats`]);
//! - the program, thread stacks, the hasher's queue of up to five chunks, index pages, output buffer.
//!
//! For zlib and 16 threads that is 34 * 256 KiB + 16 * (256 + 320 + 272) KiB + 6 MiB = 27.8 MiB. If the sum
//! would exceed the limit, fewer threads than asked for are started: with libdeflate 10 to 12 for blocks of
//! 64 KiB or more, and with the best effort of our own encoder for blocks of 32 KiB or more (15 of 16
//! threads). With more than 16 threads the limit grows in proportion.

use std::num::NonZeroUsize;

use block_encode::deflate::Effort;

use crate::codec;
use crate::pipeline::Limits;
use crate::plan::{DeflateEncoder, Lz4Encoder, OutputFormat, Plan};
use crate::repeats;

/// The limit for all of it with up to [`FULL_THREADS`] threads; the rest up to 64 MiB allows for what the
/// allocator holds on to.
const LIMIT: usize = 60 << 20;
const FULL_THREADS: usize = 16;

/// Memory that does not depend on the number of threads.
const FIXED: usize = 6 << 20;

/// Bytes of the image per job.
const CHUNK: usize = 256 << 10;

/// The same for the slowest encoder, which needs a quarter of a second for this much: progress advances job
/// by job.
const SLOW_CHUNK: usize = 64 << 10;

/// Bytes of the image per job: a multiple of the block size, which is a power of two.
pub(crate) fn chunk_len(plan: &Plan) -> usize {
    let slow =
        plan.format.uses_deflate() && matches!(plan.deflate, DeflateEncoder::Sector { effort: Effort::Best });
    let chunk = if slow { SLOW_CHUNK } else { CHUNK };
    chunk.max(plan.block_size as usize)
}

/// What a thread takes for a CHD: the encoders of a hunk, and its share of two batches of the image, one of which is
/// read while the other is packed.
const HUNK_ENCODERS: usize = 2 << 20;

/// How many threads and jobs fit the limit.
pub(crate) fn limits(plan: &Plan) -> Limits {
    let asked = plan.threads.get();
    let limit = LIMIT / FULL_THREADS * asked.max(FULL_THREADS);
    let fitting = (limit - FIXED - 2 * chunk_len(plan)) / per_thread(plan);
    let threads = NonZeroUsize::new(asked.min(fitting)).unwrap_or(NonZeroUsize::MIN);
    let two = NonZeroUsize::MIN.saturating_add(1);
    Limits { threads, window: threads.saturating_mul(two).saturating_add(2) }
}

/// Two jobs, the packed bytes of one, and the encoders.
fn per_thread(plan: &Plan) -> usize {
    3 * chunk_len(plan) + encoders(plan) + repeats::memory(plan.block_size as usize)
}

/// Upper bounds of the memory that a thread's encoders touch, measured with mixed and with random data.
fn encoders(plan: &Plan) -> usize {
    const KIB: usize = 1 << 10;
    let block_size = plan.block_size as usize;
    let encoder = codec::for_block_size(plan.deflate, block_size);
    let deflate = match encoder {
        DeflateEncoder::Zlib { .. } => 320 * KIB,
        DeflateEncoder::Libdeflate { level: ..=9 } => 640 * KIB,
        DeflateEncoder::Sector { effort: Effort::Quick } => 64 * KIB + 12 * block_size,
        // All matches of a block are kept, and a few of its parses.
        DeflateEncoder::Sector { .. } => 128 * KIB + 96 * block_size,
        // Every position's matches are kept until the cheapest path through them is known.
        DeflateEncoder::Libdeflate { .. } => 1280 * KIB + 28 * block_size,
    };
    let fallback = if codec::has_fallback(encoder, plan.firmware_safe) { 320 * KIB } else { 0 };
    let deflate = deflate + fallback;
    let lz4 = match plan.lz4 {
        Lz4Encoder::Fast | Lz4Encoder::Hc { .. } => 384 * KIB,
        // It holds 16 bytes for each byte of a block. But when this budgeted 17, blocks of 128 KiB took 65
        // MiB: the allocator keeps some extra.
        Lz4Encoder::Optimal { .. } => 512 * KIB + 24 * block_size,
    };
    match plan.format {
        OutputFormat::Cso | OutputFormat::Dax | OutputFormat::Jso => deflate,
        OutputFormat::Zso => lz4,
        OutputFormat::Cso2 => deflate + lz4,
        OutputFormat::Chd => HUNK_ENCODERS,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(block_size: u32, deflate: DeflateEncoder, threads: usize) -> Plan {
        let threads = NonZeroUsize::new(threads).unwrap();
        Plan { deflate, threads, ..Plan::of_tests(OutputFormat::Cso2, block_size) }
    }

    const ENCODERS: [DeflateEncoder; 5] = [
        DeflateEncoder::Zlib { level: 9 },
        DeflateEncoder::Libdeflate { level: 6 },
        DeflateEncoder::Libdeflate { level: 12 },
        DeflateEncoder::Sector { effort: Effort::Best },
        DeflateEncoder::Sector { effort: Effort::Thorough },
    ];

    #[test]
    fn every_plan_with_up_to_16_threads_fits_the_limit() {
        for deflate in ENCODERS {
            for block_size in (11..=18).map(|bits| 1 << bits) {
                for threads in 1..=16 {
                    let plan = plan(block_size, deflate, threads);
                    let limits = limits(&plan);
                    let jobs = limits.window.get() * chunk_len(&plan);
                    let repeats = repeats::memory(plan.block_size as usize);
                    let working = limits.threads.get() * (chunk_len(&plan) + encoders(&plan) + repeats);
                    assert!(FIXED + jobs + working <= LIMIT, "{plan:?}");
                    assert!(limits.threads <= plan.threads);
                }
            }
        }
    }

    #[test]
    fn encoders_are_budgeted_as_they_were_measured() {
        const ONLY_DEFLATE: [OutputFormat; 3] = [OutputFormat::Cso, OutputFormat::Dax, OutputFormat::Jso];
        let (zlib, libdeflate) = (ENCODERS[0], |level| DeflateEncoder::Libdeflate { level });
        let sector = |effort| DeflateEncoder::Sector { effort };
        // In KiB: blocks, what the encoder takes, and what zlib takes beside it for the console's firmware.
        for (deflate, block, taken, fallback) in [
            (zlib, 2, 320, 0),
            (zlib, 256, 320, 0),
            (libdeflate(9), 2, 640, 320),
            (libdeflate(9), 64, 640, 320),
            (libdeflate(10), 2, 1336, 320),
            (libdeflate(12), 64, 3072, 320),
            (sector(Effort::Quick), 2, 88, 0),
            (sector(Effort::Quick), 32, 448, 0),
            (sector(Effort::Thorough), 2, 320, 0),
            (sector(Effort::Best), 16, 1664, 0),
        ] {
            let plan = plan(block << 10, deflate, 1);
            for format in ONLY_DEFLATE {
                assert_eq!(encoders(&Plan { format, ..plan }), taken << 10, "{deflate:?}, {block} KiB");
                let safe = Plan { format, firmware_safe: true, ..plan };
                assert_eq!(encoders(&safe), (taken + fallback) << 10, "{deflate:?}, {block} KiB");
            }
            for (lz4, lz4_taken) in [
                (Lz4Encoder::Fast, 384),
                (Lz4Encoder::Hc { level: 12 }, 384),
                (Lz4Encoder::SMALLEST, 512 + 24 * block as usize),
            ] {
                let both = Plan { lz4, ..plan };
                assert_eq!(encoders(&both), (taken + lz4_taken) << 10, "{lz4:?}, {block} KiB");
                assert_eq!(encoders(&Plan { format: OutputFormat::Zso, ..both }), lz4_taken << 10);
            }
            assert_eq!(encoders(&Plan { format: OutputFormat::Chd, ..plan }), 2048 << 10);
        }
        // The example at the top.
        let plan = Plan { format: OutputFormat::Cso, ..plan(2048, zlib, 16) };
        assert_eq!(per_thread(&plan), (2 * 256 + 256 + 320 + 272) << 10);
        assert_eq!(limits(&plan).window.get(), 34);
    }

    #[test]
    fn as_many_threads_are_started_as_fit() {
        let mut fewer = 0;
        for deflate in ENCODERS {
            for block_size in (11..=18).map(|bits| 1 << bits) {
                for asked in [1, 16, 32, 500] {
                    let plan = plan(block_size, deflate, asked);
                    let started = limits(&plan).threads.get();
                    let limit = (60 * asked.max(16) / 16) << 20;
                    let taken = |threads| (6 << 20) + 2 * chunk_len(&plan) + threads * per_thread(&plan);
                    assert!(taken(started) <= limit, "{plan:?}");
                    assert!(started == asked || taken(started + 1) > limit, "{plan:?}");
                    fewer += usize::from(started < asked);
                }
            }
        }
        assert!(fewer > 20);
    }

    #[test]
    fn usual_block_sizes_get_all_threads() {
        let threads_of = |block_size, deflate, threads| {
            let plan = Plan { format: OutputFormat::Cso, ..plan(block_size, deflate, threads) };
            limits(&plan).threads.get()
        };
        for deflate in ENCODERS {
            assert_eq!(threads_of(2048, deflate, 16), 16);
            assert_eq!(threads_of(2048, deflate, 64), 64);
        }
        for deflate in &ENCODERS[..3] {
            assert_eq!(threads_of(32 << 10, *deflate, 16), 16);
            assert_eq!(threads_of(32 << 10, *deflate, 64), 64);
        }
        assert_eq!(threads_of(16 << 10, ENCODERS[3], 16), 16);
        assert_eq!(threads_of(32 << 10, ENCODERS[3], 16), 15);
        assert_eq!(threads_of(64 << 10, ENCODERS[3], 16), 8);
    }

    #[test]
    fn the_largest_blocks_of_the_slowest_encoder_still_get_a_thread() {
        assert_eq!(limits(&plan(64 << 10, ENCODERS[3], 1)).threads.get(), 1);
        assert_eq!(limits(&plan(256 << 10, ENCODERS[3], 16)).threads.get(), 3);
    }

    #[test]
    fn only_the_slowest_encoder_has_small_chunks() {
        let zso = |deflate| Plan { format: OutputFormat::Zso, ..plan(2048, deflate, 1) };
        for deflate in ENCODERS {
            let is_slow = deflate == ENCODERS[3];
            assert_eq!(chunk_len(&plan(2048, deflate, 1)), if is_slow { 64 << 10 } else { 256 << 10 });
            assert_eq!(chunk_len(&zso(deflate)), 256 << 10);
            assert_eq!(chunk_len(&plan(1 << 20, deflate, 1)), 1 << 20);
        }
    }

    #[test]
    fn chunks_are_whole_blocks() {
        for deflate in ENCODERS {
            for block_size in (11..=18).map(|bits| 1 << bits) {
                assert_eq!(chunk_len(&plan(block_size, deflate, 1)) % block_size as usize, 0);
            }
        }
    }
}
