//! The layout of the report.

use alloc::string::String;
use core::fmt::Write;

use crate::code::Code;
use crate::facts::Answer;

/// A text being written.
pub(super) struct Lines(String);

impl Lines {
    pub(super) fn new() -> Self {
        Self(String::new())
    }

    /// Begins a section.
    pub(super) fn section(&mut self, name: &str) {
        let _ = writeln!(self.0, "\n[{name}]");
    }

    /// Adds a name and its value, which must not contain line breaks.
    pub(super) fn pair(&mut self, name: &str, value: &str) {
        let value: String = value.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        let _ = writeln!(self.0, "{name}: {value}");
    }

    /// Adds the answer of a firmware function, in words, or why there is none.
    pub(super) fn answer(&mut self, name: &str, answer: Answer, words: impl FnOnce(u32) -> String) {
        match answer {
            Ok(number) => self.pair(name, &words(number)),
            Err(Code::NOT_LINKED) => {
                self.pair(
                    name,
                    &alloc::format!("unknown: this firmware has no function for it ({})", Code::NOT_LINKED),
                );
            }
            Err(code) => self.pair(name, &alloc::format!("unknown: the firmware refuses to tell ({code})")),
        }
    }

    /// Adds the lines of a text, each indented by two spaces, so that none of them looks like a line of the
    /// report itself.
    pub(super) fn block(&mut self, text: &[u8]) {
        for line in String::from_utf8_lossy(text).lines() {
            let line: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
            let _ = writeln!(self.0, "  {}", line.trim_end());
        }
    }

    pub(super) fn end(self) -> String {
        self.0
    }
}
