//! The console, as `console_app` expects it.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt::Write;

use console_app::screens::Frame;
use console_app::{Button, Code, DiscState, Entry, Facts, Handle, LiveDriver, Mode, Platform};

use crate::disc::RawDisc;
use crate::{disc, driver, facts, files, input, screen, system};

/// The program's folder if it was started from a disc, which cannot be written to.
const DEFAULT_FOLDER: &str = "ms0:/PSP/GAME/CISOR/";

/// A PSP.
pub(crate) struct Psp {
    folder: String,
    disc: RawDisc,
}

impl Psp {
    /// Sets the console up. `path` is the program's own, with its NUL.
    pub(crate) fn new(path: &[u8]) -> Self {
        screen::start();
        input::start();
        let path = path.split(|&byte| byte == 0).next().and_then(|path| core::str::from_utf8(path).ok());
        let path = path.unwrap_or_default();
        let is_on_card = path.starts_with("ms0:/") || path.starts_with("ef0:/");
        let folder = path.rfind('/').filter(|_| is_on_card).map(|at| &path[..=at]);
        Self { folder: folder.unwrap_or(DEFAULT_FOLDER).into(), disc: RawDisc::default() }
    }
}

impl Platform for Psp {
    fn open(&self, path: &str, mode: Mode) -> Result<Handle, Code> {
        files::open(path, mode)
    }

    fn read(&self, file: Handle, buf: &mut [u8]) -> Result<usize, Code> {
        files::read(file, buf).map(|read| read as usize)
    }

    fn write(&self, file: Handle, bytes: &[u8]) -> Result<usize, Code> {
        files::write(file, bytes).map(|written| written as usize)
    }

    fn seek(&self, file: Handle, position: u64) -> Result<(), Code> {
        match files::seek(file, position, files::FROM_START)? {
            there if there == position => Ok(()),
            _ => Err(Code::IO),
        }
    }

    fn file_len(&self, file: Handle) -> Result<u64, Code> {
        files::seek(file, 0, files::FROM_END)
    }

    fn close(&self, file: Handle) -> Result<(), Code> {
        files::close(file)
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Code> {
        files::rename(from, to)?;
        files::sync(&to[..=to.find(':').unwrap_or(0)]);
        Ok(())
    }

    fn remove(&self, path: &str) -> Result<(), Code> {
        files::remove(path)
    }

    fn make_folder(&self, path: &str) -> Result<(), Code> {
        files::make_folder(path)
    }

    fn list(&self, folder: &str) -> Result<Vec<Entry>, Code> {
        if folder.ends_with(':') {
            let mut root = String::from(folder);
            root.push('/');
            return files::list(&root);
        }
        files::list(folder)
    }

    fn card_present(&self, device: &str) -> bool {
        files::card_present(device)
    }

    fn free_bytes(&self, device: &str) -> Result<u64, Code> {
        files::free_bytes(device)
    }

    fn disc(&self) -> DiscState {
        disc::state()
    }

    fn disc_start(&self) -> Result<(), Code> {
        self.disc.start()
    }

    fn disc_end(&self) -> Result<u32, Code> {
        self.disc.end()
    }

    fn disc_read(&self, lba: u32, buf: &mut [u8]) -> Result<u32, Code> {
        self.disc.read(lba, buf)
    }

    fn micros(&self) -> u64 {
        system::micros()
    }

    fn wait_button(&self) -> Button {
        input::wait()
    }

    fn wait_button_for(&self, micros: u64) -> Option<Button> {
        input::wait_for(micros)
    }

    fn wants_to_stop(&self) -> bool {
        input::wants_to_stop()
    }

    fn show(&self, frame: &Frame) {
        screen::show(frame);
    }

    fn screen(&self) -> Frame {
        screen::picture()
    }

    fn say(&self, line: &str) {
        // In one piece, so that other output cannot split the line.
        let mut line = String::from(line);
        line.push('\n');
        let _ = system::Output.write_str(&line);
    }

    fn stay_awake(&self) {
        system::stay_awake();
    }

    fn folder(&self) -> &str {
        &self.folder
    }

    fn facts(&self) -> Facts {
        facts::ask()
    }

    fn driver(&self) -> Option<LiveDriver> {
        driver::ask()
    }
}
