//! Module files that the loader accepts, relocates and links, and those it rejects.

use psp_machine::Psp;
use psp_machine::machine::LoadError;
use psp_machine::prx::relocation::{Kind, Relocation, relocate};
use psp_machine::prx::{ModuleInfo, Prx, PrxError};

use crate::assembler::{NOP, RA, V0, addiu, jr, lui};

pub(crate) const MODULE_INFO: usize = 0x40;
pub(crate) const IMAGE: usize = 0x200;
const FILE_OFFSET: usize = 0x60;

pub(crate) fn put(bytes: &mut [u8], at: usize, words: &[u32]) {
    for (number, word) in words.iter().enumerate() {
        bytes[at + 4 * number..][..4].copy_from_slice(&word.to_le_bytes());
    }
}

/// A kernel module whose start function returns the address of a variable, plus 1.
///
/// Image: 0x00 code, 0x10 the variable, 0x40 module info, 0x80 exports, 0xA0 their table.
fn module() -> Vec<u8> {
    let mut image = vec![0; IMAGE];
    put(&mut image, 0, &[lui(V0, 0), jr(RA), addiu(V0, V0, 0x11), NOP]);
    put(&mut image, MODULE_INFO, &[0x0100_1000]);
    image[MODULE_INFO + 4..MODULE_INFO + 8].copy_from_slice(b"Tiny");
    put(&mut image, MODULE_INFO + 0x20, &[0, 0x80, 0x90, 0x90, 0x90]);
    put(&mut image, 0x80, &[0, 0x8000_0000, 0x0001_0004, 0xA0]);
    put(&mut image, 0xA0, &[0xD632_ACDB, 0]);
    let relocations = [
        (0, 5),
        (8, 6),
        (0x44 + 0x20, 2),
        (0x48 + 0x20, 2),
        (0x4C + 0x20, 2),
        (0x50 + 0x20, 2),
        (0x8C, 2),
        (0xA4, 2),
    ];
    file_of(&image, &relocations)
}

/// The file for an image with [`MODULE_INFO`] in it; each relocation is a position and a type.
pub(crate) fn file_of(image: &[u8], relocations: &[(u32, u32)]) -> Vec<u8> {
    let mut file = vec![0; FILE_OFFSET];
    file[..7].copy_from_slice(b"\x7FELF\x01\x01\x01");
    put(&mut file, 16, &[0x0008_FFA0, 1, 0, 0x34]);
    let relocations_at = FILE_OFFSET + IMAGE;
    let sections_at = relocations_at + relocations.len() * 8;
    put(&mut file, 32, &[sections_at as u32, 0, 0x0020_0034, 0x0028_0001, 2]);
    let physical = 0x8000_0000 | (FILE_OFFSET + MODULE_INFO) as u32;
    put(&mut file, 0x34, &[1, FILE_OFFSET as u32, 0, physical, IMAGE as u32, 0x300, 7, 16]);
    file.extend(image);
    for &(at, kind) in relocations {
        file.extend([at, kind].into_iter().flat_map(u32::to_le_bytes));
    }
    let mut sections = vec![0; 80];
    // Section 0 is allocated and is the target of section 1, the relocations.
    put(&mut sections, 4, &[1, 2]);
    put(
        &mut sections,
        44,
        &[0x7000_00A0, 0, 0, relocations_at as u32, relocations.len() as u32 * 8, 0, 0, 4, 8],
    );
    file.extend(sections);
    file
}

#[test]
fn a_module_is_moved_and_started() {
    for slack in [0, 0x1000, 0x8F00] {
        let mut psp = Psp::new();
        let module = psp.load(&module(), slack).unwrap();
        assert_eq!(module.info.name, "Tiny");
        assert_eq!(module.region.len, 0x300, "with its zeroed part");
        let outcome = psp.start(&module, "ms0:/tiny.prx").unwrap();
        // A kernel address is a negative number, so the module is unloaded immediately.
        assert_eq!(outcome.value, module.region.start + 0x11);
        assert_eq!(psp.kernel.memory.partitions.kernel().used, 0);
    }
}

