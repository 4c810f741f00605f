use sector_decode::Format;

use super::*;

const READERS: usize = Reader::ALL.len();
const FORMATS: [Format; 6] = Format::ALL;

/// The most compatible file of a format: 2048-byte blocks where there is a choice, no shift, whole blocks,
/// checked streams.
pub(super) fn facts(format: Format) -> Facts {
    let (version, header_size, block_size) = match format {
        Format::Iso => (None, None, 2048),
        Format::Cso | Format::Zso => (Some(1), Some(24), 2048),
        Format::Cso2 => (Some(2), Some(24), 2048),
        Format::Dax => (Some(0), None, 8192),
        Format::Jso => (Some(1), None, 2048),
    };
    Facts {
        format,
        version,
        header_size,
        block_size,
        index_shift: 0,
        image_size: 64 << 20,
        file_len: 32 << 20,
        block_headers: false,
        uncompressed_areas: 0,
        unsafe_streams: Some(0),
        last_block_filled: None,
        overlong_blocks: None,
        damaged: false,
        content: Content::Game,
    }
}

/// Y, !, or -: as in the compatibility matrix.
pub(super) fn mark(verdict: &Verdict) -> char {
    match verdict {
        Verdict::Reads => 'Y',
        Verdict::Caution(_) => '!',
        Verdict::Unknown(_) => '?',
        Verdict::Refuses(_) => '-',
    }
}

fn marks(reader: Reader, change: impl Fn(&mut Facts)) -> String {
    FORMATS
        .into_iter()
        .map(|format| {
            let mut facts = facts(format);
            change(&mut facts);
            mark(&verdict(reader, &facts))
        })
        .collect()
}

/// The matrix for ordinary files. ISO, CSO, CSO v2, ZSO, DAX, JSO.
#[test]
fn formats_by_reader() {
    let expected: [(Reader, &str); READERS] = [
        (Reader::Ppsspp, "YY----"),
        (Reader::Jpcsp, "YY----"),
        (Reader::ArkGame, "YYYYYY"),
        (Reader::ArkMenu, "YYYYYY"),
        (Reader::Adrenaline8, "YYYYYY"),
        (Reader::Adrenaline7, "YY----"),
        (Reader::Pro, "YY-Y--"),
        (Reader::Me, "Y!--!-"),
        (Reader::M33, "Y!--!-"),
        (Reader::Cisor, "YYYYYY"),
        (Reader::Pcsx2, "YY-Y--"),
        (Reader::NetherSx2, "YY----"),
        (Reader::Armsx2, "Y!-!--"),
        (Reader::Play, "YY----"),
        (Reader::Opl, "Y--Y--"),
        (Reader::Neutrino, "Y-----"),
        (Reader::NeutrinoServer, "YY-Y--"),
        (Reader::HdlDump, "Y--Y--"),
        (Reader::RomProperties, "YYYYYY"),
        (Reader::Maxcso, "YYYYY-"),
        (Reader::Patches, "Y-----"),
    ];
    for (reader, row) in expected {
        assert_eq!(marks(reader, |_| ()), row, "{reader}");
    }
}

/// The matrix's column of block sizes: for CSO if it is read, otherwise for ZSO.
#[test]
fn block_sizes_by_reader() {
    // 2048, 4096, 8192, 16 KiB, 32 KiB, 64 KiB, 256 KiB, 1 MiB, and 6144, which is not a power of two.
    const SIZES: [u32; 9] = [2048, 4096, 8192, 16384, 32768, 65536, 262_144, 1 << 20, 6144];
    let expected: [(Reader, &str); READERS] = [
        (Reader::Ppsspp, "YYYYYYYY-"),
        (Reader::Jpcsp, "Y--------"),
        (Reader::ArkGame, "YYYYYYYY-"),
        (Reader::ArkMenu, "YYY------"),
        (Reader::Adrenaline8, "YYYYYYYY-"),
        (Reader::Adrenaline7, "Y--------"),
        (Reader::Pro, "Y--------"),
        (Reader::Me, "!--------"),
        (Reader::M33, "!--------"),
        (Reader::Cisor, "YYY!!!---"),
        (Reader::Pcsx2, "YYYYYYYY-"),
        (Reader::NetherSx2, "YYYYYYYY-"),
        (Reader::Armsx2, "!!!!!!!!-"),
        (Reader::Play, "YYYYYYYY-"),
        (Reader::Opl, "Y--------"),
        (Reader::Neutrino, "---------"),
        (Reader::NeutrinoServer, "YYYYYYYYY"),
        (Reader::HdlDump, "Y--------"),
        (Reader::RomProperties, "YYYYYYYY-"),
        (Reader::Maxcso, "YYYY!!!--"),
        (Reader::Patches, "---------"),
    ];
    for (reader, row) in expected {
        let format = if matches!(reader, Reader::Opl | Reader::HdlDump) { Format::Zso } else { Format::Cso };
        let got: String = SIZES
            .into_iter()
            .map(|block_size| {
                // A multiple of every size.
                let image_size = 3 << 20;
                mark(&verdict(reader, &Facts { block_size, image_size, ..facts(format) }))
            })
            .collect();
        assert_eq!(got, row, "{reader}");
    }
}

