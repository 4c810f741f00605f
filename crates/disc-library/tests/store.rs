//! The database: what is written comes back, earlier versions are taken, and what cannot be used is told apart.

use std::path::{Path, PathBuf};
use std::time::Duration;

use disc_library::{
    Digests, Disc, Entry, Error, Layout, Library, Options, Outcome, Part, Query, Sort, Stamp,
};
use rusqlite::Connection;
use tempfile::TempDir;

fn options() -> Options {
    Options { patience: Duration::from_millis(50), root: None }
}

fn folder() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().canonicalize().unwrap().join("library.db");
    (folder, path)
}

fn full(path: PathBuf) -> Entry {
    Entry {
        stamp: Stamp { size: 5_000_000_000, mtime: 1_700_000_000_123_456_789, inode: Some(u64::MAX) },
        parts: vec![Part {
            path: path.with_extension("bin"),
            stamp: Stamp { size: 1, mtime: -5, inode: None },
        }],
        scanned: 100,
        missing: Some(300),
        source: Some("cue".into()),
        layout: Some(Layout {
            format: "cso".into(),
            block_size: 2048,
            image_size: 9_000_000_000,
            stored_size: 5_000_000_001,
            version: Some(1),
            header_size: Some(24),
            index_shift: 2,
            block_headers: true,
            uncompressed_areas: 3,
            last_block_filled: Some(false),
            overlong_blocks: Some(4),
            content: "game".into(),
        }),
        disc: Disc {
            console: Some("PSP".into()),
            other: Some("UMD Video".into()),
            id: Some("ULUS-10041".into()),
            title: Some("Zwölf Türme".into()),
        },
        digests: Some(Digests { crc32: u32::MAX, md5: [1; 16], sha1: [2; 20], sha256: [3; 32] }),
        achievements: Some([4; 16]),
        unsafe_streams: Some(5),
        outcome: Outcome {
            status: "damaged".into(),
            kind: Some("damaged_blocks".into()),
            message: Some("1 block".into()),
        },
        verified: Some(200),
        path,
    }
}

fn plain(folder: &Path, name: &str, sha256: u8) -> Entry {
    let digests = Digests { crc32: 0, md5: [0; 16], sha1: [0; 20], sha256: [sha256; 32] };
    let layout = Layout { format: "iso".into(), stored_size: 10, image_size: 10, ..Layout::default() };
    Entry { path: folder.join(name), layout: Some(layout), digests: Some(digests), ..Entry::default() }
}

fn paths(library: &Library, query: &Query) -> Vec<String> {
    let mut names = Vec::new();
    let name = |entry: &Entry| entry.path.file_name().unwrap().to_string_lossy().into_owned();
    library.each(query, |entry| names.push(name(&entry))).unwrap();
    names
}

#[test]
fn entry_comes_back_as_it_was() {
    let (_folder, path) = folder();
    let mut entries = vec![full(path.with_file_name("a.cue")), full("/elsewhere/b.cso".into())];
    entries.push(Entry { path: path.with_file_name("empty.iso"), ..Entry::default() });
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt;
        let odd = std::ffi::OsStr::from_bytes(b"od\xFF\\d\n.iso");
        entries.push(Entry { path: path.with_file_name(odd), parts: Vec::new(), ..full(PathBuf::new()) });
    }
    let mut library = Library::open(&path, &options()).unwrap();
    library.put(&entries).unwrap();
    library.put(&entries[..1]).unwrap();
    drop(library);
    let library = Library::read(&path, &options()).unwrap();
    for entry in &entries {
        assert_eq!(library.get(&entry.path).unwrap().as_ref(), Some(entry));
    }
    let mut all = Vec::new();
    library.each(&Query::default(), |entry| all.push(entry)).unwrap();
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    all.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(all, entries);
    let known = library.known().unwrap();
    let one = known.iter().find(|known| known.path == path.with_file_name("a.cue")).unwrap();
    assert_eq!(
        (one.stamp, &one.parts),
        (entries.iter().find(|e| e.path == one.path).unwrap().stamp, &full(one.path.clone()).parts)
    );
    assert_eq!(library.get(Path::new("/nowhere")).unwrap(), None);
}

#[test]
fn tree_can_be_moved_with_its_library() {
    let (folder, path) = folder();
    let shelf = path.with_file_name("shelf");
    std::fs::create_dir(&shelf).unwrap();
    let mut library = Library::open(&shelf.join("library.db"), &options()).unwrap();
    library.put(&[plain(&shelf, "a.iso", 1)]).unwrap();
    drop(library);
    let moved = path.with_file_name("moved");
    std::fs::rename(&shelf, &moved).unwrap();
    let library = Library::read(&moved.join("library.db"), &options()).unwrap();
    assert!(library.get(&moved.join("a.iso")).unwrap().is_some());
    drop(folder);
}

