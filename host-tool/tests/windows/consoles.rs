//! Interruptions, two runs at once, and the console's window.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use predicates::str::contains;

use crate::support::{Folder, bin, executable, noise, small_disc, text};

/// Starts a compression that takes minutes, and waits until it writes its part file.
fn start_slow(folder: &Folder) -> Child {
    folder.write("SLOW.iso", &[noise(4 << 20), text(4 << 20)].concat());
    let child = Command::new(bin())
        .current_dir(folder.root())
        .args(["compress", "--to", "cso", "--best", "SLOW.iso"])
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    wait_until(|| folder.path(".SLOW.cso.part").exists());
    child
}

fn wait_until(mut done: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !done() {
        assert!(begun.elapsed() < Duration::from_secs(60), "it does not happen");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
#[ignore = "needs Wine"]
fn two_runs_for_one_target_do_not_get_in_each_others_way() {
    let folder = Folder::new();
    let mut slow = start_slow(&folder);
    let second = folder.cisor(["compress", "-1", "--to", "cso", "SLOW.iso"]).assert().code(2);
    second.stderr(contains("is being written by another run"));
    // A killed run leaves its part file, which the next one takes over.
    slow.kill().unwrap();
    slow.wait().unwrap();
    assert_eq!(folder.names(), [".SLOW.cso.part", "SLOW.iso"]);
    let run = folder.cisor(["compress", "-1", "--to", "cso", "SLOW.iso"]).assert().success();
    run.stderr(contains(".SLOW.cso.part was left behind by a run that was killed"));
    assert_eq!(folder.names(), ["SLOW.cso", "SLOW.iso"]);
}

/// Runs a command line on a terminal, with `keys` typed into it after a second, and returns what was on the
/// screen.
fn on_terminal(folder: &Folder, command: &str, keys: &str) -> String {
    let typed =
        format!("(sleep 3; printf '{keys}'; sleep 2) | timeout 60 script -qec \"{command}\" /dev/null");
    let run = folder.command("sh", ["-c", &typed]).output().unwrap();
    String::from_utf8_lossy(&run.stdout).into_owned()
}

#[test]
#[ignore = "needs Wine"]
fn window_stays_open_until_a_key_is_pressed() {
    let folder = Folder::new();
    folder.write("GAME.iso", &small_disc());
    let begun = Instant::now();
    let screen = on_terminal(&folder, &format!("wine '{}' GAME.iso", executable().display()), "x");
    assert!(begun.elapsed() > Duration::from_secs(3), "{screen}");
    for text in ["1 file: done.", "Press any key to close this window."] {
        assert!(screen.contains(text), "{text} in {screen}");
    }
    assert_eq!(folder.names(), ["GAME.cso", "GAME.iso"]);
}

#[test]
#[ignore = "needs Wine"]
fn progress_is_drawn_and_ctrl_c_leaves_nothing() {
    let folder = Folder::new();
    folder.write("SLOW DISC.iso", &noise(16 << 20));
    let exe = executable();
    let command = format!("wine '{}' compress --to cso --best 'SLOW DISC.iso'", exe.display());
    let screen = on_terminal(&folder, &command, "\\003");
    // Its speed may be in kB/s where much else runs.
    for text in ["packing SLOW DISC.iso", "B/s", "to ", " left", "interrupted"] {
        assert!(screen.contains(text), "{text} in {screen}");
    }
    assert_eq!(folder.names(), ["SLOW DISC.iso"], "{screen}");
}
