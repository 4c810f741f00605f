//! The rules that readers' rows consist of: what each requires of a file, with the decisive numbers.

use sector_decode::Format;

use super::Verdict::{Caution, Reads, Refuses};
use super::{Facts, Verdict, has_block_size};

/// One condition. [`Reads`] means that it is met.
pub(super) type Rule = fn(&Facts) -> Verdict;

const FOUR_GIB: u64 = 1 << 32;
const TWO_GIB: u64 = 1 << 31;

/// The reader only supports blocks of one sector.
pub(super) fn only_2048(facts: &Facts, why: &str) -> Verdict {
    if has_block_size(facts.format) && facts.block_size != 2048 {
        return Refuses(format!("its blocks have {} bytes, and {why}", facts.block_size));
    }
    Reads
}

pub(super) fn blocks_up_to(facts: &Facts, max: u32, why: &str) -> Verdict {
    if has_block_size(facts.format) && facts.block_size > max {
        return Refuses(format!("its blocks have {} bytes, and {why}", facts.block_size));
    }
    Reads
}

pub(super) fn powers_of_two(facts: &Facts) -> Verdict {
    if has_block_size(facts.format) && !facts.block_size.is_power_of_two() {
        return Refuses(format!(
            "its blocks have {} bytes, and only powers of two from 2048 on are read",
            facts.block_size
        ));
    }
    Reads
}

pub(super) fn shift_up_to(facts: &Facts, max: u8, why: &str) -> Verdict {
    if facts.index_shift > max {
        return Refuses(format!("its index shift is {}, and {why}", facts.index_shift));
    }
    Reads
}

/// File positions and image sizes are kept in 32 bits. That applies to a plain image, too.
pub(super) fn below_4_gib(facts: &Facts) -> Verdict {
    let size = facts.file_len.max(facts.image_size);
    if size >= FOUR_GIB {
        return Refuses(format!(
            "positions are kept in 32 bits, less than 4 GiB, and here go to {size} bytes"
        ));
    }
    Reads
}

/// The behaviour above 4 GiB is uncertain; `why` says what is known.
pub(super) fn doubtful_over_4_gib(facts: &Facts, why: &str) -> Verdict {
    if facts.format != Format::Iso && facts.file_len >= FOUR_GIB {
        return Caution(format!("the file has up to {} bytes, and {why}", facts.file_len));
    }
    Reads
}

/// Nothing is known about files that need more than the 31 bits of an unshifted index.
pub(super) fn unknown_over_2_gib(facts: &Facts) -> Verdict {
    if facts.format != Format::Iso && facts.file_len >= TWO_GIB {
        return Caution(format!(
            "the file has up to {} bytes, and files of 2 GiB and more are not verified",
            facts.file_len
        ));
    }
    Reads
}

/// ARK's family of readers and a partial last block: it reads that of CSO and JSO correctly. With LZ4 it
/// decodes until the whole block is full, and for DAX it looks up the length of the last frame where none
/// is stored.
pub(super) fn ark_last_block(facts: &Facts) -> Verdict {
    match (facts.format, facts.partial_block(), facts.last_block_filled) {
        (Format::Zso, Some(rest), Some(false)) => Refuses(format!(
            "the last block decodes to {rest} bytes, and LZ4 goes on to {} without a check: it crashes",
            facts.block_size
        )),
        (Format::Zso, Some(rest), None) => Caution(format!(
            "the image ends {rest} bytes into the last block, and it crashes unless that was filled up to {} bytes \
             before it was packed",
            facts.block_size
        )),
        (Format::Dax, Some(rest), _) => Refuses(format!(
            "the last frame has only {rest} bytes of the image: a read of 8 sectors or more that includes it copies \
             about 4 GiB, and it crashes"
        )),
        _ => Reads,
    }
}

/// As [`ark_last_block`], for this project's driver: the custom firmware's reader comes before it.
pub(super) fn ark_last_block_before_driver(facts: &Facts) -> Verdict {
    match ark_last_block(facts) {
        Refuses(why) | Caution(why) => {
            Caution(format!("until the driver takes over, the custom firmware reads the disc: {why}"))
        }
        verdict => verdict,
    }
}

/// Packed blocks are read into a buffer of only one block's size.
pub(super) fn no_overlong_blocks(facts: &Facts, what_happens: &str) -> Verdict {
    match facts.overlong_blocks {
        Some(count @ 1..) if facts.format == Format::Cso => Refuses(format!(
            "{count} packed blocks are longer than the {} bytes that they decode to: {what_happens}",
            facts.block_size
        )),
        _ => Reads,
    }
}

/// Blocks are read with their padding, into a buffer that is too small for that much of it.
pub(super) fn align_below(facts: &Facts, limit: u64, what_happens: &str) -> Verdict {
    let align = 1u64 << facts.index_shift.min(63);
    if facts.format != Format::Iso && align >= limit {
        return Refuses(format!(
            "blocks begin at multiples of {align} bytes, and from {limit} on {what_happens}"
        ));
    }
    Reads
}

