//! Composes batches of waiting rows.

use std::collections::BTreeSet;

use intake::ingest::MAX_MONTHS;
use intake::time::Timestamp;

/// Maximum size of a batch in bytes, unless its first row alone is larger. About ten thousand events: large enough for
/// the store's best rate, small enough for the memory of a Worker, which holds it twice while sending.
pub const MAX_BATCH_BYTES: u64 = 4 * 1024 * 1024;

/// A waiting row without its lines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiting {
    /// Unique and ascending.
    pub id: i64,
    /// When it was stored.
    pub at: Timestamp,
    /// Number of its lines.
    pub events: u32,
    /// Length of its lines.
    pub bytes: u64,
    /// Months of its events, `YYYYMM`.
    pub months: Vec<u32>,
}

/// A range of waiting rows that is being sent, and its progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Batch {
    /// Its first row.
    pub first: i64,
    /// Its last row.
    pub last: i64,
    /// Number of lines, from its start, that are in the store or among the dead letters.
    pub done: u64,
    /// Number of lines to send next.
    pub size: u64,
}

impl Batch {
    /// The token of the next insert. The store remembers tokens and stores the same lines under the same token once.
    /// `origin` distinguishes this buffer from every other, including past ones.
    pub fn token(&self, origin: &str) -> String {
        format!("{origin}-{}-{}-{}", self.first, self.done, self.size)
    }
}

/// Takes the oldest rows for one insert; `None` if no row waits. `waiting` is in order.
pub fn compose(waiting: &[Waiting]) -> Option<Batch> {
    let first = waiting.first()?;
    let mut batch = Batch { first: first.id, last: first.id, done: 0, size: 0 };
    let mut bytes = 0_u64;
    let mut months: BTreeSet<u32> = BTreeSet::new();
    for row in waiting {
        let new = row.months.iter().filter(|month| !months.contains(*month)).count();
        let fits = bytes + row.bytes <= MAX_BATCH_BYTES && months.len() + new <= MAX_MONTHS;
        if row.id != first.id && !fits {
            break;
        }
        bytes += row.bytes;
        months.extend(&row.months);
        batch.last = row.id;
        batch.size += u64::from(row.events);
    }
    Some(batch)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(id: i64, bytes: u64, months: &[u32]) -> Waiting {
        Waiting { id, at: Timestamp(0), events: 3, bytes, months: months.to_vec() }
    }

    #[test]
    fn a_batch_takes_rows_up_to_the_limits() {
        assert_eq!(compose(&[]), None);
        let small: Vec<Waiting> = (1..=5).map(|id| row(id, 10, &[202_611])).collect();
        assert_eq!(compose(&small), Some(Batch { first: 1, last: 5, done: 0, size: 15 }));
        let large: Vec<Waiting> = (1..=5).map(|id| row(id, MAX_BATCH_BYTES / 2, &[202_611])).collect();
        assert_eq!(compose(&large).unwrap().last, 2);
        assert_eq!(compose(&[row(7, 2 * MAX_BATCH_BYTES, &[1]), row(8, 1, &[1])]).unwrap().last, 7);
        let months: Vec<u32> = (0..40).collect();
        let others: Vec<u32> = (30..60).collect();
        let wide = [row(1, 1, &months), row(2, 1, &months), row(3, 1, &others)];
        assert_eq!(compose(&wide).unwrap().last, 2);
    }

    #[test]
    fn what_is_sent_next_names_the_token() {
        let batch = Batch { first: 7, last: 9, done: 4, size: 2 };
        assert_eq!(batch.token("a1"), "a1-7-4-2");
    }
}
