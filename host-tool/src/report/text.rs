//! Records as text.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

use disc_info::{Console, Disc};
use image_writer::BlockCounts;
use sector_decode::{Format, Layout};

use super::batch::{Action, Planned, SidecarState, Synced};
use super::dat::{Checked, DatRecord};
use super::record::{
    Compared, Compressed, Described, Evidence, Extracted, Outcome, Record, RestoredFile, Verified, Written,
};
use crate::damage::DamageList;
use crate::exit::Status;
use crate::failure::Failure;
use crate::human;
use crate::profile::Profile;
use crate::readers::{Reader, Verdict};
use crate::scan::LintCounts;

/// Returns the text for standard output: the results of the verbs that only read.
pub(super) fn result(record: &Record) -> String {
    match &record.outcome {
        Outcome::Verified(verified) => verify(record, verified),
        Outcome::Described(described) => info(record, described),
        Outcome::Compared(compared) => compare(record, compared),
        Outcome::Checked(checked) => check(record, checked),
        Outcome::Compressed(Compressed { planned, .. }) | Outcome::Extracted(Extracted { planned, .. }) => {
            let line = |planned: &Planned| {
                let (input, target) = (human::name(&record.input), human::name(&planned.target));
                match planned.action {
                    Action::Compare | Action::Delete => format!("{input}: {}\n", planned.text()),
                    _ => format!("{input} -> {target}: {}\n", planned.text()),
                }
            };
            planned.as_ref().filter(|_| record.failure.is_none()).map(line).unwrap_or_default()
        }
        Outcome::Scanned(_) | Outcome::Library(_) | Outcome::Searched | Outcome::Summed => String::new(),
    }
}

/// Returns the line about a file that was written and put in place.
pub(super) fn finished(record: &Record) -> Option<String> {
    if let Some(text) = not_done(record) {
        return Some(format!("{}: {text}", human::name(&record.input)));
    }
    if is_deleted(record) {
        return Some(format!("{}: deleted, it is no longer wanted", human::name(&record.input)));
    }
    if let Some(there) = already_done(record) {
        let (input, there) = (human::name(&record.input), human::name(there));
        return Some(if is_kept(record) {
            format!("{input}: kept, {there} is there by the card's list (--check reads it)")
        } else {
            format!("{input}: already done, {there} holds this disc")
        });
    }
    if let (Outcome::Scanned(scanned), None) = (&record.outcome, &record.failure) {
        return Some(format!("{}: {}", human::name(&record.input), super::library::line(scanned)));
    }
    let (output, source_removed, what, firmware, digests, sidecars) = match &record.outcome {
        Outcome::Compressed(compressed) => {
            let written = compressed.written.as_ref()?;
            let firmware = firmware_of_written(compressed, written);
            (
                compressed.output.as_ref()?,
                compressed.source_removed,
                packed(written),
                firmware,
                written.digests,
                (&compressed.sidecar, &compressed.raw_sidecar),
            )
        }
        Outcome::Extracted(extracted) if !extracted.restored.is_empty() => {
            return Some(restored(&record.input, &extracted.restored));
        }
        Outcome::Extracted(extracted) => {
            let size = human::size(extracted.layout?.image_size());
            let Extracted { source_removed, digests, sidecar, raw_sidecar, .. } = extracted;
            let sidecars = (sidecar, raw_sidecar);
            (extracted.output.as_ref()?, *source_removed, size, None, *digests, sidecars)
        }
        _ => return None,
    };
    let mut line = format!("{} -> {}: {what}", human::name(&record.input), human::name(output));
    match record.damage().map(DamageList::blocks) {
        None | Some(0) => line.push_str(", verified"),
        Some(blocks) => {
            let filled = human::count(blocks, "damaged block", "damaged blocks");
            let _ = write!(line, ", {filled} filled with zeros");
        }
    }
    if let Some(firmware) = firmware {
        let _ = write!(line, "; {firmware}");
    }
    if let Some(digests) = digests {
        let _ = write!(line, "; SHA-1 of the disc {}", human::hex(&digests.sha1));
    }
    let (sidecar, raw_sidecar) = sidecars;
    if let Some((path, len)) = raw_sidecar {
        let _ = write!(line, "; the rest of the dump in {}, {}", human::name(path), human::size(*len));
    }
    if let Some(sidecar) = sidecar {
        let _ = write!(line, "; {} {}", human::name(&sidecar.file), sidecar.state);
    }
    if source_removed == Some(true) {
        line.push_str("; source deleted");
    }
    Some(line)
}

