//! Images packed for the shortest loading time.

#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod support;

use image_writer::{DeflateEncoder, Optimize, OutputFormat, Plan, PlanError};
use load_model::{Model, PackedImage, Trace};
use sector_decode::{BlockIndex, Coding, Extent};
use support::corpus::Mixed;
use support::{pack, plan, unpack, with_reader};

fn image() -> Vec<u8> {
    Mixed { size: 1 << 20, seed: 9 }.bytes()
}

fn file(plan: &Plan) -> Vec<u8> {
    pack(image().as_slice(), plan).unwrap().0
}

fn extents(file: &[u8]) -> Vec<Extent> {
    with_reader(file, |reader| {
        let blocks = reader.layout().block_count();
        (0..blocks).map(|block| reader.extent(BlockIndex(block)).unwrap()).collect()
    })
}

/// Among the encodings of a block, taken from files that use just one, the model's fastest one is chosen.
#[test]
fn each_block_is_packed_in_the_way_that_the_model_says() {
    for block_size in [2048, 8192, 16 << 10] {
        for index_shift in [0, 5] {
            let with = |format, optimize| {
                let deflate = DeflateEncoder::Libdeflate { level: 9 };
                extents(&file(&Plan { block_size, index_shift, deflate, optimize, ..plan(format) }))
            };
            let seconds = |extent: &Extent| Model::PSP.block_seconds(extent.coding, extent.len, block_size);
            let [deflate, lz4] =
                [OutputFormat::Cso, OutputFormat::Zso].map(|format| with(format, Optimize::Size));
            let plain = Model::PSP.block_seconds(Coding::Stored, block_size, block_size);
            for (format, ways) in [
                (OutputFormat::Cso, vec![&deflate]),
                (OutputFormat::Zso, vec![&lz4]),
                (OutputFormat::Cso2, vec![&deflate, &lz4]),
            ] {
                let mut differ = 0;
                for (block, chosen) in with(format, Optimize::Load).iter().enumerate() {
                    let best = ways.iter().map(|way| seconds(&way[block])).fold(plain, f64::min);
                    assert!((seconds(chosen) - best).abs() < 1e-12, "{format:?} {block_size} block {block}");
                    differ += u32::from(ways.iter().any(|way| way[block].coding != chosen.coding));
                }
                assert!(differ > 0, "{format:?} {block_size}: the choice makes no difference");
            }
        }
    }
}

#[test]
fn what_is_packed_to_load_fast_is_larger_loads_sooner_and_is_whole() {
    for format in [OutputFormat::Cso, OutputFormat::Cso2, OutputFormat::Zso, OutputFormat::Jso] {
        let [size, load] = [Optimize::Size, Optimize::Load].map(|optimize| {
            let file = file(&Plan { optimize, ..plan(format) });
            assert!(unpack(&file) == image(), "{format:?}");
            file
        });
        assert!(load.len() > size.len(), "{format:?}");
        let [size, load] = [size, load].map(|file| {
            let mut file = PackedImage::open(file.as_slice()).unwrap();
            file.load(&Trace::streaming(512)).unwrap().seconds(&Model::PSP)
        });
        assert!(load < size, "{format:?}: {load} s, {size} s");
    }
}

#[test]
fn dax_has_no_choice() {
    let plan = Plan { optimize: Optimize::Load, ..plan(OutputFormat::Dax) };
    assert!(matches!(plan.check(8192), Err(PlanError::NoChoice { .. })));
}
