//! Twenty-five thousand reads at random places, of random lengths, into buffers of every alignment.

use psp_machine::isofs::Isofs;

use crate::support::images::{JsoMethod, Kind};
use crate::support::{large_disc, taken_over};
use test_noise::Noise;

fn reads(kind: Kind, count: u32) {
    let disc = large_disc();
    let (mut psp, _) = taken_over(kind.pack(&disc.bytes));
    let isofs = Isofs::mount(&mut psp).unwrap();
    let files = isofs.files(&mut psp).unwrap();
    let big = files.iter().max_by_key(|file| file.size).unwrap();
    let mut noise = Noise::new(u64::from(count));
    for number in 0..count {
        let file = if noise.below(4) == 0 { &files[noise.below(files.len() as u64) as usize] } else { big };
        let len = match noise.below(64) {
            0 => 1 + noise.below32(40_000),
            1..8 => 2048 * (1 + noise.below32(6)),
            8..24 => 1 + noise.below32(4096),
            24..40 => 2048,
            _ => 1 + noise.below32(64),
        };
        let position = match noise.below(4) {
            0 => noise.below32(file.size.max(1)) / 2048 * 2048,
            1 => file.size.saturating_sub(len),
            _ => noise.below32(file.size.max(1)),
        };
        let slack = [0, 0, 0, 64, 1, 2, 3, 4, 37][noise.below(9) as usize];
        let bytes = isofs.read(&mut psp, file, position, len, slack).unwrap_or_else(|error| {
            panic!("read {number}, {len} bytes at {position} of {}: {error}", file.path);
        });
        let expected = &disc.file(&file.path)[position as usize..][..bytes.len()];
        assert!(bytes == expected, "read {number}: {len} bytes at {position} of {} differ", file.path);
    }
    psp.check_guards().unwrap();
}

#[test]
#[ignore = "needs the built driver"]
fn cso_2k() {
    reads(Kind::Cso { block: 2048, shift: 0 }, 7_500);
}

#[test]
#[ignore = "needs the built driver"]
fn cso_16k() {
    reads(Kind::Cso { block: 16_384, shift: 0 }, 1_250);
}

#[test]
#[ignore = "needs the built driver"]
fn cso_v2() {
    reads(Kind::Cso2 { block: 2048, shift: 2 }, 2_500);
}

#[test]
#[ignore = "needs the built driver"]
fn zso() {
    reads(Kind::Zso { block: 2048, shift: 1 }, 7_500);
}

#[test]
#[ignore = "needs the built driver"]
fn dax() {
    reads(Kind::Dax { plain_areas: true }, 1_250);
}

#[test]
#[ignore = "needs the built driver"]
fn jso() {
    reads(Kind::Jso { block: 4096, method: JsoMethod::Lzo, headers: true }, 5_000);
}
