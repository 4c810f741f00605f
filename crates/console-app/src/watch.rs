//! Whoever watches long work: is told how far it is, may end it, and is asked.

use crate::failure::Failure;

/// A question that only the user can answer, with yes or no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Question {
    /// The disc has a sector that cannot be read. Is it, and are all that follow, to be filled with zeros?
    FillWithZeros {
        /// The first such sector.
        lba: u32,
    },
    /// The packed file may not fit on the card. Is it to be tried?
    MayNotFit {
        /// Bytes that are needed if nothing can be packed.
        needed: u64,
        /// Bytes that are free.
        free: u64,
    },
}

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Bytes, so that there is a speed to be told.
    Bytes,
    /// Pieces that say nothing but how much of the work is done.
    Pieces,
}

/// Is told how far long work is.
pub trait Watch {
    /// A part of the work begins: `what` in a few words, and how much there is to do.
    fn begin(&mut self, what: &str, total: u64, unit: Unit);

    /// So much of the part is done.
    ///
    /// # Errors
    ///
    /// [`Failure::Cancelled`] when the user wants to stop.
    fn advance(&mut self, done: u64) -> Result<(), Failure>;

    /// Asks the user.
    fn ask(&mut self, question: Question) -> bool;
}

/// Watches nothing and answers every question with no.
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
