//! Mounts a disc in every format and reads every file on it.

use psp_machine::isofs::Isofs;

use crate::support::converter::convert;
use crate::support::disc::Disc;
use crate::support::images::{JsoMethod, Kind};
use crate::support::{large_disc, ok, taken_over};

fn mounts_and_reads(disc: &Disc, image: Vec<u8>) {
    let (mut psp, _) = taken_over(image);
    let isofs = Isofs::mount(&mut psp).unwrap();
    assert_eq!(isofs.sectors as usize, disc.bytes.len() / 2048);
    let files = isofs.files(&mut psp).unwrap();
    let found: Vec<_> = files.iter().map(|file| (file.path.clone(), file.lba, file.size)).collect();
    assert_eq!(found, disc.files);
    for file in &files {
        let mut position = 0;
        while position < file.size {
            let len = (file.size - position).min(128 << 10);
            let bytes = isofs.read(&mut psp, file, position, len, 0).unwrap_or_else(|error| {
                panic!("{} from {position}: {error}", file.path);
            });
            let expected = &disc.file(&file.path)[position as usize..][..len as usize];
            assert!(bytes == expected, "{} differs between {position} and {}", file.path, position + len);
            position += len;
        }
    }
    let volume = isofs.volume_descriptor(&psp).unwrap();
    assert!(volume == disc.bytes[16 * 2048..17 * 2048], "the volume descriptor changed while mounted");
    ok(psp.check_guards().map_err(|cause| panic!("{cause}")));
}

/// Images written by the project's own converter.
macro_rules! converted {
    ($($name:ident: $format:expr, $block:expr, $align:expr;)*) => {
        $(
            #[test]
            #[ignore = "needs the built driver"]
            fn $name() {
                let image = convert(&large_disc().bytes, $format, $block, $align);
                mounts_and_reads(large_disc(), image);
            }
        )*
    };
}

converted! {
    cso_2k: "cso", 2048, 1;
    cso_8k: "cso", 8192, 1;
    cso_16k: "cso", 16_384, 1;
    cso_v2: "cso2", 2048, 1;
    zso: "zso", 2048, 1;
    zso_aligned_to_8: "zso", 2048, 8;
    dax_v0: "dax", 8192, 1;
    jso_zlib: "jso", 2048, 1;
}

/// Images of kinds that the converter does not write, or writes differently.
macro_rules! laid_out {
    ($($name:ident: $kind:expr;)*) => {
        $(
            #[test]
            #[ignore = "needs the built driver"]
            fn $name() {
                mounts_and_reads(large_disc(), $kind.pack(&large_disc().bytes));
            }
        )*
    };
}

laid_out! {
    cso_16k_shift_3: Kind::Cso { block: 16_384, shift: 3 };
    cso_v2_4k_shift_1: Kind::Cso2 { block: 4096, shift: 1 };
    zso_16k_shift_6: Kind::Zso { block: 16_384, shift: 6 };
    dax_v1_with_plain_areas: Kind::Dax { plain_areas: true };
    jso_lzo: Kind::Jso { block: 4096, method: JsoMethod::Lzo, headers: false };
    jso_lzo_with_headers: Kind::Jso { block: 16_384, method: JsoMethod::Lzo, headers: true };
    jso_zlib_with_headers: Kind::Jso { block: 8192, method: JsoMethod::Zlib, headers: true };
}
