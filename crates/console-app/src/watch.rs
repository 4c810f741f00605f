//! Observers of long work: they are told its progress, can cancel it, and answer questions.

use crate::failure::Failure;

/// A question that only the user can answer, with yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The disc has a sector that cannot be read. Fill it, and all that follow, with zeros?
    FillWithZeros {
        /// The first such sector.
        lba: u32,
    },
    /// The packed file may not fit on the card. Try anyway?
    MayNotFit {
        /// The number of bytes needed if nothing can be packed.
        needed: u64,
        /// The number of free bytes.
        free: u64,
    },
}

/// The unit of progress.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, so a speed can be shown.
    Bytes,
    /// Pieces that only show how much of the work is done.
    Pieces,
}

/// Receives the progress of long work.
pub trait Watch {
    /// A part of the work begins: `what` is a short description, `total` how much there is to do.
    fn begin(&mut self, what: &str, total: u64, unit: Unit);

    /// This much of the part is done.
    ///
    /// # Errors
    ///
    /// [`Failure::Cancelled`] when the user wants to stop.
    fn advance(&mut self, done: u64) -> Result<(), Failure>;

    /// Asks the user.
    fn ask(&mut self, question: Question) -> bool;
}

/// Ignores all progress and answers every question with no.
#[cfg(test)]
pub(crate) struct Nobody;

#[cfg(test)]
impl Watch for Nobody {
    fn begin(&mut self, _what: &str, _total: u64, _unit: Unit) {}

    fn advance(&mut self, _done: u64) -> Result<(), Failure> {
        Ok(())
    }

    fn ask(&mut self, _question: Question) -> bool {
        false
    }
}
