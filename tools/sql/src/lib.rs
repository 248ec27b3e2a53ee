//! Reads ClickHouse SQL as far as the tools need it: [`tokens`] outside of strings, quoted names and comments,
//! the [`statements`] of a script, and where the rows of an INSERT start ([`head`]).
//!
//! The rules are those of ClickHouse's lexer (`src/Parsers/Lexer.cpp`).

mod insert;
mod lexer;
mod script;

pub use insert::{Head, head};
pub use lexer::{Kind, Token, Tokens, tokens};
pub use script::{Statement, statements};
