//! Any bytes as a snapshot: they are read or refused, and what is read can be written, judged and served.
#![no_main]

use bytes::Bytes;
use freshen_core::Timestamp;
use freshen_http::{Asked, Config, Failure, Snapshot, judge, stand_in};
use http::Request;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let config = Config::default();
    let _ = Snapshot::decode(&Bytes::copy_from_slice(bytes), &config);
    // A fuzzer does not find a checksum: it is put in for it.
    let Some(content) = bytes.get(21..) else { return };
    let sealed = [&b"\xf5frh\x01"[..], &blake3::hash(content).as_bytes()[..16], content].concat();
    let Ok(read) = Snapshot::decode(&sealed.into(), &config) else { return };
    let written = read.encode().expect("what was read is within the bounds");
    assert_eq!(Snapshot::decode(&written, &config).as_ref(), Ok(&read));
    for variant in &read.variants {
        for range in ["", "bytes=0-9", "bytes=-5", "bytes=0-0, 7-9, -1"] {
            let mut request = Request::get("/");
            if !range.is_empty() {
                request = request.header("range", range);
            }
            let (request, ()) = request.body(()).expect("it is a request").into_parts();
            for now in [Timestamp::ZERO, Timestamp::from_micros(1_795_262_400_000_000), Timestamp::NEVER] {
                let asked = Asked::of(&request, &config);
                judge(Some(&variant.stored.terms), &asked, now, &config);
                let _ = stand_in(&variant.stored.terms, &asked, Failure::TimedOut, now, &config);
                variant.stored.answer(&request.headers, &asked, now, 7, &config);
            }
        }
    }
});
