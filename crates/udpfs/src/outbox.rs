//! Datagrams ready to send.

/// Datagrams in sending order. [`clear`](Self::clear) keeps the memory for reuse.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Consecutive datagrams of one length; the last may be shorter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// The datagrams, one after the other.
    pub bytes: &'a [u8],
    /// Bytes of each but the last.
    pub each: usize,
}

impl<'a> Run<'a> {
    /// Returns the datagrams.
    pub fn datagrams(self) -> impl Iterator<Item = &'a [u8]> {
        self.bytes.chunks(self.each.max(1))
    }
}

impl Outbox {
    /// Creates an empty outbox.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a datagram, which `write` appends to the bytes it is given.
    pub fn push(&mut self, write: impl FnOnce(&mut Vec<u8>)) {
        write(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// Returns the datagrams.
    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, &end)| &self.bytes[start..end])
    }

    /// Returns the datagrams in groups that a system may take in one call: all of a group have the same length, except
    /// the last, which may be shorter.
    pub fn runs(&self) -> impl Iterator<Item = Run<'_>> {
        let (mut at, mut next) = (0, 0);
        std::iter::from_fn(move || {
            let start = at;
            let each = *self.ends.get(next)? - start;
            while let Some(&end) = self.ends.get(next) {
                let len = end - at;
                if len > each {
                    break;
                }
                (at, next) = (end, next + 1);
                if len < each {
                    break;
                }
            }
            Some(Run { bytes: &self.bytes[start..at], each })
        })
    }

    /// Returns how many datagrams there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Returns whether the outbox is empty.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// Drops all datagrams.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_have_all_datagrams_in_order_and_only_their_last_is_shorter() {
        let cases: [(&[usize], &[usize]); 6] = [
            (&[], &[]),
            (&[6], &[1]),
            (&[6, 9, 9, 9], &[1, 3]),
            (&[9, 9, 4, 4, 9], &[3, 1, 1]),
            (&[9, 8, 7], &[2, 1]),
            (&[3, 9, 9, 2], &[1, 3]),
        ];
        for (lens, expected) in cases {
            let mut out = Outbox::new();
            for (byte, &len) in (0..).zip(lens) {
                out.push(|bytes| bytes.resize(bytes.len() + len, byte));
            }
            let counts: Vec<usize> = out.runs().map(|run| run.datagrams().count()).collect();
            assert_eq!(counts, expected, "{lens:?}");
            let sent: Vec<&[u8]> = out.runs().flat_map(|run| run.datagrams()).collect();
            assert_eq!(sent, out.iter().collect::<Vec<_>>());
        }
    }
}
