//! Messages from the threads of an import to the one that counts and prints.

use super::log::Broken;
use super::site::Origin;
use super::tally::Tally;

/// One thing that happened.
#[derive(Debug)]
pub(crate) enum Message {
    /// The site of the log's pages; `None` if unknown.
    Site(Option<Origin>),
    /// Lines were read, or events were answered.
    Counted(Tally),
    /// A line that cannot be parsed: its number, the reason, its beginning.
    BrokenLine(u64, Broken, String),
    /// An event that the Worker rejected: its line, the error code, the reason.
    RefusedLine(u64, String, String),
    /// A request is retried: why, and after how many seconds.
    Retrying(String, f64),
    /// Reading the log failed; what was read is still sent.
    ReadFailed(anyhow::Error),
    /// The Worker no longer accepts events.
    SendFailed(anyhow::Error),
}
