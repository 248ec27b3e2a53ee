//! What the threads of an import tell the one that counts and shows.

use super::log::Broken;
use super::site::Origin;
use super::tally::Tally;

/// One thing that happened.
#[derive(Debug)]
pub(crate) enum Message {
    /// Whose pages the log holds; `None` where nobody knows.
    Site(Option<Origin>),
    /// Lines were read, or events were answered for.
    Counted(Tally),
    /// A line that is none of the format: its number, what is wrong, its beginning.
    BrokenLine(u64, Broken, String),
    /// An event that the Worker refused: its line, the machine code, the reason.
    RefusedLine(u64, String, String),
    /// A request is tried again: why, and after how many seconds.
    Retrying(String, f64),
    /// The log cannot be read on; what was read is still sent.
    ReadFailed(anyhow::Error),
    /// The Worker does not take events any more.
    SendFailed(anyhow::Error),
}
