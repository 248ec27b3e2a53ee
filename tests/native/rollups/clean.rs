//! Which days may be read: only whole generations, and only of days that nothing was written to since.

use intake::time::Day;
use serde_json::{Value, json};
use upkeep::rollup::{self, Kind, MARGIN_MS};

use crate::world::{World, day, number};

const DAY: &str = "2026-11-10";

fn event(event_id: &str, time: &str) -> Value {
    json!({"event_id": event_id, "timestamp": format!("{time}.000"), "anonymous_id": "device-1"})
}

/// Events of the day by its rollup; `None` where it may not be read.
async fn counted(world: &World) -> Option<i64> {
    let sql = "SELECT events FROM daily_rollup WHERE {read} AND dimension = 'total' AND grain = 'day'";
    let rows = world.read(Kind::Rollup, sql, &[]).await;
    assert!(rows.len() <= 1);
    rows.first().map(|row| number(&row["events"]))
}

#[tokio::test]
async fn a_day_is_clean_until_something_is_written_to_it() {
    let (world, today) = (World::new(), day(DAY));
    world.insert(&[event("a", "2026-11-10 10:00:00"), event("b", "2026-11-10 11:00:00")]).await;
    assert_eq!((counted(&world).await, world.due(Kind::Rollup).await.len()), (None, 1));
    world.compute(Kind::Rollup, &[today]).await;
    assert_eq!((counted(&world).await, world.due(Kind::Rollup).await.len()), (Some(2), 0));
    world.insert(&[event("c", "2026-11-10 12:00:00")]).await;
    assert_eq!((counted(&world).await, world.due(Kind::Rollup).await.len()), (None, 1));
    world.compute(Kind::Rollup, &[today]).await;
    assert_eq!(counted(&world).await, Some(3));
    // The same event once more changes nothing and is a write all the same.
    let mut again = event("c", "2026-11-10 12:00:00");
    again["received_at"] = json!("2026-11-11 12:00:00.000");
    world.insert(&[again]).await;
    assert_eq!(counted(&world).await, None);
    world.compute_due(Kind::Rollup).await;
    assert_eq!(counted(&world).await, Some(3));
}

#[tokio::test]
async fn a_session_depends_on_the_days_beside_its_own() {
    let world = World::new();
    let days: Vec<String> = (9..=13).map(|of_month| format!("2026-11-{of_month:02}")).collect();
    for name in &days {
        world.insert(&[event(name, &format!("{name} 10:00:00"))]).await;
    }
    world.compute_due(Kind::Sessions).await;
    assert_eq!(world.clean_days(Kind::Sessions).await.len(), 5);
    world.insert(&[event("late", "2026-11-11 23:50:00")]).await;
    let clean: Vec<String> = world.clean_days(Kind::Sessions).await.into_iter().map(Day::to_iso).collect();
    assert_eq!(clean, [days[0].clone(), days[4].clone()]);
    let due: Vec<String> = world.due(Kind::Sessions).await.into_iter().map(|due| due.day.day.to_iso()).collect();
    assert_eq!(due, days[1..4]);
    // A day beside it that has no events is not due: it has no sessions.
    world.insert(&[event("alone", "2026-11-17 10:00:00")]).await;
    assert_eq!(world.due(Kind::Rollup).await.len(), 6);
    world.compute_due(Kind::Sessions).await;
    assert_eq!(world.clean_days(Kind::Sessions).await.len(), 6);
}

#[tokio::test]
async fn a_session_goes_on_over_midnight_and_counts_to_the_end_of_the_next_day() {
    let world = World::new();
    let mut rows =
        vec![event("a", "2026-11-10 23:50:00"), event("b", "2026-11-11 00:10:00"), event("c", "2026-11-11 00:40:00")];
    // One with an id that is never silent for a day.
    for (at, time) in ["10 12:00:00", "11 11:59:59", "12 11:59:58", "13 11:59:58"].iter().enumerate() {
        let mut row = event(&format!("s{at}"), &format!("2026-11-{time}"));
        row["session_id"] = json!("tab");
        rows.push(row);
    }
    world.insert(&rows).await;
    world.compute_due(Kind::Sessions).await;
    let sql = "SELECT toString(day) AS day, session_id, events, duration_ms FROM sessions WHERE {read}
        ORDER BY session_id, started_at";
    let sessions = world.read(Kind::Sessions, sql, &[]).await;
    let expected = [
        json!({"day": "2026-11-10", "session_id": "", "events": 2, "duration_ms": "1200000"}),
        json!({"day": "2026-11-11", "session_id": "", "events": 1, "duration_ms": "0"}),
        json!({"day": "2026-11-10", "session_id": "tab", "events": 2, "duration_ms": "86399000"}),
        json!({"day": "2026-11-13", "session_id": "tab", "events": 1, "duration_ms": "0"}),
    ];
    assert_eq!(sessions, expected);
}

