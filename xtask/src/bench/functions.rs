//! Turns the output of the benchmarks of single functions into tables.

use anyhow::Result;

use crate::shell;

/// Runs them.
pub(super) fn table() -> Result<String> {
    let mut cargo = shell::cargo();
    cargo.args([
        "bench",
        "--quiet",
        "--package",
        "image-writer",
        "--bench",
        "encode",
        "--",
        "pack",
        "decode",
    ]);
    let printed = shell::text(&mut cargo)?;
    let (sizes, speeds) = printed.split_once("\n\n").unwrap_or((&printed, ""));
    Ok(format!(
        "## Single functions\n\n\
         `cargo bench --package image-writer --bench encode`: one thread, synthetic blocks of seven kinds, \
         in memory. Packing\nincludes lint and verification. Decoding leaves out stored blocks. The fastest \
         run counts.\n\n\
         ```text\n{sizes}\n```\n\n| function | speed |\n|---|---:|\n{}\n",
        rows(speeds)
    ))
}

/// The fastest run of each function in a tree that divan prints: a line with its name and times, followed by
/// one with speeds.
fn rows(tree: &str) -> String {
    let mut rows = String::new();
    let (mut group, mut name) = ("", "");
    for line in tree.lines() {
        let is_group = line.starts_with(['├', '╰']);
        let cell = line.trim_start_matches([' ', '│', '├', '╰', '─']).split("  ").next().unwrap_or_default();
        if cell.ends_with("B/s") {
            rows.push_str(&format!("| `{group}`, {name} | {cell} |\n"));
        } else if is_group {
            group = cell;
        } else {
            name = cell;
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use super::rows;

    #[test]
    fn the_fastest_run_of_each_function_is_taken() {
        let tree = "\
encode             fastest       │ slowest       │ median        │ mean          │ samples │ iters
├─ decode_2k                     │               │               │               │         │
│  ├─ LZ4          370.3 µs      │ 436 µs        │ 372.1 µs      │ 381 µs        │ 20      │ 20
│  │               3.539 GB/s    │ 3.005 GB/s    │ 3.521 GB/s    │ 3.439 GB/s    │         │
╰─ pack_2k                       │               │               │               │         │
   ╰─ DAX: zlib 9  33.65 ms      │ 34.19 ms      │ 34.03 ms      │ 33.97 ms      │ 10      │ 10
                   54.52 MB/s    │ 53.66 MB/s    │ 53.91 MB/s    │ 54.01 MB/s    │         │
";
        assert_eq!(
            rows(tree),
            "| `decode_2k`, LZ4 | 3.539 GB/s |\n| `pack_2k`, DAX: zlib 9 | 54.52 MB/s |\n"
        );
    }
}
