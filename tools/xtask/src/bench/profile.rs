//! `--profile`: in which functions a contestant spends its time under load, as Linux's `perf` samples it.
//! Functions of WebAssembly and JavaScript are told by V8's map of them, those of the runtime by its symbols.

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

/// Has V8 write its map of functions, also of those that it interprets.
const V8_FLAGS: [&str; 2] = ["--perf-basic-prof", "--interpreted-frames-native-stack"];
/// Samples a second and core.
const FREQUENCY: &str = "1999";
/// Functions that are told of each contestant.
const LINES: usize = 40;

/// Puts a contestant under load after a warm-up and prints the functions it spent most time in.
pub(super) fn print(contestant: &Contestant, load: Load, state: &State) -> Result<()> {
    let requests: Vec<Vec<u8>> = contestant.requests.iter().map(Request::bytes).collect();
    let workerd = Workerd::start(contestant, &V8_FLAGS, state)?;
    load.run(workerd.address, &requests)?;
    let samples = state.file("run").join(contestant.name).join("perf.data");
    let mut perf = Command::new("perf");
    perf.args(["record", "--quiet", "--event", "cpu-clock", "--freq", FREQUENCY, "--output"]).arg(&samples);
    perf.args(["--pid", &workerd.id().to_string()]);
    let mut recorder =
        Supervised::spawn("perf", perf, state).context("perf cannot be run (Debian's package linux-perf)")?;
    // Until it samples; it does not say so.
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
        bail!("perf has no report: {}", String::from_utf8_lossy(&report.stderr));
    }
    println!("\n{}: shares of the samples of the whole process", contestant.title);
    print!("{}", told(&String::from_utf8_lossy(&report.stdout)));
    Ok(())
}

/// What a function belongs to, by its name: the first that fits.
const AREAS: [(&str, &[&str]); 5] = [
    ("WebAssembly of the Worker", &["-turbofan", "-liftoff"]),
    ("JavaScript of the Worker", &["JS:"]),
    ("kernel", &["[k]"]),
    ("compiling", &["::compiler::", "::wasm::", "::maglev::", "urboshaft", "egisterAlloc"]),
    ("taking and freeing memory", &["malloc", "Malloc", "cppgc", "Scaveng", "Mark", "Sweep", "Heap", "Dispose"]),
];

/// The shares by area, then the functions that took most.
fn told(report: &str) -> String {
    let lines = report.lines().filter_map(|line| {
        let (share, name) = line.trim().split_once('%')?;
        Some((share.parse::<f64>().ok()?, name.trim()))
    });
    let lines: Vec<(f64, &str)> = lines.collect();
    let area = |name: &str| AREAS.iter().position(|(_, marks)| marks.iter().any(|mark| name.contains(mark)));
    let mut text = String::new();
    for (index, title) in AREAS.iter().map(|(title, _)| *title).chain(["the runtime otherwise"]).enumerate() {
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
    use super::told;

    #[test]
    fn shares_are_summed_by_area() {
        let report = "\n    40.00%  [.] JS:headwater::app-12-turbofan      \n    10.50%  [k] tcp_sendmsg\n\
            9.50%  [.] JS:^fetch index.mjs:1\n    30.00%  [.] kj::Promise\n    10.00%  [.] JS:x-1-liftoff\n";
        let text = told(report);
        for line in
            ["50.0 %  WebAssembly", "9.5 %  JavaScript", "10.5 %  kernel", "30.0 %  the runtime", "30.00 %  [.] kj"]
        {
            assert!(text.contains(line), "{text}");
        }
    }
}
