//! LZO1X streams with every instruction.
