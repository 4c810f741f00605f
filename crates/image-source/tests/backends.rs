//! The CHD decoders pull in another implementation of zlib, which must not replace the one that files are
//! written with.

#[test]
fn flate2_still_writes_with_the_c_library() {
    // Each deflate encoder parses slightly differently, so equal bytes mean the same encoder.
    let data: Vec<u8> = (0..4096_u32).map(|n| ((n * n) >> 5 & 0x3F).to_le_bytes()[0]).collect();
    let mut through_flate2 = Vec::with_capacity(8192);
    flate2::Compress::new(flate2::Compression::new(9), true)
        .compress_vec(&data, &mut through_flate2, flate2::FlushCompress::Finish)
        .unwrap();

    let mut direct = vec![0; 8192];
    let mut len = direct.len() as libz_sys::uLongf;
    // SAFETY: both buffers are live and as long as the lengths say; zlib writes at most `len` bytes.
    let status = unsafe {
        libz_sys::compress2(direct.as_mut_ptr(), &mut len, data.as_ptr(), data.len() as libz_sys::uLong, 9)
    };
    assert_eq!(status, libz_sys::Z_OK);
    direct.truncate(usize::try_from(len).unwrap());
    assert!(through_flate2 == direct);
}
