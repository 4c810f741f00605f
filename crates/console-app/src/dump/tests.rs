use alloc::string::String;
use alloc::vec::Vec;
use std::borrow::ToOwned;
use std::boxed::Box;
use std::collections::BTreeMap;

use sector_decode::{Coding, Decoder, deflate_lint};
use sha1::{Digest, Sha1};

use super::*;
use crate::check;
use crate::fake::{Drive, FakePsp, psp_disc};
use crate::watch::Nobody;

const ISO: &str = "ms0:/ISO/";

/// Agrees to everything, and remembers the questions.
#[derive(Default)]
struct Agrees(Vec<Question>);

impl Watch for Agrees {
    fn begin(&mut self, _what: &str, _total: u64, _unit: Unit) {}

    fn advance(&mut self, _done: u64) -> Result<(), Failure> {
        Ok(())
    }

    fn ask(&mut self, question: Question) -> bool {
        self.0.push(question);
        true
    }
}

/// Cancels when this much of the part of the work with this number is done.
struct StopsAt(u32, u64);

impl Watch for StopsAt {
    fn begin(&mut self, _what: &str, _total: u64, _unit: Unit) {
        self.0 = self.0.wrapping_sub(1);
    }

    fn advance(&mut self, done: u64) -> Result<(), Failure> {
        if self.0 == 0 && done >= self.1 { Err(Failure::Cancelled) } else { Ok(()) }
    }

    fn ask(&mut self, _question: Question) -> bool {
        false
    }
}

/// Calls a function at every report of progress.
struct Does<F>(F);

impl<F: FnMut(u64)> Watch for Does<F> {
    fn begin(&mut self, _what: &str, _total: u64, _unit: Unit) {}

    fn advance(&mut self, done: u64) -> Result<(), Failure> {
        (self.0)(done);
        Ok(())
    }

    fn ask(&mut self, _question: Question) -> bool {
        false
    }
}

fn sha1_of(bytes: &[u8]) -> [u8; 20] {
    Sha1::digest(bytes).into()
}

/// Decodes a packed file using only the description of the format.
fn unpacked(file: &[u8], coding: Coding) -> Vec<u8> {
    let word = |at: usize| u32::from_le_bytes(file[at..at + 4].try_into().unwrap());
    assert_eq!(&file[..4], if coding == Coding::Lz4 { b"ZISO" } else { b"CISO" });
    assert_eq!((word(4), word(12), word(16), file[20], file[21]), (24, 0, 2048, 1, 0));
    let blocks = word(8) as usize / 2048;
    assert_eq!(word(8) as usize % 2048, 0);
    let mut image = Vec::new();
    let mut decoder = Decoder::new();
    for block in 0..blocks {
        let (this, next) = (word(24 + 4 * block), word(28 + 4 * block));
        let packed = &file[(this & 0x7FFF_FFFF) as usize..(next & 0x7FFF_FFFF) as usize];
        let mut sector = [0; 2048];
        if this >> 31 == 1 {
            sector.copy_from_slice(packed);
        } else {
            assert!(packed.len() < 2048);
            if coding == Coding::Deflate {
                deflate_lint::lint(packed).unwrap();
            }
            decoder.decode_block(coding, packed, &mut sector).unwrap();
        }
        image.extend(sector);
    }
    assert_eq!(word(24 + 4 * blocks) as usize, file.len(), "the index ends where the file does");
    image
}

#[test]
fn every_kind_holds_the_disc() {
    let image = psp_disc();
    for drive in [Drive::LastSector, Drive::Count, Drive::ReadsAnything] {
        for kind in Kind::ALL {
            let console = FakePsp::with_disc(image.clone(), drive);
            let report = run(&console, kind, ISO, &mut Nobody).unwrap();
            let path = format!("ms0:/ISO/ULUS-10041.{}", kind.name());
            assert_eq!(report.path, path);
            assert_eq!(report.digests.sha1, sha1_of(&image), "{drive:?} {kind:?}");
            assert_eq!(report.size(), image.len() as u64);
            let file = console.file(&path).unwrap();
            assert_eq!(report.stored_size, file.len() as u64);
            match kind {
                Kind::Iso => assert_eq!(file, image),
                Kind::Cso => assert_eq!(unpacked(&file, Coding::Deflate), image),
                Kind::Zso => assert_eq!(unpacked(&file, Coding::Lz4), image),
            }
            if kind != Kind::Iso {
                assert!(file.len() < image.len() * 9 / 10, "{} of {}", file.len(), image.len());
            }
            assert_eq!(console.names(ISO), [path.clone(), format!("{path}.log")], "nothing else is left");
            let log = console.text(&report.log).unwrap();
            assert!(
                log.contains(&crate::text::hex(&report.digests.sha1)) && log.contains("Zwölf Türme"),
                "{log}"
            );
            assert!(log.contains("unreadable sectors: none"), "{log}");
        }
    }
}

