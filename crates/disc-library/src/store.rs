//! The database itself.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use crate::entry::{Entry, Part, Stamp};
use crate::error::Error;
use crate::join::{Joined, join};
use crate::path::Root;
use crate::query::{IS_DAMAGED, Query};
use crate::{row, schema};

/// How a library is opened.
#[derive(Clone, Debug)]
pub struct Options {
    /// How long to wait while another run writes.
    pub patience: Duration,
    /// The folder that relative paths start from; `None` for the library's own.
    pub root: Option<PathBuf>,
}

impl Default for Options {
    fn default() -> Self {
        Self { patience: Duration::from_secs(3), root: None }
    }
}

/// An open library.
#[derive(Debug)]
pub struct Library {
    db: Connection,
    root: Root,
    /// The migrated copy of a library that is only read.
    _copy: Option<tempfile::TempPath>,
}

/// What the library knows about a file, as far as it matters for finding changed ones.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// Its absolute path.
    pub path: PathBuf,
    /// Its state when it was read.
    pub stamp: Stamp,
    /// The other files that belong to it.
    pub parts: Vec<Part>,
    /// Since when it has been missing, in seconds since 1970.
    pub missing: Option<i64>,
    /// When all of it was last decoded, in seconds since 1970.
    pub verified: Option<i64>,
    /// Whether that found damage.
    pub is_damaged: bool,
}

/// A damaged library that was replaced.
#[derive(Debug)]
pub struct Rebuilt {
    /// The new one.
    pub library: Library,
    /// Where the damaged one is now.
    pub moved_to: PathBuf,
    /// How many of its entries could still be read. They count as never verified, and are read again by the next scan.
    pub salvaged: u64,
}

/// How the name goes on of the journal beside a library, with which SQLite undoes what was not finished.
const JOURNAL: &str = "-journal";

/// The first bytes of every database of SQLite, version 3 (<https://sqlite.org/fileformat.html>, 1.3).
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

impl Library {
    /// Opens a library for reading and writing. It is created if it does not exist, and brought to the current
    /// version.
    ///
    /// # Errors
    ///
    /// All of [`Error`].
    pub fn open(path: &Path, options: &Options) -> Result<Self, Error> {
        check_kind(path)?;
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut db = connect(path, flags, options)?;
        schema::version(&db)?;
        // Where somebody has turned the write-ahead log on, it is turned off again.
        db.pragma_update(None, "journal_mode", "DELETE")?;
        db.pragma_update(None, "synchronous", "FULL")?;
        db.pragma_update(None, "foreign_keys", true)?;
        schema::migrate(&mut db)?;
        Ok(Self { db, root: root(path, options)?, _copy: None })
    }

