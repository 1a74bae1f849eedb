//! libFuzzer's way in: which target, LCR_FUZZ says.

#![no_main]

mod targets;

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;

static TARGET: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("LCR_FUZZ").unwrap_or_default();
    let known: Vec<&str> = targets::TARGETS.iter().map(|(name, _)| *name).collect();
    match targets::TARGETS.iter().find(|(known, _)| *known == name) {
        Some((_, run)) => *run,
        None => panic!("LCR_FUZZ is \"{name}\"; it should be one of {}", known.join(", ")),
    }
});

fuzz_target!(|data: &[u8]| TARGET(data));
