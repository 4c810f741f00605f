//! Lines of text without the formatting machinery, which is larger than the rest of the driver's start.

/// A line that is put together in memory of the caller's. What does not fit is left out.
#[derive(Debug)]
pub struct Line<'b> {
    bytes: &'b mut [u8],
    len: usize,
}

impl<'b> Line<'b> {
    /// Begins a line in `bytes`.
    pub fn new(bytes: &'b mut [u8]) -> Self {
        Self { bytes, len: 0 }
    }

    /// Appends text as it is; bytes that are no printable ASCII become `?`.
    #[inline(never)]
    pub fn text(&mut self, text: &[u8]) -> &mut Self {
        self.form(text, &[])
    }

    /// Appends text in which numbers take the places of as many `#` and `@`: in decimal for the first, as eight
    /// hexadecimal digits for the other.
    #[inline(never)]
    pub fn form(&mut self, text: &[u8], numbers: &[u32]) -> &mut Self {
        let mut numbers = numbers.iter();
        for &byte in text {
            match byte {
                b'#' | b'@' => match numbers.next() {
                    Some(&number) if byte == b'#' => {
                        self.number(number);
                    }
                    Some(&number) => {
                        self.hex(number);
                    }
                    None => self.push(byte),
                },
                b' '..=b'~' => self.push(byte),
                _ => self.push(b'?'),
            }
        }
        self
    }

    /// Begins another line.
    pub fn next_line(&mut self) -> &mut Self {
        self.push(b'\n');
        self
    }

    /// Appends a number in decimal.
    pub fn number(&mut self, number: u32) -> &mut Self {
        let mut digits = [0; 10];
        let mut at = digits.len();
        let mut rest = number;
        loop {
            at -= 1;
            digits[at] = b'0' + (rest % 10) as u8;
            rest /= 10;
            if rest == 0 {
                break;
            }
        }
        for &digit in &digits[at..] {
            self.push(digit);
        }
        self
    }

    /// Appends a number as eight hexadecimal digits.
    pub fn hex(&mut self, number: u32) -> &mut Self {
        for shift in (0..32).step_by(4).rev() {
            self.push(b"0123456789ABCDEF"[(number >> shift & 0xF) as usize]);
        }
        self
    }

    /// Fills the line with spaces to all of its memory and ends it.
    pub fn fill(mut self) -> &'b [u8] {
        while self.len < self.bytes.len() {
            self.push(b' ');
        }
        self.end()
    }

    /// Ends the line after what it holds.
    pub fn end(mut self) -> &'b [u8] {
        self.len = self.len.min(self.bytes.len().saturating_sub(1));
        self.push(b'\n');
        self.bytes.get(..self.len).unwrap_or_default()
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.len) {
            *place = byte;
            self.len += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_text_are_written_one_after_the_other() {
        let mut memory = [0; 64];
        let mut line = Line::new(&mut memory);
        line.text(b"sectors ").number(0).text(b" ").number(u32::MAX).text(b" ").hex(0x8021_0005);
        assert_eq!(line.end(), b"sectors 0 4294967295 80210005\n");
        let mut line = Line::new(&mut memory);
        line.form(b"#1: #, #2: #, #", &[1, 20, 3]).text(b"#");
        assert_eq!(line.end(), b"11: 20, 32: #, ##\n");
        let mut line = Line::new(&mut memory);
        line.form(b"# at @, @", &[7, 0x8812_3456]).text(b"#@");
        assert_eq!(line.end(), b"7 at 88123456, @#@\n");
    }

    #[test]
    fn a_line_never_outgrows_its_memory() {
        let mut memory = [0; 8];
        let mut line = Line::new(&mut memory);
        line.text(b"0123456789");
        assert_eq!(line.end(), b"0123456\n");
        let mut line = Line::new(&mut memory);
        line.text(b"ab\x01");
        assert_eq!(line.fill(), b"ab?    \n");
        assert_eq!(Line::new(&mut []).end(), b"");
    }
}
