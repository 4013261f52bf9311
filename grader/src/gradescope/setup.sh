#!/bin/sh
# Installs Rust where it is missing, and builds everything, so that grading needs no network.
# Gradescope starts this once, when the autograder is uploaded.
set -eu
export AUTOGRADER="${AUTOGRADER:-/autograder}" HOME="${HOME:-/root}"
export PATH="${CARGO_HOME:-$HOME/.cargo}/bin:$PATH"

if ! { command -v cc && command -v git && command -v curl && command -v ip; } > /dev/null; then
  apt-get update
  apt-get install --yes --no-install-recommends build-essential ca-certificates curl git iproute2
fi
if ! command -v cargo > /dev/null; then
  curl --proto '=https' --tlsv1.2 --silent --show-error --fail https://sh.rustup.rs \
    | sh -s -- -y --profile minimal
fi

cd "$AUTOGRADER/source/course"
# The grader asks git for the list of its files.
git init --quiet
git add --force .
cargo fetch --locked --target "$(rustc --print host-tuple)"
# A submission without files builds everything, and shows now if something is missing.
grades=$(mktemp -d)
mkdir "$grades/nothing"
CARGO_NET_OFFLINE=true cargo run --quiet --locked --package grader -- \
  grade --unconfined --tasks "{{ TASKS }}" --to "$grades" "$grades/nothing"
test -s "$grades/nothing/grade.json"
rm -r "$grades"
