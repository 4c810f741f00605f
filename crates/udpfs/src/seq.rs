//! Sequence numbers.

/// The sequence number of a packet, modulo 4096.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Seq(u16);

impl Seq {
    /// How many sequence numbers there are.
    pub const COUNT: u16 = 4096;
    /// The first number in both directions of a new connection.
    pub const FIRST: Self = Self(0);

    /// Creates a number from the lower 12 bits.
    #[must_use]
    pub const fn new(bits: u16) -> Self {
        Self(bits % Self::COUNT)
    }

    /// Returns the number, below 4096.
    #[must_use]
    pub const fn get(self) -> u16 {
        self.0
    }

    /// Returns the number `steps` later.
    #[must_use]
    pub const fn plus(self, steps: u32) -> Self {
        // At most 4095 + 4095, so nothing is lost.
        #[expect(clippy::cast_possible_truncation, reason = "the remainder is below 4096")]
        let steps = (steps % Self::COUNT as u32) as u16;
        Self::new(self.0 + steps)
    }

    /// Returns the number after this one.
    #[must_use]
    pub const fn next(self) -> Self {
        self.plus(1)
    }

    /// Returns the number before this one.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self::new(self.0 + Self::COUNT - 1)
    }

    /// Returns how many steps lead from `earlier` to this number, 0 to 4095.
    #[must_use]
    pub const fn since(self, earlier: Self) -> u16 {
        Self::new(self.0 + Self::COUNT - earlier.0).0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_wrap_at_4096() {
        let last = Seq::new(4095);
        assert_eq!(last.next(), Seq::FIRST);
        assert_eq!(Seq::FIRST.previous(), last);
        assert_eq!(Seq::new(4090).plus(10), Seq::new(4));
        assert_eq!(Seq::new(4).since(Seq::new(4090)), 10);
        assert_eq!(Seq::new(7).since(Seq::new(7)), 0);
        assert_eq!(Seq::new(0xF123), Seq::new(0x123));
    }
}