/// As [`align_below`], for this project's driver.
pub(super) fn menu_align(facts: &Facts) -> Verdict {
    match align_below(
        facts,
        4096,
        "PRO and Adrenaline 7 overrun their buffers, from 16384 on ARK-4's menu too",
    ) {
        Refuses(why) => {
            Caution(format!("until the driver takes over, the custom firmware reads the disc: {why}"))
        }
        verdict => verdict,
    }
}

/// Adrenaline 7's menu keeps positions in signed 32-bit numbers.
pub(super) fn adrenaline7_menu_positions(facts: &Facts) -> Verdict {
    if facts.format != Format::Iso && facts.file_len >= TWO_GIB {
        return Caution(format!(
            "the file has up to {} bytes, and its menu reads only the first 2 GiB; its game reader reads them all",
            facts.file_len
        ));
    }
    Reads
}

/// PCSX2 accepts a partial last block of a ZSO; that of a CSO must decode to a whole block.
pub(super) fn pcsx2_last_block(facts: &Facts) -> Verdict {
    if facts.format == Format::Zso { Reads } else { last_block_must_be_full(facts) }
}

/// A last block that decodes to less than a whole one is refused.
pub(super) fn last_block_must_be_full(facts: &Facts) -> Verdict {
    match (facts.partial_block(), facts.last_block_filled) {
        (None, _) | (_, Some(true)) => Reads,
        (Some(rest), Some(false)) => Refuses(format!(
            "the last block decodes to {rest} bytes, and only whole blocks of {} are taken",
            facts.block_size
        )),
        (Some(rest), None) => Caution(format!(
            "the image ends {rest} bytes into the last block, which is taken only if it was filled up to \
             {} bytes before it was packed",
            facts.block_size
        )),
    }
}

/// Any image that is not made of whole blocks is refused.
pub(super) fn whole_blocks(facts: &Facts) -> Verdict {
    match facts.partial_block() {
        Some(rest) => Refuses(format!(
            "the image has {} bytes, {rest} more than whole blocks of {}, and only whole blocks are taken",
            facts.image_size, facts.block_size
        )),
        None => Reads,
    }
}

/// Deflate is decoded by the PSP's firmware.
pub(super) fn firmware_inflate(facts: &Facts) -> Verdict {
    if !matches!(facts.format, Format::Cso | Format::Cso2 | Format::Dax | Format::Jso) {
        return Reads;
    }
    match facts.unsafe_streams {
        Some(0) => Reads,
        Some(count) => Caution(format!(
            "{count} deflate streams are not firmware-safe: such files are reported to hang the PSP (that these \
             streams are the cause is inferred); `cisor compress --for psp -o NEW.cso` writes none"
        )),
        None => {
            Caution("only if its deflate streams are firmware-safe, which `cisor info --blocks` tells".into())
        }
    }
}

/// ARK's family of readers and DAX v1, according to the source code: the two bytes of a zlib header are
/// skipped before the test for a stored frame.
pub(super) fn plain_frames_two_bytes_late(facts: &Facts) -> Verdict {
    match facts.uncompressed_areas {
        0 => Reads,
        areas => Caution(format!(
            "it lists {areas} areas of plain frames, which are read two bytes too late (seen with the reader's code on \
             a PC, not verified on a console)"
        )),
    }
}

/// ARK's family of readers and JSO, according to the source code: the length that is compared includes the
/// block's header.
pub(super) fn block_headers_hide_plain_blocks(facts: &Facts) -> Verdict {
    if facts.block_headers {
        return Caution(
            "its blocks have headers, with which plain blocks are taken for packed ones, and LZO crashes (seen with the \
             reader's code on a PC, not verified on a console)"
                .into(),
        );
    }
    Reads
}

/// Stored blocks are recognised by a length of exactly one block, which padding can exceed.
pub(super) fn plain_blocks_of_exact_length(facts: &Facts) -> Verdict {
    let align = 1u64 << facts.index_shift.min(63);
    if has_block_size(facts.format) && align > u64::from(facts.block_size) {
        return Caution(format!(
            "blocks are padded to multiples of {align} bytes, and plain ones are recognised only at exactly {}",
            facts.block_size
        ));
    }
    Reads
}

/// The two values that the header size field is known to have.
pub(super) fn header_size_0_or_24(facts: &Facts) -> Verdict {
    match facts.header_size {
        None | Some(0 | 24) => Reads,
        Some(other) => Refuses(format!("its header size field is {other}, and only 0 and 24 are taken")),
    }
}

/// The reader looks for the index at the offset in the header size field.
pub(super) fn index_at_header_size(facts: &Facts) -> Verdict {
    match (facts.format, facts.header_size) {
        (Format::Zso, Some(size)) if size != 24 => Refuses(format!(
            "the index of a ZSO is read from where the header size field says, here {size}, but it begins at 24"
        )),
        _ => Reads,
    }
}

