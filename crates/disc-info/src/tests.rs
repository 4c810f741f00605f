use alloc::format;
use alloc::string::String;
use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;

use crate::test_disc::{disc, record, sfo};
use crate::*;

const UMD_DATA: &[u8] = b"ULUS-10041|0123456789ABCDEF|0001|G            |";
const ROOT_RECORD: usize = 16 * 2048 + 156;

fn identified(image: &[u8]) -> Disc {
    let mut source = image;
    identify(&mut source).expect("a slice is never asked for bytes that it does not have")
}

fn psp_disc() -> Vec<u8> {
    let param = sfo(&[("CATEGORY", "UG"), ("DISC_ID", "ULUS10041"), ("TITLE", "Sector Runner™")]);
    disc("RUNNER", &[("UMD_DATA.BIN", UMD_DATA), ("PSP_GAME/PARAM.SFO", &param)])
}

#[test]
fn psp_disc_has_id_and_title() {
    let image = psp_disc();
    let expected = Disc {
        console: Some(Console::Psp),
        id: Some("ULUS-10041".into()),
        title: Some("Sector Runner™".into()),
        volume_id: Some("RUNNER".into()),
        volume_sectors: Some(u32::try_from(image.len() / 2048).unwrap()),
        is_iso9660: true,
        ..Disc::default()
    };
    assert_eq!(identified(&image), expected);
}

#[test]
fn psp_disc_without_sfo_has_the_id_of_umd_data() {
    let found = identified(&disc("", &[("UMD_DATA.BIN", UMD_DATA)]));
    assert_eq!(found.console, Some(Console::Psp));
    assert_eq!(found.id.as_deref(), Some("ULUS-10041"));
    assert_eq!((found.title, found.volume_id), (None, None));
}

#[test]
fn psp_disc_with_damaged_sfo_is_still_one() {
    let full = sfo(&[("DISC_ID", "ULUS10041"), ("TITLE", "Cut off")]);
    for len in 0..full.len() {
        let found =
            identified(&disc("X", &[("PSP_GAME/PARAM.SFO", &full[..len]), ("UMD_DATA.BIN", UMD_DATA)]));
        assert_eq!(found.console, Some(Console::Psp), "{len} bytes");
        // Anything that is readable is correct: either the table's id or the other file's, never a fragment.
        assert_eq!(found.id.as_deref(), Some("ULUS-10041"), "{len} bytes");
        assert!(matches!(found.title.as_deref(), None | Some("Cut off")), "{len} bytes");
    }
}

#[test]
fn homebrew_ids_are_kept_as_they_are() {
    let param = sfo(&[("DISC_ID", "HOMEBREW1"), ("TITLE", "A\nB\u{1b}[2J\tC  ")]);
    let found = identified(&disc("X", &[("PSP_GAME/PARAM.SFO", &param)]));
    assert_eq!(found.id.as_deref(), Some("HOMEBREW1"));
    assert_eq!(found.title.as_deref(), Some("A B [2J C"), "nothing that a terminal would obey");
}

#[test]
fn sfo_key_is_compared_to_its_end() {
    let param = sfo(&[("TITLE_00", "Localised"), ("TITLE", "Main")]);
    assert_eq!(sfo::Sfo::parse(&param).unwrap().text("TITLE").as_deref(), Some("Main"));
}

#[test]
fn ps2_disc_has_the_id_of_its_executable() {
    for (boot, id) in [
        ("BOOT2 = cdrom0:\\SLUS_123.45;1\r\nVER = 1.00\r\nVMODE = NTSC\r\n", Some("SLUS-12345")),
        ("VER=1.00\nBOOT2=cdrom0:\\SLES_543.21;1", Some("SLES-54321")),
        ("boot2 = cdrom0:/scps_110.01", Some("SCPS-11001")),
        ("BOOT2 = cdrom0:\\DIR\\SLPM_650.02;1\n", Some("SLPM-65002")),
        ("BOOT2 = cdrom0:\\BOOT.ELF;1\n", None),
    ] {
        let found = identified(&disc("GAME", &[("SYSTEM.CNF", boot.as_bytes())]));
        assert_eq!(found.console, Some(Console::Ps2), "{boot}");
        assert_eq!(found.id.as_deref(), id, "{boot}");
        assert_eq!(found.title, None);
        assert_eq!(found.volume_id.as_deref(), Some("GAME"));
    }
}

