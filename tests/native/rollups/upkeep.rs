//! What keeps the tables true and small.

use intake::time::Timestamp;
use serde_json::{Value, json};
use upkeep::rollup::{self, Generation, Kind, ProjectDay};

use crate::world::{World, day, number};

const DAY: &str = "2026-11-12";
const HOUR_MS: i64 = 3_600_000;

async fn insert(world: &World, ids: &[&str]) {
    let row = |id: &&str| {
        json!({"event_id": id, "timestamp": format!("{DAY} 10:00:00.000"), "anonymous_id": id, "user_id": "u",
            "event": "$identify"})
    };
    world.insert(&ids.iter().map(row).collect::<Vec<Value>>()).await;
}

/// The days of the project that the daily comparison finds.
async fn differing(world: &World) -> Vec<ProjectDay> {
    let answer = world.run(rollup::differing(day("2026-11-01"), day("2026-11-20"))).await;
    let found = rollup::due_rows(&answer).unwrap();
    found.into_iter().map(|found| found.day).filter(|day| day.project_id == world.project).collect()
}

#[tokio::test]
async fn a_mark_that_was_lost_is_found_by_the_counts() {
    let (world, the_day) = (World::new(), day(DAY));
    insert(&world, &["a", "b"]).await;
    assert!(differing(&world).await.is_empty(), "a day that is due need not be compared");
    world.compute(Kind::Rollup, &[the_day]).await;
    assert!(differing(&world).await.is_empty());
    // Killed between the events and their mark: the old mark is all there is.
    let marks = world.ask("SELECT toString(max(at)) AS at FROM dirty WHERE project_id = {project:UUID}", &[]).await;
    insert(&world, &["c"]).await;
    world.execute("DELETE FROM dirty WHERE project_id = {project:UUID}").await;
    let at = marks[0]["at"].as_str().unwrap();
    world.execute(&format!("INSERT INTO dirty SELECT {{project:UUID}}, 'live', '{DAY}', '{at}'")).await;
    assert_eq!(world.clean_days(Kind::Rollup).await, [the_day], "nothing tells that it is wrong");
    assert_eq!(differing(&world).await, [world.day(the_day)]);
    world.run(rollup::mark(&differing(&world).await)).await;
    for kind in Kind::ALL {
        assert_eq!(world.due(kind).await.len(), 1);
        world.compute_due(kind).await;
    }
    assert!(differing(&world).await.is_empty());
}

#[tokio::test]
async fn events_without_any_mark_are_found() {
    let world = World::new();
    insert(&world, &["a"]).await;
    world.execute("DELETE FROM dirty WHERE project_id = {project:UUID}").await;
    assert!(world.due(Kind::Rollup).await.is_empty());
    assert_eq!(differing(&world).await, [world.day(day(DAY))]);
}

#[tokio::test]
async fn erased_events_are_gone_once_their_day_is_marked() {
    let (world, the_day) = (World::new(), day(DAY));
    insert(&world, &["a", "b"]).await;
    for kind in Kind::ALL {
        world.compute_due(kind).await;
    }
    world.execute("ALTER TABLE events DELETE WHERE project_id = {project:UUID} SETTINGS mutations_sync = 1").await;
    assert_eq!(differing(&world).await, [world.day(the_day)]);
    world.run(rollup::mark(&[world.day(the_day)])).await;
    for kind in Kind::ALL {
        world.compute_due(kind).await;
        assert_eq!(world.clean_days(kind).await, [the_day]);
        let rows = world.read(kind, &format!("SELECT count() AS n FROM {} WHERE {{read}}", kind.table()), &[]).await;
        assert_eq!(number(&rows[0]["n"]), 0);
    }
    assert!(differing(&world).await.is_empty());
}

/// Generations of the project in a table.
async fn generations(world: &World, table: &str, kind: Kind) -> Vec<u64> {
    let of_kind = if table == "computed" { format!("AND kind = '{}'", kind.as_str()) } else { String::new() };
    let sql =
        format!("SELECT DISTINCT generation FROM {table} WHERE project_id = {{project:UUID}} {of_kind} ORDER BY 1");
    world.ask(&sql, &[]).await.iter().map(|row| row["generation"].as_str().unwrap().parse().unwrap()).collect()
}

