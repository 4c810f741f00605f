//! Entries as rows of the table `file`.

use rusqlite::types::FromSql;
use rusqlite::{Row, Statement, params};

use crate::entry::{Digests, Disc, Entry, Layout, Outcome, Stamp};
use crate::path::Root;

/// The columns, in the order in which they are read and written.
pub(crate) const COLUMNS: &str = "path, size, mtime, inode, scanned, missing, source, format, block_size, image_size, \
    stored_size, version, header_size, index_shift, block_headers, uncompressed_areas, last_block_filled, \
    overlong_blocks, content, console, other, disc_id, title, crc32, md5, sha1, sha256, achievements, unsafe_streams, \
    result, result_kind, result_text, verified";

/// Writes an entry, in the place of one with the same path. `statement` is [`upsert`].
pub(crate) fn write(statement: &mut Statement<'_>, entry: &Entry, root: &Root) -> rusqlite::Result<i64> {
    let Entry { stamp, disc, outcome, digests, .. } = entry;
    let layout = entry.layout.as_ref();
    statement.query_row(
        params![
            root.stored(&entry.path),
            signed(stamp.size),
            stamp.mtime,
            stamp.inode.map(u64::cast_signed),
            entry.scanned,
            entry.missing,
            entry.source,
            layout.map(|layout| &layout.format),
            layout.map(|layout| layout.block_size),
            layout.map(|layout| signed(layout.image_size)),
            layout.map(|layout| signed(layout.stored_size)),
            layout.and_then(|layout| layout.version),
            layout.and_then(|layout| layout.header_size),
            layout.map(|layout| layout.index_shift),
            layout.map(|layout| layout.block_headers),
            layout.map(|layout| layout.uncompressed_areas),
            layout.and_then(|layout| layout.last_block_filled),
            layout.and_then(|layout| layout.overlong_blocks),
            layout.map(|layout| &layout.content),
            disc.console,
            disc.other,
            disc.id,
            disc.title,
            digests.map(|digests| digests.crc32),
            digests.map(|digests| digests.md5),
            digests.map(|digests| digests.sha1),
            digests.map(|digests| digests.sha256),
            entry.achievements,
            entry.unsafe_streams,
            outcome.status,
            outcome.kind,
            outcome.message,
            entry.verified,
        ],
        |row| row.get(0),
    )
}

/// The statement that writes an entry and returns its id.
pub(crate) fn upsert() -> String {
    let names: Vec<&str> = COLUMNS.split(", ").collect();
    let marks = vec!["?"; names.len()].join(", ");
    let changes: Vec<String> = names.iter().skip(1).map(|name| format!("{name} = excluded.{name}")).collect();
    let changes = changes.join(", ");
    format!(
        "INSERT INTO file ({COLUMNS}) VALUES ({marks}) ON CONFLICT (path) DO UPDATE SET {changes} RETURNING id"
    )
}

/// Reads an entry from a row that begins with the columns. Its parts are elsewhere.
pub(crate) fn read(row: &Row<'_>, root: &Root) -> rusqlite::Result<Entry> {
    let mut row = Reader { row, at: 0 };
    let path = root.path(row.bytes()?);
    let (size, mtime, inode) = (row.size()?, row.next()?, row.next::<Option<i64>>()?);
    let stamp = Stamp { size, mtime, inode: inode.map(i64::cast_unsigned) };
    let (scanned, missing, source) = (row.next()?, row.next()?, row.next()?);
    let layout = match row.next::<Option<String>>()? {
        Some(format) => Some(Layout {
            format,
            block_size: row.next()?,
            image_size: row.size()?,
            stored_size: row.size()?,
            version: row.next()?,
            header_size: row.next()?,
            index_shift: row.next()?,
            block_headers: row.next()?,
            uncompressed_areas: row.next()?,
            last_block_filled: row.next()?,
            overlong_blocks: row.next()?,
            content: row.next()?,
        }),
        None => {
            row.at += LAYOUT_COLUMNS - 1;
            None
        }
    };
    let disc = Disc { console: row.next()?, other: row.next()?, id: row.next()?, title: row.next()? };
    let digests = match row.next()? {
        Some(crc32) => Some(Digests { crc32, md5: row.next()?, sha1: row.next()?, sha256: row.next()? }),
        None => {
            row.at += DIGEST_COLUMNS - 1;
            None
        }
    };
    Ok(Entry {
        path,
        stamp,
        parts: Vec::new(),
        scanned,
        missing,
        source,
        layout,
        disc,
        digests,
        achievements: row.next()?,
        unsafe_streams: row.next()?,
        outcome: Outcome { status: row.next()?, kind: row.next()?, message: row.next()? },
        verified: row.next()?,
    })
}

const LAYOUT_COLUMNS: usize = 12;
const DIGEST_COLUMNS: usize = 4;

/// Takes one column after the other.
struct Reader<'r, 's> {
    row: &'r Row<'s>,
    at: usize,
}

impl Reader<'_, '_> {
    fn next<T: FromSql>(&mut self) -> rusqlite::Result<T> {
        self.at += 1;
        self.row.get(self.at - 1)
    }

    fn size(&mut self) -> rusqlite::Result<u64> {
        self.next::<i64>().map(|size| u64::try_from(size).unwrap_or_default())
    }

    fn bytes(&mut self) -> rusqlite::Result<&[u8]> {
        self.at += 1;
        Ok(self.row.get_ref(self.at - 1)?.as_blob()?)
    }
}

/// SQLite's integers are signed. No file is this large.
pub(crate) fn signed(size: u64) -> i64 {
    i64::try_from(size).unwrap_or(i64::MAX)
}
