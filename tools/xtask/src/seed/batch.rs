//! Splits rows into inserts.

use intake::time::Day;

/// Maximum number of months, the store's partitions, per insert (`migrations/clickhouse`). The store's own limit is
/// twice as high.
const MONTHS: usize = 50;

/// Lines of JSONEachRow for one insert.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) lines: Vec<u8>,
    pub(super) rows: u64,
    /// Months as numbers: `2026-11` is 2026 × 12 + 11 = 24,323.
    months: Vec<i64>,
}

/// Collects rows and passes on full batches.
pub(super) struct Batches<S> {
    open: Batch,
    rows: u64,
    send: S,
    unwanted: bool,
    /// The last day and its month, cached.
    last: (Day, i64),
}

impl<S: FnMut(Batch) -> bool> Batches<S> {
    /// A batch has up to `rows` rows. `send` returns false when no more batches are wanted.
    pub(super) fn new(rows: u64, send: S) -> Self {
        Self { open: Batch::default(), rows, send, unwanted: false, last: (Day(0), month(Day(0))) }
    }

    /// Adds a row of a day. `write` appends one line.
    pub(super) fn write(&mut self, day: Day, write: impl FnOnce(&mut Vec<u8>)) {
        if self.last.0 != day {
            self.last = (day, month(day));
        }
        let month = self.last.1;
        if !self.open.months.contains(&month) {
            if self.open.months.len() == MONTHS {
                self.finish();
            }
            self.open.months.push(month);
        }
        write(&mut self.open.lines);
        self.open.rows += 1;
        if self.open.rows >= self.rows {
            self.finish();
        }
    }

    /// Adds a row that is already a line.
    pub(super) fn push(&mut self, day: Day, row: &[u8]) {
        self.write(day, |lines| lines.extend_from_slice(row));
    }

    /// Passes on the current batch.
    pub(super) fn finish(&mut self) {
        // The next batch will have about the same size.
        let next = Batch { lines: Vec::with_capacity(self.open.lines.len()), ..Batch::default() };
        let full = std::mem::replace(&mut self.open, next);
        if full.rows > 0 && !self.unwanted {
            self.unwanted = !(self.send)(full);
        }
    }

    /// Whether `send` has refused a batch.
    pub(super) fn unwanted(&self) -> bool {
        self.unwanted
    }
}

fn month(day: Day) -> i64 {
    let text = day.to_iso();
    let number = |part: Option<&str>| part.and_then(|digits| digits.parse::<i64>().ok()).unwrap_or_default();
    let mut parts = text.split('-');
    number(parts.next()) * 12 + number(parts.next())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(rows: u64, days: impl Iterator<Item = i32>) -> Vec<u64> {
        let mut sizes = Vec::new();
        let mut batches = Batches::new(rows, |batch: Batch| {
            assert_eq!(batch.lines.len() as u64, 2 * batch.rows);
            assert!(batch.months.len() <= MONTHS);
            sizes.push(batch.rows);
            true
        });
        days.for_each(|day| batches.push(Day(day), b"x\n"));
        batches.finish();
        sizes
    }

    #[test]
    fn a_batch_has_the_given_number_of_rows_and_at_most_fifty_months() {
        assert_eq!(cut(4, [0; 10].into_iter()), [4, 4, 2]);
        // 60 months, two rows in each.
        assert_eq!(cut(1000, (0..120).map(|half| half / 2 * 31)), [100, 20]);
        assert_eq!(cut(4, [].into_iter()), [0; 0]);
    }

    #[test]
    fn months_are_counted_over_the_years() {
        let of = |text| month(Day::parse(text).unwrap());
        assert_eq!(of("2026-11-30"), of("2026-11-01"));
        assert_eq!(of("2027-01-01") - of("2026-12-31"), 1);
    }
}