    /// Opens a library that exists, and never writes to it but to undo what an interrupted run began. One of an earlier
    /// version is copied and migrated elsewhere.
    ///
    /// # Errors
    ///
    /// All of [`Error`].
    pub fn read(path: &Path, options: &Options) -> Result<Self, Error> {
        File::open(path)?;
        check_kind(path)?;
        let db = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX, options)?;
        let version = match schema::version(&db) {
            Err(Error::Interrupted) => undo(path, options),
            version => version,
        }?;
        let root = root(path, options)?;
        if version == schema::VERSION {
            return Ok(Self { db, root, _copy: None });
        }
        let copy = tempfile::NamedTempFile::new()?.into_temp_path();
        db.execute("VACUUM INTO ?", params![copy.to_string_lossy()])?;
        let mut db = Connection::open(&copy)?;
        schema::migrate(&mut db)?;
        Ok(Self { db, root, _copy: Some(copy) })
    }

    /// Replaces a damaged library by a new one with every entry that can still be read. The damaged one stays beside
    /// it under another name. `None` if it is not damaged, so that nothing was done.
    ///
    /// # Errors
    ///
    /// All of [`Error`] but [`Error::Corrupted`].
    pub fn rebuild(path: &Path, options: &Options) -> Result<Option<Rebuilt>, Error> {
        let found = Self::check(path, options);
        let Err(Error::Corrupted(_)) = found else { return found.map(|()| None) };
        let mut salvaged = Vec::new();
        if let Ok(old) = Self::read(path, options) {
            old.salvage(&mut salvaged);
        }
        let moved_to = move_aside(path)?;
        let mut library = Self::open(path, options)?;
        library.put(&salvaged)?;
        Ok(Some(Rebuilt { library, moved_to, salvaged: salvaged.len() as u64 }))
    }

    /// Checks the whole database.
    fn check(path: &Path, options: &Options) -> Result<(), Error> {
        let library = Self::read(path, options)?;
        let found: String = library.db.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
        if found != "ok" {
            return Err(Error::Corrupted(found));
        }
        library.each(&Query::default(), |_| {})
    }

    /// Reads forward until damage, then backward until damage.
    fn salvage(&self, entries: &mut Vec<Entry>) {
        for order in ["ASC", "DESC"] {
            let known: std::collections::HashSet<PathBuf> =
                entries.iter().map(|entry| entry.path.clone()).collect();
            // The index of paths may be what is damaged: without it, rows are read by their number.
            let sql = format!("SELECT {} FROM file NOT INDEXED ORDER BY id {order}", row::COLUMNS);
            let Ok(mut statement) = self.db.prepare(&sql) else { continue };
            let Ok(mut rows) = statement.query([]) else { continue };
            while let Ok(Some(row)) = rows.next() {
                let Ok(entry) = row::read(row, &self.root) else { continue };
                if !known.contains(&entry.path) {
                    // What a damaged library says about a file's state is not believed.
                    let stamp = Stamp::default();
                    entries.push(Entry { stamp, verified: None, digests: None, ..entry });
                }
            }
        }
    }

    /// Returns the states of all files.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub fn known(&self) -> Result<Vec<Known>, Error> {
        let mut parts = self.parts()?;
        let query = format!("SELECT id, path, size, mtime, inode, missing, verified, {IS_DAMAGED} FROM file");
        let mut statement = self.db.prepare(&query)?;
        let mut rows = statement.query([])?;
        let mut known = Vec::new();
        while let Some(row) = rows.next()? {
            known.push(Known {
                path: self.root.path(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?),
                stamp: stamp(row, 2)?,
                parts: parts.remove(&row.get(0)?).unwrap_or_default(),
                missing: row.get(5)?,
                verified: row.get(6)?,
                is_damaged: row.get(7)?,
            });
        }
        Ok(known)
    }

    fn parts(&self) -> Result<std::collections::HashMap<i64, Vec<Part>>, Error> {
        let mut parts = std::collections::HashMap::<i64, Vec<Part>>::new();
        let mut statement =
            self.db.prepare("SELECT file, path, size, mtime, inode FROM part ORDER BY rowid")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let path = self.root.path(row.get_ref(1)?.as_blob().map_err(rusqlite::Error::from)?);
            parts.entry(row.get(0)?).or_default().push(Part { path, stamp: stamp(row, 2)? });
        }
        Ok(parts)
    }

    /// Passes each entry that is wanted to `take`, in order.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub fn each(&self, query: &Query, mut take: impl FnMut(Entry)) -> Result<(), Error> {
        let mut parts = self.parts()?;
        let (rest, values) = query.sql();
        let mut statement = self.db.prepare(&format!("SELECT {}, id FROM file {rest}", row::COLUMNS))?;
        let mut rows = statement.query(rusqlite::params_from_iter(values))?;
        while let Some(row) = rows.next()? {
            let mut entry = row::read(row, &self.root)?;
            entry.parts = parts.remove(&row.get("id")?).unwrap_or_default();
            take(entry);
        }
        Ok(())
    }

    /// Returns the entry of a path.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub fn get(&self, path: &Path) -> Result<Option<Entry>, Error> {
        get(&self.db, &self.root, path)
    }

    /// Adds entries, in the place of those with the same paths: all of them or, after an error, none.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub fn put(&mut self, entries: &[Entry]) -> Result<(), Error> {
        let (transaction, root) = self.write()?;
        put(&transaction, root, entries)?;
        Ok(transaction.commit()?)
    }

    /// Notes that files are missing since this time, in seconds since 1970; `None` if they are there again.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub fn set_missing(&mut self, paths: &[PathBuf], since: Option<i64>) -> Result<(), Error> {
        let (transaction, root) = self.write()?;
        let mut statement = transaction.prepare("UPDATE file SET missing = ? WHERE path = ?")?;
        for path in paths {
            statement.execute(params![since, root.stored(path)])?;
        }
        drop(statement);
        Ok(transaction.commit()?)
    }

    /// Notes that files have other paths now, from the first to the second of each pair. What was known of the second
    /// path is replaced.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub fn rename(&mut self, moves: &[(PathBuf, PathBuf)]) -> Result<(), Error> {
        let (transaction, root) = self.write()?;
        for (from, to) in moves {
            transaction.execute("DELETE FROM file WHERE path = ?", params![root.stored(to)])?;
            transaction.execute(
                "UPDATE file SET path = ?, missing = NULL WHERE path = ?",
                params![root.stored(to), root.stored(from)],
            )?;
        }
        Ok(transaction.commit()?)
    }

    /// Removes the entries of these paths, and returns how many there were.
    ///
    /// # Errors
    ///
    /// Those of the database.
    pub fn forget(&mut self, paths: &[PathBuf]) -> Result<usize, Error> {
        let (transaction, root) = self.write()?;
        let mut removed = 0;
        for path in paths {
            removed += transaction.execute("DELETE FROM file WHERE path = ?", params![root.stored(path)])?;
        }
        transaction.commit()?;
        Ok(removed)
    }

    /// Takes what another library knows: all of it or, after an error, nothing. For a file that both know, the
    /// newer description and the newer verification are taken, if they are of the same state of the file; otherwise
    /// what was seen last.
    ///
    /// # Errors
    ///
    /// Those of both databases.
    pub fn merge(&mut self, other: &Self) -> Result<Joined, Error> {
        let mut joined = Joined::default();
        let mut theirs = Vec::new();
        other.each(&Query::default(), |entry| theirs.push(entry))?;
        let (transaction, root) = self.write()?;
        for entry in theirs {
            let entry = match get(&transaction, root, &entry.path)? {
                None => {
                    joined.added += 1;
                    // Inodes of another machine say nothing here.
                    Entry { stamp: Stamp { inode: None, ..entry.stamp }, ..entry }
                }
                Some(mine) => {
                    let both = join(&mine, &entry);
                    if both == mine {
                        joined.unchanged += 1;
                        continue;
                    }
                    joined.updated += 1;
                    both
                }
            };
            put(&transaction, root, std::slice::from_ref(&entry))?;
        }
        transaction.commit()?;
        Ok(joined)
    }

    fn write(&mut self) -> Result<(Transaction<'_>, &Root), Error> {
        // Locked at once: a transaction that begins with reading could fail in its middle.
        Ok((self.db.transaction_with_behavior(TransactionBehavior::Immediate)?, &self.root))
    }
}