#[test]
fn files_that_the_loader_refuses() {
    let parse = |at: usize, bytes: &[u8]| {
        let mut file = module();
        file[at..at + bytes.len()].copy_from_slice(bytes);
        Prx::parse(&file).map(|_| ()).unwrap_err()
    };
    assert!(matches!(parse(0, b"X"), PrxError::Field { what: "magic", .. }));
    assert!(matches!(parse(16, &[2, 0]), PrxError::Field { what: "e_type", got: 2 }));
    assert!(matches!(parse(18, &[9, 0]), PrxError::Field { what: "e_machine", .. }));
    assert!(matches!(parse(0x34 + 12, &[0; 4]), PrxError::Field { what: "p_paddr", .. }));
    assert!(matches!(parse(0x34 + 16, &[0xFF; 4]), PrxError::Truncated { what: "first segment" }));
    let relocations = FILE_OFFSET + IMAGE;
    assert!(matches!(parse(relocations + 4, &[7]), PrxError::Field { what: "relocation type", .. }));
    assert!(matches!(Prx::parse(&module()[..200]), Err(PrxError::Truncated { .. })));
}

#[test]
fn damaged_files_are_read_or_refused() {
    let whole = module();
    for len in 0..whole.len() {
        let cut = Prx::parse(&whole[..len]);
        assert!(matches!(cut, Err(PrxError::Truncated { .. })), "{len}: {cut:?}");
    }
    for at in 0..whole.len() {
        for byte in [0, 1, 0x7F, 0x80, 0xFF] {
            let mut file = whole.clone();
            file[at] = byte;
            if let Ok(prx) = Prx::parse(&file) {
                let mut image = prx.image.clone();
                let moved = relocate(&mut image, &prx.relocations, 0x8801_0000);
                let _ = moved.and_then(|()| ModuleInfo::read(&image, 0x8801_0000, prx.info));
            }
        }
    }
    // More memory than any PSP has, and less than the file fills.
    for len in [0xFFFF_FFFF_u32, IMAGE as u32 - 1] {
        let mut file = whole.clone();
        file[0x34 + 20..0x34 + 24].copy_from_slice(&len.to_le_bytes());
        assert_eq!(Prx::parse(&file).unwrap_err(), PrxError::Field { what: "p_memsz", got: len });
    }
}

#[test]
fn modules_for_user_programs_are_refused() {
    let mut file = module();
    file[FILE_OFFSET + MODULE_INFO..][..2].copy_from_slice(&[0, 0]);
    assert_eq!(Psp::new().load(&file, 0).unwrap_err(), LoadError::NotKernel { attribute: 0 });
}

#[test]
fn upper_and_lower_halves_meet_where_the_lower_one_is_negative() {
    // lui 0x0001 / addiu -0x8000 is 0x8000; relocated by 0x88010000 its upper half must be one larger.
    let mut image = Vec::new();
    for word in [lui(V0, 1), addiu(V0, V0, -0x8000), 0x0C00_0004, 0x0000_0010] {
        image.extend(word.to_le_bytes());
    }
    let relocations = [
        Relocation { at: 0, kind: Kind::High },
        Relocation { at: 4, kind: Kind::Low },
        Relocation { at: 8, kind: Kind::Jump },
        Relocation { at: 12, kind: Kind::Word },
    ];
    relocate(&mut image, &relocations, 0x8801_0000).unwrap();
    let word = |at: usize| u32::from_le_bytes(image[at..at + 4].try_into().unwrap());
    assert_eq!((word(0), word(4)), (lui(V0, 0x8802), addiu(V0, V0, -0x8000)));
    assert_eq!(word(8), 0x0C00_0004 + (0x0801_0000 >> 2));
    assert_eq!(word(12), 0x8801_0010);
}
