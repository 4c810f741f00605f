//! What reaches a terminal.
#![cfg(target_os = "linux")]

use crate::support::{BIN, Folder, noise};

/// Runs the program on a terminal of this kind, and returns everything that it wrote there.
fn on_terminal(folder: &Folder, term: &str, args: &str) -> String {
    let command = format!("'{BIN}' {args}");
    let mut script = folder.command("script", ["-qec", &command, "/dev/null"]);
    // With `CI`, any terminal counts as one with colours.
    for name in ["CI", "CLICOLOR_FORCE", "NO_COLOR"] {
        script.env_remove(name);
    }
    let output = script.env("TERM", term).output();
    String::from_utf8_lossy(&output.expect("script").stdout).into_owned()
}

/// A terminal that cannot move the cursor gets whole lines, without control sequences and without lines that
/// are written over. That of Windows 7 gets the same.
#[test]
fn terminal_without_control_sequences_gets_whole_lines() {
    let folder = Folder::new();
    folder.write("GAME.iso", &noise(8 << 20));
    for (term, draws) in [("xterm", true), ("dumb", false)] {
        let screen = on_terminal(&folder, term, "compress -f --to zso -9 GAME.iso none.iso");
        assert!(
            screen.contains("verified; SHA-1") && screen.contains("none.iso: cannot open it"),
            "{screen}"
        );
        assert_eq!(screen.contains("packing GAME.iso"), draws, "{term}: {screen}");
        assert_eq!(screen.contains('\x1b'), draws, "{term}: {screen}");
        assert_eq!(screen.replace("\r\n", "").contains('\r'), draws, "{term}: {screen}");
    }
}
