# Everything here is a plain cargo command; `just` only saves typing.

# Show the recipes
default:
    @just --list

# Pack a disc: just compress GAME.iso
compress +args:
    cargo run --release -- compress {{args}}

# Install whatever the tests need, then run all of them; or run those with a name: just test lz4
test *args:
    cargo xtask test {{args}}

# Format the code
fmt:
    cargo fmt --all
    cd psp-driver && cargo fmt --all

# Look for doubtful code
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

# Make everything that people install
dist:
    cargo xtask dist

# Check the licences of the dependencies
policy:
    cargo xtask policy

# What is run before a change is accepted
ci:
    .ci/run
