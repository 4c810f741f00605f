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

#[test]
fn source_that_changed_is_neither_converted_nor_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.iso"), [1; 4096]).unwrap();
    let image = Image::open(&at("a.iso")).unwrap();
    let mut outputs = Outputs::default();
    let part = outputs.begin(&at("a.cso")).unwrap();
    std::fs::write(at("a.iso"), [2; 4096]).unwrap();
    let mut record = Record::new("compress", &at("a.iso"));
    // Before the new file gets its name, and between that and the deletion.
    let outcome = put_in_place(&mut outputs, part, &image, &at("a.cso"), Existing::Keep, &mut record);
    assert!(matches!(outcome, Err(Failure::InputChanged)));
    assert!(!at("a.cso").exists() && record.output.is_none());
    let kept = remove_source(&image, &at("a.cso"), &mut record);
    assert!(matches!(kept, Err(Failure::SourceKept(_))));
    assert_eq!(std::fs::read(at("a.iso")).unwrap(), [2; 4096]);
    assert_eq!(record.source_removed, Some(false));
}
