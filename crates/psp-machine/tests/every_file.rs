//! Mounts a disc in every format and reads every file of it.

mod common;

use common::disc::Disc;
use common::images::Kind;
use psp_machine::isofs::Isofs;

fn every_file_is_right(kind: Kind) {
    let disc = Disc::new(16_384, 1);
    let (mut psp, _) = common::taken_over(kind.pack(&disc.bytes));
    let isofs = Isofs::mount(&mut psp).unwrap();
    let files = isofs.files(&mut psp).unwrap();
    let found: Vec<_> = files.iter().map(|file| (file.path.clone(), file.lba, file.size)).collect();
    assert_eq!(found, disc.files);
    for file in &files {
        let mut position = 0;
        while position < file.size {
            let len = (file.size - position).min(128 << 10);
            let bytes = isofs.read(&mut psp, file, position, len, 0).unwrap();
            let expected = &disc.file(&file.path)[position as usize..][..len as usize];
            assert!(bytes == expected, "{} differs between {position} and {}", file.path, position + len);
            position += len;
        }
    }
    psp.check_guards().unwrap();
}

#[test]
fn cso_2k() {
    every_file_is_right(Kind::Cso { block: 2048, shift: 0 });
}
