//! Lines, colours, quietness, pipes that close, completions and manual pages.

use std::io::Read;
use std::process::{Command, Stdio};

use predicates::prelude::PredicateBooleanExt;
use predicates::str::{contains, is_empty, is_match};

use crate::support::{Folder, bin};

#[test]
fn without_a_terminal_there_is_a_plain_line_per_file() {
    let folder = Folder::with_game();
    let run = folder.cisor(["compress", "GAME.iso"]).assert().success();
    let line = "^GAME.iso -> GAME.cso: CSO in blocks of 2048 bytes, [0-9.]+ kB of [0-9.]+ [kM]B \\([0-9.]+ %\\), \
                verified; safe for the PSP's firmware[^;]*; SHA-1 of the disc [0-9a-f]{40}\n$";
    run.stdout(is_empty()).stderr(is_match(line).unwrap());
    let run = folder.cisor(["extract", "GAME.cso", "-o", "B.iso"]).assert().success();
    run.stdout(is_empty()).stderr(
        is_match("^GAME.cso -> B.iso: [0-9.]+ [kM]B, verified; SHA-1 of the disc [0-9a-f]{40}\n$").unwrap(),
    );
}

#[test]
fn quiet_and_verbose() {
    let folder = Folder::with_game();
    folder.cisor(["compress", "-q", "GAME.iso"]).assert().success().stdout(is_empty()).stderr(is_empty());
    let run = folder.cisor(["compress", "-qf", "GAME.cso", "GAME.iso"]).assert().code(3);
    run.stderr(is_match("^error: [^\n]*\nerror: [^\n]*\n$").unwrap());
    let run = folder.cisor(["-v", "compress", "--to", "zso", "GAME.iso"]).assert().success();
    run.stderr(contains("LZ4 optimal 64").and(contains("took ")));
    folder.cisor(["verify", "-q", "-v", "GAME.iso"]).assert().code(2);
}

#[test]
fn colours_are_where_they_are_wanted() {
    let folder = Folder::new();
    let error = |variables: &[(&str, &str)]| {
        let run = folder.cisor(["verify", "none"]);
        let run = variables.iter().fold(run, |run, (name, value)| run.env(name, value));
        String::from_utf8(run.output().stderr).unwrap()
    };
    assert!(!error(&[]).contains('\x1b'));
    assert!(error(&[("CLICOLOR_FORCE", "1")]).starts_with("\x1b[1;31merror:\x1b[0m none: "));
    assert!(!error(&[("NO_COLOR", "1")]).contains('\x1b'));
}

/// Reads a little of the output, closes the pipe, and returns the exit code and the errors.
fn closed_pipe(folder: &Folder, args: &[&str]) -> (Option<i32>, String) {
    let mut child = Command::new(bin())
        .current_dir(folder.root())
        .args(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut begin = [0; 1];
    let _ = child.stdout.take().unwrap().read(&mut begin);
    let output = child.wait_with_output().unwrap();
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn pipe_that_closes_is_no_panic() {
    let folder = Folder::with_compressed_game();
    let files = ["GAME.cso"; 200];
    assert_eq!(closed_pipe(&folder, &[&["info"], &files[..]].concat()), (Some(0), String::new()));
    assert_eq!(closed_pipe(&folder, &["man"]), (Some(0), String::new()));
    assert_eq!(closed_pipe(&folder, &["completions", "zsh"]), (Some(0), String::new()));
    assert_eq!(closed_pipe(&folder, &["compress", "--help"]), (Some(0), String::new()));
    // The work itself goes on.
    let (code, _) = closed_pipe(&folder, &["extract", "--json", "GAME.cso", "-o", "OUT.iso"]);
    assert_eq!(code, Some(0));
    assert!(folder.path("OUT.iso").is_file());
}

#[cfg(target_os = "linux")]
#[test]
fn standard_output_that_cannot_be_written_is_a_failure() {
    let folder = Folder::with_compressed_game();
    for args in [
        &["verify", "GAME.cso"][..],
        &["info", "--json", "GAME.cso"],
        &["--version"],
        &["--help"],
        &["help", "compress"],
        &["compress", "--help"],
        &["compat", "maxcso", "--help"],
        &["completions", "zsh"],
        &["man"],
    ] {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = Command::new(bin())
            .current_dir(folder.root())
            .args(args)
            .stdout(full)
            .stderr(Stdio::piped())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{args:?}");
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(said.matches("standard output: cannot write: ").count(), 1, "{args:?}: {said}");
    }
}

#[test]
fn completions_for_every_shell() {
    let folder = Folder::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let run = folder.cisor(["completions", shell]).assert().success();
        run.stdout(contains("keep-going").and(contains("compress")));
    }
}

#[test]
fn manual_pages_for_every_command() {
    let folder = Folder::new();
    folder.cisor(["man"]).assert().success().stdout(contains(".TH cisor 1").and(contains("Profiles (")));
    folder.cisor(["man", "none"]).assert().code(2).stderr(contains("none: cannot write: "));
    std::fs::create_dir(folder.path("man1")).unwrap();
    folder.cisor(["man", "man1"]).assert().success();
    for command in [
        "compress",
        "extract",
        "verify",
        "info",
        "compare",
        "compat",
        "completions",
        "man",
        "dat",
        "dat-check",
    ] {
        let page = String::from_utf8(folder.read(format!("man1/cisor-{command}.1"))).unwrap();
        assert!(page.contains(&format!(".TH cisor-{command} 1")), "{page}");
    }
    assert!(folder.path("man1/cisor.1").is_file());
}

#[test]
fn wrong_usage_exits_2() {
    let folder = Folder::new();
    for args in
        [&[][..], &["pack"], &["compress"], &["compress", "--to", "rar", "a"], &["verify", "--rm", "a"]]
    {
        folder.cisor(args).assert().code(2).stdout(is_empty()).stderr(contains("--help"));
    }
    folder.cisor(["--help"]).assert().code(0).stderr(is_empty());
    folder.cisor(["--version"]).assert().code(0).stdout(contains("cisor "));
}