/// The matrix's column of big files: 2 GiB with shift 1, 4 GiB with shift 2, 16 GiB and more.
#[test]
fn big_files_by_reader() {
    const SIZES: [(u64, u8); 3] = [((2 << 30) - 2048, 0), (3 << 30, 1), (5 << 30, 2)];
    let expected: [(Reader, &str); READERS] = [
        (Reader::Ppsspp, "YYY"),
        (Reader::Jpcsp, "YYY"),
        (Reader::ArkGame, "YY-"),
        (Reader::ArkMenu, "YY-"),
        (Reader::Adrenaline8, "YY-"),
        (Reader::Adrenaline7, "Y!-"),
        (Reader::Pro, "YY-"),
        (Reader::Me, "!!!"),
        (Reader::M33, "!!!"),
        (Reader::Cisor, "YY!"),
        (Reader::Pcsx2, "YYY"),
        (Reader::NetherSx2, "YY!"),
        (Reader::Armsx2, "!!!"),
        (Reader::Play, "YYY"),
        (Reader::Opl, "YYY"),
        (Reader::Neutrino, "---"),
        (Reader::NeutrinoServer, "YYY"),
        (Reader::HdlDump, "YY!"),
        (Reader::RomProperties, "YYY"),
        (Reader::Maxcso, "YYY"),
        (Reader::Patches, "---"),
    ];
    for (reader, row) in expected {
        let format = if matches!(reader, Reader::Opl | Reader::HdlDump) { Format::Zso } else { Format::Cso };
        let got: String = SIZES
            .into_iter()
            .map(|(size, index_shift)| {
                let facts = Facts { image_size: size, file_len: size, index_shift, ..facts(format) };
                mark(&verdict(reader, &facts))
            })
            .collect();
        assert_eq!(got, row, "{reader}");
    }
    let huge = Facts { image_size: (16 << 30) + 2048, index_shift: 3, ..facts(Format::Cso) };
    assert_eq!(mark(&verdict(Reader::RomProperties, &huge)), '-');
}

/// An image that ends inside a block of 8192 bytes, with the last block padded, not padded, and unknown.
#[test]
fn partial_last_block_by_reader() {
    let expected: [(Reader, &str); READERS] = [
        (Reader::Ppsspp, "Y-!"),
        (Reader::Jpcsp, "---"),
        (Reader::ArkGame, "YYY"),
        (Reader::ArkMenu, "YYY"),
        (Reader::Adrenaline8, "YYY"),
        (Reader::Adrenaline7, "---"),
        (Reader::Pro, "---"),
        (Reader::Me, "---"),
        (Reader::M33, "---"),
        (Reader::Cisor, "YYY"),
        (Reader::Pcsx2, "Y-!"),
        (Reader::NetherSx2, "Y-!"),
        (Reader::Armsx2, "!-!"),
        (Reader::Play, "Y-!"),
        (Reader::Opl, "---"),
        (Reader::Neutrino, "---"),
        (Reader::NeutrinoServer, "YYY"),
        (Reader::HdlDump, "---"),
        (Reader::RomProperties, "---"),
        (Reader::Maxcso, "YYY"),
        (Reader::Patches, "---"),
    ];
    for (reader, row) in expected {
        let got: String = [Some(true), Some(false), None]
            .into_iter()
            .map(|last_block_filled| {
                let image_size = (64 << 20) + 2048;
                let facts = Facts { block_size: 8192, image_size, last_block_filled, ..facts(Format::Cso) };
                mark(&verdict(reader, &facts))
            })
            .collect();
        assert_eq!(got, row, "{reader}");
    }
}

#[test]
fn plain_image_is_read_by_all() {
    for reader in Reader::ALL {
        assert_eq!(verdict(reader, &facts(Format::Iso)), Verdict::Reads, "{reader}");
        // A plain image does not have blocks that could be partial.
        let odd = Facts { image_size: 2048 * 7 + 1, file_len: 2048 * 7 + 1, ..facts(Format::Iso) };
        assert!(reader == Reader::Opl || verdict(reader, &odd) == Verdict::Reads, "{reader}");
    }
}

