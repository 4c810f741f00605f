//! What each command answers, and with what it is refused.
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod support;

use proptest::prelude::*;
use support::{Device, Params, SECTOR, TestCard, VOLUME_ADDRESS, disc_image, open, stored_cso};
use umd_device::{
    Check, DescriptorId, Devctl, ErrorCode, Failure, Ioctl, LbaParams, Line, MAX_DESCRIPTORS, OpenFailure,
    Timing, Whence, command_pause,
};

const SECTORS: usize = 40;
const READ: u32 = 0x01E3_80C0;

fn device() -> (Vec<u8>, Device) {
    let image = disc_image(SECTORS);
    let device = open(&TestCard::new(stored_cso(&image, 8192))).unwrap();
    (image, device)
}

/// Sends a command and returns its result, with what it wrote.
fn devctl(device: &mut Device, code: u32, input: &[u8], room: usize) -> (Result<i32, Failure>, Vec<u8>) {
    let mut output = vec![0xEE; room];
    let result = match Devctl::parse(code, Some(input), Some(room)).expect("a command that is answered here")
    {
        Ok(command) => device.devctl(&command, &mut output[..command.output_len()]),
        Err(code) => Err(code.into()),
    };
    (result, output)
}

fn read(device: &mut Device, params: Params) -> (Result<i32, Failure>, Vec<u8>) {
    devctl(device, READ, &params.bytes(), params.total as usize)
}

fn refused(code: ErrorCode) -> Result<i32, Failure> {
    Err(Failure::Refused(code))
}

#[test]
fn facts_of_the_disc() {
    let (_, mut device) = device();
    for (code, room, expected) in
        [(0x01F2_0003, 4, SECTORS as u32), (0x01F2_0002, 4, SECTORS as u32), (0x01E2_8035, 4, VOLUME_ADDRESS)]
    {
        let (result, output) = devctl(&mut device, code, &[], room);
        assert_eq!((result, output), (Ok(0), expected.to_le_bytes().to_vec()), "{code:#X}");
        let (result, output) = devctl(&mut device, code, &[], 3);
        assert_eq!((result, output), (refused(ErrorCode::InvalidArgument), vec![0xEE; 3]), "{code:#X}");
        assert_eq!(Devctl::parse(code, None, None), Some(Err(ErrorCode::InvalidArgument)), "{code:#X}");
    }
    let (result, output) = devctl(&mut device, 0x01E3_8012, &[], 0x30);
    assert_eq!(result, Ok(0));
    let words: Vec<u32> = output.chunks(4).map(|word| u32::from_le_bytes(word.try_into().unwrap())).collect();
    assert_eq!(words, [0xE000_0800, 0, 0, 0, 0, 0, 0, SECTORS as u32, 0, SECTORS as u32, 0, 0]);
    // The firmwares' drivers look at no length. Words that do not fit are left out.
    for room in [0, 3, 4, 0x1F, 0x20, 0x27] {
        let (result, output) = devctl(&mut device, 0x01E3_8012, &[], room);
        assert_eq!(result, Ok(0), "{room} bytes");
        let mut expected = [0; 0x28];
        expected[..4].copy_from_slice(&0xE000_0800_u32.to_le_bytes());
        expected[0x1C..0x20].copy_from_slice(&(SECTORS as u32).to_le_bytes());
        let whole = room / 4 * 4;
        assert_eq!(output[..whole], expected[..whole], "{room} bytes");
        assert!(output[whole..].iter().all(|&byte| byte == 0), "{room} bytes");
    }
}

#[test]
fn the_volume_descriptor_counts_as_lent_once_its_address_was_given() {
    let (_, mut device) = device();
    assert!(!device.volume_lent());
    assert!(devctl(&mut device, 0x01E2_8035, &[], 4).0.is_ok());
    assert!(device.volume_lent());
}

