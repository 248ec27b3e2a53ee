//! Rows of the table `events` (`migrations/clickhouse/0001_events.sql`) as lines of JSONEachRow.

use crate::json::push_escaped;
use crate::time::Timestamp;

/// Columns of a row in the making, `"name":"value",` one after the other. What is left out takes the
/// table's default, which for a text is the empty one. Written by hand: a row has forty columns, and by
/// serde to write them costs as much as all the rest of an event.
#[derive(Debug)]
pub struct Columns<'a>(pub &'a mut Vec<u8>);

impl Columns<'_> {
    /// A text; nothing where it is empty. `key` is made by [`column!`].
    #[inline]
    pub fn text(&mut self, key: &'static str, value: &str) {
        if !value.is_empty() {
            self.0.extend_from_slice(key.as_bytes());
            push_escaped(self.0, value);
            self.0.extend_from_slice(b"\",");
        }
    }

    /// Columns that were written before.
    pub fn written(&mut self, columns: &[u8]) {
        self.0.extend_from_slice(columns);
    }

    /// A time.
    pub fn time(&mut self, key: &'static str, time: Timestamp) {
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(&time.store_bytes());
        self.0.extend_from_slice(b"\",");
    }

    /// A number as a text, because 64 bits do not fit a JSON number everywhere they may pass; nothing where it
    /// is 0.
    pub fn number(&mut self, key: &'static str, mut number: u64) {
        if number == 0 {
            return;
        }
        // 2^64 has twenty digits.
        let mut digits = [b'0'; 20];
        let mut start = digits.len();
        for (at, digit) in digits.iter_mut().enumerate().rev() {
            if number == 0 {
                break;
            }
            *digit += u8::try_from(number % 10).unwrap_or(0);
            number /= 10;
            start = at;
        }
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(digits.get(start..).unwrap_or_default());
        self.0.extend_from_slice(b"\",");
    }
}

/// What stands before a column's value: `"name":"`. Does not compile for what is no column of the table.
macro_rules! column {
    ($name:literal) => {{
        const { assert!(schema::is_written($name), "not a column that the row writer writes") };
        concat!("\"", $name, "\":\"")
    }};
}
pub(crate) use column;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    proptest! {
        #[test]
        fn columns_are_read_again(text in ".{0,200}", number: u64, ms in 0_i64..4_000_000_000_000) {
            let mut line = b"{".to_vec();
            let mut columns = Columns(&mut line);
            columns.text(column!("title"), &text);
            columns.number(column!("visitor_hash"), number);
            columns.time(column!("timestamp"), Timestamp(ms));
            line.pop();
            line.push(b'}');
            let mut expected = json!({ "timestamp": Timestamp(ms).to_store() });
            if !text.is_empty() {
                expected["title"] = text.into();
            }
            if number > 0 {
                expected["visitor_hash"] = number.to_string().into();
            }
            prop_assert_eq!(crate::json::read::<Value>(&line).unwrap(), expected);
        }
    }
}