/// The files of a CD dump that were put in place.
fn restored(input: &Path, files: &[RestoredFile]) -> String {
    let mut text =
        format!("{} -> {}, verified", human::name(input), human::count(files.len() as u64, "file", "files"));
    for file in files {
        let (name, size) = (human::name(&file.path), human::number(file.size));
        let _ = write!(text, "\n  {name}: {size} bytes, SHA-1 {}", human::hex(&file.sha1));
    }
    text
}

/// Why nothing was done.
fn not_done(record: &Record) -> Option<String> {
    let (Outcome::Compressed(Compressed { skipped, .. }) | Outcome::Extracted(Extracted { skipped, .. })) =
        &record.outcome
    else {
        return None;
    };
    skipped.as_ref().filter(|_| record.failure.is_none()).map(|skipped| format!("skipped, {skipped}"))
}

/// Whether `sync` has relied on the card's list.
fn is_kept(record: &Record) -> bool {
    matches!(&record.outcome, Outcome::Compressed(Compressed { synced: Some(Synced::Kept), .. }))
}

/// Whether `sync` has deleted the file.
fn is_deleted(record: &Record) -> bool {
    let Outcome::Compressed(Compressed { synced: Some(Synced::Deleted), planned: None, .. }) =
        &record.outcome
    else {
        return false;
    };
    record.failure.is_none()
}

/// The existing file, if there was nothing to do.
fn already_done(record: &Record) -> Option<&Path> {
    match &record.outcome {
        Outcome::Compressed(compressed) => compressed.already_done.as_deref(),
        Outcome::Extracted(extracted) => extracted.already_done.as_deref(),
        _ => None,
    }
}

/// What the lint result means for a written file; `None` for one that a PSP's firmware never reads.
fn firmware_of_written(compressed: &Compressed, written: &Written) -> Option<String> {
    let lint = written.lint.as_ref()?;
    let is_ps2 = compressed.disc.as_ref().is_some_and(|disc| disc.console == Some(Console::Ps2));
    let may_meet = compressed.profile.is_none_or(Profile::may_meet_firmware) && !is_ps2;
    if !may_meet || lint.in_file.streams + lint.stored_instead() == 0 {
        return None;
    }
    if !Profile::firmware_takes_blocks_of(written.block_size) {
        return None;
    }
    let mut text = firmware_text(&lint.in_file);
    match lint.stored_instead() {
        0 => {}
        blocks => {
            let blocks = human::count(blocks, "block", "blocks");
            let _ = write!(text, ", {blocks} stored uncompressed because of it");
        }
    }
    Some(text)
}

/// Whether the PSP's firmware is known to accept the streams.
fn firmware_text(lint: &LintCounts) -> String {
    match lint.failed() {
        0 => "safe for the PSP's firmware".into(),
        failed => {
            let (failed, streams) = (human::number(failed), human::count(lint.streams, "stream", "streams"));
            format!("not safe for the PSP's firmware: {failed} of {streams} failed the deflate lint")
        }
    }
}

/// How a file is packed and how large it is.
fn packed(written: &Written) -> String {
    format!(
        "{} in blocks of {} bytes, {} of {} ({})",
        written.format,
        written.block_size,
        human::size(written.stored_size),
        human::size(written.image_size),
        human::percent(written.stored_size, written.image_size)
    )
}

