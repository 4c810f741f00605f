//! `cisor completions` and `cisor man`: made from the definition of the command line.

use std::io;
use std::path::Path;

use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::{Cli, CompletionsArgs, ManArgs};
use crate::exit::Status;
use crate::failure::Failure;
use crate::report::Reporter;
use crate::special;

/// Prints the completion script of a shell.
pub fn completions(args: &CompletionsArgs, reporter: &mut Reporter) {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "cisor", &mut script);
    reporter.print(&String::from_utf8_lossy(&script));
}

/// Prints all manual pages in sequence, or writes each to a file.
pub fn man(args: &ManArgs, reporter: &mut Reporter) -> Status {
    let folder = args.folder.as_deref();
    let outcome = pages().map_err(Failure::Write).and_then(|pages| match folder {
        None => {
            pages.iter().for_each(|(_, page)| reporter.print(page));
            Ok(())
        }
        Some(folder) => write(folder, &pages),
    });
    match outcome {
        Ok(()) => Status::Ok,
        Err(failure) => {
            reporter.error(folder.unwrap_or(Path::new("manual pages")), &failure.line());
            failure.status()
        }
    }
}

/// The pages of the program and its commands, with their file names.
fn pages() -> io::Result<Vec<(String, String)>> {
    let mut program = Cli::command();
    // Gives each command its full name, `cisor-compress`.
    program.build();
    let mut pages = vec![page(program.clone())?];
    for command in subcommands(&program) {
        pages.push(page(command.clone())?);
        for part in subcommands(command) {
            pages.push(page(part.clone())?);
        }
    }
    Ok(pages)
}

fn subcommands(command: &Command) -> impl Iterator<Item = &Command> {
    command.get_subcommands().filter(|command| command.get_name() != "help")
}

fn page(command: Command) -> io::Result<(String, String)> {
    let man = Man::new(command);
    let mut roff = Vec::new();
    man.render(&mut roff)?;
    Ok((man.get_filename(), String::from_utf8_lossy(&roff).into_owned()))
}

fn write(folder: &Path, pages: &[(String, String)]) -> Result<(), Failure> {
    pages.iter().try_for_each(|(name, page)| special::write(&folder.join(name), page.as_bytes()))
}