#[test]
fn commands_for_fetching_ahead_are_accepted() {
    let (_, mut device) = device();
    for (code, input) in [
        (0x01F1_00A3, 4),
        (0x01F1_00A4, 16),
        (0x01F1_00A6, 4),
        (0x01F3_00A7, 4),
        (0x01F1_00A8, 4),
        (0x01F3_00A8, 4),
        (0x01F1_00A9, 4),
        (0x01F3_00A9, 4),
    ] {
        assert_eq!(devctl(&mut device, code, &vec![0; input], 0).0, Ok(0), "{code:#X}");
        let short = devctl(&mut device, code, &vec![0; input - 1], 0).0;
        assert_eq!(short, refused(ErrorCode::InvalidArgument), "{code:#X}");
    }
    assert_eq!(devctl(&mut device, 0x01F3_00A5, &[0; 16], 4), (Ok(0), vec![1, 0, 0, 0]));
    assert_eq!(devctl(&mut device, 0x01F3_00A5, &[0; 16], 3).0, refused(ErrorCode::InvalidArgument));
}

#[test]
fn commands_of_others_are_not_answered() {
    for code in [0x01E3_8034, 0x01E2_80A9, 0x01F2_0001, 0x01E1_8030, 0x01F0_0003, 0x01F0_10DB, 0, u32::MAX] {
        assert_eq!(Devctl::parse(code, Some(&[0; 36]), Some(4096)), None, "{code:#X}");
    }
}

#[test]
fn all_read_commands_read() {
    let (image, mut device) = device();
    let params = Params { lba: 3, count: 1, total: 2048, last: 2048, ..Params::default() };
    for code in [READ, 0x01F2_00A1, 0x01F2_00A2] {
        let (result, output) = devctl(&mut device, code, &params.bytes(), 2048);
        assert_eq!((result, &output[..]), (Ok(2048), &image[3 * SECTOR..4 * SECTOR]));
    }
    // Programs leave out the last word.
    assert_eq!(devctl(&mut device, READ, &params.bytes()[..32], 2048).0, Ok(2048));
    assert_eq!(devctl(&mut device, READ, &params.bytes()[..31], 2048).0, refused(ErrorCode::InvalidArgument));
    assert_eq!(devctl(&mut device, READ, &params.bytes(), 2047).0, refused(ErrorCode::BufferTooSmall));
    assert_eq!(Devctl::parse(READ, None, Some(2048)), Some(Err(ErrorCode::InvalidArgument)));
    assert_eq!(Devctl::parse(READ, Some(&params.bytes()), None), Some(Err(ErrorCode::InvalidArgument)));
}

#[test]
fn parameters_that_contradict_themselves_are_refused() {
    let (_, mut device) = device();
    let tail = Params { total: 10, start: 2049, last: 10, ..Params::default() };
    assert_eq!(read(&mut device, tail).0, refused(ErrorCode::InvalidArgument));
    let huge = Params { total: 0x8000_0000, ..Params::default() };
    assert_eq!(
        Devctl::parse(READ, Some(&huge.bytes()), Some(usize::MAX)),
        Some(Err(ErrorCode::InvalidArgument))
    );
}

#[test]
fn data_reads_end_at_the_end_of_the_disc() {
    let (image, mut device) = device();
    let last = SECTORS as u32 - 1;
    let inside = Params { lba: last, count: 1, total: 2048, last: 2048, ..Params::default() };
    assert_eq!(read(&mut device, inside), (Ok(2048), image[last as usize * SECTOR..].to_vec()));
    for (lba, total) in [(last, 2049), (last, 4096), (last + 1, 1), (u32::MAX, 2048), (0, 41 * 2048)] {
        let params = Params { lba, total, last: total, ..Params::default() };
        let (result, output) = read(&mut device, params);
        assert_eq!(result, refused(ErrorCode::OutOfRange), "{total} bytes from sector {lba}");
        assert!(output.iter().all(|&byte| byte == 0xEE), "nothing is written");
    }
}

#[test]
fn directory_reads_go_on_with_zeros_behind_the_end_of_the_disc() {
    let (image, mut device) = device();
    let last = SECTORS as u32 - 1;
    let params = Params { cmd: 3, lba: last, count: 2, total: 4096, centre: 4096, ..Params::default() };
    let (result, output) = read(&mut device, params);
    assert_eq!(result, Ok(4096));
    assert_eq!(output[..SECTOR], image[last as usize * SECTOR..]);
    assert!(output[SECTOR..].iter().all(|&byte| byte == 0));
    let behind = Params { lba: last + 1, ..params };
    assert_eq!(read(&mut device, behind).0, refused(ErrorCode::OutOfRange));
}

