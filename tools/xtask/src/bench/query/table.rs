//! Prints the figures as tables, and the goals.

use serde_json::json;

use super::ask::Line;
use super::{Args, DAYS, Outcome, PROJECTS};
use crate::bench::goal::Bound;

/// API time divided by SQL time.
const RATIO: Bound = Bound::AtMost(1.2);
/// Tool time divided by API time.
const TOOL: Bound = Bound::AtMost(1.1);
/// SQL time over the events divided by API time, for a question over all days.
const FASTER: Bound = Bound::AtLeast(5.0);
/// API time with ten times the events divided by that with one tenth, if only computed tables are read.
const GROWTH: Bound = Bound::AtMost(1.5);

pub(super) fn print(outcome: &Outcome, args: &Args) {
    println!(
        "\nbench query: {} events in {PROJECTS} projects over {DAYS} days, {} rounds; times in ms",
        args.events, args.rounds
    );
    table("all days from the events", &outcome.events);
    table("computed tables before today", &outcome.computed);
    println!("\ngoals\n");
    for line in &outcome.computed {
        goal(&format!("{}: API / SQL", line.question), line.ratio, RATIO);
    }
    for line in &outcome.computed {
        goal(&format!("{}: as an MCP tool / API", line.question), line.over_api, TOOL);
    }
    for line in outcome.computed.iter().filter(|line| line.question.ends_with(&format!("{DAYS} days"))) {
        goal(&format!("{}: times as fast as SQL over the events", line.question), 1.0 / line.ratio, FASTER);
    }
    for (line, growth) in outcome.computed.iter().filter_map(|line| Some((line, line.growth?))) {
        if line.tables.contains("daily_rollup") || line.tables.contains("sessions") {
            goal(&format!("{}: growth with ten times the events", line.question), growth, GROWTH);
        }
    }
    println!("\n{}", json!({ "bench": "query", "events": args.events, "result": outcome }));
}

fn table(title: &str, lines: &[Line]) {
    println!(
        "\n{title:<28}{:>9}{:>8}{:>9}{:>6}{:>9}{:>8}{:>7}{:>10}{:>8}{:>11}{:>6}  tables",
        "API p50", "p95", "tool p50", "/API", "SQL p50", "p95", "ratio", "1/10 p50", "growth", "rows read", "MB"
    );
    for line in lines {
        let small =
            |value: Option<f64>, digits: usize| value.map_or("-".to_owned(), |value| format!("{value:.digits$}"));
        println!(
            "{:<28}{:>9.1}{:>8.1}{:>9.1}{:>6.2}{:>9.1}{:>8.1}{:>7.2}{:>10}{:>8}{:>11}{:>6.0}  {}",
            line.question,
            line.api.p50,
            line.api.p95,
            line.tool.p50,
            line.over_api,
            line.sql.p50,
            line.sql.p95,
            line.ratio,
            small(line.small.as_ref().map(|times| times.p50), 1),
            small(line.growth, 2),
            line.rows_read,
            line.memory_mb,
            line.tables
        );
    }
}

fn goal(title: &str, figure: f64, bound: Bound) {
    let (sign, limit) = bound.parts();
    let met = if bound.is_met(figure) { "met" } else { "missed" };
    println!("  {title:<52}{figure:>7.2}  goal {sign} {limit}: {met}");
}
