//! Counts the instructions that the PSP's CPU executes to decode a block.
//!
//! `cargo run --release -p device-bench` prints the tables, `-- --write` also renews docs/device-costs.md,
//! `-- --check` fails when a mean has grown by more than 3 % against that file. Every run fails when a block that is made
//! for it costs more than a stated multiple of the mean. `-- --ours` leaves out the decoders in
//! C, and `-- --kinds` adds the mean of each kind of block. `-- --c-interface` runs the example in C of the C
//! interface instead, and counts nothing. Counts are executed instructions, not cycles; they
//! are the same on every machine that has the same compilers.

mod c_interface;
mod corpus;
mod guest;
mod hostile;
mod likely;
mod machine;
mod report;

use std::path::{Path, PathBuf};

use corpus::{Block, Corpus};
use machine::{Cost, Machine};
use report::Row;

/// Selects the packed form that a function takes.
type Packed = fn(&Block) -> &[u8];

/// A function of a guest that decodes one block.
struct Decoder {
    /// Its name in the tables.
    title: &'static str,
    guest: Guest,
    function: &'static str,
    packed: Packed,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Guest {
    /// The project's decoders as the driver builds them.
    Ours,
    C,
}

const DECODERS: [Decoder; 8] = [
    Decoder { title: "inflate", guest: Guest::Ours, function: "decode_deflate", packed: |b| &b.deflate },
    Decoder {
        title: "inflate, zlib in C",
        guest: Guest::C,
        function: "c_zlib_inflate",
        packed: |b| &b.deflate,
    },
    Decoder { title: "LZ4", guest: Guest::Ours, function: "decode_lz4", packed: |b| &b.lz4 },
    Decoder {
        title: "LZ4, LZ4_decompress_safe in C",
        guest: Guest::C,
        function: "c_lz4_safe",
        packed: |b| &b.lz4,
    },
    Decoder { title: "LZO1X", guest: Guest::Ours, function: "decode_lzo", packed: |b| &b.lzo },
    Decoder {
        title: "LZO1X, minilzo's lzo1x_decompress_safe in C",
        guest: Guest::C,
        function: "c_lzo1x_safe",
        packed: |b| &b.lzo,
    },
    Decoder { title: "stored", guest: Guest::Ours, function: "decode_stored", packed: |b| &b.plain },
    Decoder { title: "stored, word copy in C", guest: Guest::C, function: "c_memcpy", packed: |b| &b.plain },
];

/// Block sizes and how many blocks of each.
const SIZES: [(usize, usize); 3] = [(2048, 250), (8192, 65), (16384, 50)];

fn main() {
    let options: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| options.iter().any(|option| option == name);
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target_dir = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    if has("--c-interface") {
        return c_interface::check(&root, &target_dir);
    }
    let flags = if has("--no-delay-slot-flags") { "" } else { guest::DELAY_SLOT_FLAGS };
    let sources = guest::c_sources();
    let mut ours = Machine::new(&guest::rust(&target_dir, flags));
    assert_eq!(ours.call("set_up", [0; 4]).0, 0, "the decoder is ready");
    let mut c = (!has("--ours")).then(|| Machine::new(&guest::yardsticks(&target_dir, &sources)));
    if let Some(c) = &mut c {
        assert_eq!(c.call("c_set_up", [0; 4]).0, 0, "zlib is ready");
    }
    let c_state = c.as_mut().map_or(0, |c| c.call("c_state_size", [0; 4]).0);
    let state = ours.call("state_size", [0; 4]).0;

    let mut rows = Vec::new();
    let corpora: Vec<Corpus> =
        SIZES.iter().map(|&(size, count)| corpus::build(&sources, size, count)).collect();
    for corpus in &corpora {
        for decoder in &DECODERS {
            let machine = if decoder.guest == Guest::Ours { Some(&mut ours) } else { c.as_mut() };
            let Some(machine) = machine else { continue };
            let costs = measure(machine, decoder, corpus);
            if has("--kinds") {
                print_kinds(decoder, corpus, &costs);
            }
            rows.push(Row::new(decoder.title, corpus.block_size, &costs));
        }
    }
    let mean = |decoder: &str, block_size| {
        let row = rows.iter().find(|row| row.title == decoder && row.block_size == block_size);
        row.expect("every decoder was measured").mean
    };
    let dearest = hostile::measure(&mut ours, &SIZES.map(|(size, _)| size), mean);
    let report = report::markdown(&rows, &dearest, &corpora, (state, c_state));
    print!("{report}");
    let too_dear = hostile::too_dear(&dearest);
    assert!(too_dear.is_empty(), "a block may not cost that much:\n{}", too_dear.join("\n"));
    let committed = root.join("docs/device-costs.md");
    if has("--check") {
        let text = std::fs::read_to_string(&committed).expect("docs/device-costs.md is there");
        let grown = report::grown(&rows, &text);
        let hint = if corpora.iter().all(|corpus| text.contains(&corpus.hash)) {
            ""
        } else {
            "\n(The blocks are other ones than there.)"
        };
        assert!(grown.is_empty(), "dearer than docs/device-costs.md says:\n{}{hint}", grown.join("\n"));
    }
    if has("--write") && c.is_some() {
        std::fs::write(committed, report).expect("docs is writable");
    }
}

fn measure(machine: &mut Machine, decoder: &Decoder, corpus: &Corpus) -> Vec<Cost> {
    // In a file, packed bytes can begin at any position.
    (0..)
        .zip(&corpus.blocks)
        .map(|(number, block)| {
            machine.decode(decoder.function, (decoder.packed)(block), &block.plain, number % 4)
        })
        .collect()
}

fn print_kinds(decoder: &Decoder, corpus: &Corpus, costs: &[Cost]) {
    let per_kind = costs.len() / corpus::KINDS.len();
    for (kind, costs) in corpus::KINDS.iter().zip(costs.chunks(per_kind)) {
        let row = Row::new(decoder.title, corpus.block_size, costs);
        println!("{:6} {:32} {kind:14} {:6.2}", corpus.block_size, decoder.title, row.mean);
    }
}
