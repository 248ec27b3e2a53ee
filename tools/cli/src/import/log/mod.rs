//! An access log, from bytes to page requests. Pure except for opening the file.

mod input;
mod lines;
mod page;
mod quoted;
mod record;
mod time;

pub(crate) use input::{Input, Progress};
pub(crate) use lines::{Line, Lines};
pub(crate) use page::{LeftOut, NO_REQUEST, Page, is_asset};
pub(crate) use record::{Broken, Record};
