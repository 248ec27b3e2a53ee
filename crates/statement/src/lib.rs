//! What every writer of SQL stands on: statements with bound values, whose events they are about, which computed
//! days may be read, and what a session is.
//!
//! Pure: nothing here runs a statement.

mod bind;
mod computed;
mod sessions;
mod sql;

pub use bind::Binder;
pub use computed::{
    Generation, Kind, Parameters, ProjectDay, clean, clean_days, clean_rows, clean_value, marks, newest, parameter,
    span,
};
pub use sessions::{session_events, session_rows};
pub use sql::{Range, Scope, Statement, instant, usage};
