//! INSERT with rows in a format: where the statement ends and its rows start.
//!
//! It must be recognized before the whole text has arrived, because the rows may be a stream, and because rows are
//! not SQL: a quote or semicolon in them means nothing. `VALUES` is not such a format: its rows are expressions,
//! which the engine's own parser reads.

use crate::lexer::{Kind, Token, tokens};

/// What the text read so far says about the statement.
#[derive(Debug, PartialEq, Eq)]
pub enum Head {
    /// More of the text is needed.
    NeedMore,
    /// An INSERT with rows in a format.
    Insert {
        /// End of the statement without its format clause.
        query_end: usize,
        /// Input format, never `Values`.
        format: String,
        /// Offset of the first byte of the rows.
        rows_start: usize,
    },
    /// Any other statement.
    Query,
}

/// Reads the head of `text`, the beginning of one statement; `complete` says that nothing follows.
pub fn head(text: &[u8], complete: bool) -> Head {
    let undecided = if complete { Head::Query } else { Head::NeedMore };
    // A word that touches the end of the text may still grow.
    let whole = |token: &Token| token.kind != Kind::Open && (complete || token.end < text.len());
    let mut all = tokens(text).take_while(whole).peekable();

    let Some(first) = all.next() else { return undecided };
    if !first.is_word("INSERT") {
        return undecided;
    }
    for skipped in ["INTO", "TABLE", "FUNCTION"] {
        all.next_if(|token| token.is_word(skipped));
    }
    // The target may be named like a keyword.
    all.next();
    while all.next_if(|token| token.is_sign(b'.')).is_some() {
        all.next();
    }

    let mut depth = 0_usize;
    while let Some(token) = all.next() {
        match token.kind {
            Kind::Sign(b'(' | b'{') => {
                let subquery = all.peek().is_some_and(|next| next.is_word("SELECT") || next.is_word("WITH"));
                if depth == 0 && subquery {
                    return undecided;
                }
                depth += 1;
            }
            Kind::Sign(b')' | b'}') => depth = depth.saturating_sub(1),
            Kind::Sign(b';') if depth == 0 => return undecided,
            Kind::Word if depth == 0 => {
                if ["SELECT", "WITH", "FROM", "VALUES"].iter().any(|word| token.is_word(word)) {
                    return undecided;
                }
                if token.is_word("FORMAT") {
                    let Some(name) = all.next().filter(|name| name.kind == Kind::Word) else {
                        return undecided;
                    };
                    let format = String::from_utf8_lossy(name.text).into_owned();
                    if format == "Values" {
                        return undecided;
                    }
                    let Some(rows_start) = rows_start(text, name.end, complete) else { return undecided };
                    return Head::Insert { query_end: token.start, format, rows_start };
                }
            }
            _ => {}
        }
    }
    undecided
}

/// Rows start after blanks on the line of the format's name and the end of that line.
fn rows_start(text: &[u8], name_end: usize, complete: bool) -> Option<usize> {
    let mut at = name_end;
    while text.get(at).is_some_and(|byte| matches!(byte, b' ' | b'\t' | 0x0c)) {
        at += 1;
    }
    if text.get(at) == Some(&b'\r') {
        at += 1;
    }
    if text.get(at) == Some(&b'\n') {
        at += 1;
    }
    (complete || at < text.len()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn insert(text: &str, complete: bool) -> Option<(String, String, String)> {
        match head(text.as_bytes(), complete) {
            Head::Insert { query_end, format, rows_start } => {
                Some((text[..query_end].to_owned(), format, text[rows_start..].to_owned()))
            }
            _ => None,
        }
    }

    #[test]
    fn rows_are_told_from_the_statement() {
        let (query, format, rows) = insert("INSERT INTO db.t (a, `b)`) FORMAT JSONEachRow\n{\"a\":1}", true).unwrap();
        assert_eq!(
            (query.as_str(), format.as_str(), rows.as_str()),
            ("INSERT INTO db.t (a, `b)`) ", "JSONEachRow", "{\"a\":1}")
        );
        let (query, format, rows) = insert("insert into format SETTINGS x = 'FORMAT' format CSV 1", true).unwrap();
        assert_eq!(
            (query.as_str(), format.as_str(), rows.as_str()),
            ("insert into format SETTINGS x = 'FORMAT' ", "CSV", "1")
        );
    }

    #[test]
    fn a_head_that_may_still_grow_is_not_decided() {
        for text in
            ["", "INS", "INSERT INTO t FORMAT", "INSERT INTO t FORMAT JSON", "INSERT INTO t FORMAT CSV ", "SELECT 1"]
        {
            assert_eq!(head(text.as_bytes(), false), Head::NeedMore, "{text}");
        }
        assert!(insert("INSERT INTO t FORMAT CSV", true).is_some());
    }

    #[test]
    fn an_insert_from_a_select_or_of_values_is_left_to_the_engine() {
        for text in [
            "INSERT INTO t VALUES (1)",
            "INSERT INTO t FORMAT Values (1)",
            "INSERT INTO t SELECT 1",
            "INSERT INTO t (a) WITH 1 AS x SELECT x",
            "INSERT INTO t (SELECT 1)",
        ] {
            assert_eq!(head(text.as_bytes(), true), Head::Query, "{text}");
        }
    }

    #[test]
    fn a_format_of_the_next_statement_is_not_the_inserts() {
        assert_eq!(head(b"INSERT INTO t; INSERT INTO t FORMAT CSV 1", true), Head::Query);
    }
}