fn get(db: &Connection, root: &Root, path: &Path) -> Result<Option<Entry>, Error> {
    let mut statement = db.prepare(&format!("SELECT {}, id FROM file WHERE path = ?", row::COLUMNS))?;
    let mut rows = statement.query(params![root.stored(path)])?;
    let Some(found) = rows.next()? else { return Ok(None) };
    let mut entry = row::read(found, root)?;
    let mut statement =
        db.prepare("SELECT path, size, mtime, inode FROM part WHERE file = ? ORDER BY rowid")?;
    let mut rows = statement.query(params![found.get::<_, i64>("id")?])?;
    while let Some(row) = rows.next()? {
        let path = root.path(row.get_ref(0)?.as_blob().map_err(rusqlite::Error::from)?);
        entry.parts.push(Part { path, stamp: stamp(row, 1)? });
    }
    Ok(Some(entry))
}

fn put(transaction: &Transaction<'_>, root: &Root, entries: &[Entry]) -> Result<(), Error> {
    let mut file = transaction.prepare(&row::upsert())?;
    let mut old = transaction.prepare("DELETE FROM part WHERE file = ?")?;
    let mut part =
        transaction.prepare("INSERT INTO part (file, path, size, mtime, inode) VALUES (?, ?, ?, ?, ?)")?;
    for entry in entries {
        let id = row::write(&mut file, entry, root)?;
        old.execute(params![id])?;
        for Part { path, stamp } in &entry.parts {
            let inode = stamp.inode.map(u64::cast_signed);
            part.execute(params![id, root.stored(path), row::signed(stamp.size), stamp.mtime, inode])?;
        }
    }
    Ok(())
}