#[test]
fn a_dump_checks_as_what_it_was_reported_to_be() {
    let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
    let report = run(&console, Kind::Cso, "ms0:/elsewhere/my name.bin", &mut Nobody).unwrap();
    assert_eq!(report.path, "ms0:/elsewhere/my name.bin");
    let checked = check::check(&console, &report.path, &mut Nobody).unwrap();
    assert_eq!(checked.digests, Some(report.digests));
    assert_eq!((checked.damaged, checked.stored_size), (0, report.stored_size));
}

#[test]
fn the_length_is_that_of_the_last_sector_that_reads() {
    let image = psp_disc();
    let sectors = u32::try_from(image.len() / 2048).unwrap();
    // The volume descriptor may list fewer sectors than the disc has.
    let mut longer = image.clone();
    longer.extend([0x77; 5 * 2048]);
    for drive in [Drive::LastSector, Drive::Count] {
        let console = FakePsp::with_disc(longer.clone(), drive);
        assert_eq!(look(&console).unwrap().sectors, sectors + 5, "{drive:?}");
        // Or more than there are.
        let console = FakePsp::with_disc(image[..image.len() - 3 * 2048].to_vec(), drive);
        assert_eq!(look(&console).unwrap().sectors, sectors - 3, "{drive:?}");
    }
    let console = FakePsp::with_disc(alloc::vec![0; 40 * 2048], Drive::LastSector);
    let found = look(&console).unwrap();
    assert_eq!((found.sectors, found.claims), (40, (39, None)), "not every disc has a volume descriptor");
    let report = run(&console, Kind::Iso, ISO, &mut Nobody).unwrap();
    assert_eq!(report.path, "ms0:/ISO/UMD.iso");
}

#[test]
fn a_sector_that_reads_in_the_end_is_no_bad_one() {
    let image = psp_disc();
    let console = FakePsp::with_disc(image.clone(), Drive::LastSector);
    console.disc.borrow_mut().as_mut().unwrap().bad = BTreeMap::from([(30, 2), (31, 1), (60, 3)]);
    let report = run(&console, Kind::Zso, ISO, &mut Nobody).unwrap();
    assert_eq!((report.digests.sha1, report.unreadable.len()), (sha1_of(&image), 0));
}

#[test]
fn bad_sectors_are_zeros_only_if_the_user_agrees() {
    let mut image = psp_disc();
    let bad = || BTreeMap::from([(40, u32::MAX), (41, u32::MAX), (70, u32::MAX)]);
    let console = FakePsp::with_disc(image.clone(), Drive::LastSector);
    console.disc.borrow_mut().as_mut().unwrap().bad = bad();
    let refused = run(&console, Kind::Cso, ISO, &mut Nobody);
    assert!(matches!(refused, Err(Failure::SectorUnreadable { lba: 40, .. })), "{refused:?}");
    assert_eq!(console.names(ISO), Vec::<String>::new(), "nothing is left");

    console.disc.borrow_mut().as_mut().unwrap().bad = bad();
    let mut agrees = Agrees::default();
    let report = run(&console, Kind::Cso, ISO, &mut agrees).unwrap();
    for lba in [40, 41, 70] {
        image[lba * 2048..(lba + 1) * 2048].fill(0);
    }
    assert_eq!(report.digests.sha1, sha1_of(&image));
    assert_eq!((report.unreadable.clone(), report.unreadable_count()), (alloc::vec![40..=41, 70..=70], 3));
    assert_eq!(agrees.0, [Question::FillWithZeros { lba: 40 }], "the user is asked once");
    let log = console.text(&report.log).unwrap();
    assert!(log.contains("unreadable sectors: 3") && log.contains("  40 to 41\n  70\n"), "{log}");
}

#[test]
fn nothing_is_left_when_the_disc_is_pulled_out() {
    let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
    let pull = |done| {
        if done > 0 {
            *console.disc.borrow_mut() = None;
        }
    };
    assert_eq!(run(&console, Kind::Cso, ISO, &mut Does(pull)), Err(Failure::DiscRemoved));
    assert_eq!(console.names("ms0:/"), Vec::<String>::new());
    assert_eq!(run(&console, Kind::Cso, ISO, &mut Nobody), Err(Failure::NoDisc));
}

#[test]
fn a_drive_that_claims_a_disc_and_has_none_has_none() {
    let console = FakePsp::with_disc(Vec::new(), Drive::Missing);
    assert_eq!(run(&console, Kind::Cso, ISO, &mut Nobody), Err(Failure::NoDisc));
}

#[test]
fn folders_that_are_missing_are_made() {
    let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
    run(&console, Kind::Iso, "ms0:/a/b/c.iso", &mut Nobody).unwrap();
    assert_eq!(console.folders.borrow()[..], ["ms0:/a", "ms0:/a/b"]);
    run(&console, Kind::Iso, "ms0:/d.iso", &mut Nobody).unwrap();
    assert_eq!(console.folders.borrow().len(), 2);
}