/// Returns how long the work took, and how fast the image was processed.
pub(super) fn took(record: &Record, seconds: f64) -> String {
    let image_size = match &record.outcome {
        Outcome::Compressed(compressed) => compressed.written.as_ref().map(|written| written.image_size),
        Outcome::Extracted(Extracted { layout, .. })
        | Outcome::Verified(Verified { layout, .. })
        | Outcome::Described(Described { layout, .. })
        | Outcome::Compared(Compared { layout, .. }) => layout.as_ref().map(Layout::image_size),
        Outcome::Scanned(scanned) => scanned.described.layout.as_ref().map(Layout::image_size),
        Outcome::Checked(_) | Outcome::Library(_) | Outcome::Searched | Outcome::Summed => None,
    };
    #[expect(clippy::cast_precision_loss, reason = "for reading, not for counting")]
    let speed = image_size.unwrap_or_default() as f64 / seconds.max(0.001) / 1e6;
    format!("took {seconds:.1} s, {speed:.0} MB/s of image")
}

fn verify(record: &Record, verified: &Verified) -> String {
    let name = human::name(&record.input);
    let (Some(digests), Some(layout)) = (&verified.digests, &verified.layout) else {
        let is_damaged = record.status() == Status::Damaged;
        return if is_damaged { format!("{name}: damaged\n") } else { String::new() };
    };
    let verdict = match (&record.failure, record.cut_off) {
        (None, None) => "ok",
        (None, Some(_)) => "decodes, but the disc in it seems to be cut off",
        (Some(Failure::DatWrong { .. }), _) => "decodes, but is not what the DAT has",
        (Some(Failure::SidecarMismatch { .. }), _) => "decodes, but is not the disc of its sidecar",
        (Some(Failure::HeaderMd5 { .. } | Failure::ChdSha1 { .. }), _) => {
            "decodes, but is not what its header says"
        }
        (Some(failure), _) if failure.status() == Status::Damaged => return format!("{name}: damaged\n"),
        // The digests are those of something else than the file is now, or nobody waits for them.
        (
            Some(
                Failure::InputChanged
                | Failure::Interrupted
                | Failure::Read { .. }
                | Failure::Source(_)
                | Failure::NoThread(_)
                | Failure::Internal(_),
            ),
            _,
        ) => return String::new(),
        // Nothing else is written by this verb.
        (Some(_), _) => "decodes, but something is wrong with its sidecar",
    };
    let mut text = format!("{name}: {verdict}, {} bytes\n", human::number(layout.image_size()));
    let hashes = [
        ("CRC32", digests.crc32.map(|crc32| format!("{crc32:08x}"))),
        ("MD5", digests.md5.map(|md5| human::hex(&md5))),
        ("SHA-1", digests.sha1.map(|sha1| human::hex(&sha1))),
        ("SHA-256", digests.sha256.map(|sha256| human::hex(&sha256))),
    ];
    for (kind, hash) in hashes {
        hash.into_iter().for_each(|hash| text += &format!("  {kind:<9}{hash}\n"));
    }
    if let Some(hash) = &verified.achievements {
        let _ = writeln!(text, "  RA hash  {}", human::hex(hash));
    }
    if let Some(sidecar) = &verified.sidecar {
        let _ = writeln!(text, "  sidecar  {}: {}", human::name(&sidecar.file), sidecar.state);
    }
    if record.status() == Status::Ok {
        let has_digest =
            verified.sidecar.as_ref().is_some_and(|sidecar| sidecar.state == SidecarState::Match);
        let shown = match &verified.source {
            _ if has_digest => "the image has the SHA-256 in its sidecar".into(),
            Some(source) => source.shown(COMPARE),
            None => shown(layout, verified.stored_bytes.unwrap_or_default()),
        };
        let _ = writeln!(text, "  shown    {shown}");
    }
    if let Some(line) = dat_line(record, verified.dat.as_deref()) {
        let _ = writeln!(text, "  DAT      {line}");
    }
    if let Some(lint) = &verified.lint {
        let _ = writeln!(text, "  PSP      {}", firmware_text(lint));
    }
    text
}

