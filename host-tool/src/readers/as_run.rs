//! Tests against what the readers' code did when it was run (docs/interoperability.md), and for what the
//! content of a file decides.

use sector_decode::Format;

use super::tests::{facts, mark};
use super::*;

fn verdicts(reader: Reader, format: Format, change: impl Fn(&mut Facts)) -> char {
    let mut facts = facts(format);
    change(&mut facts);
    mark(&verdict(reader, &facts))
}

/// The partial last block of a file with 8192-byte blocks.
#[test]
fn ark_family_crashes_on_partial_dax_frames_and_unfilled_lz4_blocks_only() {
    let ark = [Reader::ArkGame, Reader::ArkMenu, Reader::Adrenaline8];
    for (format, expected) in [
        (Format::Cso, "YYY"),
        (Format::Cso2, "YYY"),
        (Format::Zso, "Y-!"),
        (Format::Dax, "---"),
        (Format::Jso, "YYY"),
    ] {
        for reader in ark {
            let got: String = [Some(true), Some(false), None]
                .into_iter()
                .map(|filled| {
                    verdicts(reader, format, |facts| {
                        facts.block_size = 8192;
                        facts.image_size += 2048;
                        facts.last_block_filled = filled;
                    })
                })
                .collect();
            assert_eq!(got, expected, "{reader} {format}");
        }
    }
    // The driver comes after the firmware's reader.
    let dax = verdicts(Reader::Cisor, Format::Dax, |facts| facts.image_size += 2048);
    assert_eq!(dax, '!');
}

#[test]
fn pcsx2_takes_an_unfilled_last_block_of_a_zso_but_not_of_a_cso() {
    for (format, expected) in [(Format::Zso, 'Y'), (Format::Cso, '-')] {
        let got = verdicts(Reader::Pcsx2, format, |facts| {
            facts.block_size = 8192;
            facts.image_size += 2048;
            facts.last_block_filled = Some(false);
        });
        assert_eq!(got, expected, "{format}");
    }
}

#[test]
fn padding_overruns_readers_with_buffers_of_a_block() {
    for (reader, format, last_good) in [
        (Reader::Adrenaline7, Format::Cso, 11),
        (Reader::Pro, Format::Cso, 11),
        (Reader::Pro, Format::Zso, 11),
        (Reader::ArkMenu, Format::Zso, 13),
        (Reader::Maxcso, Format::Cso, 14),
    ] {
        let at = |shift| verdicts(reader, format, |facts| facts.index_shift = shift);
        assert_eq!([at(last_good), at(last_good + 1)], ['Y', '-'], "{reader} {format}");
    }
    // It is the firmware before the driver that fails.
    assert_eq!(
        [11, 12].map(|shift| verdicts(Reader::Cisor, Format::Cso, |facts| facts.index_shift = shift)),
        ['Y', '!']
    );
}

#[test]
fn packed_blocks_longer_than_a_block_overrun_or_are_refused() {
    for (reader, expected) in [
        (Reader::Adrenaline7, '-'),
        (Reader::Adrenaline8, '-'),
        (Reader::RomProperties, '-'),
        (Reader::ArkGame, 'Y'),
        (Reader::ArkMenu, 'Y'),
        (Reader::Ppsspp, 'Y'),
    ] {
        assert_eq!(
            verdicts(reader, Format::Cso, |facts| facts.overlong_blocks = Some(3)),
            expected,
            "{reader}"
        );
        assert_eq!(verdicts(reader, Format::Cso, |facts| facts.overlong_blocks = Some(0)), 'Y', "{reader}");
    }
    // Frames of DAX version 0 are zlib streams by definition.
    assert_eq!(verdicts(Reader::RomProperties, Format::Dax, |facts| facts.overlong_blocks = Some(3)), 'Y');
}

#[test]
fn rom_properties_wants_the_usual_zso_header_and_jso_of_8_kib() {
    let rom = |format, change: &dyn Fn(&mut Facts)| verdicts(Reader::RomProperties, format, change);
    assert_eq!(rom(Format::Zso, &|facts| facts.version = Some(0)), '-');
    assert_eq!(rom(Format::Zso, &|facts| facts.header_size = Some(0)), '-');
    assert_eq!(rom(Format::Cso, &|facts| facts.version = Some(0)), 'Y');
    assert_eq!([6144, 8192].map(|size| rom(Format::Jso, &|facts| facts.image_size = size)), ['-', 'Y']);
}

/// The content decides, too: a ZIP file cannot be played.
#[test]
fn readers_are_unknown_where_there_is_no_game_or_damage() {
    for content in [Content::Ps1, Content::RawCd, Content::UnknownDisc, Content::NoDisc, Content::Unreadable]
    {
        for reader in Reader::ALL {
            assert_eq!(
                verdicts(reader, Format::Iso, |facts| facts.content = content),
                '?',
                "{reader} {content:?}"
            );
        }
    }
    assert_eq!(verdicts(Reader::Ppsspp, Format::Cso, |facts| facts.damaged = true), '?');
    // A reader that does not accept the format at all still does not.
    assert_eq!(verdicts(Reader::Opl, Format::Cso, |facts| facts.damaged = true), '-');
}

#[test]
fn films_and_music_are_for_few_players() {
    for content in [Content::UmdVideo, Content::UmdMusic] {
        let of = |reader| verdicts(reader, Format::Iso, |facts| facts.content = content);
        assert_eq!([of(Reader::Ppsspp), of(Reader::Adrenaline7)], ['-', '-']);
        assert_eq!([of(Reader::Jpcsp), of(Reader::ArkMenu), of(Reader::Pro)], ['!', '!', '!']);
        assert_eq!(of(Reader::Maxcso), 'Y');
    }
}

#[test]
fn old_hdl_dump_refuses_discs_that_start_from_cdrom1() {
    let of = |reader, format| verdicts(reader, format, |facts| facts.content = Content::GameOnCdrom1);
    let [iso, zso] = [Format::Iso, Format::Zso].map(|format| of(Reader::HdlDump, format));
    // Only versions that take such discs read ZSO at all.
    assert_eq!([iso, zso], ['!', 'Y']);
    assert_eq!([of(Reader::Opl, Format::Iso), of(Reader::Pcsx2, Format::Zso)], ['Y', 'Y']);
}