#[test]
fn nothing_is_left_when_the_card_becomes_full() {
    let image = psp_disc();
    let console = FakePsp::with_disc(image.clone(), Drive::LastSector);
    // There seems to be enough space for the packed file, and then there is not.
    console.capacity.set(120_000);
    let mut agrees = Agrees::default();
    assert_eq!(run(&console, Kind::Cso, ISO, &mut agrees), Err(Failure::CardFull));
    assert!(matches!(agrees.0[..], [Question::MayNotFit { free: 120_000, .. }]), "{:?}", agrees.0);
    assert_eq!(console.names("ms0:/"), Vec::<String>::new());

    // Without agreement it is not even started; an ISO is never tried.
    let refused = run(&console, Kind::Cso, ISO, &mut Nobody);
    assert!(matches!(refused, Err(Failure::NoSpace { free: 120_000, .. })), "{refused:?}");
    console.capacity.set(image.len() as u64);
    let refused = run(&console, Kind::Iso, ISO, &mut Agrees::default());
    assert!(matches!(refused, Err(Failure::NoSpace { .. })), "{refused:?}");
}

#[test]
fn nothing_has_the_final_name_when_the_card_is_pulled_out() {
    let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
    *console.before_write.borrow_mut() = Some((3, Box::new(|console: &FakePsp| console.card.set(false))));
    assert_eq!(run(&console, Kind::Cso, ISO, &mut Nobody), Err(Failure::CardRemoved));
    assert_eq!(console.names("ms0:/"), ["ms0:/ISO/ULUS-10041.cso.part"]);
    let refused = run(&console, Kind::Cso, ISO, &mut Nobody);
    assert_eq!(refused, Err(Failure::NoCard { device: "ms0:".to_owned() }));
    // Remains of an earlier dump do not get in the way.
    console.card.set(true);
    run(&console, Kind::Cso, ISO, &mut Nobody).unwrap();
    assert_eq!(console.names(ISO).len(), 2);
}

#[test]
fn a_read_only_card_is_named() {
    let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
    console.read_only.set(true);
    assert_eq!(run(&console, Kind::Iso, ISO, &mut Nobody), Err(Failure::ReadOnly));
}

#[test]
fn files_that_are_there_are_left_alone() {
    let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
    console.put("ms0:/ISO/ULUS-10041.cso", b"precious");
    let refused = run(&console, Kind::Cso, ISO, &mut Nobody);
    assert!(matches!(refused, Err(Failure::TargetExists { .. })), "{refused:?}");
    assert_eq!(console.file("ms0:/ISO/ULUS-10041.cso").unwrap(), b"precious");
}

#[test]
fn a_file_that_does_not_read_back_gets_no_name() {
    for kind in Kind::ALL {
        let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
        console.flips_bits.set(true);
        assert_eq!(run(&console, kind, ISO, &mut Nobody), Err(Failure::Proof), "{kind:?}");
        assert_eq!(console.names("ms0:/"), Vec::<String>::new());
    }
}

#[test]
fn a_finished_file_that_cannot_be_renamed_is_kept() {
    let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
    console.rename_fails.set(true);
    let failed = run(&console, Kind::Iso, ISO, &mut Nobody);
    assert!(matches!(failed, Err(Failure::Rename { .. })), "{failed:?}");
    assert_eq!(console.file("ms0:/ISO/ULUS-10041.iso.part").unwrap(), psp_disc());
}

#[test]
fn an_image_whose_log_cannot_be_written_gets_no_name() {
    let image = psp_disc();
    let console = FakePsp::with_disc(image.clone(), Drive::LastSector);
    let mut ends = 0;
    let mut fill_up = Does(|done| {
        ends += u32::from(done == image.len() as u64);
        // The second part that ends is reading back.
        if ends == 2 {
            console.capacity.set(0);
        }
    });
    assert_eq!(run(&console, Kind::Cso, ISO, &mut fill_up), Err(Failure::CardFull));
    assert_eq!(console.names(ISO), ["ms0:/ISO/ULUS-10041.cso.log"], "the log that could not be written");
}

#[test]
fn cancelling_leaves_nothing() {
    for (part, at) in [(1, 0), (1, 300_000), (2, 0), (2, 300_000)] {
        let console = FakePsp::with_disc(psp_disc(), Drive::LastSector);
        assert_eq!(run(&console, Kind::Zso, ISO, &mut StopsAt(part, at)), Err(Failure::Cancelled));
        assert_eq!(console.names("ms0:/"), Vec::<String>::new(), "stopped at {at} of part {part}");
    }
}

#[test]
fn what_the_formats_cannot_hold_is_refused() {
    assert_eq!(Writer::most_bytes(Kind::Iso, u32::MAX), Some(u64::from(u32::MAX) * 2048));
    let largest = (1 << 20) - 2049;
    assert!(Writer::most_bytes(Kind::Cso, largest).is_some_and(|most| most < 1 << 31));
    assert_eq!(Writer::most_bytes(Kind::Cso, 1 << 20), None);
    // The largest UMD has 1.8 GB.
    assert!(Writer::most_bytes(Kind::Cso, 900_000).is_some());
}
