#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Err(broken) = sentinel_laws::decide(bytes) {
        panic!("{broken}");
    }
});
