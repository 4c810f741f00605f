//! Tests for what the verbs require of outputs.

use super::*;
use crate::cli::Verbosity;
use crate::output::Existing;

#[test]
fn source_that_is_the_target_is_not_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.iso");
    std::fs::write(&path, [0; 4096]).unwrap();
    let image = Image::open(&path).unwrap();
    let mut removed = None;
    for target in [path.clone(), folder.path().join("./a.iso")] {
        let refused = remove_source(&image, &target, &mut removed);
        assert!(matches!(refused, Err(Failure::SourceKept(_))));
        assert!(path.exists());
        assert_eq!(removed, Some(false));
    }
    // Under another name it works.
    remove_source(&image, &folder.path().join("a.cso"), &mut removed).unwrap();
    assert!(!path.exists());
}

#[test]
fn source_that_changed_is_neither_converted_nor_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.iso"), [1; 4096]).unwrap();
    let image = Image::open(&at("a.iso")).unwrap();
    let mut outputs = Outputs::default();
    let standing = Standing::at(&at("a.cso"), Existing::Keep);
    let part = outputs.begin(&at("a.cso"), &standing).unwrap();
    std::fs::write(at("a.iso"), [2; 4096]).unwrap();
    let (mut put, mut removed) = (None, None);
    // Before the new file gets its name, and between that and the deletion.
    let target = at("a.cso");
    let outcome =
        image.settle(Ok(())).and_then(|()| put_in_place(&mut outputs, part, &target, &standing, &mut put));
    assert!(matches!(outcome, Err(Failure::InputChanged)));
    assert!(!at("a.cso").exists() && put.is_none());
    let kept = remove_source(&image, &at("a.cso"), &mut removed);
    assert!(matches!(kept, Err(Failure::SourceKept(_))));
    assert_eq!(std::fs::read(at("a.iso")).unwrap(), [2; 4096]);
    assert_eq!(removed, Some(false));
}

#[test]
fn source_that_another_run_is_replacing_is_not_deleted() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("a.iso"), [0; 4096]).unwrap();
    let image = Image::open(&at("a.iso")).unwrap();
    let mut removed = None;
    let other_run = PartFile::create(&at("a.iso")).unwrap();
    let kept = remove_source(&image, &at("a.cso"), &mut removed);
    assert!(matches!(kept, Err(Failure::SourceKept(_))) && at("a.iso").exists());
    drop(other_run);
    remove_source(&image, &at("a.cso"), &mut removed).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn second_name_that_a_folder_does_not_give_up_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let mut reporter = Reporter::new(Verbosity { quiet: true, ..Verbosity::default() });
    let mut warnings = || {
        let mut record = Record::new(&at("a.iso"), Outcome::Summed);
        warn_of_second_name(&at("a.cso"), &mut record, &mut reporter);
        record.warnings
    };
    assert!(warnings().is_empty());
    std::fs::write(at("a.cso"), "").unwrap();
    assert!(warnings().is_empty());
    // Another run's file is left alone.
    std::fs::write(at(".a.cso.part"), "").unwrap();
    assert!(warnings().is_empty());
    std::fs::remove_file(at(".a.cso.part")).unwrap();
    std::fs::hard_link(at("a.cso"), at(".a.cso.part")).unwrap();
    assert!(warnings()[0].ends_with(".a.cso.part could not be removed; it is a second name of the new file"));
}
