//! The calling convention of the PSP's kernel, MIPS EABI: arguments one to eight are in $a0–$a3 and $t0–$t3;
//! a 64-bit argument takes an aligned pair of them. (The driver's own compiler uses o32, which is why this is
//! worth emulating: psp contract, section 0.)

use mips_cpu::Context;

/// Register numbers with their usual names.
pub mod register {
    #![allow(missing_docs, reason = "the names say all there is")]
    pub const V0: usize = 2;
    pub const V1: usize = 3;
    pub const A0: usize = 4;
    pub const T0: usize = 8;
    pub const S0: usize = 16;
    pub const K1: usize = 27;
    pub const GP: usize = 28;
    pub const SP: usize = 29;
    pub const FP: usize = 30;
    pub const RA: usize = 31;
}

/// The contents of registers without a defined value.
pub const POISON: u32 = 0xDEAD_0BAD;

/// Registers that a function must preserve. $k1 is the kernel's mark of who called.
pub const PRESERVED: [(usize, &str); 12] = [
    (16, "s0"),
    (17, "s1"),
    (18, "s2"),
    (19, "s3"),
    (20, "s4"),
    (21, "s5"),
    (22, "s6"),
    (23, "s7"),
    (register::K1, "k1"),
    (register::GP, "gp"),
    (register::SP, "sp"),
    (register::FP, "fp"),
];

/// Arguments of a call, put into registers in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Args {
    words: Vec<u32>,
}

impl Args {
    /// No arguments.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a word.
    #[must_use]
    pub fn word(mut self, word: u32) -> Self {
        self.words.push(word);
        self
    }

    /// Adds a signed 64-bit number in the next aligned pair.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "split into two words")]
    pub fn long(mut self, long: i64) -> Self {
        if self.words.len() % 2 == 1 {
            self.words.push(POISON);
        }
        self.words.extend([long as u32, (long >> 32) as u32]);
        self
    }

    /// Puts them into registers; the rest of the eight remain poisoned.
    ///
    /// # Panics
    ///
    /// With more than eight words.
    pub fn place(&self, context: &mut Context) {
        assert!(self.words.len() <= 8, "no function of the kernel takes more");
        for (at, &word) in self.words.iter().enumerate() {
            context.general[register::A0 + at] = word;
        }
    }
}

/// The arguments as seen by a called kernel function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Received {
    words: [u32; 8],
    /// Who called: the kernel's mark, see [`Received::from_user`].
    k1: u32,
}

impl Received {
    /// Takes the arguments from the registers of the caller.
    pub fn of(context: &Context) -> Self {
        let mut words = [0; 8];
        words.copy_from_slice(&context.general[register::A0..register::A0 + 8]);
        Self { words, k1: context.general[register::K1] }
    }

    /// Argument number `at`, counted in words from 0.
    pub fn word(&self, at: usize) -> u32 {
        self.words[at]
    }

    /// The arguments with another word at `at`.
    #[must_use]
    pub fn with_word(mut self, at: usize, word: u32) -> Self {
        self.words[at] = word;
        self
    }

    /// The same as a signed number.
    #[expect(clippy::cast_possible_wrap, reason = "the same bits")]
    pub fn signed(&self, at: usize) -> i32 {
        self.words[at] as i32
    }

    /// A 64-bit argument in the words `at` and `at + 1`.
    #[expect(clippy::cast_possible_wrap, reason = "the same bits")]
    pub fn long(&self, at: usize) -> i64 {
        (u64::from(self.words[at + 1]) << 32 | u64::from(self.words[at])) as i64
    }

    /// All eight words.
    pub fn words(&self) -> [u32; 8] {
        self.words
    }

    /// Whether a file function treats this call as one from a user program: it shifts $k1 by eleven, and then
    /// checks its top bit (psp contract, section 3.2).
    pub fn from_user(&self) -> bool {
        self.k1 << 11 >> 31 == 1
    }
}