#[test]
fn ps1_disc_is_no_ps2_disc() {
    let found = identified(&disc("X", &[("SYSTEM.CNF", b"BOOT = cdrom:\\SLUS_000.01;1\r\nTCB = 4\r\n")]));
    assert_eq!((found.console, found.id), (None, None));
    assert!(found.is_iso9660);
    assert_eq!(found.other, Some(OtherDisc::Ps1));
    let old = identified(&disc("X", &[("PSX.EXE", b"PS-X EXE")]));
    assert_eq!((old.console, old.other), (None, Some(OtherDisc::Ps1)));
}

#[test]
fn umd_video_and_music_are_named() {
    let param = sfo(&[("DISC_ID", "UMDV00001"), ("TITLE", "A Film")]);
    for (folder, other) in [("UMD_VIDEO", OtherDisc::UmdVideo), ("UMD_AUDIO", OtherDisc::UmdMusic)] {
        let found =
            identified(&disc("X", &[("UMD_DATA.BIN", UMD_DATA), (&format!("{folder}/PARAM.SFO"), &param)]));
        assert_eq!((found.console, found.other), (Some(Console::Psp), Some(other)));
        assert_eq!(found.title.as_deref(), Some("A Film"));
    }
    // A film with a game is a game.
    let game = sfo(&[("DISC_ID", "ULUS10041"), ("TITLE", "A Game")]);
    let both = identified(&disc("X", &[("UMD_VIDEO/PARAM.SFO", &param), ("PSP_GAME/PARAM.SFO", &game)]));
    assert_eq!((both.other, both.title.as_deref()), (None, Some("A Game")));
}

#[test]
fn byte_order_mark_before_the_first_line_of_system_cnf_is_skipped() {
    let boot = b"\xEF\xBB\xBFBOOT2 = cdrom0:\\SLUS_123.45;1\r\nVER = 1.00\r\n";
    let found = identified(&disc("X", &[("SYSTEM.CNF", boot)]));
    assert_eq!((found.console, found.id.as_deref()), (Some(Console::Ps2), Some("SLUS-12345")));
}

#[test]
fn executable_on_cdrom1_is_told() {
    for (boot, expected) in
        [("cdrom0:\\SLES_543.21;1", false), ("cdrom1:\\SLES_543.21;1", true), ("SLES_543.21;1", false)]
    {
        let found = identified(&disc("X", &[("SYSTEM.CNF", format!("BOOT2 = {boot}").as_bytes())]));
        assert_eq!((found.id.as_deref(), found.boots_from_cdrom1), (Some("SLES-54321"), expected), "{boot}");
    }
}

#[test]
fn titles_never_turn_the_direction_of_a_terminal() {
    let turning = "A\u{202E}B\u{200F}C\u{2066}D\u{2069}E\u{2028}F\u{061C}G";
    let param = sfo(&[("DISC_ID", "ULUS10041"), ("TITLE", turning)]);
    let found = identified(&disc("X", &[("PSP_GAME/PARAM.SFO", &param)]));
    assert_eq!(found.title.as_deref(), Some("A B C D E F G"));
    // Letters of right-to-left scripts remain.
    assert_eq!(clean("שלום".as_bytes()).as_deref(), Some("שלום"));
}

/// An image with unreadable sectors.
struct Scratched<'a> {
    image: &'a [u8],
    bad: Vec<usize>,
}

impl ReadAt for Scratched<'_> {
    type Error = &'static str;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Self::Error> {
        let start = usize::try_from(offset).unwrap();
        let mut sectors = start / 2048..=(start + buf.len() - 1) / 2048;
        if sectors.any(|sector| self.bad.contains(&sector)) {
            return Err("scratched");
        }
        buf.copy_from_slice(&self.image[start..start + buf.len()]);
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Self::Error> {
        Ok(self.image.len() as u64)
    }
}

