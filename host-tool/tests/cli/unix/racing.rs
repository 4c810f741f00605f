//! Two runs that may both replace one target, each with the right to delete its source.

use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use predicates::str::contains;

use super::signal;
use crate::support::{BIN, Folder, noise, psp_disc, small_disc};

/// The second run is planned first, and reaches this target when the first one is done with it.
#[test]
fn file_of_another_run_is_not_replaced_by_one_that_began_before() {
    for is_there in [false, true] {
        let folder = Folder::new();
        for name in ["a", "b", "out"] {
            std::fs::create_dir(folder.path(name)).unwrap();
        }
        folder.write("a/GAME.iso", &psp_disc());
        folder.write("b/GAME.iso", &small_disc());
        folder.write("b/OTHER.iso", &noise(8 << 20));
        if is_there {
            folder.write("out/GAME.cso", b"old");
        }
        let args = ["compress", "--to", "cso", "-f", "--rm", "-d", "out"];
        let second = Command::new(BIN)
            .current_dir(folder.root())
            .args(args)
            .args(["b/OTHER.iso", "b/GAME.iso"])
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let part = folder.path("out/.OTHER.cso.part");
        let begun = Instant::now();
        while !part.exists() {
            assert!(begun.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(1));
        }
        signal(&second, "-STOP");
        assert!(part.exists(), "its first file takes longer than that");

        folder.cisor(args).arg("a/GAME.iso").assert().success().stderr(contains("source deleted"));
        let made = folder.read("out/GAME.cso");
        signal(&second, "-CONT");
        let output = second.wait_with_output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(
            said.contains(
                "b/GAME.iso: out/GAME.cso is not what was there when the run began. It was left alone"
            ),
            "{said}"
        );
        assert!(folder.read("out/GAME.cso") == made && folder.read("b/GAME.iso") == small_disc());
        assert!(!folder.path("b/OTHER.iso").exists() && !folder.path("out/.GAME.cso.part").exists());
        // A run that starts now has seen the new file, and may replace it.
        folder.cisor(args).arg("b/GAME.iso").assert().success();
        folder.cisor(["extract", "out/GAME.cso", "-o", "BACK.iso"]).assert().success();
        assert!(folder.read("BACK.iso") == small_disc());
    }
}
