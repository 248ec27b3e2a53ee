//! `docs/concepts.md` shows the table of events that are not activity.

use schema::{Activity, Metered};

#[test]
fn the_page_on_concepts_lists_the_events_that_are_not_activity() {
    let page = include_str!("../../../docs/concepts.md");
    let table = page.split_once("<!-- activity -->").and_then(|(_, rest)| rest.split_once("<!-- /activity -->"));
    let (table, _) = table.expect("the markers are there");
    let mut found = Vec::new();
    for line in table.lines().filter(|line| line.starts_with("| `$")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let metered = cells.last().expect("a row has cells");
        for name in cells[0].split(", ") {
            found.push((name.trim_matches('`').to_owned(), (*metered).to_owned()));
        }
    }
    let shown = |metered: Metered| match metered {
        Metered::Yes => "yes",
        Metered::Human => "yes, unless from a bot",
        Metered::No => "no",
    };
    let wanted: Vec<(String, String)> =
        Activity::NONE.iter().map(|one| (one.event.to_owned(), shown(one.metered).to_owned())).collect();
    assert_eq!(found, wanted, "docs/concepts.md, section Activity");
}