#[test]
fn a_partial_last_sector_is_filled_with_zeros() {
    let mut image = disc_image(SECTORS);
    image.truncate(image.len() - 100);
    let mut device = open(&TestCard::new(stored_cso(&image, 8192))).unwrap();
    assert_eq!(devctl(&mut device, 0x01F2_0003, &[], 4).1, (SECTORS as u32).to_le_bytes());
    let start = (SECTORS - 1) * SECTOR;
    let params = Params { lba: SECTORS as u32 - 1, total: 2048, last: 2048, ..Params::default() };
    let (result, output) = read(&mut device, params);
    assert_eq!(result, Ok(2048));
    assert_eq!(output[..SECTOR - 100], image[start..]);
    assert!(output[SECTOR - 100..].iter().all(|&byte| byte == 0));
}

#[test]
fn damaged_blocks_fail_so_that_the_file_system_does_not_ask_for_ever() {
    let image = disc_image(SECTORS);
    let mut file = stored_cso(&image, 8192);
    // Block 6 passes for packed, and is no deflate stream.
    file[24 + 4 * 6 + 3] &= 0x7F;
    let mut device = open(&TestCard::new(file)).unwrap();
    let data = Params { lba: 24, total: 2048, last: 2048, ..Params::default() };
    assert_eq!(read(&mut device, data).0, refused(ErrorCode::Damaged));
    assert_eq!(read(&mut device, Params { cmd: 3, ..data }).0, refused(ErrorCode::NoMedium));
    let id = device.open().unwrap();
    device.seek(id, 24, Whence::Start).unwrap();
    let span = device.raw_span(id, 1).unwrap();
    assert_eq!(device.read_raw(id, span, &mut [0; SECTOR]), refused(ErrorCode::Damaged));
    assert_eq!(device.seek(id, 0, Whence::Current), Ok(24));
}

#[test]
fn a_part_of_the_index_with_a_damaged_entry_is_not_read_from() {
    const WINDOW: u32 = 511;
    let image = disc_image(2 * WINDOW as usize + 100);
    let mut file = stored_cso(&image, SECTOR);
    let at = 24 + 4 * 800;
    file[at..at + 4].copy_from_slice(&(100u32 | 1 << 31).to_le_bytes());
    let mut device = open(&TestCard::new(file.clone())).unwrap();
    for lba in [20, WINDOW - 1, 2 * WINDOW, 2 * WINDOW + 99] {
        let (result, output) =
            read(&mut device, Params { lba, total: 2048, last: 2048, ..Params::default() });
        assert_eq!(result, Ok(2048), "sector {lba}");
        assert_eq!(output, image[lba as usize * SECTOR..][..SECTOR]);
    }
    for lba in [WINDOW, 798, 799, 800, 801, 2 * WINDOW - 1] {
        let (result, _) = read(&mut device, Params { lba, total: 2048, last: 2048, ..Params::default() });
        assert_eq!(result, refused(ErrorCode::Damaged), "sector {lba}");
    }
    // Where the volume descriptor's block is in such a part, or the last one, the disc is not served at all.
    for entry in [5, 17, 2 * WINDOW as usize + 50] {
        let mut file = stored_cso(&image, SECTOR);
        let at = 24 + 4 * entry;
        file[at..at + 4].copy_from_slice(&u32::MAX.to_le_bytes());
        assert!(open(&TestCard::new(file)).err() == Some(Check::Block.failed()), "entry {entry}");
    }
}

#[test]
fn raw_descriptors_count_in_sectors() {
    let (image, mut device) = device();
    let id = device.open().unwrap();
    assert!(device.in_use());
    assert_eq!(device.seek(id, 0, Whence::End), Ok(SECTORS as u32));
    assert_eq!(device.raw_span(id, 5).unwrap().byte_len(), 0);
    assert_eq!(device.seek(id, -3, Whence::End), Ok(SECTORS as u32 - 3));
    let span = device.raw_span(id, 5).unwrap();
    let mut out = vec![0; span.byte_len()];
    assert_eq!(device.read_raw(id, span, &mut out), Ok(3));
    assert_eq!(out, image[(SECTORS - 3) * SECTOR..]);
    assert_eq!(device.seek(id, 0, Whence::Current), Ok(SECTORS as u32));
    assert_eq!(device.seek(id, 1_000_000, Whence::Start), Ok(SECTORS as u32));
    assert_eq!(device.seek(id, i64::MAX, Whence::Current), Ok(SECTORS as u32));
    assert_eq!(device.seek(id, -1, Whence::Start), Err(ErrorCode::InvalidArgument));
    assert_eq!(device.seek(id, i64::MIN, Whence::End), Err(ErrorCode::InvalidArgument));
    assert_eq!(device.seek(id, 0, Whence::Current), Ok(SECTORS as u32));
    assert_eq!(device.close(id), Ok(()));
    assert!(!device.in_use());
}