/// What `cisor dat` found about a file.
fn check(record: &Record, checked: &Checked) -> String {
    let name = human::name(&record.input);
    let renamed = |to: &Path| human::name(Path::new(to.file_name().unwrap_or_default()));
    match (&record.failure, &checked.output, &checked.rename_to) {
        (Some(failure), ..) if failure.status() == Status::Damaged => format!("{name}: damaged\n"),
        (None, Some(output), Some(_)) => format!("{name} -> {}\n", renamed(output)),
        (None, None, Some(to)) => format!("{name}: would become {}\n", renamed(to)),
        _ if checked.verb != "dat check" && !is_wrong(record) => String::new(),
        _ => dat_line(record, checked.dat.as_deref())
            .map_or_else(String::new, |line| format!("{name}: {line}\n")),
    }
}

fn is_wrong(record: &Record) -> bool {
    matches!(record.failure, Some(Failure::DatWrong { .. }))
}

/// What DATs say, in a line.
fn dat_line(record: &Record, dat: Option<&DatRecord>) -> Option<String> {
    match &record.failure {
        Some(failure @ Failure::DatWrong { .. }) => Some(format!("wrong, {failure}")),
        _ => dat?.line(),
    }
}

/// What to do where a checksum in the file cannot show that it is the right disc.
const COMPARE: &str = "compare the SHA-1 with a DAT or a sidecar";

/// What verifying an undamaged file has shown, and what it cannot show.
fn shown(layout: &Layout, stored_bytes: u64) -> String {
    if layout.format() == Format::Iso {
        return format!("it can be read; a plain image has no checksum: {COMPARE}");
    }
    if layout.image_md5().is_some_and(|md5| md5 != [0; 16]) {
        return "every packed block decodes, and the image has the MD5 in its header".into();
    }
    match stored_bytes {
        0 => format!("every block is packed and decodes; to know that it is the right disc, {COMPARE}"),
        bytes => {
            let share = human::percent(bytes, layout.file_len());
            format!("every packed block decodes; {share} of the file is stored without a checksum: {COMPARE}")
        }
    }
}

fn compare(record: &Record, compared: &Compared) -> String {
    let (a, b) = (human::name(&record.input), human::name(&compared.other));
    match &record.failure {
        None => {
            let size = compared.layout.as_ref().map_or(0, Layout::image_size);
            format!("{a} and {b}: same {} bytes\n", human::number(size))
        }
        Some(failure) if failure.status() == Status::Mismatch => format!("{a} and {b}: {failure}\n"),
        Some(_) => String::new(),
    }
}

fn info(record: &Record, described: &Described) -> String {
    let Some(layout) = &described.layout else { return String::new() };
    let mut text = format!("{}\n", human::name(&record.input));
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "  {label:<11}{value}");
    };
    let (size, stored) = (layout.image_size(), layout.file_len());
    match &described.source {
        Some(source) => {
            line("format", source.name().to_owned());
            source.lines().into_iter().for_each(|(label, value)| line(label, value));
            let len = source.file_len;
            line("file", format!("{} bytes, {} of the image", human::number(len), human::percent(len, size)));
        }
        None => line("format", header_text(layout)),
    }
    if layout.format() != Format::Iso {
        let blocks = human::count(layout.block_count().into(), "block", "blocks");
        let (block_size, shift) = (layout.block_size(), layout.index_shift());
        line("blocks", format!("{blocks} of {block_size} bytes, index shift {shift}"));
        if let Some((evidence, blocks)) = described.blocks {
            line("packed", blocks_text(evidence, blocks));
        }
        line(
            "file",
            format!("{} bytes, {} of the image", human::number(stored), human::percent(stored, size)),
        );
    }
    line("image", format!("{} bytes ({})", human::number(size), human::size(size)));
    if let Some(lint) = &described.lint
        && lint.streams > 0
    {
        line("lint", lint_text(lint));
        // Sorted by their text, as in the JSON object.
        let findings: BTreeMap<String, u64> =
            lint.findings.iter().map(|(finding, &count)| (finding.to_string(), count)).collect();
        for (finding, count) in findings {
            line("", format!("{}: {finding}", human::count(count, "stream", "streams")));
        }
    }
    line("disc", disc_text(described.disc.as_ref()));
    if let Some(hash) = &described.achievements {
        line("RA hash", human::hex(hash));
    }
    for (place, group) in reader_groups(&described.readers).into_iter().enumerate() {
        line(if place == 0 { "readers" } else { "" }, group);
    }
    text
}

