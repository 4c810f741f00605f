extern crate std;

use std::string::ToString;

use super::*;

#[test]
fn file_that_is_cut_off_says_how_long_it_is_and_what_the_block_needs() {
    let text = |end, file_len| BlockError::PastEnd { end, file_len }.to_string();
    let expected = "the file is cut off: it has 4,000,000 bytes, and the block needs 7,498,540";
    assert_eq!(text(7_498_540, 4_000_000), expected);
    assert!(text(1_000, 999).ends_with("it has 999 bytes, and the block needs 1,000"));
}
