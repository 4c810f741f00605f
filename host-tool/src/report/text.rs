//! Records as text.

use std::fmt::Write;

use super::record::{BlockRecord, LintRecord, ReaderRecord, Record};
use super::source::SourceRecord;
use crate::exit::Status;
use crate::human;

/// Returns what goes to standard output: the results of the verbs that only read.
pub(super) fn result(record: &Record) -> String {
    match record.verb {
        "verify" => verify(record),
        "info" => info(record),
        "compare" => compare(record),
        _ => String::new(),
    }
}

/// Returns the line about a file that was written and put in place.
pub(super) fn finished(record: &Record) -> Option<String> {
    let output = record.output.as_ref()?;
    let mut line = format!("{} -> {}: ", human::name(&record.input), human::name(output));
    let (size, stored) = (record.size.unwrap_or_default(), record.stored_size.unwrap_or_default());
    if record.verb == "compress" {
        let _ = write!(
            line,
            "{} in blocks of {} bytes, {} of {} ({})",
            format_name(record),
            record.block_size.unwrap_or_default(),
            human::size(stored),
            human::size(size),
            human::percent(stored, size)
        );
    } else {
        line.push_str(&human::size(size));
    }
    let listed: u64 = record.damaged.iter().map(|range| u64::from(range.last - range.first) + 1).sum();
    match listed + record.damaged_unlisted.map_or(0, |unlisted| unlisted.blocks) {
        0 => line.push_str(", verified"),
        blocks => {
            let filled = human::count(blocks, "damaged block", "damaged blocks");
            let _ = write!(line, ", {filled} filled with zeros");
        }
    }
    if let Some(lint) = &record.lint
        && lint.streams + lint.stored_plain > 0
    {
        let _ = write!(line, "; deflate lint: {}", lint_text(lint));
    }
    if record.source_removed == Some(true) {
        line.push_str("; source deleted");
    }
    Some(line)
}

/// Returns how long the work took, and how fast the image went through.
pub(super) fn took(record: &Record, seconds: f64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "for reading, not for counting")]
    let speed = record.size.unwrap_or_default() as f64 / seconds.max(0.001) / 1e6;
    format!("took {seconds:.1} s, {speed:.0} MB/s of image")
}

fn verify(record: &Record) -> String {
    let name = human::name(&record.input);
    let Some(hashes) = &record.hashes else {
        return if record.status == Status::Damaged { format!("{name}: damaged\n") } else { String::new() };
    };
    let verdict = if record.status == Status::Ok { "ok" } else { "decodes, but is not what its header says" };
    let size = human::number(record.size.unwrap_or_default());
    let mut text = format!(
        "{name}: {verdict}, {size} bytes\n  CRC32    {}\n  MD5      {}\n  SHA-1    {}\n  SHA-256  {}\n",
        hashes.crc32, hashes.md5, hashes.sha1, hashes.sha256
    );
    if let Some(hash) = &record.retro_achievements {
        let _ = writeln!(text, "  RA hash  {hash}");
    }
    text
}

fn compare(record: &Record) -> String {
    let Some(other) = &record.compared_with else { return String::new() };
    let (a, b) = (human::name(&record.input), human::name(other));
    match (&record.error, record.status) {
        (None, _) => {
            format!("{a} and {b}: same {} bytes\n", human::number(record.size.unwrap_or_default()))
        }
        (Some(error), Status::Mismatch) => format!("{a} and {b}: {}\n", error.message),
        _ => String::new(),
    }
}

fn info(record: &Record) -> String {
    if record.format.is_none() {
        return String::new();
    }
    let mut text = format!("{}\n", human::name(&record.input));
    let mut line = |label: &str, value: String| {
        let _ = writeln!(text, "  {label:<11}{value}");
    };
    let (size, stored) = (record.size.unwrap_or_default(), record.stored_size.unwrap_or_default());
    line("format", header_text(record));
    for (label, value) in record.source.iter().flat_map(SourceRecord::lines) {
        line(label, value);
    }
    if record.format != Some("iso") {
        let block_size = record.block_size.unwrap_or_default();
        let blocks = human::count(record.block_count.unwrap_or_default().into(), "block", "blocks");
        let shift = record.index_shift.unwrap_or_default();
        line("blocks", format!("{blocks} of {block_size} bytes, index shift {shift}"));
        if let Some(blocks) = &record.blocks {
            line("packed", blocks_text(blocks));
        }
        line(
            "file",
            format!("{} bytes, {} of the image", human::number(stored), human::percent(stored, size)),
        );
    }
    if record.source.is_some() && record.format == Some("iso") {
        line(
            "file",
            format!("{} bytes, {} of the image", human::number(stored), human::percent(stored, size)),
        );
    }
    line("image", format!("{} bytes ({})", human::number(size), human::size(size)));
    if let Some(lint) = &record.lint
        && lint.streams > 0
    {
        line("lint", lint_text(lint));
        for (finding, &count) in &lint.findings {
            line("", format!("{}: {finding}", human::count(count, "stream", "streams")));
        }
    }
    line("disc", disc_text(record));
    if let Some(hash) = &record.retro_achievements {
        line("RA hash", hash.clone());
    }
    for (place, group) in reader_groups(&record.readers).into_iter().enumerate() {
        line(if place == 0 { "readers" } else { "" }, group);
    }
    text
}

