use super::*;
use intake::key::Env;
use intake::time::Day;

fn day(at: i32) -> ProjectDay {
    ProjectDay { project_id: "00000000-0000-0000-0000-000000000001".to_owned(), env: Env::Live, day: Day(at) }
}

#[test]
fn generations_grow_with_the_clock_whatever_the_random_part() {
    let early = Generation::new(Timestamp(1_795_255_200_000), u64::MAX);
    let late = Generation::new(Timestamp(1_795_255_200_001), 0);
    assert!(early < late);
    assert_eq!(early.0 >> 20, 1_795_255_200_000);
}

#[test]
fn values_are_bound_and_every_name_in_the_text_has_a_value() {
    let (days, now) = ([day(20_000), day(20_003)], Timestamp(1_795_255_200_000));
    let scope = statement::Scope { project_id: &days[0].project_id, env: Env::Live };
    let mut statements =
        vec![clock(), with_events(&scope, Day(1), Day(2)), mark(&days), differing(Day(1), Day(2)), outdated(now)];
    statements.extend(cleanup(now));
    for kind in Kind::ALL {
        statements.extend(recompute(kind, &days, Generation(7), now));
        statements.push(due(kind, now, Day(20_000), 3, 200));
        statements.push(clean_days(kind, &scope, Day(1), Day(2)));
        statements.push(status(kind, scope.project_id));
        statements.push(verify(kind, &[(days[0].clone(), Generation(7))]));
    }
    for Statement { sql, parameters } in statements {
        assert!(!sql.contains("00000000-"), "{sql}");
        let mut named: Vec<&str> = sql.split('{').skip(1).map(|rest| rest.split(':').next().unwrap()).collect();
        named.sort_unstable();
        named.dedup();
        let mut given: Vec<&str> = parameters.iter().map(|(name, _)| name.as_str()).collect();
        given.sort_unstable();
        assert_eq!(named, given, "{sql}");
    }
}

#[test]
fn sessions_read_a_day_more_on_both_sides() {
    let value = |kind, name: &str| {
        let [rows, _] = recompute(kind, &[day(20_003), day(20_000)], Generation(7), Timestamp(0));
        rows.parameters.into_iter().find(|(known, _)| known == name).unwrap().1
    };
    assert_eq!(value(Kind::Rollup, "from"), "2024-10-04 00:00:00.000");
    assert_eq!(value(Kind::Rollup, "to"), "2024-10-08 00:00:00.000");
    assert_eq!(value(Kind::Sessions, "from"), "2024-10-03 00:00:00.000");
    assert_eq!(value(Kind::Sessions, "to"), "2024-10-09 00:00:00.000");
}

#[test]
fn portions_are_bounded_in_days_and_rows_and_a_large_day_stands_alone() {
    let due = |rows: &[u64]| rows.iter().zip(0..).map(|(rows, at)| Due { day: day(at), rows: *rows }).collect();
    let sizes = |rows: &[u64]| batches(due(rows)).iter().map(Vec::len).collect::<Vec<_>>();
    assert_eq!(sizes(&[1; 130]), [64, 64, 2]);
    assert_eq!(sizes(&[400_000, 600_000, 1, 5_000_000, 1]), [2, 1, 1, 1]);
    assert!(sizes(&[]).is_empty());
}

#[test]
fn a_portion_is_halved_until_one_day_is_left() {
    let [first, second] = halves(&[day(1), day(2), day(3)]).unwrap();
    assert_eq!((first.len(), second.len()), (1, 2));
    assert_eq!(halves(&first), None);
}

#[test]
fn chores_come_once_an_hour_and_once_a_day_and_reach_five_years_back_in_turn() {
    const RUN: i64 = 600_000;
    let midnight = 1_795_219_200_000;
    let runs: Vec<Chores> = (0..144).map(|run| Chores::of(Timestamp(midnight + run * RUN + 1234), RUN)).collect();
    assert_eq!(runs.iter().filter(|run| run.cleanup).count(), 24);
    assert_eq!(runs.iter().filter(|run| !run.compare.is_empty()).count(), 1);
    assert!(runs[18].cleanup && !runs[18].compare.is_empty());
    let today = Timestamp(midnight).day().0;
    let mut compared = std::collections::BTreeSet::new();
    for later in 0..64 {
        let at = Timestamp(midnight + i64::from(later) * 86_400_000 + 3 * 3_600_000);
        for (from, to) in Chores::of(at, RUN).compare {
            assert!(from < to);
            compared.extend(from.0..to.0);
        }
    }
    assert!((today - 5 * 366..today).all(|day| compared.contains(&day)));
}

#[test]
fn answers_are_read_or_refused() {
    let line = r#"{"project_id":"p","env":"test","day":"2026-11-21","rows":"12"}"#;
    let due = due_rows(format!("{line}\n{line}\n").as_bytes()).unwrap();
    assert_eq!((due.len(), due[0].rows, due[0].day.env), (2, 12, Env::Test));
    for broken in ["{}", "[]", r#"{"project_id":"p","env":"x","day":"2026-11-21","rows":"12"}"#] {
        assert!(due_rows(broken.as_bytes()).is_err());
    }
    let days = clean_rows(b"{\"day\":\"2026-11-21\",\"generation\":\"7\"}\n").unwrap();
    assert_eq!(days, [(Day::parse("2026-11-21").unwrap(), Generation(7))]);
    assert!(clean_rows(br#"{"day":"2026-11-21","generation":"x"}"#).is_err());
    assert_eq!(clock_time(br#"{"clock":"1795255200000"}"#), Some(Timestamp(1_795_255_200_000)));
    assert_eq!(clock_time(b"no"), None);
}