fn stamp(row: &rusqlite::Row<'_>, at: usize) -> rusqlite::Result<Stamp> {
    let size = u64::try_from(row.get::<_, i64>(at)?).unwrap_or_default();
    let inode = row.get::<_, Option<i64>>(at + 2)?.map(i64::cast_unsigned);
    Ok(Stamp { size, mtime: row.get(at + 1)?, inode })
}

fn connect(path: &Path, flags: OpenFlags, options: &Options) -> Result<Connection, Error> {
    let db = Connection::open_with_flags(path, flags)?;
    db.busy_timeout(options.patience)?;
    // Text in a damaged file need not be what the schema says.
    db.pragma_update(None, "cell_size_check", true)?;
    db.pragma_update(None, "trusted_schema", false)?;
    Ok(db)
}

/// Undoes what an interrupted run began: SQLite does so when somebody reads who may write. Returns the version that was
/// read.
fn undo(path: &Path, options: &Options) -> Result<u32, Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    schema::version(&connect(path, flags, options)?)
}

/// Returns the folder that relative paths start from, with links resolved.
fn root(path: &Path, options: &Options) -> io::Result<Root> {
    if let Some(root) = &options.root {
        return Ok(Root::new(root.clone()));
    }
    let path = std::path::absolute(path)?;
    let folder = path.parent().unwrap_or(&path);
    // Windows resolves links into paths of another form, which no other path begins with.
    Ok(Root::new(if cfg!(windows) { folder.to_owned() } else { folder.canonicalize()? }))
}

/// Refuses a file that is not a database at all. One that is empty, or does not exist yet, is. With a journal beside it,
/// its beginning may still have to be undone.
fn check_kind(path: &Path) -> Result<(), Error> {
    let Ok(mut file) = File::open(path) else { return Ok(()) };
    if beside(path, JOURNAL).exists() {
        return Ok(());
    }
    let mut start = [0; MAGIC.len()];
    match file.read_exact(&mut start) {
        Ok(()) if start == *MAGIC => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof && file.metadata()?.len() == 0 => Ok(()),
        Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error.into()),
        _ => Err(Error::Foreign),
    }
}

/// Gives a damaged library a free name beside it, and its journal with it.
fn move_aside(path: &Path) -> Result<PathBuf, Error> {
    let mut number = 1;
    let aside = loop {
        let aside = beside(path, &format!(".damaged-{number}"));
        // Reserves the name, so that another file is never replaced.
        match File::create_new(&aside) {
            Ok(_) => break aside,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(error.into()),
        }
    };
    std::fs::rename(path, &aside)?;
    let journal = beside(path, JOURNAL);
    if journal.exists() {
        std::fs::rename(journal, beside(&aside, JOURNAL))?;
    }
    Ok(aside)
}

/// The path of a file beside the library whose name goes on like this.
fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}
