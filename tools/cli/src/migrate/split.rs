//! The statements of a ClickHouse script.

pub(crate) use sql::statements;