#[test]
fn deflate_streams_matter_to_readers_that_use_the_firmware() {
    let firmware = [
        Reader::ArkGame,
        Reader::ArkMenu,
        Reader::Adrenaline8,
        Reader::Adrenaline7,
        Reader::Pro,
        Reader::Cisor,
    ];
    for reader in Reader::ALL {
        for (streams, expected) in [(Some(0), 'Y'), (Some(3), '!'), (None, '!')] {
            let got = mark(&verdict(reader, &Facts { unsafe_streams: streams, ..facts(Format::Cso) }));
            if firmware.contains(&reader) {
                assert_eq!(got, expected, "{reader} {streams:?}");
            } else {
                assert_eq!(got, mark(&verdict(reader, &facts(Format::Cso))), "{reader} {streams:?}");
            }
        }
        // No deflate, no doubt.
        let unchecked = Facts { unsafe_streams: None, ..facts(Format::Zso) };
        assert_eq!(verdict(reader, &unchecked), verdict(reader, &facts(Format::Zso)), "{reader}");
    }
    let Verdict::Caution(why) =
        verdict(Reader::Pro, &Facts { unsafe_streams: Some(17), ..facts(Format::Cso) })
    else {
        panic!("no caution")
    };
    assert!(why.contains("17") && why.contains("reported") && why.contains("inferred"), "{why}");
}

#[test]
fn ark_family_misreads_plain_dax_frames_and_jso_block_headers() {
    for reader in Reader::ALL {
        let ark = matches!(reader, Reader::ArkGame | Reader::ArkMenu | Reader::Adrenaline8 | Reader::Cisor);
        let areas = Facts { version: Some(1), uncompressed_areas: 2, ..facts(Format::Dax) };
        let headers = Facts { block_headers: true, ..facts(Format::Jso) };
        for (changed, plain) in [(areas, facts(Format::Dax)), (headers, facts(Format::Jso))] {
            let expected = if ark { '!' } else { mark(&verdict(reader, &plain)) };
            assert_eq!(mark(&verdict(reader, &changed)), expected, "{reader} {}", changed.format);
        }
    }
}

#[test]
fn index_shifts() {
    let mark_at = |reader, format, index_shift| {
        mark(&verdict(reader, &Facts { index_shift, file_len: 32 << 20, ..facts(format) }))
    };
    assert_eq!([11, 12].map(|shift| mark_at(Reader::Opl, Format::Zso, shift)), ['Y', '-']);
    assert_eq!([20, 21].map(|shift| mark_at(Reader::Ppsspp, Format::Cso, shift)), ['Y', '-']);
    assert_eq!([20, 21].map(|shift| mark_at(Reader::Cisor, Format::Zso, shift)), ['!', '-']);
    assert_eq!([0, 1].map(|shift| mark_at(Reader::RomProperties, Format::Zso, shift)), ['Y', '-']);
    assert_eq!([0, 1].map(|shift| mark_at(Reader::RomProperties, Format::Cso2, shift)), ['Y', '-']);
    assert_eq!([11, 12].map(|shift| mark_at(Reader::RomProperties, Format::Cso, shift)), ['Y', '!']);
    // Stored blocks of CSO v2 are recognised by their length, and in the menu by the exact length.
    assert_eq!([11, 12].map(|shift| mark_at(Reader::ArkMenu, Format::Cso2, shift)), ['Y', '!']);
    assert_eq!([11, 12].map(|shift| mark_at(Reader::ArkGame, Format::Cso2, shift)), ['Y', 'Y']);
}

#[test]
fn header_sizes() {
    for (reader, format, expected) in [
        (Reader::RomProperties, Format::Cso, "YY-"),
        (Reader::NeutrinoServer, Format::Cso, "YYY"),
        (Reader::NeutrinoServer, Format::Zso, "-Y-"),
        (Reader::Cisor, Format::Cso, "YYY"),
        (Reader::Cisor, Format::Cso2, "-Y-"),
        (Reader::Ppsspp, Format::Cso, "YYY"),
    ] {
        let got: String = [0, 24, 32]
            .into_iter()
            .map(|size| mark(&verdict(reader, &Facts { header_size: Some(size), ..facts(format) })))
            .collect();
        assert_eq!(got, expected, "{reader} {format}");
    }
}

#[test]
fn ps2_loaders_want_whole_sectors() {
    let odd_file = Facts { file_len: (32 << 20) + 100, ..facts(Format::Zso) };
    assert_eq!(mark(&verdict(Reader::Opl, &odd_file)), '!');
    assert_eq!(mark(&verdict(Reader::HdlDump, &odd_file)), '-');
    let odd_image = Facts { image_size: (64 << 20) + 100, ..facts(Format::Zso) };
    assert_eq!(mark(&verdict(Reader::Opl, &odd_image)), '!');
}

