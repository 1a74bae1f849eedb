#!/bin/sh
# Runs every fuzz target, or those named, with libFuzzer and coverage, for FUZZ_SECONDS each (60). What makes one fail is kept in
# target/fuzz/found; put it among fuzz/seeds once it is mended. Works with a stable Rust; needs a C++ compiler for libFuzzer.
set -eu
cd "$(dirname "$0")/.."
command -v c++ >/dev/null || {
    echo "fuzz: libFuzzer is C++, and there is no c++. Type this, then make again: apt-get install g++" >&2
    exit 1
}
seconds=${FUZZ_SECONDS:-60}
host=$(rustc -vV | sed -n 's/^host: //p')
# What cargo-fuzz passes, without what needs a nightly compiler.
export RUSTFLAGS="-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
-Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
-Cllvm-args=-sanitizer-coverage-trace-compares -Ccodegen-units=1 --cfg fuzzing"
cargo build --release --manifest-path fuzz/Cargo.toml --target "$host" --target-dir target/fuzz
[ $# -gt 0 ] || set -- $(ls fuzz/seeds)
mkdir -p target/fuzz/found
failed=''
for target in "$@"; do
    corpus=target/fuzz/corpus/$target
    mkdir -p "$corpus"
    echo "fuzz: $target, $seconds seconds"
    LCR_FUZZ=$target "target/fuzz/$host/release/lcr-fuzz" "$corpus" "fuzz/seeds/$target" -max_total_time="$seconds" -timeout=10 \
        -rss_limit_mb=2048 -max_len=8192 -artifact_prefix="target/fuzz/found/$target-" -print_final_stats=1 >"target/fuzz/$target.log" 2>&1 ||
        failed="$failed $target"
    grep -E 'number_of_executed_units|peak_rss|DONE|panicked|SUMMARY' "target/fuzz/$target.log" | tail -n 6
done
[ -z "$failed" ] || {
    echo "fuzz: failed:$failed; see target/fuzz/found and target/fuzz/*.log" >&2
    exit 1
}