#[test]
fn the_largest_blocks_and_the_smallest_disc_are_served() {
    for (sectors, block_size) in [(64, 65536), (17, 2048)] {
        let image = disc_image(sectors);
        let mut device = open(&TestCard::new(stored_cso(&image, block_size))).unwrap();
        let params = Params { lba: sectors as u32 - 1, total: 2048, last: 2048, ..Params::default() };
        assert!(read(&mut device, params).1.starts_with(&image[(sectors - 1) * SECTOR..]));
    }
}

#[test]
fn a_raw_read_may_be_as_long_as_the_disc() {
    let mut device = open(&TestCard::new(disc_image(5000))).unwrap();
    let id = device.open().unwrap();
    let span = device.raw_span(id, u32::MAX).unwrap();
    assert_eq!(span.byte_len(), 5000 * SECTOR);
}

#[test]
fn a_place_to_count_from_has_the_number_of_c_programs() {
    let all = [None, Some(Whence::Start), Some(Whence::Current), Some(Whence::End), None];
    assert_eq!([-1, 0, 1, 2, 3].map(Whence::from_number), all);
}

#[test]
fn the_ninth_descriptor_is_refused_and_closed_ones_are_dead() {
    let (_, mut device) = device();
    let ids: Vec<_> = (0..MAX_DESCRIPTORS).map(|_| device.open().unwrap()).collect();
    assert_eq!(device.open(), Err(ErrorCode::TooManyFiles));
    assert_eq!(device.close(ids[3]), Ok(()));
    assert_eq!(device.close(ids[3]), Err(ErrorCode::InvalidArgument));
    assert_eq!(device.seek(ids[3], 0, Whence::Start), Err(ErrorCode::InvalidArgument));
    assert_eq!(device.raw_span(ids[3], 1), Err(ErrorCode::InvalidArgument));
    device.seek(ids[4], 7, Whence::Start).unwrap();
    assert_eq!(device.open(), Ok(ids[3]));
    assert_eq!(device.seek(ids[3], 0, Whence::Current), Ok(0));
    assert_eq!(device.seek(ids[4], 0, Whence::Current), Ok(7));
}

#[test]
fn words_of_other_drivers_are_not_descriptors_of_ours() {
    let (_, mut device) = device();
    let id = device.open().unwrap();
    assert_eq!(DescriptorId::from_word(id.to_word()), Some(id));
    for word in (0..=8).chain([0x8800_0000, 0x0880_0000, u32::MAX, id.to_word() + 8, id.to_word() ^ 1 << 31])
    {
        assert_eq!(DescriptorId::from_word(word), None, "{word:#X}");
    }
}

#[test]
fn commands_to_a_descriptor() {
    let (_, mut device) = device();
    let id = device.open().unwrap();
    let seek = |offset: i64, whence: u32| {
        let mut input = offset.to_le_bytes().to_vec();
        input.extend([0; 4]);
        input.extend(whence.to_le_bytes());
        input
    };
    let command = Ioctl::parse(0x01F1_00A6, Some(&seek(9, 0)), None).unwrap();
    assert_eq!(device.ioctl(id, command, &mut []), Ok(0));
    let command = Ioctl::parse(0x01D2_0001, None, Some(4)).unwrap();
    let mut output = [0; 4];
    assert_eq!(device.ioctl(id, command, &mut output), Ok(0));
    assert_eq!(u32::from_le_bytes(output), 9);
    assert_eq!(Ioctl::parse(0x01F0_10DB, None, None), Ok(Ioctl::Nothing));
    assert_eq!(Ioctl::parse(0x01F3_0003, Some(&5u32.to_le_bytes()), Some(5)), Ok(Ioctl::Read(5)));
    for (code, input, room, expected) in [
        (0x01D2_0001, &[][..], 3, ErrorCode::InvalidArgument),
        (0x01F1_00A6, &seek(9, 0)[..15], 0, ErrorCode::InvalidArgument),
        (0x01F1_00A6, &seek(9, 3), 0, ErrorCode::InvalidArgument),
        (0x01F3_0003, &5u32.to_le_bytes(), 4, ErrorCode::InvalidArgument),
        (0x01F3_0003, &[0; 3], 4096, ErrorCode::InvalidArgument),
        (0x0101_0005, &[0; 64], 4096, ErrorCode::NotSupported),
    ] {
        assert_eq!(Ioctl::parse(code, Some(input), Some(room)), Err(expected), "{code:#X}");
    }
}

