//! Funnels, retention, journeys, pairs and numbers of users against the real engine: the same numbers as plain loops
//! over random histories.

mod funnel;
mod journeys;
mod matching;
mod retention;
mod users;