#[test]
fn jso_blocks_of_16_kib_are_too_large_for_the_menu() {
    let facts = Facts { block_size: 16384, ..facts(Format::Jso) };
    assert_eq!(mark(&verdict(Reader::ArkMenu, &facts)), '-');
    assert_eq!(mark(&verdict(Reader::ArkGame, &facts)), 'Y');
}

/// Verdicts that rest on reports or inference say so.
#[test]
fn doubts_are_in_the_text() {
    let cases = [
        (Reader::Me, Format::Cso, "reported"),
        (Reader::Me, Format::Dax, "reported"),
        (Reader::Me, Format::Zso, "not verified"),
        (Reader::M33, Format::Cso, "not verified"),
        (Reader::M33, Format::Dax, "not verified"),
        (Reader::NetherSx2, Format::Zso, "inferred"),
        (Reader::Armsx2, Format::Cso, "reported"),
        (Reader::Armsx2, Format::Zso, "not verified"),
    ];
    for (reader, format, word) in cases {
        match verdict(reader, &facts(format)) {
            Verdict::Reads => panic!("{reader} {format}: no doubt"),
            Verdict::Caution(why) | Verdict::Unknown(why) | Verdict::Refuses(why) => {
                assert!(why.contains(word), "{why}")
            }
        }
    }
}

/// A refusal because of a number mentions the number.
#[test]
fn numbers_are_in_the_text() {
    let cases = [
        (Reader::Opl, Facts { block_size: 8192, ..facts(Format::Zso) }, &["8192", "2048"][..]),
        (Reader::Opl, Facts { index_shift: 12, ..facts(Format::Zso) }, &["12", "11"]),
        (Reader::ArkMenu, Facts { block_size: 16384, ..facts(Format::Cso) }, &["16384", "8192"]),
        (Reader::Pro, Facts { file_len: 5 << 30, ..facts(Format::Cso) }, &["5368709120", "4 GiB"]),
        (Reader::Ppsspp, Facts { index_shift: 21, ..facts(Format::Cso) }, &["21", "20"]),
        (Reader::Cisor, Facts { block_size: 131_072, ..facts(Format::Cso) }, &["131072", "64 KiB"]),
    ];
    for (reader, facts, words) in cases {
        let Verdict::Refuses(why) = verdict(reader, &facts) else { panic!("{reader} reads {facts:?}") };
        for word in words {
            assert!(why.contains(word), "{reader}: {why}");
        }
    }
}

#[test]
fn several_reservations_are_all_given() {
    let facts = Facts { block_size: 16384, unsafe_streams: None, ..facts(Format::Cso) };
    let Verdict::Caution(why) = verdict(Reader::Cisor, &facts) else { panic!("no caution") };
    assert!(why.contains("8192") && why.contains("--blocks"), "{why}");
}

#[test]
fn names_and_keys_are_unique() {
    for (number, reader) in Reader::ALL.into_iter().enumerate() {
        for other in &Reader::ALL[..number] {
            assert_ne!(reader.name(), other.name());
            assert_ne!(reader.key(), other.key());
        }
        assert!(reader.key().bytes().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == b'-'));
    }
}

#[test]
fn readers_of_a_console() {
    let of = |console| Reader::of_console(console).collect::<Vec<_>>();
    assert!(of(Some(Console::Psp)).contains(&Reader::Pro) && !of(Some(Console::Psp)).contains(&Reader::Opl));
    assert!(of(Some(Console::Ps2)).contains(&Reader::Opl) && !of(Some(Console::Ps2)).contains(&Reader::Pro));
    assert!(of(Some(Console::Ps2)).contains(&Reader::Maxcso));
    assert_eq!(of(None), Reader::ALL);
}

/// The table in docs/formats/README.md agrees with this module.
#[test]
fn documentation_has_the_same_matrix() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/formats/README.md");
    let page = std::fs::read_to_string(path).unwrap();
    for reader in Reader::ALL {
        let row = page
            .lines()
            .find_map(|line| line.strip_prefix(&format!("| {reader} | ")))
            .unwrap_or_else(|| panic!("{reader} has no row"));
        let documented: Vec<&str> = row.split(" | ").take(5).collect();
        let expected: Vec<&str> = FORMATS[1..]
            .iter()
            .map(|&format| match verdict(reader, &facts(format)) {
                Verdict::Reads => "yes",
                Verdict::Caution(_) | Verdict::Unknown(_) => "partly",
                Verdict::Refuses(_) => "no",
            })
            .collect();
        assert_eq!(documented, expected, "{reader}");
    }
}
