//! A file under construction.

/// Bytes of a file, all numbers little-endian.
#[derive(Clone, Default)]
pub struct Bytes(Vec<u8>);

impl Bytes {
    pub fn u8(&mut self, value: u8) -> &mut Self {
        self.raw(&[value])
    }

    pub fn u16(&mut self, value: u16) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub fn u32(&mut self, value: u32) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub fn u64(&mut self, value: u64) -> &mut Self {
        self.raw(&value.to_le_bytes())
    }

    pub fn raw(&mut self, bytes: &[u8]) -> &mut Self {
        self.0.extend_from_slice(bytes);
        self
    }

    /// Fills up with `byte` until the length is a multiple of `unit`.
    pub fn pad(&mut self, unit: usize, byte: u8) -> &mut Self {
        self.0.resize(self.0.len().next_multiple_of(unit), byte);
        self
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The length as it goes into an index of 32-bit positions.
    pub fn position(&self) -> u32 {
        u32::try_from(self.0.len()).expect("test files are small")
    }

    pub fn finish(&self) -> Vec<u8> {
        self.0.clone()
    }
}

/// Overwrites a 32-bit field of a finished file.
pub fn set_u32(file: &mut [u8], at: usize, value: u32) {
    file[at..at + 4].copy_from_slice(&value.to_le_bytes());
}

/// Overwrites a 16-bit field of a finished file.
pub fn set_u16(file: &mut [u8], at: usize, value: u16) {
    file[at..at + 2].copy_from_slice(&value.to_le_bytes());
}

/// Reads a 32-bit field of a finished file.
pub fn get_u32(file: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(file[at..at + 4].try_into().expect("four bytes"))
}
