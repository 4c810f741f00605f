# Every recipe is an ordinary cargo command; `just` only saves typing.

# Show the recipes
default:
    @just --list

# Pack a disc: just compress GAME.iso
compress +args:
    cargo run --release -- compress {{args}}

# Run all tests, or those with a name: just test lz4
test *args:
    cargo xtask test {{args}}

# Install the system packages and programs that the tests need
setup:
    cargo xtask setup

# Format the code
fmt:
    cargo fmt --all
    cd psp-driver && cargo fmt --all
    cargo fmt --manifest-path fuzz/Cargo.toml
    cargo fmt --manifest-path web/engine/Cargo.toml

# Lint the code
clippy:
    cargo clippy --workspace --all-targets -- -D warnings

# Build what runs on the console
psp:
    cargo xtask psp

# Make the test discs
disc:
    cargo xtask disc

# Measure, and write docs/benchmarks/
bench:
    cargo xtask bench

# Build everything that people install
dist:
    cargo xtask dist

# Check dependencies, workflows and links
policy:
    cargo xtask policy

# Run everything that a change has to pass
ci:
    .ci/run
