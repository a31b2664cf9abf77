//! What the costliest documents cost, of each kind: memory by counting every allocation, and time.
//!
//! In a binary of its own, and in one test: the counter counts for the whole process.

#![expect(
    clippy::unwrap_used,
    reason = "clippy.toml frees test functions only, and these are their helpers: a panic is the report"
)]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use peak_alloc::PeakAlloc;
use sentinel_core::policy::{AccessPolicy, ApprovalPolicy, BreakGlassPolicy, RateLimitPolicy};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MOST_MEMORY: usize = 16 << 20;
/// The limit is that of a release build (`make fuzz` asks one); a debug build on a busy machine is slower.
const MOST_TIME: Duration = Duration::from_millis(if cfg!(debug_assertions) { 3000 } else { 50 });

#[test]
fn no_document_costs_more_than_it_may() {
    for (name, text) in documents() {
        let (time, memory) = cost(&text);
        println!("{name}: {} bytes, {time:?}, {} KiB", text.len(), memory >> 10);
        assert!(memory <= MOST_MEMORY, "{name} takes {memory} bytes");
        assert!(time <= MOST_TIME, "{name} takes {time:?}");
    }
}

/// Others work on the machine, too: the shortest time counts. A debug build is asked once.
const TRIES: usize = if cfg!(debug_assertions) { 1 } else { 5 };

/// The shortest time, and the most memory, of the costliest kind.
fn cost(text: &str) -> (Duration, usize) {
    let reads: [fn(&str); 4] = [
        |text| drop(AccessPolicy::from_yaml(text)),
        |text| drop(ApprovalPolicy::from_yaml(text)),
        |text| drop(BreakGlassPolicy::from_yaml(text)),
        |text| drop(RateLimitPolicy::from_yaml(text)),
    ];
    let of_kind = |read: &fn(&str)| {
        let tries = [(); TRIES].map(|()| measure(|| read(text)));
        (tries.iter().map(|(time, _)| *time).min().unwrap(), tries.iter().map(|(_, memory)| *memory).max().unwrap())
    };
    let all: Vec<_> = reads.iter().map(of_kind).collect();
    (all.iter().map(|(time, _)| *time).max().unwrap(), all.iter().map(|(_, memory)| *memory).max().unwrap())
}

fn measure(read: impl FnOnce()) -> (Duration, usize) {
    MEMORY.reset_peak_usage();
    let (before, start) = (MEMORY.current_usage(), Instant::now());
    read();
    (start.elapsed(), MEMORY.peak_usage().saturating_sub(before))
}

/// The seeds of the fuzz target `cost`.
fn documents() -> Vec<(String, String)> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/seeds/cost");
    let seeds = folder.read_dir().unwrap().map(|entry| entry.unwrap().path());
    let documents: Vec<_> = seeds
        .filter_map(|seed| {
            let text = sentinel_laws::hostile_document(&std::fs::read(&seed).unwrap())?;
            Some((seed.file_name().unwrap().to_string_lossy().into_owned(), text))
        })
        .collect();
    assert!(documents.len() > 10, "seeds are missing");
    documents
}