/// The version 2 header is checked more strictly than the others.
pub(super) fn cso2_header_of_24(facts: &Facts) -> Verdict {
    match (facts.format, facts.header_size) {
        (Format::Cso2, Some(size)) if size != 24 => {
            Refuses(format!("its header size field is {size}, and CSO v2 must have 24"))
        }
        _ => Reads,
    }
}

/// The console's menu reads a disc's first sectors with the custom firmware's own reader.
pub(super) fn menu_blocks(facts: &Facts) -> Verdict {
    if has_block_size(facts.format) && facts.block_size > 8192 {
        return Caution(format!(
            "its blocks have {} bytes: the menu of custom firmwares, which reads the disc before the driver \
             does, has buffers for 8192 and overwrites its own memory; start the disc from a launcher that \
             does not read it",
            facts.block_size
        ));
    }
    Reads
}

/// As [`menu_blocks`], but for positions.
pub(super) fn menu_positions(facts: &Facts) -> Verdict {
    if facts.format != Format::Iso && facts.file_len >= FOUR_GIB {
        return Caution(format!(
            "the file has up to {} bytes: the custom firmware's own readers, which come before the driver, keep \
             positions in 32 bits, and a FAT32 card holds no file of 4 GiB",
            facts.file_len
        ));
    }
    Reads
}

/// Open PS2 Loader counts sectors by shifting the image's size.
pub(super) fn opl_whole_sectors(facts: &Facts) -> Verdict {
    match facts.image_size % 2048 {
        0 => Reads,
        rest => Caution(format!("the image's last {rest} bytes are no whole sector and cannot be read")),
    }
}

/// Open PS2 Loader reads the file in whole sectors.
pub(super) fn opl_file_length(facts: &Facts) -> Verdict {
    match facts.file_len % 2048 {
        _ if facts.format == Format::Iso => Reads,
        0 => Reads,
        rest => Caution(format!(
            "the file is read in sectors of 2048 bytes but ends with {rest} bytes of one; `cisor compress --for \
             opl -o NEW.zso` fills it up"
        )),
    }
}

pub(super) fn hdl_dump_file_length(facts: &Facts) -> Verdict {
    match facts.file_len % 2048 {
        _ if facts.format == Format::Iso => Reads,
        0 => Reads,
        rest => Refuses(format!(
            "the file must be a multiple of 2048 bytes and has {rest} more; `cisor compress --for opl -o NEW.zso` fills it up"
        )),
    }
}

/// Trouble with dual-layer discs is reported.
pub(super) fn hdl_dump_dual_layer(facts: &Facts) -> Verdict {
    const SINGLE_LAYER: u64 = 2_295_104 * 2048;
    if facts.format != Format::Iso && facts.image_size > SINGLE_LAYER {
        return Caution(format!(
            "the image has {} bytes, more than a single-layer DVD ({SINGLE_LAYER}), and trouble with compressed \
             dual-layer discs is reported",
            facts.image_size
        ));
    }
    Reads
}

pub(super) fn rom_properties_image_size(facts: &Facts) -> Verdict {
    const MAX: u64 = 16 << 30;
    if facts.format != Format::Iso && facts.image_size > MAX {
        return Refuses(format!("the image has {} bytes, and at most 16 GiB are taken", facts.image_size));
    }
    Reads
}

/// Its LZ4 decoder needs a block's exact length, which padding hides.
pub(super) fn rom_properties_lz4_padding(facts: &Facts) -> Verdict {
    if matches!(facts.format, Format::Zso | Format::Cso2) && facts.index_shift > 0 {
        return Refuses(format!(
            "its index shift is {}: padding follows LZ4 blocks, and it fails to decode those",
            facts.index_shift
        ));
    }
    Reads
}

/// It checks the whole header of a ZSO.
pub(super) fn rom_properties_zso_header(facts: &Facts) -> Verdict {
    match (facts.format, facts.version, facts.header_size) {
        (Format::Zso, Some(1), Some(24)) => Reads,
        (Format::Zso, version, header_size) => Refuses(format!(
            "its header says version {} and {} bytes, and only version 1 and 24 bytes are taken",
            version.unwrap_or_default(),
            header_size.unwrap_or_default()
        )),
        _ => Reads,
    }
}

/// It does not accept a smaller JSO.
pub(super) fn rom_properties_jso_size(facts: &Facts) -> Verdict {
    if facts.format == Format::Jso && facts.image_size < 8192 {
        return Refuses(format!("the image has {} bytes, and a JSO must have 8192", facts.image_size));
    }
    Reads
}

pub(super) fn maxcso_old_releases(facts: &Facts) -> Verdict {
    if has_block_size(facts.format) && facts.block_size >= 32 << 10 {
        return Caution(format!("its blocks have {} bytes, which old releases refuse", facts.block_size));
    }
    Reads
}
