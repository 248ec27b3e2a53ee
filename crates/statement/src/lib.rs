//! The base of all modules that write SQL: statements with bound values, the scope (project and env) of every read, the
//! clean days of computed tables, and the definition of a session.
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
