//! Running other programs.

use std::env;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Prints the command, runs it, and fails if it fails.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    eprintln!("$ {}", shown(command));
    let status = command.status().with_context(|| format!("cannot start {}", shown(command)))?;
    if !status.success() {
        bail!("{} ended with {status}", shown(command));
    }
    Ok(())
}

/// Runs a command without printing it, and returns its output.
pub(crate) fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command.output().with_context(|| format!("cannot start {}", shown(command)))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        bail!("{} ended with {}\n{}", shown(command), output.status, said.trim_end());
    }
    Ok(output.stdout)
}

/// Like [`output`], for a command that prints text; without the trailing newline.
pub(crate) fn text(command: &mut Command) -> Result<String> {
    let bytes = output(command)?;
    let text = String::from_utf8(bytes).with_context(|| format!("{} did not print UTF-8", shown(command)))?;
    Ok(text.trim_end().to_owned())
}

/// Looks for a program in `PATH`, and in the system's folders, which a user's `PATH` may lack.
pub(crate) fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(["/usr/bin".into(), "/usr/sbin".into()])
        .map(|folder| folder.join(program))
        .find(|candidate| candidate.is_file())
}

/// npm, which on Windows is a script that only a shell finds.
pub(crate) fn npm() -> Command {
    if cfg!(windows) { Command::new("npm.cmd") } else { Command::new("npm") }
}

/// Returns the cargo that started this task, set to run at the root of the workspace.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(crate::paths::root());
    without_package_variables(&mut command);
    command
}

/// Removes the variables in which cargo told *this* program about itself. Otherwise they would reach the
/// build scripts of other packages, and a change would rebuild those.
pub(crate) fn without_package_variables(command: &mut Command) {
    for (name, _) in env::vars_os() {
        let known = name.to_str().is_some_and(|name| {
            name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") || name == "CARGO_BIN_NAME"
        });
        if known {
            command.env_remove(name);
        }
    }
}

fn shown(command: &Command) -> String {
    let program = Path::new(command.get_program());
    let name = program.file_name().unwrap_or(program.as_os_str());
    let mut line = name.to_string_lossy().into_owned();
    for arg in command.get_args() {
        line.push(' ');
        line.push_str(&arg.to_string_lossy());
    }
    line
}
