//! The transport's packets: all UDP datagrams are parsed and written here.
//!
//! All numbers are little-endian. A packet begins with 16 bits: the kind in bits 0–3, the sequence number
//! above.

use std::fmt;

use crate::bytes::{u16_at, u32_at};
use crate::seq::Seq;

/// Bytes of a DISCOVERY or INFORM.
pub const GREETING_BYTES: usize = 6;
/// Bytes before the payload of a DATA packet.
pub const DATA_HEADER_BYTES: usize = 6;
/// Maximum bytes of app header and data that are sent in one packet. Twelve bytes short of what fits a
/// 1,500-byte frame, and a multiple of 128, which the console's DMA prefers.
pub const MAX_PAYLOAD: usize = 1408;
/// Maximum data bytes that a console may declare in one packet.
const MAX_DATA: usize = MAX_PAYLOAD;

const DISCOVERY: u16 = 0;
const INFORM: u16 = 1;
const DATA: u16 = 2;

/// The service that a console looks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ServiceId(pub u16);

impl ServiceId {
    /// UDPFS.
    pub const UDPFS: Self = Self(0xF5F5);
}

/// A parsed datagram.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packet<'a> {
    /// A console looks for a server.
    Discovery(ServiceId),
    /// A server answers.
    Inform(ServiceId),
    /// A payload, an ACK or a NACK.
    Data(Data<'a>),
}

/// A packet of kind DATA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<'a> {
    /// Its sequence number. A packet without payload carries the number of the next packet with one.
    pub seq: Seq,
    /// With [`is_ack`](Self::is_ack), the last number received; in a NACK, the number wanted.
    pub ack: Seq,
    /// Whether `ack` acknowledges.
    pub is_ack: bool,
    /// Whether the transfer ends with this packet.
    pub is_last: bool,
    /// Bytes of the payload that are the app header.
    pub header_len: usize,
    /// App header and data, in that order.
    pub payload: &'a [u8],
}

/// Why a datagram is not a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PacketError {
    /// It ends inside its header.
    TooShort {
        /// Bytes of the datagram.
        len: usize,
        /// Length of the header in bytes.
        needed: usize,
    },
    /// No packet has this kind.
    Kind {
        /// The kind in the packet.
        got: u16,
    },
    /// It declares more payload than it has.
    Truncated {
        /// Bytes of payload according to the header.
        declared: usize,
        /// Bytes after the header.
        got: usize,
    },
    /// It declares more data than any packet may have.
    TooLong {
        /// Bytes of data according to the header.
        declared: usize,
        /// The maximum.
        max: usize,
    },
}

impl fmt::Display for PacketError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooShort { len, needed } => {
                write!(f, "a packet of {len} bytes, but its header has {needed}")
            }
            Self::Kind { got } => write!(f, "a packet of the unknown kind {got}"),
            Self::Truncated { declared, got } => {
                write!(f, "a packet that declares {declared} bytes of payload and has {got}")
            }
            Self::TooLong { declared, max } => {
                write!(f, "a packet that declares {declared} bytes of data; the most is {max}")
            }
        }
    }
}

impl std::error::Error for PacketError {}

impl<'a> Packet<'a> {
    /// Parses a datagram. Bytes after the payload are ignored.
    ///
    /// # Errors
    ///
    /// When the datagram is shorter than it declares, or of an unknown kind.
    pub fn parse(datagram: &'a [u8]) -> Result<Self, PacketError> {
        let needs = |needed| {
            let len = datagram.len();
            if len < needed { Err(PacketError::TooShort { len, needed }) } else { Ok(()) }
        };
        needs(2)?;
        let base = u16_at(datagram, 0);
        match base & 0xF {
            DISCOVERY => {
                needs(GREETING_BYTES)?;
                Ok(Self::Discovery(ServiceId(u16_at(datagram, 2))))
            }
            INFORM => {
                needs(GREETING_BYTES)?;
                Ok(Self::Inform(ServiceId(u16_at(datagram, 2))))
            }
            DATA => {
                needs(DATA_HEADER_BYTES)?;
                Data::parse(Seq::new(base >> 4), datagram).map(Self::Data)
            }
            got => Err(PacketError::Kind { got }),
        }
    }
}

impl<'a> Data<'a> {
    fn parse(seq: Seq, datagram: &'a [u8]) -> Result<Self, PacketError> {
        let fields = u32_at(datagram, 2);
        let [low, high, ..] = fields.to_le_bytes();
        let header_len = (fields >> 14 & 0xF) as usize * 4;
        let data_len = (fields >> 18) as usize;
        if data_len > MAX_DATA {
            return Err(PacketError::TooLong { declared: data_len, max: MAX_DATA });
        }
        let declared = header_len + data_len;
        let rest = &datagram[DATA_HEADER_BYTES..];
        let payload = rest.get(..declared).ok_or(PacketError::Truncated { declared, got: rest.len() })?;
        Ok(Self {
            seq,
            ack: Seq::new(u16::from_le_bytes([low, high]) & 0xFFF),
            is_ack: fields >> 12 & 1 == 1,
            is_last: fields >> 13 & 1 == 1,
            header_len,
            payload,
        })
    }

    /// Returns whether this is a bare ACK or NACK.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.payload.is_empty()
    }
}

/// The header of a DATA packet, as it is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct DataHeader {
    /// See [`Data::seq`].
    pub seq: Seq,
    /// See [`Data::ack`].
    pub ack: Seq,
    /// See [`Data::is_ack`].
    pub is_ack: bool,
    /// See [`Data::is_last`].
    pub is_last: bool,
    /// Bytes of app header, a multiple of 4 and at most 60.
    pub header_len: usize,
    /// Bytes of data, a multiple of 4 and at most [`MAX_PAYLOAD`].
    pub data_len: usize,
}

