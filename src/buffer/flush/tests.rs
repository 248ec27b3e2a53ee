//! The buffer's promise over random outages: every line ends in the store once, or among the dead letters once.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, HashSet};
use std::task::{Context, Poll, Waker};

use super::*;
use proptest::prelude::*;

/// A queue as durable as a test needs it; its writes fail where the script says so.
#[derive(Default)]
struct Kept {
    rows: RefCell<BTreeMap<i64, (Waiting, Vec<u8>)>>,
    batch: Cell<Option<Batch>>,
    next: Cell<i64>,
    failures: RefCell<Vec<bool>>,
}

impl Kept {
    fn append(&self, lines: &[String], at: Timestamp) {
        let id = self.next.get() + 1;
        self.next.set(id);
        let text = format!("{}\n", lines.join("\n"));
        let events = u32::try_from(lines.len()).unwrap();
        let waiting = Waiting { id, at, events, bytes: text.len() as u64, months: vec![202_611] };
        self.rows.borrow_mut().insert(id, (waiting, text.into_bytes()));
    }

    fn fails(&self) -> Result<(), String> {
        if self.failures.borrow_mut().pop().unwrap_or(false) { Err("disk".to_owned()) } else { Ok(()) }
    }
}

impl Queue for Kept {
    fn oldest(&self) -> Result<Vec<Waiting>, String> {
        Ok(self.rows.borrow().values().map(|(waiting, _)| waiting.clone()).collect())
    }

    fn recorded(&self) -> Result<Option<Batch>, String> {
        Ok(self.batch.get())
    }

    fn record(&self, batch: &Batch) -> Result<(), String> {
        self.fails()?;
        self.batch.set(Some(*batch));
        Ok(())
    }

    fn lines(&self, batch: &Batch) -> Result<Vec<u8>, String> {
        Ok(self.rows.borrow().range(batch.first..=batch.last).flat_map(|(_, (_, lines))| lines.clone()).collect())
    }

    fn finish(&self, batch: &Batch) -> Result<(), String> {
        self.fails()?;
        self.rows.borrow_mut().retain(|id, _| !(batch.first..=batch.last).contains(id));
        self.batch.set(None);
        Ok(())
    }
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Takes,
    TakesAndSaysNothing,
    IsNotThere,
    IsFull,
}

/// A store that remembers tokens, refuses rows that say so, and is moody.
#[derive(Default)]
struct Moody {
    moods: RefCell<Vec<Mood>>,
    tokens: RefCell<HashSet<String>>,
    taken: RefCell<Vec<String>>,
    dead: RefCell<Vec<String>>,
    inserts: Cell<usize>,
}

impl Store for Moody {
    async fn insert(&self, table: &'static str, lines: Vec<u8>, token: &str) -> Result<(), StoreError> {
        self.inserts.set(self.inserts.get() + 1);
        let text = String::from_utf8(lines).unwrap();
        let mood = self.moods.borrow_mut().pop().unwrap_or(Mood::Takes);
        match mood {
            Mood::IsNotThere => return Err(StoreError::Unreachable(String::new())),
            Mood::IsFull => {
                return Err(StoreError::Refused { status: 500, code: "243".into(), message: "no space".into() });
            }
            Mood::Takes | Mood::TakesAndSaysNothing => {}
        }
        if table == "events" && text.contains("poison") {
            return Err(StoreError::Refused { status: 400, code: "27".into(), message: "cannot parse".into() });
        }
        if self.tokens.borrow_mut().insert(format!("{table}:{token}")) {
            if table == "events" {
                self.taken.borrow_mut().extend(text.lines().map(ToOwned::to_owned));
            } else {
                let letter: serde_json::Value = serde_json::from_str(&text).unwrap();
                self.dead.borrow_mut().push(letter["line"].as_str().unwrap().to_owned());
            }
        }
        if mood == Mood::Takes { Ok(()) } else { Err(StoreError::TimedOut) }
    }
}

