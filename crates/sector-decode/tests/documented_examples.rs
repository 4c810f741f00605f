//! The example files of docs/formats, straight from the pages: they must decode to what the pages say.

use std::path::Path;

use sector_decode::{BlockIndex, Buffers, Coding, Decoder, Format, Layout, SectorReader, deflate_lint};

/// Reads the one block of a page that is marked `hexdump`, in the form of `hexdump -C`.
fn example(page: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/formats").join(page);
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let (_, dump) = text.split_once("```hexdump\n").expect("a hexdump");
    let (dump, _) = dump.split_once("```").expect("the end of the hexdump");

    let mut bytes: Vec<u8> = Vec::new();
    let mut repeat = false;
    for line in dump.lines() {
        if line == "*" {
            repeat = true;
            continue;
        }
        let (offset, rest) = line.split_at(8);
        let offset = usize::from_str_radix(offset, 16).unwrap();
        if repeat {
            let last = bytes[bytes.len() - 16..].to_vec();
            while bytes.len() < offset {
                bytes.extend_from_slice(&last);
            }
            repeat = false;
        }
        assert_eq!(bytes.len(), offset, "{page}: offset of a line");
        let columns = rest.get(2..2 + 3 * 16 - 1).unwrap_or_default();
        bytes.extend(columns.split_whitespace().map(|byte| u8::from_str_radix(byte, 16).unwrap()));
    }
    bytes
}

/// The codings of all blocks, in order, and the image.
fn decode(file: &[u8]) -> (Layout, Vec<Coding>, Vec<u8>) {
    let mut source = file;
    let layout = Layout::probe(&mut source).unwrap();
    let sizes = layout.buffer_sizes();
    let (mut index, mut packed, mut block) =
        (vec![0; sizes.index], vec![0; sizes.packed], vec![0; sizes.block]);
    let mut decoder = Decoder::new();
    let buffers =
        Buffers { index: &mut index, packed: &mut packed, block: &mut block, decoder: &mut decoder };
    let mut reader = SectorReader::new(source, layout, buffers).unwrap();
    let (mut codings, mut image) = (Vec::new(), Vec::new());
    for number in 0..layout.block_count() {
        let view = reader.view(BlockIndex(number)).unwrap();
        if view.extent.coding == Coding::Deflate {
            assert_eq!(deflate_lint::lint(view.packed), Ok(()), "the pages show streams that are safe");
        }
        codings.push(view.extent.coding);
        image.extend_from_slice(view.data);
    }
    (layout, codings, image)
}

fn runs(runs: &[(u8, usize)]) -> Vec<u8> {
    runs.iter().flat_map(|&(byte, count)| std::iter::repeat_n(byte, count)).collect()
}

#[test]
fn cso() {
    let (layout, codings, image) = decode(&example("cso.md"));
    assert_eq!((layout.format(), layout.version()), (Format::Cso, Some(1)));
    assert_eq!(codings, [Coding::Deflate, Coding::Stored]);
    assert_eq!(image, runs(&[(b'A', 2048), (b'B', 2048)]));
}

#[test]
fn cso2() {
    let (layout, codings, image) = decode(&example("cso2.md"));
    assert_eq!((layout.format(), layout.version()), (Format::Cso2, Some(2)));
    assert_eq!(codings, [Coding::Deflate, Coding::Lz4, Coding::Stored]);
    assert_eq!(image, runs(&[(b'A', 2048), (b'C', 2048), (b'B', 2048)]));
}

#[test]
fn zso() {
    let (layout, codings, image) = decode(&example("zso.md"));
    assert_eq!((layout.format(), layout.index_shift()), (Format::Zso, 3));
    assert_eq!(codings, [Coding::Lz4, Coding::Stored]);
    assert_eq!(image, runs(&[(b'A', 2048), (b'B', 2048)]));
}

#[test]
fn dax() {
    let (layout, codings, image) = decode(&example("dax.md"));
    assert_eq!((layout.format(), layout.version(), layout.block_count()), (Format::Dax, Some(0), 2));
    assert_eq!(codings, [Coding::Zlib, Coding::Zlib]);
    assert_eq!(image, runs(&[(b'A', 8192), (b'B', 4096)]));
}

#[test]
fn jso() {
    let file = example("jso.md");
    let (layout, codings, image) = decode(&file);
    assert_eq!(layout.format(), Format::Jso);
    assert!(layout.has_block_headers());
    assert_eq!(codings, [Coding::Deflate, Coding::Stored]);
    assert_eq!(image, runs(&[(b'A', 2048), (b'B', 2048)]));
}
