//! The table: one row per reader, the formats it takes and the rules that it adds.

use sector_decode::Format;

use super::Reader;
use super::Verdict::Reads;
use super::rules::*;
use disc_info::Console;

/// What a reader does with a format.
#[derive(Clone, Copy)]
pub(super) enum Cell {
    /// Reads it.
    Yes,
    /// Reads it, with this caveat.
    But(&'static str),
    /// Does not read it, for this reason.
    No(&'static str),
}

pub(super) struct Row {
    pub(super) name: &'static str,
    pub(super) key: &'static str,
    pub(super) console: Option<Console>,
    /// CSO v0 and v1, CSO v2, ZSO, DAX, JSO. All readers accept a plain image.
    cells: [Cell; 5],
    pub(super) rules: &'static [Rule],
}

impl Row {
    pub(super) const fn cell(&self, format: Format) -> Cell {
        match format {
            Format::Iso => Cell::Yes,
            Format::Cso => self.cells[0],
            Format::Cso2 => self.cells[1],
            Format::Zso => self.cells[2],
            Format::Dax => self.cells[3],
            Format::Jso => self.cells[4],
        }
    }
}

use Cell::{But, No, Yes};

const NO_CSO: Cell = No("it does not read CSO");
const NO_CSO2: Cell = No("it reads CSO only up to version 1");
const NO_ZSO: Cell = No("it does not read ZSO");
const NO_DAX: Cell = No("it does not read DAX");
const NO_JSO: Cell = No("it does not read JSO");

const PSP: Option<Console> = Some(Console::Psp);
const PS2: Option<Console> = Some(Console::Ps2);

/// What ARK-4's driver and those made from it have in common.
macro_rules! ark_family {
    ($($more:expr),* $(,)?) => {
        &[
            powers_of_two,
            below_4_gib,
            ark_last_block,
            plain_frames_two_bytes_late,
            block_headers_hide_plain_blocks,
            firmware_inflate,
            $($more),*
        ]
    };
}

pub(super) const fn row(reader: Reader) -> &'static Row {
    match reader {
        Reader::Ppsspp => &Row {
            name: "PPSSPP",
            key: "ppsspp",
            console: PSP,
            cells: [
                Yes,
                No("it refuses version 2, or in older versions takes it for version 1 and misreads it"),
                No("it takes ZSO for a plain image and fails"),
                NO_DAX,
                NO_JSO,
            ],
            rules: &[
                powers_of_two,
                |facts| shift_up_to(facts, 20, "more than 20 is refused"),
                last_block_must_be_full,
            ],
        },
        Reader::Jpcsp => &Row {
            name: "JPCSP",
            key: "jpcsp",
            console: PSP,
            cells: [
                Yes,
                No("it takes CSO v2 for version 1: LZ4 blocks stay packed, and stored ones fail"),
                NO_ZSO,
                NO_DAX,
                NO_JSO,
            ],
            rules: &[|facts| only_2048(facts, "only 2048 works in practice")],
        },
        Reader::ArkGame => &Row {
            name: "ARK-4, running a game",
            key: "ark-game",
            console: PSP,
            cells: [Yes; 5],
            rules: ark_family![],
        },
        Reader::ArkMenu => &Row {
            name: "ARK-4, in the menu",
            key: "ark-menu",
            console: PSP,
            cells: [Yes; 5],
            rules: ark_family![
                |facts| {
                    let why =
                        "its buffers hold 8192 without a check: larger ones overwrite the menu's memory";
                    blocks_up_to(facts, 8192, why)
                },
                |facts| align_below(facts, 16384, "its buffers are overrun"),
                |facts| if facts.format == Format::Cso2 {
                    plain_blocks_of_exact_length(facts)
                } else {
                    Reads
                },
            ],
        },
        Reader::Adrenaline8 => &Row {
            name: "Adrenaline 8+, ARK-5",
            key: "adrenaline8",
            console: PSP,
            cells: [Yes; 5],
            rules: ark_family![|facts| no_overlong_blocks(facts, "its buffer is overrun")],
        },
        Reader::Adrenaline7 => &Row {
            name: "Adrenaline up to 7",
            key: "adrenaline7",
            console: PSP,
            cells: [Yes, NO_CSO2, NO_ZSO, NO_DAX, NO_JSO],
            rules: &[
                |facts| only_2048(facts, "its game reader overruns its buffer with any but 2048"),
                |facts| align_below(facts, 4096, "its game reader overruns its buffer"),
                |facts| no_overlong_blocks(facts, "its game reader's buffer is overrun"),
                below_4_gib,
                adrenaline7_menu_positions,
                firmware_inflate,
            ],
        },
        Reader::Pro => &Row {
            name: "PRO",
            key: "pro",
            console: PSP,
            cells: [Yes, NO_CSO2, Yes, NO_DAX, NO_JSO],
            rules: &[
                |facts| only_2048(facts, "it reads only 2048"),
                |facts| align_below(facts, 4096, "its game reader overruns its buffer"),
                below_4_gib,
                firmware_inflate,
            ],
        },
        Reader::Me => &Row {
            name: "ME and LME",
            key: "me",
            console: PSP,
            cells: [
                But("reported to read it; closed source, not verified"),
                No("reported to read CSO only up to version 1; closed source, not verified"),
                No("reported not to read ZSO; closed source, not verified"),
                But("reported to read it; closed source, not verified"),
                No("reported not to read JSO; closed source, not verified"),
            ],
            rules: &[
                |facts| only_2048(facts, "only 2048 is reported to work"),
                unknown_over_2_gib,
                firmware_inflate,
            ],
        },
        Reader::M33 => &Row {
            name: "M33 and SE",
            key: "m33",
            console: PSP,
            cells: [
                But("reported to read it; not verified"),
                No("reported to read CSO only up to version 1; not verified"),
                No("reported not to read ZSO; not verified"),
                But("only old SE and OE firmwares are reported to read DAX; not verified"),
                No("reported not to read JSO; not verified"),
            ],
            rules: &[
                |facts| only_2048(facts, "only 2048 is reported to work"),
                unknown_over_2_gib,
                firmware_inflate,
            ],
        },
        Reader::Cisor => &Row {
            name: "Cisor's PSP driver",
            key: "cisor",
            console: PSP,
            cells: [Yes; 5],
            rules: &[
                powers_of_two,
                |facts| blocks_up_to(facts, 64 << 10, "64 KiB is the most that fits its memory"),
                |facts| shift_up_to(facts, 20, "more than 20 is refused"),
                cso2_header_of_24,
                // Until the driver takes over, the custom firmware's own readers read the disc.
                menu_blocks,
                menu_positions,
                menu_align,
                ark_last_block_before_driver,
                plain_frames_two_bytes_late,
                block_headers_hide_plain_blocks,
                firmware_inflate,
            ],
        },
        Reader::Pcsx2 => &Row {
            name: "PCSX2 since Dec. 2023",
            key: "pcsx2",
            console: PS2,
            cells: [Yes, NO_CSO2, Yes, NO_DAX, NO_JSO],
            rules: &[powers_of_two, pcsx2_last_block],
        },
        Reader::NetherSx2 => &Row {
            name: "AetherSX2, NetherSX2",
            key: "nethersx2",
            console: PS2,
            cells: [
                Yes,
                NO_CSO2,
                No("its PCSX2 code dates from before ZSO was added (inferred from its dates, not verified)"),
                NO_DAX,
                NO_JSO,
            ],
            rules: &[
                powers_of_two,
                |facts| doubtful_over_4_gib(facts, "files of 4 GiB and more are not verified"),
                last_block_must_be_full,
            ],
        },
        Reader::Armsx2 => &Row {
            name: "ARMSX2 since 1.0.3",
            key: "armsx2",
            console: PS2,
            cells: [
                But("reported to read it; not verified"),
                No("its PCSX2 code reads CSO only up to version 1 (inferred, not verified)"),
                But("its PCSX2 code should read ZSO; not verified"),
                No("its PCSX2 code does not read DAX (inferred, not verified)"),
                No("its PCSX2 code does not read JSO (inferred, not verified)"),
            ],
            rules: &[powers_of_two, pcsx2_last_block],
        },
        Reader::Play => &Row {
            name: "Play!",
            key: "play",
            console: PS2,
            cells: [Yes, NO_CSO2, NO_ZSO, NO_DAX, NO_JSO],
            rules: &[powers_of_two, last_block_must_be_full],
        },
        Reader::Opl => &Row {
            name: "Open PS2 Loader 1.2+",
            key: "opl",
            console: PS2,
            cells: [NO_CSO, NO_CSO, Yes, NO_DAX, NO_JSO],
            rules: &[
                |facts| {
                    only_2048(facts, "it takes every block for one of 2048, without a check, and crashes")
                },
                |facts| shift_up_to(facts, 11, "more than 11 makes it divide by zero"),
                opl_whole_sectors,
                opl_file_length,
            ],
        },
        Reader::Neutrino => &Row {
            name: "Neutrino on the console",
            key: "neutrino",
            console: PS2,
            cells: [No(
                "it reads no compressed images on the console; its server on the PC can decompress them",
            ); 5],
            rules: &[],
        },
        Reader::NeutrinoServer => &Row {
            name: "Neutrino's server on the PC",
            key: "neutrino-server",
            console: PS2,
            cells: [
                Yes,
                No("it takes CSO v2 for version 1: LZ4 blocks stay packed, and stored ones fail"),
                Yes,
                NO_DAX,
                NO_JSO,
            ],
            rules: &[index_at_header_size],
        },
        Reader::HdlDump => &Row {
            name: "hdl-dump",
            key: "hdl-dump",
            console: PS2,
            cells: [NO_CSO, NO_CSO, Yes, NO_DAX, NO_JSO],
            rules: &[
                |facts| {
                    let why =
                        "it copies them as they are, for Open PS2 Loader, which crashes with any but 2048";
                    only_2048(facts, why)
                },
                hdl_dump_file_length,
                hdl_dump_dual_layer,
            ],
        },
        Reader::RomProperties => &Row {
            name: "rom-properties",
            key: "rom-properties",
            console: None,
            cells: [Yes; 5],
            rules: &[
                powers_of_two,
                |facts| blocks_up_to(facts, 16 << 20, "16 MiB is the most that it takes"),
                header_size_0_or_24,
                whole_blocks,
                rom_properties_image_size,
                rom_properties_zso_header,
                rom_properties_jso_size,
                rom_properties_lz4_padding,
                |facts| no_overlong_blocks(facts, "it refuses such blocks"),
                |facts| {
                    let told_by_length = matches!(facts.format, Format::Cso | Format::Cso2);
                    if told_by_length { plain_blocks_of_exact_length(facts) } else { Reads }
                },
            ],
        },
        Reader::Maxcso => &Row {
            name: "maxcso",
            key: "maxcso",
            console: None,
            cells: [Yes, Yes, Yes, Yes, NO_JSO],
            rules: &[
                powers_of_two,
                |facts| blocks_up_to(facts, 256 << 10, "256 KiB is the most that it takes"),
                |facts| align_below(facts, 32768, "it crashes or refuses the file"),
                maxcso_old_releases,
            ],
        },
        Reader::Patches => &Row {
            name: "xdelta and PPF patches",
            key: "patches",
            console: None,
            cells: [No("patches address the plain image: extract it, patch it, compress it again"); 5],
            rules: &[],
        },
    }
}