/// Nothing here ever waits, so one poll is the whole run.
fn run(queue: &Kept, store: &Moody, gather: Duration, until: i64) -> Flushed {
    let pace = Pace { now: || Timestamp(1_000), until: Timestamp(until), gather };
    let mut run = std::pin::pin!(flush(queue, store, "o", pace));
    match run.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(flushed) => flushed,
        Poll::Pending => panic!("nothing here waits"),
    }
}

#[test]
fn rows_wait_for_company_but_not_for_ever() {
    let (queue, store) = (Kept::default(), Moody::default());
    queue.append(&["a".into()], Timestamp(900));
    let rest = Duration::from_millis(150);
    assert_eq!(run(&queue, &store, Duration::from_millis(250), 2_000), Flushed::Idle(Some(rest)));
    assert_eq!(run(&queue, &store, Duration::from_millis(100), 2_000), Flushed::Idle(None));
    assert_eq!(*store.taken.borrow(), ["a"]);
}

#[test]
fn a_run_ends_when_its_time_is_up() {
    let (queue, store) = (Kept::default(), Moody::default());
    queue.append(&["a".into()], Timestamp(0));
    assert_eq!(run(&queue, &store, Duration::ZERO, 1_000), Flushed::More);
    assert!(store.taken.borrow().is_empty());
}

#[test]
fn what_an_operator_can_mend_makes_no_dead_letters() {
    let (queue, store) = (Kept::default(), Moody::default());
    queue.append(&["a".into(), "b".into()], Timestamp(0));
    *store.moods.borrow_mut() = vec![Mood::IsFull, Mood::IsFull];
    for _ in 0..2 {
        assert!(matches!(run(&queue, &store, Duration::ZERO, 2_000), Flushed::Doubt(_)));
    }
    assert_eq!(run(&queue, &store, Duration::ZERO, 2_000), Flushed::Idle(None));
    assert_eq!(*store.taken.borrow(), ["a", "b"]);
    assert!(store.dead.borrow().is_empty());
}

#[test]
fn one_refused_row_in_ten_thousand_costs_few_inserts() {
    let (queue, store) = (Kept::default(), Moody::default());
    let lines: Vec<String> = (0..10_000).map(|n| if n == 7_777 { "poison".into() } else { n.to_string() }).collect();
    queue.append(&lines, Timestamp(0));
    assert_eq!(run(&queue, &store, Duration::ZERO, 2_000), Flushed::Idle(None));
    assert_eq!((store.taken.borrow().len(), store.dead.borrow().as_slice()), (9_999, &["poison".to_owned()][..]));
    assert!(store.inserts.get() < 60, "{}", store.inserts.get());
}

impl Kept {
    /// Empties lines as `upkeep::erase` does.
    fn blank(&self, theirs: impl Fn(&str) -> bool) {
        for (waiting, lines) in self.rows.borrow_mut().values_mut() {
            let text = String::from_utf8(std::mem::take(lines)).unwrap();
            let kept: Vec<&str> = text.lines().map(|line| if theirs(line) { "" } else { line }).collect();
            *lines = format!("{}\n", kept.join("\n")).into_bytes();
            waiting.bytes = lines.len() as u64;
        }
    }
}

#[test]
fn emptied_lines_are_not_sent_and_keep_their_place() {
    let (queue, store) = (Kept::default(), Moody::default());
    queue.append(&["a".into(), "ann".into(), "b".into()], Timestamp(0));
    queue.append(&["ann".into(), "ann".into()], Timestamp(0));
    queue.append(&["ann poison".into(), "c".into()], Timestamp(0));
    queue.blank(|line| line.starts_with("ann"));
    assert_eq!(run(&queue, &store, Duration::ZERO, 2_000), Flushed::Idle(None));
    assert_eq!(*store.taken.borrow(), ["a", "b", "c"]);
    assert!(store.dead.borrow().is_empty() && queue.rows.borrow().is_empty());
}

#[test]
fn a_batch_of_emptied_lines_is_done_without_being_sent() {
    let (queue, store) = (Kept::default(), Moody::default());
    queue.append(&["ann".into(), "ann".into()], Timestamp(0));
    queue.blank(|_| true);
    assert_eq!(run(&queue, &store, Duration::ZERO, 2_000), Flushed::Idle(None));
    assert_eq!((store.inserts.get(), queue.rows.borrow().len(), queue.batch.get()), (0, 0, None));
}