/// ARK counts a drive's time by the distance from the end of one read of a descriptor to the beginning of the next.
#[test]
fn raw_reads_take_a_drives_time_when_they_are_to() {
    let pause = |device: &mut Device, id, sectors| {
        let span = device.raw_span(id, sectors).unwrap();
        device.raw_pause(&span, false)
    };
    let (_, mut device) = device();
    let id = device.open().unwrap();
    device.seek(id, 9, Whence::Start).unwrap();
    assert_eq!(pause(&mut device, id, 4), 0, "not unless asked for");

    device.set_timing(Timing { seek: 3, speed: 2, command: 55_000 });
    // 9 sectors from the beginning are 18 KiB; 4 sectors are 8192 bytes.
    assert_eq!(pause(&mut device, id, 4), 18 * 3 + 8192 * 2);
    let span = device.raw_span(id, 4).unwrap();
    device.read_raw(id, span, &mut [0; 4 * SECTOR]).unwrap();
    assert_eq!(pause(&mut device, id, 1), 2048 * 2, "in sequence nothing is to be sought");
    device.seek(id, 1, Whence::Start).unwrap();
    assert_eq!(pause(&mut device, id, 1), 24 * 3 + 2048 * 2, "backwards as forwards");
    let span = device.raw_span(id, 1).unwrap();
    assert_eq!(device.raw_pause(&span, true), 24 * 3 + 2048 * 2 + 55_000);
    device.set_timing(Timing { seek: 255, speed: 255, command: 0 });
    assert_eq!(pause(&mut device, id, 40), 24 * 255 + Timing::MOST, "no pause is endless");
}

#[test]
fn the_discs_of_one_series_want_a_pause() {
    assert_eq!(command_pause(b"ULKS-46116"), 55_000);
    assert_eq!(command_pause(b"ULJM-05836"), 55_000);
    for other in [&b""[..], b"ULKS-4611", b"ULUS-12345", b"46116ULKS-"] {
        assert_eq!(command_pause(other), 0);
    }
}

/// The firmware's driver counts whole sectors; a plain file that ends inside one was cut off.
#[test]
fn a_plain_image_that_was_cut_off_is_not_served() {
    let image = disc_image(SECTORS);
    for missing in [1, 1000, 2047] {
        let file = image[..image.len() - missing].to_vec();
        let failure = open(&TestCard::new(file)).err();
        assert_eq!(failure, Some(Check::CutOff.found(2048 - missing as u32)));
    }
    assert!(open(&TestCard::new(image.clone())).is_ok());
    // A compressed one says how long it is.
    assert!(open(&TestCard::new(stored_cso(&image[..image.len() - 1000], 2048))).is_ok());
}

fn told(failure: OpenFailure) -> String {
    let mut memory = [0; 200];
    let mut line = Line::new(&mut memory);
    failure.tell(&mut line);
    String::from_utf8(line.end().to_vec()).unwrap()
}

#[test]
fn every_reason_for_stepping_aside_has_words_and_shows_its_value() {
    for failure in [
        Check::KeyConfig.found(0x100),
        Check::StartType.found(0x141),
        Check::NoImage.found(0x0880_0001),
        Check::NoDevice.found(0),
        Check::Table.found(7),
        Check::BlockSize.found(6144),
        Check::CutOff.found(100),
        Check::DiscSize.found(16),
        Check::NoMemory.found(12),
    ] {
        let line = told(failure);
        let (hex, decimal) = (format!("{:08X}", failure.value), failure.value.to_string());
        assert!(line.contains(&hex) || line.contains(&decimal), "{failure:?}: {line}");
        assert!(!line.contains(['#', '@']), "{failure:?}: {line}");
        assert!(failure.code().code() < 0);
    }
    for check in Check::ALL {
        let code = match check {
            Check::Card => 0x8001_0005,
            Check::NoMemory => 0x8001_000C,
            Check::Block | Check::NoVolume => 0x8021_0005,
            _ => 0x8001_0086_u32,
        };
        assert_eq!(check.failed().code().code(), code.cast_signed(), "{check:?}");
    }
    assert_eq!(told(Check::KeyConfig.found(0x100)), "no game is started, key configuration 00000100\n");
    assert_eq!(told(Check::SwitchedOff.failed()), "switched off in cisor.ini\n");
}