#[test]
fn conditions_and_orders_are_kept() {
    let (_folder, path) = folder();
    let at = path.parent().unwrap();
    let mut library = Library::open(&path, &options()).unwrap();
    let (mut a, mut b, mut c, mut d) =
        (plain(at, "a.iso", 7), plain(at, "b.iso", 8), plain(at, "c.iso", 7), plain(at, "d.iso", 9));
    a.verified = Some(50);
    b.outcome.status = "mismatch".into();
    b.disc.console = Some("PS2".into());
    b.unsafe_streams = Some(1);
    c.unsafe_streams = Some(1);
    c.layout.as_mut().unwrap().stored_size = 99;
    d.missing = Some(1);
    d.source = Some("chd".into());
    d.outcome.status = "failed".into();
    d.verified = Some(10);
    library.put(&[d, c, b, a]).unwrap();
    let found = |query: Query| paths(&library, &query).join(" ");
    let all = Query::default;
    assert_eq!(found(all()), "a.iso b.iso c.iso d.iso");
    assert_eq!(found(Query { damaged: true, ..all() }), "b.iso");
    assert_eq!(found(Query { unusable: true, ..all() }), "d.iso");
    assert_eq!(found(Query { unverified: true, ..all() }), "b.iso c.iso");
    assert_eq!(found(Query { verified_before: Some(10), ..all() }), "b.iso c.iso d.iso");
    assert_eq!(found(Query { verified_before: Some(9), ..all() }), "b.iso c.iso");
    assert_eq!(found(Query { unsafe_for_psp: true, ..all() }), "c.iso");
    assert_eq!(found(Query { duplicates: true, ..all() }), "a.iso c.iso");
    assert_eq!(found(Query { missing: Some(true), ..all() }), "d.iso");
    assert_eq!(found(Query { missing: Some(false), ..all() }), "a.iso b.iso c.iso");
    assert_eq!(found(Query { formats: vec!["iso".into()], ..all() }), "a.iso b.iso c.iso");
    assert_eq!(found(Query { formats: vec!["zso".into(), "chd".into()], ..all() }), "d.iso");
    assert_eq!(found(Query { console: Some("PS2".into()), ..all() }), "b.iso");
    assert_eq!(
        found(Query { console: Some("PS2".into()), unverified: true, damaged: true, ..all() }),
        "b.iso"
    );
    assert_eq!(found(Query { sort: Sort::Verified, ..all() }), "b.iso c.iso d.iso a.iso");
    assert_eq!(found(Query { sort: Sort::Size, descending: true, ..all() }), "c.iso a.iso b.iso d.iso");
    assert_eq!(found(Query { sort: Sort::Digest, ..all() }), "a.iso c.iso b.iso d.iso");
}

#[test]
fn files_are_renamed_missed_and_forgotten() {
    let (_folder, path) = folder();
    let at = path.parent().unwrap();
    let mut library = Library::open(&path, &options()).unwrap();
    let mut cue = full(at.join("old.cue"));
    cue.missing = Some(9);
    library.put(&[cue.clone(), plain(at, "new.cue", 1), plain(at, "b.iso", 2)]).unwrap();
    library.rename(&[(at.join("old.cue"), at.join("new.cue"))]).unwrap();
    let renamed = library.get(&at.join("new.cue")).unwrap().unwrap();
    assert_eq!(renamed, Entry { path: at.join("new.cue"), missing: None, ..cue });
    assert_eq!(library.get(&at.join("old.cue")).unwrap(), None);
    library.set_missing(&[at.join("b.iso")], Some(77)).unwrap();
    assert_eq!(library.get(&at.join("b.iso")).unwrap().unwrap().missing, Some(77));
    assert_eq!(library.forget(&[at.join("new.cue"), at.join("none.iso")]).unwrap(), 1);
    assert_eq!(paths(&library, &Query::default()), ["b.iso"]);
}

