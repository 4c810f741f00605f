//! An image of the library as a JSON object, as a row of a table, and as a line.

use std::collections::BTreeMap;
use std::time::{Duration, UNIX_EPOCH};

use disc_library::Entry;
use serde::Serialize;

use crate::human;
use crate::report::{SCHEMA, raw_name};

/// What is listed of an image. The fields are those of docs/json.md.
#[derive(Serialize)]
struct Object<'e> {
    schema: u32,
    verb: &'static str,
    input: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_raw: Option<String>,
    status: &'e str,
    error: Option<Error<'e>>,
    format: Option<&'e str>,
    source: Option<&'e str>,
    block_size: Option<u32>,
    size: Option<u64>,
    stored_size: u64,
    hashes: Option<BTreeMap<&'static str, String>>,
    disc: BTreeMap<&'static str, Option<&'e str>>,
    retro_achievements: Option<String>,
    unsafe_streams: Option<u32>,
    modified: String,
    scanned: Option<String>,
    verified: Option<String>,
    missing_since: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refused_because: Option<&'e str>,
}

#[derive(Serialize)]
struct Error<'e> {
    kind: Option<&'e str>,
    message: Option<&'e str>,
}

/// Bytes of the file, with the other files that belong to it.
pub(super) fn stored_size(entry: &Entry) -> u64 {
    entry.layout.as_ref().map_or(entry.stamp.size, |layout| layout.stored_size)
}

/// The format, or the container where that is not an image's own.
pub(super) fn format(entry: &Entry) -> Option<&str> {
    entry.source.as_deref().or_else(|| Some(entry.layout.as_ref()?.format.as_str()))
}

/// A time in UTC, as RFC 3339 writes it.
pub(super) fn time(seconds: i64) -> String {
    let since = Duration::from_secs(u64::try_from(seconds).unwrap_or_default());
    UNIX_EPOCH
        .checked_add(since)
        .map_or_else(String::new, |time| humantime::format_rfc3339_seconds(time).to_string())
}

