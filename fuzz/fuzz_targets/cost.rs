#![no_main]
//! How much memory the costliest document takes. The instrumented program is slow: time is measured by a test of sentinel-laws.

use peak_alloc::PeakAlloc;
use sentinel_core::policy::AccessPolicy;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MOST: usize = 16 << 20;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some(text) = sentinel_laws::hostile_document(bytes) else { return };
    MEMORY.reset_peak_usage();
    let before = MEMORY.current_usage();
    let read = AccessPolicy::from_yaml(&text);
    let peak = MEMORY.peak_usage().saturating_sub(before);
    drop(read);
    assert!(peak <= MOST, "{peak} bytes for a document of {}", text.len());
});