#[test]
fn images_that_are_not_served() {
    let image = disc_image(SECTORS);
    let failure = |file: Vec<u8>| open(&TestCard::new(file)).err();
    assert_eq!(failure(stored_cso(&image, 128 * 1024)), Some(Check::BlockSize.found(128 * 1024)));
    assert_eq!(failure(stored_cso(&image, 6144)), Some(Check::BlockSize.found(6144)));
    assert_eq!(failure(stored_cso(&image[..16 * SECTOR], 2048)), Some(Check::DiscSize.found(16)));
    let mut other = image.clone();
    other[16 * SECTOR + 1] = b'X';
    assert_eq!(failure(stored_cso(&other, 2048)), Some(Check::NoVolume.failed()));
    for broken in [0, SECTORS / 4 - 1] {
        let mut file = stored_cso(&image, 8192);
        let at = 24 + 4 * (broken + 1);
        file[at..at + 4].copy_from_slice(&(1u32 << 31).to_le_bytes());
        assert!(failure(file) == Some(Check::Block.failed()), "block {broken}");
    }
    let mut version = stored_cso(&image, 2048);
    version[0x14] = 3;
    assert!(failure(version) == Some(Check::Header.failed()));
}

#[test]
fn counters_tell_what_came_from_the_card() {
    let (_, mut device) = device();
    let before = device.counters();
    let params = Params { lba: 4, total: 2048, last: 2048, ..Params::default() };
    for lba in 4..8 {
        read(&mut device, Params { lba, ..params }).0.unwrap();
    }
    let after = device.counters();
    assert_eq!((after.requests - before.requests, after.bytes - before.bytes), (4, 4 * 2048));
    // Four sectors of one block: one read from the card, three without.
    assert_eq!((after.card_reads - before.card_reads, after.hits - before.hits), (1, 3));
    let of_the_block = u64::from(device.disc().layout().block_size());
    assert_eq!(after.card_bytes - before.card_bytes, of_the_block);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// Whatever a file system asks for, the offset is that of the file's byte.
    #[test]
    fn offsets_are_those_of_the_file_system(
        first in 0u32..1_000_000,
        position in 0u64..3_000_000,
        size in 1u32..200_000,
        aligned: bool,
    ) {
        let params = Params::of_file_system(first, position, size, aligned);
        let parsed = LbaParams::parse(&params.bytes()).unwrap();
        let expected = u64::from(first) * SECTOR as u64 + position;
        prop_assert_eq!(parsed.offset(), Some(expected), "{:?}", params);
        prop_assert_eq!(parsed.total(), size);
    }

    /// Sector numbers do not wrap: the last sectors of the largest disc are behind every other.
    #[test]
    fn offsets_are_computed_in_64_bits(lba: u32, start in 0u32..=2048, last: bool) {
        let params = Params { lba, start, last: last.into(), total: 1, ..Params::default() };
        let offset = LbaParams::parse(&params.bytes()).unwrap().offset().unwrap();
        prop_assert!(offset >= u64::from(lba) * 2048 && offset <= u64::from(lba) * 2048 + 2048);
    }

    #[test]
    fn reads_deliver_the_image(
        requests in prop::collection::vec((0usize..SECTORS * SECTOR, 1usize..50_000, any::<bool>()), 1..20)
    ) {
        let (image, mut device) = device();
        for (position, size, aligned) in requests {
            let size = size.min(image.len() - position);
            let params = Params::of_file_system(0, position as u64, size as u32, aligned);
            let (result, output) = read(&mut device, params);
            prop_assert_eq!(result, Ok(size as i32));
            prop_assert!(output == image[position..position + size]);
        }
    }
}
