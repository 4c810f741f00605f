//! Stock zlib and libdeflate are the judges of lint and decoder:
//!
//! - zlib and the decoder refuse whatever the lint calls malformed;
//! - the decoder accepts a stream that passes the lint if and only if zlib does; both return the same bytes, and so
//!   does libdeflate.
//!
//! What zlib refuses, libdeflate may take: it gives a meaning to the symbols 286 and 287 and to the distances 30 and
//! 31, which RFC 1951 (3.2.5, 3.2.6) says never occur.
//!
//! Streams with other findings are not compared: inflate implementations disagree about them, which is why
//! the lint exists.
#![no_main]

use flate2::{Decompress, FlushDecompress, Status};
use libfuzzer_sys::fuzz_target;
use sector_decode::deflate_lint::{Finding, lint};
use sector_decode::{Coding, Decoder};

const ROOM: usize = 1 << 16;

fuzz_target!(|stream: &[u8]| {
    let finding = lint(stream);
    if let Err(finding) = finding {
        assert!(!finding.to_string().is_empty());
    }
    if !matches!(finding, Ok(()) | Err(Finding::Malformed)) {
        return;
    }
    let mut judged = vec![0; ROOM];
    let mut zlib = Decompress::new(false);
    let status = zlib.decompress(stream, &mut judged, FlushDecompress::Finish);
    let judged = match status {
        Ok(Status::StreamEnd) => Some(&judged[..usize::try_from(zlib.total_out()).unwrap()]),
        _ => None,
    };

    let mut second = vec![0; ROOM];
    let len = libdeflater::Decompressor::new().deflate_decompress(stream, &mut second).ok();
    let second = len.map(|len| &second[..len]);
    assert!(judged.is_none() || second == judged, "zlib and libdeflate disagree");

    let mut decoded = vec![0; ROOM];
    let needed = judged.map_or(0, <[u8]>::len);
    let result = Decoder::new().decode_last_block(Coding::Deflate, stream, &mut decoded, needed);
    if finding.is_err() {
        assert!(judged.is_none(), "malformed, but zlib takes it");
        assert!(result.is_err(), "malformed, but the decoder takes it");
    } else {
        assert_eq!(judged.is_some(), result.is_ok(), "{result:?}");
        if let Some(judged) = judged {
            assert!(decoded[..needed] == *judged);
        }
    }
});