#[test]
fn merge_takes_what_is_newer() {
    let (_folder, path) = folder();
    let at = path.parent().unwrap();
    let mut mine = Library::open(&path, &options()).unwrap();
    let mut theirs = Library::open(&path.with_file_name("other.db"), &options()).unwrap();
    let verified = |name, time| Entry { verified: Some(time), ..plain(at, name, 1) };
    mine.put(&[verified("both.iso", 10), verified("mine.iso", 1), verified("newer here.iso", 9)]).unwrap();
    theirs
        .put(&[verified("both.iso", 20), verified("theirs.iso", 1), verified("newer here.iso", 8)])
        .unwrap();
    let joined = mine.merge(&theirs).unwrap();
    assert_eq!((joined.added, joined.updated, joined.unchanged), (1, 1, 1));
    let time = |name| mine.get(&at.join(name)).unwrap().unwrap().verified;
    assert_eq!(["both.iso", "newer here.iso", "theirs.iso"].map(time), [Some(20), Some(9), Some(1)]);
    let again = mine.merge(&theirs).unwrap();
    assert_eq!((again.added, again.updated, again.unchanged), (0, 0, 3));
}

#[test]
fn library_of_a_tree_elsewhere_is_merged_into_this_tree() {
    let (_folder, path) = folder();
    let (here, there) = (path.with_file_name("here"), path.with_file_name("there"));
    let _ = [&here, &there].map(|folder| std::fs::create_dir(folder).unwrap());
    let mut theirs = Library::open(&there.join("library.db"), &options()).unwrap();
    theirs.put(&[plain(&there, "a.iso", 1)]).unwrap();
    drop(theirs);
    let theirs = Options { root: Some(here.clone()), ..options() };
    let theirs = Library::read(&there.join("library.db"), &theirs).unwrap();
    let mut mine = Library::open(&here.join("library.db"), &options()).unwrap();
    mine.merge(&theirs).unwrap();
    assert!(mine.get(&here.join("a.iso")).unwrap().is_some());
}

/// Every version that was ever released has a dump in `versions`, made by that version.
#[test]
fn every_earlier_version_is_taken() {
    let current: u32 = {
        let (_folder, path) = folder();
        drop(Library::open(&path, &options()).unwrap());
        Connection::open(&path).unwrap().query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap()
    };
    for version in 1..=current {
        let dump = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/versions/{version}.sql"));
        let dump =
            std::fs::read_to_string(&dump).unwrap_or_else(|error| panic!("{}: {error}", dump.display()));
        for is_read_only in [true, false] {
            let (_folder, path) = folder();
            Connection::open(&path).unwrap().execute_batch(&dump).unwrap();
            let before = std::fs::read(&path).unwrap();
            let library = if is_read_only {
                Library::read(&path, &options()).unwrap()
            } else {
                Library::open(&path, &options()).unwrap()
            };
            let mut expected = full(path.with_file_name("a.cue"));
            if version == 1 {
                expected.parts.clear();
            }
            assert_eq!(library.get(&expected.path).unwrap(), Some(expected), "version {version}");
            assert_eq!(paths(&library, &Query::default()), ["b.iso", "a.cue"], "version {version}");
            drop(library);
            assert_eq!(std::fs::read(&path).unwrap() == before, is_read_only || version == current);
        }
    }
}

#[test]
fn what_cannot_be_used_is_told_apart() {
    let (_folder, path) = folder();
    let open = || Library::open(&path, &options()).map(drop);
    let read = || Library::read(&path, &options()).map(drop);
    assert!(matches!(read(), Err(Error::Io(_))), "a library that does not exist is not created by reading");
    assert!(!path.exists());
    let image = vec![7; 40_000];
    for foreign in [&image[..], b"SQLite", b"\0"] {
        std::fs::write(&path, foreign).unwrap();
        assert!(matches!(open(), Err(Error::Foreign)));
        assert!(matches!(read(), Err(Error::Foreign)));
        assert!(matches!(Library::rebuild(&path, &options()), Err(Error::Foreign)));
        assert!(std::fs::read(&path).unwrap() == foreign, "another file stays as it is");
    }
    std::fs::write(&path, b"").unwrap();
    open().unwrap();
    read().unwrap();

    let db = Connection::open(&path).unwrap();
    db.execute_batch("BEGIN EXCLUSIVE").unwrap();
    assert!(matches!(open(), Err(Error::Locked)));
    assert!(matches!(read(), Err(Error::Locked)));
    db.execute_batch("COMMIT; PRAGMA user_version = 99").unwrap();
    assert!(matches!(open(), Err(Error::Newer { found: 99, known: 2 })));
    assert!(matches!(read(), Err(Error::Newer { .. })));
    assert!(matches!(Library::rebuild(&path, &options()), Err(Error::Newer { .. })));
    db.execute_batch("PRAGMA user_version = 2; PRAGMA application_id = 5").unwrap();
    assert!(matches!(open(), Err(Error::Foreign)), "another program's database");
}