#[test]
fn one_unreadable_file_does_not_lose_the_rest_of_the_identity() {
    let image = psp_disc();
    let sector_of =
        |bytes: &[u8]| image.windows(bytes.len()).position(|found| found == bytes).unwrap() / 2048;
    let (umd_data, param) = (sector_of(UMD_DATA), sector_of(b"\0PSF"));
    let (folder, root) = (sector_of(b"PARAM.SFO;1"), sector_of(b"PSP_GAME"));
    let found = |bad: &[usize]| identify(&mut Scratched { image: &image, bad: bad.to_vec() });
    let whole = found(&[]).unwrap();
    assert_eq!(whole, identified(&image));
    let told = |bad: &[usize]| {
        let disc = found(bad).unwrap();
        assert!(disc.is_iso9660 && disc.is_partly_unreadable && disc.volume_id.is_some(), "{bad:?}");
        (disc.console, disc.id, disc.title.is_some())
    };
    let id = Some("ULUS-10041".into());
    assert_eq!(told(&[0]), (Some(Console::Psp), id.clone(), true));
    assert_eq!(told(&[umd_data]), (Some(Console::Psp), id.clone(), true));
    assert_eq!(told(&[param]), (Some(Console::Psp), id.clone(), false));
    assert_eq!(told(&[folder]), (Some(Console::Psp), id, false));
    assert_eq!(told(&[umd_data, param]), (Some(Console::Psp), None, false));
    assert_eq!(told(&[root]), (None, None, false));
    assert_eq!(found(&[16]), Err("scratched"));
}

#[test]
fn other_discs_and_no_discs() {
    let other = identified(&disc("README", &[("README.TXT", b"BOOT2 = cdrom0:\\SLUS_123.45;1")]));
    assert_eq!((other.console, other.is_iso9660), (None, true));
    for image in [&[][..], &[0; 100], &vec![0x5A; 17 * 2048], &psp_disc()[..16 * 2048 + 2047]] {
        assert_eq!(identified(image), Disc::default());
    }
}

#[test]
fn raw_cd_image_is_recognised() {
    let mut image = vec![0; 2352 * 20];
    for sector in image.chunks_exact_mut(2352) {
        sector[..12].copy_from_slice(&RAW_CD_SYNC);
    }
    let found = identified(&image);
    assert!(found.is_raw_cd && !found.is_iso9660);
}

#[test]
fn names_are_found_in_any_case_and_without_version() {
    let param = sfo(&[("TITLE", "Low")]);
    let found = identified(&disc("X", &[("psp_game/Param.sfo", &param)]));
    assert_eq!(found.title.as_deref(), Some("Low"));

    let mut image = psp_disc();
    let at = image.windows(12).position(|bytes| bytes == b"PARAM.SFO;1\0").unwrap();
    image[at - 1] = 9; // length of the name: without ";1"
    assert_eq!(identified(&image).title.as_deref(), Some("Sector Runner™"));
}

#[test]
fn directory_of_several_sectors_is_searched_to_its_end() {
    let names: Vec<String> = (0..300).map(|n| format!("FILLER_{n:03}.BIN")).collect();
    let mut files: Vec<(&str, &[u8])> = names.iter().map(|name| (&**name, &b"x"[..])).collect();
    files.push(("SYSTEM.CNF", b"BOOT2 = cdrom0:\\SLUS_123.45;1"));
    assert_eq!(identified(&disc("X", &files)).id.as_deref(), Some("SLUS-12345"));
}

#[test]
fn extended_attribute_record_is_skipped() {
    let mut image = psp_disc();
    // The file begins one sector later than its record says when one sector of attributes precedes it.
    let at = image.windows(11).position(|bytes| bytes == b"PARAM.SFO;1").unwrap() - 33;
    image[at + 1] = 1;
    image[at + 2] -= 1;
    assert_eq!(identified(&image).title.as_deref(), Some("Sector Runner™"));
}

#[test]
fn directory_that_contains_itself_ends() {
    let mut image = disc("X", &[("README.TXT", b"x")]);
    let root_lba = u32::from_le_bytes(image[ROOT_RECORD + 2..ROOT_RECORD + 6].try_into().unwrap()) as usize;
    let looping = [
        record("PSP_GAME", root_lba, usize::try_from(u32::MAX).unwrap(), true),
        record("UMD_DATA.BIN", root_lba, 2048, true),
        record("SYSTEM.CNF", root_lba, 2048, true),
    ]
    .concat();
    image[root_lba * 2048..][..looping.len()].copy_from_slice(&looping);
    let found = identified(&image);
    assert_eq!((found.console, found.is_iso9660), (None, true));
}

/// Counts the requests that it gets.
struct Counting<'a> {
    image: &'a [u8],
    bytes: u64,
    reads: u32,
}

