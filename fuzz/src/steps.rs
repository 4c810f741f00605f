//! Cuts an input into what happens to a server of UDPFS, and puts it together for the seeds.

use std::time::Duration;

/// Bytes before those of each step: what it is, a number, and how many bytes follow.
const HEADER: usize = 4;

/// One thing that happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// Any bytes arrive.
    Datagram(&'a [u8]),
    /// A request arrives.
    Request {
        /// How far its sequence number is ahead of the expected one.
        ahead: u16,
        /// Its bytes.
        payload: &'a [u8],
    },
    /// An ACK or NACK arrives.
    Ack {
        /// As above.
        ahead: u16,
        /// The number that it acknowledges or wants.
        ack: u16,
        /// Whether it is an ACK.
        is_ack: bool,
    },
    /// Time passes.
    Wait {
        /// How much.
        span: Duration,
        /// Whether the reply to the last request is ready then.
        is_answered: bool,
    },
}

/// The steps of an input. The last one may be cut short.
pub fn steps(mut input: &[u8]) -> impl Iterator<Item = Step<'_>> {
    std::iter::from_fn(move || {
        let (&[kind, number, low, high], rest) = input.split_first_chunk::<HEADER>()?;
        let value = u16::from_le_bytes([low, high]);
        // Near the expected number on both sides.
        let ahead = u16::from(number).wrapping_sub(128);
        let has_bytes = kind & 0b11 < 2;
        let (bytes, rest) = rest.split_at(if has_bytes { rest.len().min(value.into()) } else { 0 });
        input = rest;
        Some(match kind & 0b11 {
            0 => Step::Datagram(bytes),
            1 => Step::Request { ahead, payload: bytes },
            2 => Step::Ack { ahead, ack: value, is_ack: kind & 0b100 != 0 },
            _ => Step::Wait { span: Duration::from_millis(value.into()), is_answered: kind & 0b100 != 0 },
        })
    })
}

/// The input for a request with the expected number, the reply to it, and an ACK of number `ack` after that.
pub fn exchange(request: &[u8], ack: u16) -> Vec<u8> {
    let len = u16::try_from(request.len()).expect("a request fits a datagram").to_le_bytes();
    let [low, high] = ack.to_le_bytes();
    [&[1, 128, len[0], len[1]][..], request, &[0b111, 0, 1, 0], &[0b110, 128, low, high]].concat()
}
