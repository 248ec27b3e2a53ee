//! `--profile`: samples with Linux's `perf` in which functions a contestant spends its time under load. V8's perf map
//! names the functions of WebAssembly and JavaScript; symbols name those of the runtime.

use std::fmt::Write as _;
use std::fs;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::process::Supervised;
use crate::state::State;

use super::contestant::{Contestant, Request};
use super::load::Load;
use super::workerd::Workerd;

/// Make V8 write its perf map, including interpreted functions.
const V8_FLAGS: [&str; 2] = ["--perf-basic-prof", "--interpreted-frames-native-stack"];
/// Samples per second and core.
const FREQUENCY: &str = "1999";
/// Number of functions to print for each contestant.
const LINES: usize = 40;

/// Samples a contestant under load, after a warm-up, and prints its most expensive functions.
pub(super) fn print(contestant: &Contestant, load: Load, state: &State) -> Result<()> {
    let requests: Vec<Vec<u8>> = contestant.requests.iter().map(Request::bytes).collect();
    let workerd = Workerd::start(contestant, &V8_FLAGS, state)?;
    load.run(workerd.address, &requests)?;
    let samples = state.file("run").join(contestant.name).join("perf.data");
    let mut perf = Command::new("perf");
    perf.args(["record", "--quiet", "--event", "cpu-clock", "--freq", FREQUENCY, "--output"]).arg(&samples);
    perf.args(["--pid", &workerd.id().to_string()]);
    let mut recorder =
        Supervised::spawn("perf", perf, state).context("cannot run perf: install it (Debian package linux-perf)")?;
    // Wait until perf samples. It does not report when it does.
    std::thread::sleep(Duration::from_secs(1));
    let loaded = load.run(workerd.address, &requests);
    recorder.end();
    loaded?;
    let map = format!("/tmp/perf-{}.map", workerd.id());
    let report = Command::new("perf")
        .args(["report", "--stdio", "--quiet", "--no-children", "--sort", "symbol", "--input"])
        .arg(&samples)
        .output()?;
    let _ = fs::remove_file(map);
    if !report.status.success() {
        bail!("perf report failed: {}", String::from_utf8_lossy(&report.stderr));
    }
    println!("\n{}: shares of the samples of the whole process", contestant.title);
    print!("{}", summary(&String::from_utf8_lossy(&report.stdout)));
    Ok(())
}

/// Areas of functions, by parts of their names. The first match counts.
const AREAS: [(&str, &[&str]); 5] = [
    ("WebAssembly of the Worker", &["-turbofan", "-liftoff"]),
    ("JavaScript of the Worker", &["JS:"]),
    ("kernel", &["[k]"]),
    ("compiling", &["::compiler::", "::wasm::", "::maglev::", "urboshaft", "egisterAlloc"]),
    ("memory management", &["malloc", "Malloc", "cppgc", "Scaveng", "Mark", "Sweep", "Heap", "Dispose"]),
];

/// The share of each area, then the most expensive functions.
fn summary(report: &str) -> String {
    let lines = report.lines().filter_map(|line| {
        let (share, name) = line.trim().split_once('%')?;
        Some((share.parse::<f64>().ok()?, name.trim()))
    });
    let lines: Vec<(f64, &str)> = lines.collect();
    let area = |name: &str| AREAS.iter().position(|(_, marks)| marks.iter().any(|mark| name.contains(mark)));
    let mut text = String::new();
    for (index, title) in AREAS.iter().map(|(title, _)| *title).chain(["rest of the runtime"]).enumerate() {
        let wanted = Some(index).filter(|index| *index < AREAS.len());
        let sum: f64 = lines.iter().filter(|(_, name)| area(name) == wanted).map(|(share, _)| share).sum();
        let _ = writeln!(text, "{sum:>8.1} %  {title}");
    }
    for (share, name) in lines.iter().take(LINES) {
        let _ = writeln!(text, "{share:>8.2} %  {}", name.chars().take(120).collect::<String>());
    }
    text
}

#[cfg(test)]
mod tests {
    use super::summary;

    #[test]
    fn shares_are_summed_by_area() {
        let report = "\n    40.00%  [.] JS:headwater::app-12-turbofan      \n    10.50%  [k] tcp_sendmsg\n\
            9.50%  [.] JS:^fetch index.mjs:1\n    30.00%  [.] kj::Promise\n    10.00%  [.] JS:x-1-liftoff\n";
        let text = summary(report);
        for line in [
            "50.0 %  WebAssembly",
            "9.5 %  JavaScript",
            "10.5 %  kernel",
            "30.0 %  rest of the runtime",
            "30.00 %  [.] kj",
        ] {
            assert!(text.contains(line), "{text}");
        }
    }
}