impl ReadAt for Counting<'_> {
    type Error = sector_decode::EndOfSlice;

    fn read_exact_at(&mut self, buf: &mut [u8], offset: u64) -> Result<(), Self::Error> {
        self.bytes += buf.len() as u64;
        self.reads += 1;
        // Past the real bytes everything reads as zero: an image of a terabyte.
        for (at, byte) in (offset..).zip(buf.iter_mut()) {
            *byte = usize::try_from(at).ok().and_then(|at| self.image.get(at)).copied().unwrap_or(0xFF);
        }
        Ok(())
    }

    fn byte_len(&mut self) -> Result<u64, Self::Error> {
        Ok(1 << 40)
    }
}

#[test]
fn huge_sizes_cost_no_more_than_the_limits() {
    let mut image = psp_disc();
    image[ROOT_RECORD + 10..ROOT_RECORD + 14].fill(0xFF);
    for name in [&b"UMD_DATA.BIN;1"[..], b"PARAM.SFO;1", b"PSP_GAME"] {
        let at = image.windows(name.len()).position(|bytes| bytes == name).unwrap() - 33;
        image[at + 10..at + 14].fill(0xFF);
    }
    let mut source = Counting { image: &image, bytes: 0, reads: 0 };
    let found = identify(&mut source).unwrap();
    assert_eq!(found.title.as_deref(), Some("Sector Runner™"));
    assert!(source.bytes < 2 << 20, "{} bytes read", source.bytes);

    // A root directory of 4 GiB of 0xFF bytes, which are not valid records.
    image[ROOT_RECORD + 2..ROOT_RECORD + 6].copy_from_slice(&0x0100_0000u32.to_le_bytes());
    let mut source = Counting { image: &image, bytes: 0, reads: 0 };
    assert_eq!(identify(&mut source).unwrap().console, None);
    // Eleven names are looked for in it, with at most 70 reads each.
    assert!(source.reads <= 11 * 70, "{} reads", source.reads);
}

proptest! {
    #[test]
    fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..4096)) {
        let mut image = vec![0; 16 * 2048];
        image.extend_from_slice(b"\x01CD001\x01");
        image.extend_from_slice(&bytes);
        identified(&image);
        let _ = sfo::Sfo::parse(&bytes).map(|sfo| sfo.text("TITLE"));
        let _ = id::from_umd_data(&bytes);
        let _ = id::boot_file(&bytes, "BOOT2");
    }

    #[test]
    fn damaged_discs_never_panic(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..40),
        len in any::<prop::sample::Index>(),
    ) {
        let mut image = psp_disc();
        // Only where the structures are: most of the first 16 sectors are unused.
        let structures = 16 * 2048..image.len();
        for (at, value) in changes {
            image[structures.start + at.index(structures.len())] = value;
        }
        identified(&image);
        image.truncate(len.index(image.len() + 1));
        identified(&image);
    }

    #[test]
    fn damaged_sfo_never_panics(
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..20),
    ) {
        let mut file = sfo(&[("DISC_ID", "ULUS10041"), ("TITLE", "Sector Runner")]);
        for (at, value) in changes {
            let at = at.index(file.len());
            file[at] = value;
        }
        if let Some(sfo) = sfo::Sfo::parse(&file) {
            let _ = (sfo.text("TITLE"), sfo.text("DISC_ID"));
        }
    }

    #[test]
    fn ids_come_in_one_form(letters in "[A-Z]{4}", digits in "[0-9]{5}") {
        let expected = Some(format!("{letters}-{digits}"));
        let (high, low) = digits.split_at(3);
        for id in [format!("{letters}{digits}"), format!("{letters}-{digits}"), format!("{letters}_{high}.{low}")] {
            prop_assert_eq!(id::canonical(&id), expected.clone());
        }
    }
}

#[test]
fn the_picture_of_a_game_is_a_png_or_nothing() {
    let png = b"\x89PNG\r\n\x1A\nrest";
    let image = |name, bytes: &[u8]| test_disc::disc("GAME", &[(name, bytes)]);
    assert_eq!(icon(&mut image("PSP_GAME/ICON0.PNG", png).as_slice()).as_deref(), Some(&png[..]));
    assert_eq!(icon(&mut image("PSP_GAME/ICON0.PNG", b"GIF89a").as_slice()), None);
    assert_eq!(icon(&mut image("ICON0.PNG", png).as_slice()), None);
    assert_eq!(icon(&mut [0u8; 4096].as_slice()), None);
}