impl DataHeader {
    /// Appends the header.
    ///
    /// # Panics
    ///
    /// When a length does not fit its field.
    pub fn write(&self, out: &mut Vec<u8>) {
        assert!(self.header_len.is_multiple_of(4) && self.header_len <= 60, "{self:?}");
        assert!(self.data_len.is_multiple_of(4) && self.data_len <= MAX_PAYLOAD, "{self:?}");
        let field = |number: usize| u32::try_from(number).unwrap_or(0);
        let fields = u32::from(self.ack.get())
            | u32::from(self.is_ack) << 12
            | u32::from(self.is_last) << 13
            | field(self.header_len / 4) << 14
            | field(self.data_len) << 18;
        out.extend_from_slice(&(DATA | self.seq.get() << 4).to_le_bytes());
        out.extend_from_slice(&fields.to_le_bytes());
    }
}

/// Appends a DISCOVERY. Only consoles send it.
pub fn write_discovery(out: &mut Vec<u8>, service: ServiceId) {
    write_greeting(out, DISCOVERY, service);
}

/// Appends an INFORM, the answer to a DISCOVERY. It is no longer than the DISCOVERY, so it cannot be used
/// for traffic amplification.
pub fn write_inform(out: &mut Vec<u8>, service: ServiceId) {
    write_greeting(out, INFORM | 1 << 4, service);
}

fn write_greeting(out: &mut Vec<u8>, base: u16, service: ServiceId) {
    out.extend_from_slice(&base.to_le_bytes());
    out.extend_from_slice(&service.0.to_le_bytes());
    out.extend_from_slice(&[0; 2]);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn data(header: DataHeader, payload: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        header.write(&mut bytes);
        bytes.extend_from_slice(payload);
        bytes
    }

    #[test]
    fn discovery_and_inform_have_six_bytes() {
        let mut bytes = Vec::new();
        write_discovery(&mut bytes, ServiceId::UDPFS);
        assert_eq!(bytes, [0x00, 0x00, 0xF5, 0xF5, 0, 0]);
        assert_eq!(Packet::parse(&bytes), Ok(Packet::Discovery(ServiceId::UDPFS)));
        bytes.clear();
        write_inform(&mut bytes, ServiceId::UDPFS);
        assert_eq!(bytes, [0x11, 0x00, 0xF5, 0xF5, 0, 0]);
        assert_eq!(Packet::parse(&bytes), Ok(Packet::Inform(ServiceId::UDPFS)));
    }

    #[test]
    fn data_packet_has_every_field_where_the_console_looks_for_it() {
        let header = DataHeader {
            seq: Seq::new(0xABC),
            ack: Seq::new(0x123),
            is_ack: true,
            is_last: true,
            header_len: 8,
            data_len: 4,
        };
        let bytes = data(header, &[1; 12]);
        assert_eq!(bytes[..2], (0xABC2_u16).to_le_bytes());
        assert_eq!(bytes[2..6], (0x123_u32 | 3 << 12 | 2 << 14 | 4 << 18).to_le_bytes());
        let Ok(Packet::Data(parsed)) = Packet::parse(&bytes) else { panic!() };
        assert_eq!((parsed.seq, parsed.ack), (header.seq, header.ack));
        assert!(parsed.is_ack && parsed.is_last && !parsed.is_empty());
        assert_eq!((parsed.header_len, parsed.payload.len()), (8, 12));
    }

    #[test]
    fn ack_and_nack_have_no_payload_and_differ_in_the_flag() {
        for is_ack in [false, true] {
            let bytes = data(DataHeader { is_ack, ack: Seq::new(9), ..DataHeader::default() }, &[]);
            let Ok(Packet::Data(parsed)) = Packet::parse(&bytes) else { panic!() };
            assert!(parsed.is_empty());
            assert_eq!((parsed.is_ack, parsed.ack), (is_ack, Seq::new(9)));
        }
    }

    #[test]
    fn first_packet_of_a_write_is_taken_although_it_is_longer_than_the_largest_payload() {
        let header = DataHeader { header_len: 24, data_len: 1392, ..DataHeader::default() };
        let bytes = data(header, &[0; 24 + 1392]);
        assert!(matches!(Packet::parse(&bytes), Ok(Packet::Data(_))));
    }

    #[test]
    fn wrong_lengths_and_kinds_are_named() {
        assert_eq!(Packet::parse(&[]), Err(PacketError::TooShort { len: 0, needed: 2 }));
        assert_eq!(Packet::parse(&[0; 5]), Err(PacketError::TooShort { len: 5, needed: 6 }));
        assert_eq!(Packet::parse(&[2, 0]), Err(PacketError::TooShort { len: 2, needed: 6 }));
        assert_eq!(Packet::parse(&[3, 0, 0, 0, 0, 0]), Err(PacketError::Kind { got: 3 }));
        let whole = data(DataHeader { header_len: 8, data_len: 100, ..DataHeader::default() }, &[0; 108]);
        for len in 6..whole.len() {
            let expected = PacketError::Truncated { declared: 108, got: len - 6 };
            assert_eq!(Packet::parse(&whole[..len]), Err(expected));
        }
        let mut huge = vec![0; 20_000];
        huge[..6].copy_from_slice(&[2, 0, 0xFF, 0xFF, 0xFF, 0xFF]);
        assert_eq!(Packet::parse(&huge), Err(PacketError::TooLong { declared: 0x3FFF, max: 1408 }));
    }
}
