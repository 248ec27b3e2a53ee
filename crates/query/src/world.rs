//! What parsing a question needs from outside, as values: the clock, the time zones, the saved segments.

use crate::references::Segments;
use intake::time::Timestamp;

/// What a question needs from outside.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The time of the question.
    pub now: Timestamp,
    /// The project's time zone, for questions that name none.
    pub timezone: &'a str,
    /// A time zone's offset from UTC in minutes at an instant; `None` if there is no such zone.
    pub offset_at: fn(&str, Timestamp) -> Option<i32>,
    /// The project's saved segments.
    pub segments: Segments<'a>,
}