fn header_text(record: &Record) -> String {
    if let Some(source) = &record.source
        && record.format == Some("iso")
    {
        return source.name().to_owned();
    }
    let mut text = format_name(record).to_owned();
    if let Some(version) = record.version {
        let _ = write!(text, ", version {version}");
    }
    if let Some(size) = record.header_size {
        let _ = write!(text, ", header size {size}");
    }
    text
}

fn blocks_text(blocks: &BlockRecord) -> String {
    let kinds =
        [(blocks.stored, "stored"), (blocks.deflate, "deflate"), (blocks.lz4, "LZ4"), (blocks.lzo, "LZO")];
    let counts: Vec<String> = kinds
        .into_iter()
        .filter(|&(count, _)| count > 0)
        .map(|(count, kind)| format!("{} {kind}", human::number(count.into())))
        .collect();
    let counts = if counts.is_empty() { "none readable".into() } else { counts.join(", ") };
    format!("{counts} (by {})", if blocks.by == "index" { "the index" } else { "decoding" })
}

/// One line about the lint: how many streams passed, and how many blocks were stored plain because theirs
/// did not.
fn lint_text(lint: &LintRecord) -> String {
    let streams = human::count(lint.streams, "stream", "streams");
    let mut text = match lint.failed {
        0 => format!("0 of {streams} failed"),
        failed => format!("{} of {streams} failed, not for a PSP's firmware", human::number(failed)),
    };
    if lint.stored_plain > 0 {
        let blocks = human::count(lint.stored_plain, "block", "blocks");
        let _ = write!(text, ", {blocks} stored plain for it");
    }
    text
}

fn disc_text(record: &Record) -> String {
    let Some(disc) = &record.disc else { return "not readable".into() };
    let Some(console) = disc.console else { return "not recognised".into() };
    let mut text = console.to_owned();
    if let Some(id) = &disc.id {
        let _ = write!(text, " {id}");
    }
    if let Some(title) = &disc.title {
        let _ = write!(text, " \"{title}\"");
    }
    text
}

/// One line for all readers that have the same verdict for the same reason.
fn reader_groups(readers: &[ReaderRecord]) -> Vec<String> {
    let mut groups: Vec<(&ReaderRecord, Vec<&str>)> = Vec::new();
    for reader in readers {
        let same = |(first, _): &&mut (&ReaderRecord, _)| {
            (first.verdict, &first.reason) == (reader.verdict, &reader.reason)
        };
        match groups.iter_mut().find(same) {
            Some((_, names)) => names.push(reader.name),
            None => groups.push((reader, vec![reader.name])),
        }
    }
    // The sort is stable: within a verdict the order is that of the list.
    let order = ["reads", "caution", "refuses"];
    groups.sort_by_key(|(first, _)| order.iter().position(|&verdict| verdict == first.verdict));
    let text = |(first, names): (&ReaderRecord, Vec<&str>)| {
        let verdict = match first.verdict {
            "reads" => "yes",
            "caution" => "perhaps",
            _ => "no",
        };
        let names = names.join("; ");
        match &first.reason {
            Some(reason) => format!("{verdict}: {names} ({reason})"),
            None => format!("{verdict}: {names}"),
        }
    };
    groups.into_iter().map(text).collect()
}

/// The format as people write it.
fn format_name(record: &Record) -> &'static str {
    match record.format {
        Some("iso") => "plain image",
        Some("cso") => "CSO",
        Some("cso2") => "CSO v2",
        Some("zso") => "ZSO",
        Some("dax") => "DAX",
        Some("jso") => "JSO",
        _ => "unknown",
    }
}