/// Copies a library while it is being written to: a run that is killed at that moment leaves the same files.
fn interrupted(path: &Path, sql: &str, elsewhere: &Path) -> PathBuf {
    let db = Connection::open(path).unwrap();
    // With so little memory, pages go to the file long before the end, after those they replace went to the journal.
    db.execute_batch(&format!("PRAGMA cache_size = 1; BEGIN IMMEDIATE; {sql}")).unwrap();
    let copy = elsewhere.join("library.db");
    std::fs::copy(path, &copy).unwrap();
    std::fs::copy(path.with_extension("db-journal"), copy.with_extension("db-journal")).unwrap();
    copy
}

#[test]
fn what_an_interrupted_run_began_is_undone_by_who_reads() {
    let (_folder, path) = folder();
    let at = path.parent().unwrap();
    let entries: Vec<Entry> = (0..300).map(|number| plain(at, &format!("{number:05}.iso"), 1)).collect();
    Library::open(&path, &options()).unwrap().put(&entries).unwrap();
    for sql in ["UPDATE file SET title = hex(zeroblob(3000))", "DELETE FROM file"] {
        let elsewhere = tempfile::tempdir().unwrap();
        let copy = interrupted(&path, sql, elsewhere.path());
        assert!(std::fs::read(&copy).unwrap() != std::fs::read(&path).unwrap(), "nothing was written yet");
        let library = Library::read(&copy, &options()).unwrap();
        assert_eq!(paths(&library, &Query::default()).len(), 300, "{sql}");
        drop(library);
        assert!(!copy.with_extension("db-journal").exists());
    }
}

#[test]
fn library_that_was_begun_is_as_good_as_none() {
    let (_folder, path) = folder();
    let elsewhere = tempfile::tempdir().unwrap();
    let sql = "CREATE TABLE a (b TEXT); WITH RECURSIVE c (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c LIMIT 100) \
               INSERT INTO a SELECT hex(zeroblob(3000)) FROM c";
    let copy = interrupted(&path, sql, elsewhere.path());
    // The power went before the first page was on the disk.
    let mut bytes = std::fs::read(&copy).unwrap();
    assert!(bytes.len() > 4096);
    bytes[..4096].fill(0);
    std::fs::write(&copy, bytes).unwrap();
    let library = Library::read(&copy, &options()).unwrap();
    assert!(paths(&library, &Query::default()).is_empty());
    drop(library);
    Library::open(&copy, &options()).unwrap();
}

#[test]
fn damaged_library_is_moved_aside_and_what_is_left_is_kept() {
    let (_folder, path) = folder();
    let at = path.parent().unwrap();
    let mut library = Library::open(&path, &options()).unwrap();
    let entries: Vec<Entry> = (0..3000)
        .map(|number| Entry { verified: Some(5), ..plain(at, &format!("{number:05}.iso"), 1) })
        .collect();
    library.put(&entries).unwrap();
    drop(library);
    assert!(Library::rebuild(&path, &options()).unwrap().is_none(), "it is intact");

    let mut bytes = std::fs::read(&path).unwrap();
    let middle = bytes.len() / 4096 / 2 * 4096;
    bytes[middle..middle + 3 * 4096].fill(0xA5);
    std::fs::write(&path, &bytes).unwrap();
    let aside = |number: u32| PathBuf::from(format!("{}.damaged-{number}", path.display()));
    std::fs::write(aside(1), "an earlier one").unwrap();
    let rebuilt = Library::rebuild(&path, &options()).unwrap().expect("it is damaged");
    assert_eq!(rebuilt.moved_to, aside(2));
    assert!(
        std::fs::read(aside(2)).unwrap() == bytes && std::fs::read(aside(1)).unwrap() == b"an earlier one"
    );
    assert!(rebuilt.salvaged > 1000 && rebuilt.salvaged < 3000, "{}", rebuilt.salvaged);
    let first = rebuilt.library.get(&at.join("00000.iso")).unwrap().unwrap();
    assert_eq!((first.verified, first.digests, first.stamp), (None, None, Stamp::default()));
    assert!(rebuilt.library.get(&at.join("02999.iso")).unwrap().is_some(), "read from the end");
}

#[test]
fn write_ahead_log_of_somebody_else_is_turned_off() {
    let (_folder, path) = folder();
    drop(Library::open(&path, &options()).unwrap());
    let mode =
        |sql| -> String { Connection::open(&path).unwrap().query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(mode("PRAGMA journal_mode = WAL"), "wal");
    drop(Library::open(&path, &options()).unwrap());
    assert_eq!(mode("PRAGMA journal_mode"), "delete");
}
