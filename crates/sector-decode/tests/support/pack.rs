//! Packs single blocks with the encoders of others.

use flate2::{Compress, Compression, FlushCompress, Status};

/// Raw deflate, by stock zlib.
pub fn deflate(data: &[u8], level: u32) -> Vec<u8> {
    zlib_stream(data, level, false)
}

/// Zlib stream (two bytes of header, deflate, Adler-32), by stock zlib.
pub fn zlib(data: &[u8], level: u32) -> Vec<u8> {
    zlib_stream(data, level, true)
}

fn zlib_stream(data: &[u8], level: u32, with_header: bool) -> Vec<u8> {
    let mut packed = Vec::with_capacity(data.len() + data.len() / 8 + 64);
    let status = Compress::new(Compression::new(level), with_header).compress_vec(
        data,
        &mut packed,
        FlushCompress::Finish,
    );
    assert_eq!(status.expect("zlib can pack anything"), Status::StreamEnd);
    packed
}

/// Raw LZ4 block.
pub fn lz4(data: &[u8]) -> Vec<u8> {
    let mut packed = vec![0; lz4_flex::block::get_maximum_output_size(data.len())];
    let len = lz4_flex::block::compress_into(data, &mut packed).expect("there is room for the worst case");
    packed.truncate(len);
    packed
}

/// LZO1X stream with its end mark.
pub fn lzo(data: &[u8]) -> Vec<u8> {
    lzokay::compress::compress(data).expect("there is room for the worst case")
}

/// Copy of `data`, filled up with zeros to `len`.
pub fn zero_filled(data: &[u8], len: usize) -> Vec<u8> {
    let mut filled = data.to_vec();
    filled.resize(len, 0);
    filled
}
