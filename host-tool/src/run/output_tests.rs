//! What the verbs ask of outputs.

use super::*;

#[test]
fn source_that_is_the_target_is_not_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.iso");
    std::fs::write(&path, [0; 4096]).unwrap();
    let image = Image::open(&path).unwrap();
    let mut record = Record::new("compress", &path);
    for target in [path.clone(), folder.path().join("./a.iso")] {
        let refused = remove_source(&image, &target, &mut record);
        assert!(matches!(refused, Err(Failure::SourceKept(_))));
        assert!(path.exists());
        assert_eq!(record.source_removed, Some(false));
    }
    // By another name it goes.
    remove_source(&image, &folder.path().join("a.cso"), &mut record).unwrap();
    assert!(!path.exists());
}
