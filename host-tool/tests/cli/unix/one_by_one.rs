//! The files of a run are read one after the other, so that a spinning disk does not have to seek between them; the
//! threads work on the same file.

use std::collections::BTreeSet;
use std::path::Path;

use super::start_unheard;
use crate::support::{Folder, noise};

/// Names of the images that a process has open.
fn open_images(process: u32) -> BTreeSet<String> {
    let Ok(entries) = std::fs::read_dir(format!("/proc/{process}/fd")) else { return BTreeSet::new() };
    let files = entries.flatten().filter_map(|entry| std::fs::read_link(entry.path()).ok());
    let images = files.filter(|file| file.extension().is_some_and(|extension| extension == "iso"));
    let name = |file: &Path| file.file_name().unwrap().to_string_lossy().into_owned();
    images.map(|file| name(&file)).collect()
}

fn threads(process: u32) -> usize {
    std::fs::read_dir(format!("/proc/{process}/task")).map_or(0, Iterator::count)
}

#[test]
fn files_are_read_one_after_the_other_by_several_threads() {
    let folder = Folder::new();
    for name in ["shelf", "out"] {
        std::fs::create_dir(folder.path(name)).unwrap();
    }
    for number in 0..3 {
        folder.write(format!("shelf/{number}.iso"), &noise((8 << 20) + number * 2048));
    }
    for args in [
        &["verify", "-r", "-j", "2", "shelf"][..],
        &["compress", "-r", "-j", "2", "--to", "cso", "-1", "-d", "out", "shelf"],
        &["library", "scan", "--verify", "--db", "library.db", "shelf"],
    ] {
        let mut child = start_unheard(&folder, args);
        let (mut seen, mut most_threads) = (Vec::new(), 0);
        while child.try_wait().unwrap().is_none() {
            let open = open_images(child.id());
            // A look takes a while: one file may be closed and the next one opened meanwhile.
            let are_at_once = open.len() > 1 && open_images(child.id()).is_superset(&open);
            assert!(!are_at_once, "{args:?}: {open:?} are open at once");
            most_threads = most_threads.max(threads(child.id()));
            seen.extend(open.into_iter().filter(|name| !name.is_empty()));
            seen.dedup();
        }
        assert!(child.wait().unwrap().success(), "{args:?}");
        assert!(most_threads > 2, "{args:?}: {most_threads} threads");
        // Each file is also opened when it is found, and when the work is planned.
        let names: BTreeSet<_> = seen.iter().collect();
        assert!(names.len() == 3 && seen.len() <= 9, "{args:?}: {seen:?}");
    }
}
