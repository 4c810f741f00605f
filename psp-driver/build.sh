#!/bin/sh
# Builds target/psp/cisor.prx with Debian's Rust 1.96 packages. CARGO_PSP_BIN is the folder with prxgen.
set -eu
cd "$(dirname "$0")"
: "${CARGO_PSP_BIN:=$HOME/.cargo/bin}"
export PATH="/usr/bin:$CARGO_PSP_BIN:$PATH"
export RUSTC_BOOTSTRAP=1 CARGO_TARGET_DIR="${PSP_TARGET_DIR:-$PWD/target}"
export CARGO_TARGET_MIPSEL_SONY_PSP_LINKER=ld.lld
export RUSTFLAGS="-C llvm-args=-mno-check-zero-division -C llvm-args=-disable-mips-df-succbb-search=false -C llvm-args=-disable-mips-df-forward-search=false"
cargo build --release --target mipsel-sony-psp -Z build-std=core,compiler_builtins -Z build-std-features=compiler-builtins-mem
mkdir -p ../target/psp
prxgen "$CARGO_TARGET_DIR/mipsel-sony-psp/release/cisor" ../target/psp/cisor.prx
