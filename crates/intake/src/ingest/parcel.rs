//! Groups the rows of a request into parcels: inserts that the store accepts as a whole.

use std::ops::Range;

use crate::time::{Day, Timestamp};

/// Most bytes of one parcel. On Cloudflare a value in a Durable Object's SQLite is limited to 2 MB; the local runtime
/// does not enforce that, so this does.
pub const MAX_BYTES: usize = 1024 * 1024;
/// Most months of one parcel. ClickHouse rejects an insert into more than 100 partitions
/// (`max_partitions_per_insert_block`); half of it leaves room for stricter settings.
pub const MAX_MONTHS: usize = 50;

/// Rows of one insert.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// JSONEachRow, each line with its line feed.
    pub lines: Vec<u8>,
    /// Number of lines.
    pub events: u32,
    /// The months of their timestamps as `YYYYMM`, ascending.
    pub months: Vec<u32>,
}

/// The rows of one request.
#[derive(Debug, Default)]
pub struct Rows {
    lines: Vec<u8>,
    /// The end of each line, and its month.
    ends: Vec<(usize, u32)>,
    /// The last line's day and month, a cache: most rows of a request have the same day.
    last: Option<(Day, u32)>,
}

impl Rows {
    /// Allocates for about this many rows.
    pub fn with_capacity(rows: usize) -> Self {
        Self { lines: Vec::with_capacity(rows * 768), ends: Vec::with_capacity(rows), last: None }
    }

    /// Appends the line that `write` writes for an event of this time. It may write nothing.
    pub fn push(&mut self, timestamp: Timestamp, write: impl FnOnce(&mut Vec<u8>)) {
        let start = self.lines.len();
        write(&mut self.lines);
        if self.lines.len() > start {
            let day = timestamp.day();
            let month = match self.last {
                Some((last, month)) if last == day => month,
                _ => timestamp.month(),
            };
            self.last = Some((day, month));
            self.ends.push((self.lines.len(), month));
        }
    }

    /// The rows in as few parcels as the limits allow. Nearly always that is one, without a copy. Rows of more than
    /// [`MAX_MONTHS`] months are sorted by month first.
    pub fn into_parcels(self) -> Vec<Parcel> {
        let mut months = Vec::new();
        for (_, month) in &self.ends {
            add(&mut months, *month);
        }
        if self.ends.is_empty() {
            return Vec::new();
        }
        if self.lines.len() <= MAX_BYTES && months.len() <= MAX_MONTHS {
            let events = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
            return vec![Parcel { lines: self.lines, events, months }];
        }
        let starts = std::iter::once(0).chain(self.ends.iter().map(|(end, _)| *end));
        let mut rows: Vec<(Range<usize>, u32)> =
            starts.zip(&self.ends).map(|(start, (end, month))| (start..*end, *month)).collect();
        if months.len() > MAX_MONTHS {
            // Without a sort, which the Worker would have for this alone.
            let mut by_month = vec![Vec::new(); months.len()];
            for row in rows {
                if let Some(rows) = months.binary_search(&row.1).ok().and_then(|place| by_month.get_mut(place)) {
                    rows.push(row);
                }
            }
            rows = by_month.into_iter().flatten().collect();
        }
        let mut parcels: Vec<Parcel> = Vec::new();
        for (range, month) in rows {
            let line = self.lines.get(range).unwrap_or_default();
            match parcels.last_mut().filter(|parcel| parcel.has_room(line.len(), month)) {
                Some(parcel) => parcel.add(line, month),
                None => parcels.push(Parcel { lines: line.to_vec(), events: 1, months: vec![month] }),
            }
        }
        parcels
    }
}

impl Parcel {
    fn has_room(&self, bytes: usize, month: u32) -> bool {
        self.lines.len() + bytes <= MAX_BYTES && (self.months.len() < MAX_MONTHS || self.months.contains(&month))
    }

    fn add(&mut self, line: &[u8], month: u32) {
        self.lines.extend_from_slice(line);
        self.events += 1;
        add(&mut self.months, month);
    }
}

/// Adds a month to a list in order, if it is new.
fn add(months: &mut Vec<u32>, month: u32) {
    if let Err(place) = months.binary_search(&month) {
        months.insert(place, month);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    use crate::time::DAY_MS;
    use proptest::prelude::*;

    fn rows(lines: &[(i64, usize)]) -> Rows {
        let mut rows = Rows::default();
        for (index, (day, length)) in lines.iter().enumerate() {
            rows.push(Timestamp(day * DAY_MS), |out| {
                out.extend_from_slice(format!("{index}:{}\n", "x".repeat(*length)).as_bytes());
            });
        }
        rows
    }

    #[test]
    fn an_ordinary_request_is_one_parcel() {
        let parcels = rows(&[(20_000, 3), (20_040, 5)]).into_parcels();
        assert_eq!(parcels.len(), 1);
        assert_eq!((parcels[0].events, parcels[0].months.as_slice()), (2, [202_410, 202_411].as_slice()));
        assert_eq!(parcels[0].lines, b"0:xxx\n1:xxxxx\n");
        assert!(Rows::default().into_parcels().is_empty());
    }

    #[test]
    fn a_thousand_days_apart_take_as_few_parcels_as_their_months() {
        let far: Vec<(i64, usize)> = (0..1000).map(|index| (11_000 + (index * 37) % 9_000, 10)).collect();
        let parcels = rows(&far).into_parcels();
        let months: BTreeSet<u32> = parcels.iter().flat_map(|parcel| parcel.months.clone()).collect();
        assert_eq!(parcels.len(), months.len().div_ceil(MAX_MONTHS));
    }

    proptest! {
        #[test]
        fn nothing_is_lost_and_the_bounds_hold(
            lines in prop::collection::vec((10_000_i64..30_000, prop_oneof![9 => 0_usize..400, 1 => 100_000_usize..400_000]), 0..200),
        ) {
            let parcels = rows(&lines).into_parcels();
            let mut found = Vec::new();
            for parcel in &parcels {
                prop_assert!(parcel.lines.len() <= MAX_BYTES || parcel.events == 1);
                prop_assert!(parcel.months.len() <= MAX_MONTHS && parcel.months.is_sorted());
                let text = str::from_utf8(&parcel.lines).unwrap();
                prop_assert_eq!(text.lines().count(), parcel.events as usize);
                for line in text.lines() {
                    let (index, rest) = line.split_once(':').unwrap();
                    let index: usize = index.parse().unwrap();
                    prop_assert_eq!(rest.len(), lines[index].1);
                    prop_assert!(parcel.months.contains(&Timestamp(lines[index].0 * DAY_MS).month()));
                    found.push(index);
                }
            }
            found.sort_unstable();
            prop_assert_eq!(found, (0..lines.len()).collect::<Vec<_>>());
        }
    }
}
