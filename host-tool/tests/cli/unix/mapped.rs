//! Files that another program has mapped into memory.

use std::time::Duration;

use cisor::image::Image;

#[test]
fn page_that_was_changed_before_is_noticed_when_it_changes_again() {
    // Not in a folder for temporary files, which may be in memory and is then never written back.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let path = folder.path().join("a.iso");
    std::fs::write(&path, [1; 8192]).unwrap();
    let file = std::fs::File::options().read(true).write(true).open(&path).unwrap();
    file.sync_all().unwrap();
    // SAFETY: nothing else truncates the file, and only bytes are read from it.
    let mut map = unsafe { memmap2::MmapMut::map_mut(&file) }.unwrap();
    map[5000] = 2;
    std::thread::sleep(Duration::from_millis(50));
    let image = Image::open_steady(&path).unwrap();
    assert!(image.is_unchanged());
    map[5000] = 3;
    assert!(!image.is_unchanged());
}
