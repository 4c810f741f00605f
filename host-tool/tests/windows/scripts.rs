//! The `.cmd` files that discs are dropped onto.

use std::path::Path;
use std::process::Stdio;

use crate::support::{Folder, executable, ps2_disc, small_disc};

/// The name of the script in the tests.
const SCRIPT: &str = "Compress for PS2 (OPL).cmd";
/// Starts the script with the typed arguments.
const STARTER: &str = "starter.cmd";

/// A folder with the program and a script.
fn with_script(action: &str) -> Folder {
    let template = std::env::var_os("CISOR_DROP_CMD").unwrap();
    let template = std::fs::read_to_string(template).unwrap();
    let folder = Folder::new();
    let script = template.replace("@ACTION@", action).replace('\n', "\r\n");
    folder.write(SCRIPT, script.as_bytes());
    std::os::unix::fs::symlink(executable(), folder.path("cisor.exe")).unwrap();
    folder
}

fn windows_path(path: &Path) -> String {
    format!("Z:{}", path.display()).replace('/', "\\")
}

/// Drops files on the script as the Windows desktop does, which only quotes paths with a space in them.
/// Unlike that of Windows, Wine's interpreter does not tell scripts the line it was started with, so this
/// is done here.
fn drop_on(folder: &Folder, names: &[&str]) -> (i32, String) {
    let mut line = format!("\"{}\"", windows_path(&folder.path(SCRIPT)));
    for name in names {
        let path = windows_path(&folder.path(name));
        line += &if path.contains(' ') { format!(" \"{path}\"") } else { format!(" {path}") };
    }
    let line = format!("C:\\windows\\system32\\cmd.exe /c \"{line}\"");
    run(folder, &[], &[("cmdcmdline", &line)])
}

/// Runs the script with arguments.
fn run(folder: &Folder, args: &[&str], env: &[(&str, &str)]) -> (i32, String) {
    let args: String = args.iter().map(|arg| format!(" \"{arg}\"")).collect();
    // In a script, a percent sign is doubled.
    let line = format!("@\"{SCRIPT}\"{}\r\n", args.replace('%', "%%"));
    folder.write(STARTER, line.as_bytes());
    let mut command = std::process::Command::new("wine");
    command.current_dir(folder.root()).args(["cmd", "/c", STARTER]).stdin(Stdio::null());
    let output = command.envs(env.iter().copied()).output().unwrap();
    folder.remove(STARTER);
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap(), String::from_utf8_lossy(&text).into_owned())
}

#[test]
#[ignore = "needs Wine"]
fn dropped_names_arrive_whole() {
    let folder = with_script("--for psp");
    // Unlike Windows, Wine loses exclamation marks in delayed expansion; the test below covers those.
    let names = ["a&b", "a & b", "100%", "%PATH%", "a^b", "a^&b c", "(x),y;z=1", "ゲーム 1", "plain"];
    let images: Vec<String> = names.iter().map(|name| format!("{name}.iso")).collect();
    images.iter().for_each(|name| folder.write(name, &small_disc()));
    let dropped: Vec<&str> = images.iter().map(String::as_str).collect();
    let (code, said) = drop_on(&folder, &dropped);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("9 files: all done."), "{said}");
    for name in names {
        assert!(folder.path(format!("{name}.cso")).is_file(), "{name}: {said}");
    }
}

#[test]
#[ignore = "needs Wine"]
fn typed_names_arrive_whole() {
    let folder = with_script("--for psp");
    // Unlike Windows, Wine expands variables in arguments; percent signs are tested above.
    let names = ["a & b!", "c^d!e"];
    for name in names {
        folder.write(format!("{name}.iso"), &small_disc());
        let (code, said) = run(&folder, &[&format!("{name}.iso")], &[]);
        assert_eq!(code, 0, "{said}");
        assert!(folder.path(format!("{name}.cso")).is_file(), "{name}: {said}");
    }
}

#[test]
#[ignore = "needs Wine"]
fn each_script_does_what_its_name_says() {
    for (action, from, to) in [
        ("--for psp", "iso", "cso"),
        ("--for opl", "iso", "zso"),
        ("--for ppsspp", "iso", "cso"),
        ("--extract", "cso", "iso"),
        ("--verify", "cso", ""),
    ] {
        let folder = with_script(action);
        folder.write("GAME.iso", &if action == "--for opl" { ps2_disc() } else { small_disc() });
        if from == "cso" {
            folder.cisor(["compress", "-q", "--rm", "GAME.iso"]).assert().success();
        }
        let (code, said) = drop_on(&folder, &[&format!("GAME.{from}")]);
        assert_eq!(code, 0, "{action}: {said}");
        assert!(said.contains("1 file: done."), "{action}: {said}");
        let mut expected = vec![SCRIPT.to_owned(), format!("GAME.{from}"), "cisor.exe".into()];
        if !to.is_empty() {
            expected.push(format!("GAME.{to}"));
        }
        expected.sort();
        assert_eq!(folder.names(), expected, "{action}");
    }
}

#[test]
#[ignore = "needs Wine"]
fn what_cannot_be_done_is_said_and_leads_to_an_exit_code() {
    let folder = with_script("--for psp");
    folder.write("empty & nothing.iso", b"");
    let (code, said) = drop_on(&folder, &["empty & nothing.iso"]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("empty & nothing.iso: the file is empty"), "{said}");
    folder.remove("cisor.exe");
    let (code, said) = run(&folder, &["x.iso"], &[]);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("cisor.exe has to be in the same folder"), "{said}");
}