#[tokio::test]
async fn a_generation_that_was_not_finished_is_never_read() {
    let (world, today) = (World::new(), day(DAY));
    world.insert(&[event("a", "2026-11-10 10:00:00")]).await;
    for kind in Kind::ALL {
        // Killed between the rows and the note: the day stays due, and what lies there does not count.
        let [rows, _] = world.statements(kind, &[today], world.clock().await);
        world.run(rows).await;
        assert!(world.clean_days(kind).await.is_empty());
        assert_eq!(world.due(kind).await.len(), 1);
        world.compute_due(kind).await;
        let [rows, _] = world.statements(kind, &[today], world.clock().await);
        world.run(rows).await;
        assert_eq!(world.clean_days(kind).await, [today]);
    }
    assert_eq!(counted(&world).await, Some(1));
    let sessions = world.read(Kind::Sessions, "SELECT count() AS n FROM sessions WHERE {read}", &[]).await;
    assert_eq!(number(&sessions[0]["n"]), 1);
}

#[tokio::test]
async fn two_jobs_at_once_compute_the_same_and_count_once() {
    let (world, today) = (World::new(), day(DAY));
    world.insert(&[event("a", "2026-11-10 10:00:00")]).await;
    let [first, first_note] = world.statements(Kind::Rollup, &[today], world.clock().await);
    world.run(first).await;
    // In the middle of the first job an event arrives, and a second job does all of its work.
    world.insert(&[event("b", "2026-11-10 11:00:00")]).await;
    world.compute(Kind::Rollup, &[today]).await;
    assert_eq!(counted(&world).await, Some(2));
    // The first finishes last, and is not taken for the newer one.
    world.run(first_note).await;
    assert_eq!(counted(&world).await, Some(2));
    let days = [today];
    tokio::join!(world.compute(Kind::Rollup, &days), world.compute(Kind::Rollup, &days));
    assert_eq!(counted(&world).await, Some(2));
}

#[tokio::test]
async fn what_an_insert_under_way_may_still_add_is_waited_for() {
    let (world, today) = (World::new(), day(DAY));
    world.insert(&[event("a", "2026-11-10 10:00:00")]).await;
    let clock = world.clock().await;
    let covers = clock.plus(-MARGIN_MS);
    let answer = world.run(rollup::due(Kind::Rollup, covers, clock.day(), 1, 1_000_000)).await;
    let due = rollup::due_rows(&answer).unwrap();
    assert!(due.iter().all(|due| due.day.project_id != world.project), "marked a moment ago");
    // Computed all the same, as a rebuild would, it is not clean: the mark may be of rows not seen yet.
    for statement in world.statements(Kind::Rollup, &[today], covers) {
        world.run(statement).await;
    }
    assert_eq!(counted(&world).await, None);
    assert_eq!(world.due(Kind::Rollup).await.len(), 1);
}

#[tokio::test]
async fn today_and_the_sessions_of_yesterday_are_left_to_the_raw_events() {
    let world = World::new();
    let clock = world.clock().await;
    for ago in 0..=2 {
        let at = clock.plus(-ago * 86_400_000);
        world.insert(&[json!({"event_id": "a", "timestamp": at.to_store(), "anonymous_id": "x"})]).await;
    }
    let due = async |kind| {
        let mut days: Vec<i32> = world.due(kind).await.iter().map(|due| clock.day().0 - due.day.day.0).collect();
        days.sort_unstable();
        days
    };
    assert_eq!(due(Kind::Rollup).await, [1, 2]);
    assert_eq!(due(Kind::Identities).await, [1, 2]);
    assert_eq!(due(Kind::Sessions).await, [2]);
}

#[tokio::test]
async fn a_project_with_many_days_keeps_no_other_from_its_turn() {
    let (large, small) = (World::new(), World::new());
    let rows: Vec<Value> = (0..40)
        .map(|at| json!({"event_id": "a", "timestamp": day("2026-09-01").start().plus(at * 86_400_000).to_store()}))
        .collect();
    large.insert(&rows).await;
    small.insert(&[event("a", "2026-11-10 10:00:00")]).await;
    let clock = large.clock().await;
    for seed in 0..5 {
        let answer = large.run(rollup::due(Kind::Rollup, clock, clock.day(), seed, 1_000_000)).await;
        let due = rollup::due_rows(&answer).unwrap();
        let at = |project: &str| due.iter().rposition(|due| due.day.project_id == project).unwrap();
        assert!(at(&small.project) < at(&large.project), "the last of the large one comes later");
        let days: Vec<Day> =
            due.iter().filter(|due| due.day.project_id == large.project).map(|due| due.day.day).collect();
        assert!(days.is_sorted() && days.len() == 40);
        assert!(due.iter().all(|due| due.rows > 0 || due.day.project_id != large.project));
    }
}