fn header_text(layout: &Layout) -> String {
    let mut text = format_name(layout.format());
    if let Some(version) = layout.version() {
        let _ = write!(text, ", version {version}");
    }
    if let Some(size) = layout.header_size_field() {
        let _ = write!(text, ", header size {size}");
    }
    text
}

fn blocks_text(evidence: Evidence, blocks: BlockCounts) -> String {
    let kinds =
        [(blocks.stored, "stored"), (blocks.deflate, "deflate"), (blocks.lz4, "LZ4"), (blocks.lzo, "LZO")];
    let counts: Vec<String> = kinds
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, kind)| format!("{} {kind}", human::number(count.into())))
        .collect();
    let counts = if counts.is_empty() { "none readable".into() } else { counts.join(", ") };
    let by = match evidence {
        Evidence::Index => "the index",
        Evidence::Decoding => "decoding",
    };
    format!("{counts} (by {by})")
}

/// One line about the lint: how many streams passed.
fn lint_text(lint: &LintCounts) -> String {
    let streams = human::count(lint.streams, "stream", "streams");
    match lint.failed() {
        0 => format!("0 of {streams} failed"),
        failed => format!("{} of {streams} failed, not for a PSP's firmware", human::number(failed)),
    }
}

fn disc_text(disc: Option<&Disc>) -> String {
    let Some(disc) = disc else { return "not readable".into() };
    let mut text = match (disc.console, disc.other) {
        (None, None) => return "not recognised".into(),
        (Some(console), None) => console.name().to_owned(),
        (_, Some(other)) => other.name().to_owned(),
    };
    if let Some(id) = &disc.id {
        let _ = write!(text, " {id}");
    }
    if let Some(title) = &disc.title {
        let _ = write!(text, " \"{title}\"");
    }
    text
}

/// One line for all readers with the same verdict and reason.
fn reader_groups(readers: &[(Reader, Verdict)]) -> Vec<String> {
    let mut groups: Vec<(&Verdict, Vec<&str>)> = Vec::new();
    for (reader, verdict) in readers {
        match groups.iter_mut().find(|(other, _)| *other == verdict) {
            Some((_, names)) => names.push(reader.name()),
            None => groups.push((verdict, vec![reader.name()])),
        }
    }
    // The sort is stable: within a verdict, readers keep the order of the list.
    groups.sort_by_key(|(verdict, _)| match verdict {
        Verdict::Reads => 0,
        Verdict::Caution(_) => 1,
        Verdict::Unknown(_) => 2,
        Verdict::Refuses(_) => 3,
    });
    let text = |(verdict, names): (&Verdict, Vec<&str>)| {
        let names = names.join("; ");
        match verdict {
            Verdict::Reads => format!("yes: {names}"),
            Verdict::Caution(reason) => format!("perhaps: {names} ({reason})"),
            Verdict::Unknown(reason) => format!("unknown: {names} ({reason})"),
            Verdict::Refuses(reason) => format!("no: {names} ({reason})"),
        }
    };
    groups.into_iter().map(text).collect()
}

/// The format as people write it.
fn format_name(format: Format) -> String {
    if format == Format::Iso { "plain image".into() } else { format.to_string() }
}