fn hashes(entry: &Entry) -> Option<[(&'static str, String); 4]> {
    let digests = entry.digests?;
    Some([
        ("crc32", format!("{:08x}", digests.crc32)),
        ("md5", human::hex(&digests.md5)),
        ("sha1", human::hex(&digests.sha1)),
        ("sha256", human::hex(&digests.sha256)),
    ])
}

/// Returns the object in one line.
pub(super) fn json(verb: &'static str, entry: &Entry, refusal: Option<&str>) -> String {
    let outcome = &entry.outcome;
    let object = Object {
        schema: SCHEMA,
        verb,
        input: entry.path.to_string_lossy().into_owned(),
        input_raw: raw_name(&entry.path),
        status: &outcome.status,
        error: outcome
            .kind
            .as_ref()
            .map(|kind| Error { kind: Some(kind), message: outcome.message.as_deref() }),
        format: entry.layout.as_ref().map(|layout| layout.format.as_str()),
        source: entry.source.as_deref(),
        block_size: entry.layout.as_ref().map(|layout| layout.block_size),
        size: entry.layout.as_ref().map(|layout| layout.image_size),
        stored_size: stored_size(entry),
        hashes: hashes(entry).map(BTreeMap::from),
        disc: BTreeMap::from([
            ("console", entry.disc.console.as_deref()),
            ("other", entry.disc.other.as_deref()),
            ("id", entry.disc.id.as_deref()),
            ("title", entry.disc.title.as_deref()),
        ]),
        retro_achievements: entry.achievements.map(|hash| human::hex(&hash)),
        unsafe_streams: entry.unsafe_streams,
        modified: time(entry.stamp.mtime.div_euclid(1_000_000_000)),
        scanned: Some(time(entry.scanned)).filter(|_| entry.scanned > 0),
        verified: entry.verified.map(time),
        missing_since: entry.missing.map(time),
        refused_because: refusal,
    };
    // Serialising only fails for maps whose keys are not strings; there are none.
    serde_json::to_string(&object).unwrap_or_default() + "\n"
}

/// The names of the columns of a table.
pub(super) const COLUMNS: [&str; 23] = [
    "path",
    "path_raw",
    "status",
    "error",
    "message",
    "format",
    "source",
    "block_size",
    "size",
    "stored_size",
    "console",
    "disc_id",
    "title",
    "crc32",
    "md5",
    "sha1",
    "sha256",
    "retro_achievements",
    "unsafe_streams",
    "modified",
    "scanned",
    "verified",
    "missing_since",
];

/// Returns the row of a table.
pub(super) fn row(entry: &Entry) -> [String; COLUMNS.len()] {
    let text = |text: Option<&String>| text.cloned().unwrap_or_default();
    let layout =
        |value: fn(&disc_library::Layout) -> String| entry.layout.as_ref().map(value).unwrap_or_default();
    let [crc32, md5, sha1, sha256] =
        hashes(entry).map(|hashes| hashes.map(|(_, hash)| hash)).unwrap_or_default();
    [
        entry.path.to_string_lossy().into_owned(),
        raw_name(&entry.path).unwrap_or_default(),
        entry.outcome.status.clone(),
        text(entry.outcome.kind.as_ref()),
        text(entry.outcome.message.as_ref()),
        layout(|layout| layout.format.clone()),
        text(entry.source.as_ref()),
        layout(|layout| layout.block_size.to_string()),
        layout(|layout| layout.image_size.to_string()),
        stored_size(entry).to_string(),
        text(entry.disc.other.as_ref().or(entry.disc.console.as_ref())),
        text(entry.disc.id.as_ref()),
        text(entry.disc.title.as_ref()),
        crc32,
        md5,
        sha1,
        sha256,
        entry.achievements.map(|hash| human::hex(&hash)).unwrap_or_default(),
        entry.unsafe_streams.map(|count| count.to_string()).unwrap_or_default(),
        time(entry.stamp.mtime.div_euclid(1_000_000_000)),
        if entry.scanned > 0 { time(entry.scanned) } else { String::new() },
        entry.verified.map(time).unwrap_or_default(),
        entry.missing.map(time).unwrap_or_default(),
    ]
}

/// Returns a line for people.
pub(super) fn line(entry: &Entry, refusal: Option<&str>) -> String {
    let mut parts =
        vec![format(entry).unwrap_or("unknown format").to_uppercase(), human::size(stored_size(entry))];
    if let Some(layout) = &entry.layout
        && layout.image_size > 0
    {
        parts.push(human::percent(stored_size(entry), layout.image_size));
    }
    let disc = &entry.disc;
    parts.extend(disc.other.clone().or_else(|| disc.console.clone()));
    parts.extend(disc.id.as_deref().map(|id| human::name(id.as_ref())));
    parts.extend(disc.title.as_deref().map(human::quoted));
    parts.extend(entry.missing.map(|since| format!("MISSING since {}", day(since))));
    if entry.outcome.status != "ok" {
        let message = entry.outcome.message.as_deref().unwrap_or_default();
        parts.push(format!("{}: {message}", entry.outcome.status.to_uppercase()));
    }
    if is_unsafe(entry) {
        parts.push("UNSAFE for the PSP's firmware".into());
    }
    parts.push(
        entry.verified.map_or_else(|| "never verified".into(), |time| format!("verified {}", day(time))),
    );
    parts.extend(refusal.map(|why| format!("refused: {why}")));
    format!("{}: {}\n", human::name(&entry.path), parts.join(", "))
}

/// Whether a firmware of the PSP may read streams in it that it cannot decode.
pub(super) fn is_unsafe(entry: &Entry) -> bool {
    entry.unsafe_streams.is_some_and(|count| count > 0) && entry.disc.console.as_deref() != Some("PS2")
}

/// The day of a time.
pub(super) fn day(seconds: i64) -> String {
    time(seconds).chars().take(10).collect()
}
