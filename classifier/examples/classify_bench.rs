//! Prints the median time and the allocations of a call over the corpus:
//! `cargo run --release -p classifier --example classify_bench`.

// The counting allocator is the only unsafe code here. It is not part of the crate.
#![allow(unsafe_code, reason = "a counting allocator needs it")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use std::{fs, io};

use classifier::hygiene::{DEFAULT_KEPT, store_url};
use classifier::{ProjectRules, Visit, classify, registrable_domain};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the arguments are passed on unchanged.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the arguments are passed on unchanged.
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const ROUNDS: u32 = 200;

fn main() -> io::Result<()> {
    let cases = cases()?;
    let rules = ProjectRules::default();
    let visit = |(url, referrer): &(String, String)| {
        let visit = Visit { url, referrer, host: "example.com", rules: &rules };
        black_box(classify(black_box(&visit)));
    };
    report("classify", &cases, visit);
    report("store_url", &cases, |(url, _)| {
        black_box(store_url(black_box(url), DEFAULT_KEPT));
    });
    report("registrable_domain", &cases, |_| {
        black_box(registrable_domain(black_box("www.example.co.uk")));
    });
    Ok(())
}

/// Prints the distribution over the cases of each case's mean time.
fn report(what: &str, cases: &[(String, String)], call: impl Fn(&(String, String))) {
    let mut times: Vec<u128> = Vec::new();
    let mut allocations = 0;
    for case in cases {
        call(case);
        let before = ALLOCATIONS.load(Ordering::Relaxed);
        call(case);
        allocations += ALLOCATIONS.load(Ordering::Relaxed) - before;
        let start = Instant::now();
        for _ in 0..ROUNDS {
            call(case);
        }
        times.push(start.elapsed().as_nanos() / u128::from(ROUNDS));
    }
    times.sort_unstable();
    let at = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    println!(
        "{what}: {} cases, median {} ns, p95 {} ns, max {} ns, {:.2} allocations per call",
        cases.len(),
        at(50),
        at(95),
        times.last().copied().unwrap_or_default(),
        f64::from(u32::try_from(allocations).unwrap_or(u32::MAX))
            / f64::from(u32::try_from(cases.len()).unwrap_or(u32::MAX)),
    );
}

fn cases() -> io::Result<Vec<(String, String)>> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/corpus");
    let mut cases = Vec::new();
    for file in fs::read_dir(folder)? {
        let file = file?.path();
        if file.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        for line in fs::read_to_string(file)?.lines().filter(|line| !line.starts_with('#')) {
            let mut fields = line.split(" | ").map(|text| if text == "-" { "" } else { text });
            let (Some(url), Some(referrer)) = (fields.next(), fields.next()) else { continue };
            let url = match url.as_bytes().first() {
                Some(b'/' | b'?') => format!("https://example.com{url}"),
                _ => url.to_owned(),
            };
            cases.push((url, referrer.to_owned()));
        }
    }
    Ok(cases)
}