#[test]
fn a_batch_that_may_have_landed_goes_again_under_its_token_though_lines_were_emptied() {
    for mood in [Mood::TakesAndSaysNothing, Mood::IsNotThere] {
        let (queue, store) = (Kept::default(), Moody::default());
        queue.append(&["a".into(), "ann".into(), "b".into()], Timestamp(0));
        *store.moods.borrow_mut() = vec![mood];
        assert!(matches!(run(&queue, &store, Duration::ZERO, 2_000), Flushed::Doubt(_)));
        let recorded = queue.batch.get();
        queue.blank(|line| line == "ann");
        assert_eq!(queue.batch.get(), recorded);
        assert_eq!(run(&queue, &store, Duration::ZERO, 2_000), Flushed::Idle(None));
        // What had landed is the next run's in the store; nothing of the others is lost or doubled.
        let landed: &[&str] = if mood == Mood::IsNotThere { &["a", "b"] } else { &["a", "ann", "b"] };
        assert_eq!(*store.taken.borrow(), landed);
        assert_eq!(store.tokens.borrow().len(), 1);
    }
}

#[test]
fn pauses_grow_and_stay_bounded() {
    assert_eq!(backoff(0), Duration::from_millis(250));
    assert_eq!(backoff(3), Duration::from_secs(2));
    assert_eq!(backoff(1_000), MAX_PAUSE);
}

fn moods() -> impl Strategy<Value = Vec<Mood>> {
    let mood = prop_oneof![
        4 => Just(Mood::Takes),
        2 => Just(Mood::TakesAndSaysNothing),
        1 => Just(Mood::IsNotThere),
        1 => Just(Mood::IsFull),
    ];
    prop::collection::vec(mood, 0..40)
}

proptest! {
    #[test]
    fn every_line_ends_in_one_place_once(
        requests in prop::collection::vec(prop::collection::vec(prop::bool::weighted(0.15), 1..12), 1..12),
        moods in moods(),
        failures in prop::collection::vec(prop::bool::weighted(0.3), 0..30),
        between in prop::collection::vec(any::<bool>(), 0..12),
        emptied in prop::collection::vec(any::<bool>(), 0..12),
    ) {
        let (queue, store) = (Kept::default(), Moody::default());
        *store.moods.borrow_mut() = moods;
        *queue.failures.borrow_mut() = failures;
        let mut expected = Vec::new();
        for (number, request) in requests.iter().enumerate() {
            let whose = |index: usize| if index % 4 == 3 { " ann" } else { "" };
            let name = |(index, poison): (usize, &bool)| {
                format!("{number}.{index}{}{}", whose(index), if *poison { " poison" } else { "" })
            };
            let lines: Vec<String> = request.iter().enumerate().map(name).collect();
            queue.append(&lines, Timestamp(0));
            expected.extend(lines);
            if between.get(number) == Some(&true) {
                run(&queue, &store, Duration::ZERO, 2_000);
            }
            if emptied.get(number) == Some(&true) {
                queue.blank(|line| line.contains("ann"));
            }
        }
        // As many runs as there are bad moments, and one that is good.
        let ended = (0..120).any(|_| run(&queue, &store, Duration::ZERO, 2_000) == Flushed::Idle(None));
        prop_assert!(ended && queue.rows.borrow().is_empty() && queue.batch.get().is_none());
        // Of lines that may have been emptied on their way some are missing, and none is there twice.
        let (poison, good): (Vec<String>, Vec<String>) = expected.into_iter().partition(|line| line.contains("poison"));
        for (found, expected) in [(&*store.taken.borrow(), &good), (&*store.dead.borrow(), &poison)] {
            let stays = |line: &&String| !line.contains("ann") || !emptied.contains(&true) || found.contains(line);
            prop_assert_eq!(found, &expected.iter().filter(stays).cloned().collect::<Vec<_>>(), "in order, each once");
        }
    }
}