#[tokio::test]
async fn old_generations_go_and_the_current_one_stays() {
    let (world, the_day) = (World::new(), day(DAY));
    insert(&world, &["a"]).await;
    let clock = world.clock().await;
    let ago = |minutes: i64| Timestamp(clock.0 - minutes * 60_000);
    let days = [world.day(the_day)];
    for kind in Kind::ALL {
        // Whole ones of four, three hours and ten minutes ago, and such as were never finished.
        let whole: Vec<Generation> = [240, 180, 10].map(|minutes| Generation::new(ago(minutes), 1)).into();
        let broken: Vec<Generation> = [200, 120, 5].map(|minutes| Generation::new(ago(minutes), 2)).into();
        for generation in &whole {
            for statement in rollup::recompute(kind, &days, *generation, clock) {
                world.run(statement).await;
            }
        }
        for generation in &broken {
            let [rows, _] = rollup::recompute(kind, &days, *generation, clock);
            world.run(rows).await;
        }
        assert!(rollup::outdated_rows(&world.run(rollup::outdated(clock)).await).unwrap() > 0);
        for statement in rollup::cleanup(clock) {
            world.run(statement).await;
        }
        // A reader may have found the one of three hours ago until ten minutes ago.
        assert_eq!(generations(&world, kind.table(), kind).await, [whole[1].0, whole[2].0, broken[2].0]);
        assert_eq!(generations(&world, "computed", kind).await, [whole[1].0, whole[2].0]);
        assert_eq!(world.clean(kind).await, [(the_day, whole[2])]);
        let later = clock.plus(-5 * 60_000).plus(HOUR_MS / 4);
        for statement in rollup::cleanup(later) {
            world.run(statement).await;
        }
        assert_eq!(world.clean(kind).await, [(the_day, whole[2])]);
    }
}

#[tokio::test]
async fn a_row_that_is_not_what_the_events_give_is_found() {
    let (world, the_day) = (World::new(), day(DAY));
    insert(&world, &["a", "b"]).await;
    for (kind, spoil) in [
        (Kind::Rollup, "SELECT * REPLACE (events + 1 AS events)"),
        (Kind::Rollup, "SELECT * REPLACE (arrayReduce('uniqExactState', [toUInt128(7)]) AS visitors)"),
        (Kind::Rollup, "SELECT * REPLACE ('other' AS value)"),
        (Kind::Sessions, "SELECT * REPLACE ('other' AS source)"),
        (Kind::Identities, "SELECT * REPLACE ('other' AS user_id)"),
    ] {
        world.compute(kind, &[the_day]).await;
        let generation = world.clean(kind).await[0].1;
        let at = [(world.day(the_day), generation)];
        assert_eq!(world.run(rollup::verify(kind, &at)).await, b"");
        // The same rows under another generation, first as they are, then spoilt.
        let own =
            format!("FROM {} WHERE project_id = {{project:UUID}} AND generation = {}", kind.table(), generation.0);
        let other = Generation::new(world.clock().await, 0);
        for (spoilt, other) in [("SELECT *", other), (spoil, Generation(other.0 + 1))] {
            world
                .execute(&format!(
                    "INSERT INTO {} SELECT * REPLACE ({} AS generation) FROM ({spoilt} {own})",
                    kind.table(),
                    other.0
                ))
                .await;
            let answer = world.run(rollup::verify(kind, &[(world.day(the_day), other)])).await;
            assert_eq!(answer.is_empty(), spoilt == "SELECT *", "{kind:?}: {spoilt}");
            let Some(line) = answer.split(|byte| *byte == b'\n').find(|line| !line.is_empty()) else { continue };
            let difference: Value = intake::json::read(line).unwrap();
            assert_eq!(
                (difference["day"].as_str(), difference["project_id"].as_str()),
                (Some(DAY), Some(world.project.as_str()))
            );
        }
    }
}
