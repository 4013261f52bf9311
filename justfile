# Every command a person types here. Each is one line, the same on Linux, macOS and Windows.

set windows-shell := ["powershell.exe", "-NoLogo", "-NoProfile", "-Command"]

export RUSTDOCFLAGS := "-D warnings"

[private]
default:
    @just --list --unsorted

# A program that ends at Ctrl-C with a goodbye has ended well. `just` itself, and the shell that it
# starts, have got the Ctrl-C, too: they would call that an error, hence `no-exit-message`.

# Lab 1: three peers in memory; `just pattern-in-memory --script -` tells your own story
[group('run a lab')]
[no-exit-message]
pattern-in-memory *ARGS:
    cargo run --package pattern-in-memory -- {{ ARGS }}

# Lab 1 in its other designs: `just design shared`, `just design mailboxes`
[group('run a lab')]
[no-exit-message]
design NAME:
    cargo run --package pattern-in-memory --example {{ NAME }}

# Lab 2: one peer, by its number; start several in several terminals
[group('run a lab')]
[no-exit-message]
week05 *ARGS:
    cargo run --package week05 -- {{ ARGS }}

# Lab 3: a peer, `just capability-peers alice`; then bob in another terminal
[group('run a lab')]
[no-exit-message]
capability-peers NAME *ARGS:
    cargo run --package capability-peers --bin {{ NAME }} -- {{ ARGS }}

# Lab 4: the server, `just realtime-chat server`; then a client in each further terminal
[group('run a lab')]
[no-exit-message]
realtime-chat NAME *ARGS:
    cargo run --package realtime-chat --bin chat-{{ NAME }} -- {{ ARGS }}

# Lab 5: one peer; `just discovery-chat start --local --name Alice`
[group('run a lab')]
[no-exit-message]
discovery-chat *ARGS:
    cargo run --package discovery-chat -- {{ ARGS }}

# Begin a task: `just start week05 a` writes its stub where the answer stands
[group('solve a task')]
[no-exit-message]
start LAB TASK:
    @cargo lab start {{ LAB }} {{ TASK }}

# Test all tasks, a lab's, or one: `just test week05 b`
[group('solve a task')]
[no-exit-message]
test LAB="" TASK="" *ARGS:
    @cargo lab test {{ LAB }} {{ TASK }} {{ ARGS }}

# Test again whenever a file changes: `just watch week05 b`
[group('solve a task')]
[no-exit-message]
watch LAB="" TASK="":
    @cargo lab watch {{ LAB }} {{ TASK }}

# Write a page with what became of each behaviour: `just report week05 --to report.html`
[group('solve a task')]
[no-exit-message]
report *ARGS:
    @cargo lab report {{ ARGS }}

# Show the answer of a task, or put it back: `just solution week05 a --restore`
[group('solve a task')]
[no-exit-message]
solution LAB TASK *ARGS:
    @cargo lab solution {{ LAB }} {{ TASK }} {{ ARGS }}

# Test discovery-chat on hosts of its own, made of network namespaces (Linux, as root)
[group('test')]
test-lan:
    cargo test --package discovery-chat --test lan -- --ignored --test-threads 6

# Test labs 3 and 4 with the npm package capnweb, both ways (needs Node.js 18 or later)
[group('test')]
interop:
    npm ci --prefix capability-peers/tests/interop --loglevel error --ignore-scripts --no-audit --no-fund
    npm ci --prefix realtime-chat/tests/interop --loglevel error --ignore-scripts --no-audit --no-fund
    cargo test --package capability-peers --package realtime-chat --test interop

# Test the page of realtime-chat in Chromium (needs Chromium, and Node.js 20 or later)
[group('test')]
browser:
    npm ci --prefix realtime-chat/tests/browser --loglevel error --ignore-scripts --no-audit --no-fund
    cargo test --package realtime-chat --test browser -- --ignored --test-threads 1

# Follow the pages as a newcomer with nothing but Rust would, and print how long it takes (Linux)
[group('test')]
newcomer:
    .ci/newcomer

# Measure all labs, or one, and write docs/performance.md: `just bench week05`
[group('test')]
bench LAB="":
    @cargo xtask bench {{ LAB }}

# Measure how far lab 5's mesh carries: 2 to 100 peers, and up to 10,000 in a simulation
[group('test')]
scale:
    cargo bench --package discovery-chat --bench scale

# Lab 5 and the same chat on rust-libp2p, in two networks without a common broadcast (Linux, as root)
[group('test')]
beyond:
    cargo build --release --package discovery-chat --target-dir target/beyond
    cargo build --release --manifest-path beyond/Cargo.toml --target-dir target/beyond
    target/beyond/release/two_networks target/beyond/release/p2p_chat target/beyond/release/beyond

# Everything that must hold before a change lands
[group('develop')]
check: format lint docs all-tests

# Grade submissions: `just grade --to grades --tasks week05:a submissions/*`
[group('teach')]
[unix]
[positional-arguments]
grade *ARGS:
    @cargo lab grade "$@" # As they are: a student has chosen the names, and a shell would run `$(...)`.

# Grade submissions; from a class that has chosen the names, better with `cargo lab grade`
[group('teach')]
[windows]
grade *ARGS:
    @cargo lab grade {{ ARGS }}

# The student edition: `just handout --tasks week05:a,week05:b --to DIR`; `--solution` for the model
[group('teach')]
handout *ARGS:
    @cargo lab handout {{ ARGS }}

# Try the known mistakes of all labs, or of one, and print which behaviours catch them
[group('teach')]
mistakes *ARGS:
    @cargo lab mistakes {{ ARGS }}

# Ask N times for each behaviour, with all cores busy: `just soak 1000 week05 a`
[group('teach')]
[no-exit-message]
soak N="100" *ARGS:
    @cargo xtask soak {{ N }} {{ ARGS }}

# Make N submissions to try grading with: `just class 100 week05 --to DIR`
[group('teach')]
class *ARGS:
    @cargo xtask class {{ ARGS }}

# Write the autograder for Gradescope: `just gradescope --tasks week05:a --to autograder.zip`
[group('teach')]
gradescope *ARGS:
    @cargo lab gradescope {{ ARGS }}

# All tests of all crates, with or without tasks
[group('develop')]
all-tests:
    cargo test --workspace --no-fail-fast

# Whether the code is formatted
[group('develop')]
format:
    cargo fmt --all --check

# Whether clippy has something to say
[group('develop')]
lint:
    cargo clippy --workspace --all-targets -- -D warnings

# Build the documentation, thread maps and all: `just docs --open` shows it
[group('develop')]
docs *ARGS:
    cargo doc --workspace --no-deps {{ ARGS }}

# Build the course as a book in target/book (needs mdbook 0.5): `just book --open` shows it
[group('develop')]
book *ARGS:
    @cargo xtask book {{ ARGS }}

# Draw the pictures of the book from real runs (Linux)
[group('develop')]
pictures:
    .ci/pictures

# How large each crate is and may be, or each file of a crate: `just size week05`
[group('develop')]
size CRATE="":
    @cargo xtask size {{ CRATE }}

# What a lab adds to another one, file by file: `just delta week05 discovery-chat`
[group('develop')]
delta A B:
    @cargo xtask delta {{ A }} {{ B }}
