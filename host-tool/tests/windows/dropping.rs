//! Started with paths alone.

use predicates::prelude::PredicateBooleanExt;
use predicates::str::contains;

use crate::support::{Folder, small_disc};

#[test]
#[ignore = "needs Wine"]
fn five_hundred_files_fit_on_a_command_line() {
    let folder = Folder::new();
    let names: Vec<String> = (0..500).map(|number| format!("{number:03}.iso")).collect();
    names.iter().for_each(|name| folder.write(name, &[7; 2048]));
    folder.write("000.iso", &small_disc());
    let run = folder.cisor(&names).assert().code(3);
    run.stderr(
        contains("500 files: 1 done, 499 not done:")
            .and(contains("001.iso: it is not recognised as a disc"))
            .and(contains("and 484 more, which are named above")),
    );
    assert_eq!(folder.names().len(), 501);
}
