//! What kind of statement a request carries, read from its first bytes.
//!
//! Only an INSERT whose rows follow in a format has to be recognised before the whole text is
//! there, because its rows are streamed. Everything else goes to the engine's own parser, `VALUES`
//! too: its rows are expressions, which may use parameters and have to be looked at.

use super::error::{Error, Kind as ErrorKind};
use super::sql::{Kind, Token, tokens};

/// How far the text read so far determines the statement.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// More of the text is needed.
    NeedMore,
    /// An INSERT with rows in a format: `text[..query_end]` is the statement without its format clause and
    /// the rows start at `rows_start`.
    Insert {
        /// End of the part before `FORMAT`.
        query_end: usize,
        /// Input format, never `Values`.
        format: String,
        /// Offset of the first byte of the rows.
        rows_start: usize,
    },
    /// Any other statement; the text is complete.
    Query,
}

/// What the engine is asked to do with a complete statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// A SELECT, whose result can be streamed.
    Select,
    /// Another statement that only reads.
    Read,
    /// A statement that changes something.
    Write,
}

/// Reads the head of `text`; `complete` tells that nothing follows.
pub(super) fn head(text: &[u8], complete: bool) -> Head {
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

/// The class of a complete statement.
pub(super) fn class(text: &[u8]) -> Class {
    let first = tokens(text).find(|token| !token.is_sign(b'('));
    let is = |words: &[&str]| first.is_some_and(|token| words.iter().any(|word| token.is_word(word)));
    if is(&["SELECT", "WITH", "FROM"]) {
        Class::Select
    } else if is(&["SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS", "CHECK"]) {
        Class::Read
    } else {
        Class::Write
    }
}

/// Whether the output has a row of totals, which the engine puts at no reliable place in a stream.
pub(super) fn has_totals(text: &[u8]) -> bool {
    let all: Vec<Token> = tokens(text).collect();
    all.windows(2).any(|pair| pair[0].is_word("WITH") && pair[1].is_word("TOTALS"))
}

/// The format a complete statement asks its output in with a FORMAT clause.
pub(super) fn output_format(text: &[u8]) -> Option<String> {
    let all: Vec<Token> = tokens(text).collect();
    let at = all.windows(2).rposition(|pair| pair[0].is_word("FORMAT") && pair[1].kind == Kind::Word)?;
    let ends_there =
        all.get(at + 2).is_none_or(|next| next.is_sign(b';') || next.is_word("SETTINGS") || next.is_word("INTO"));
    ends_there.then(|| String::from_utf8_lossy(all[at + 1].text).into_owned())
}

/// Refuses several statements at once, what the embedded engine would do wrongly and what reaches outside of the data folder
/// and cannot be withheld by a grant (see `home`).
///
/// # Errors
/// The refusal, worded as ClickHouse does where it has one.
pub(super) fn refuse_unsafe(text: &[u8]) -> Result<(), Error> {
    let all: Vec<Token> = tokens(text).collect();
    let insert = all.first().is_some_and(|token| token.is_word("INSERT"));
    for (at, token) in all.iter().enumerate() {
        let before = |distance: usize| at.checked_sub(distance).and_then(|index| all.get(index));
        let calls = all.get(at + 1).is_some_and(|next| next.is_sign(b'('));
        if token.is_word("OUTFILE") && before(1).is_some_and(|word| word.is_word("INTO")) {
            return Err(Error::new(
                ErrorKind::INTO_OUTFILE_NOT_ALLOWED,
                "INTO OUTFILE is not allowed: the server does not write files for its clients",
            ));
        }
        if token.is_word("INFILE") && before(1).is_some_and(|word| word.is_word("FROM")) {
            return Err(Error::new(
                ErrorKind::UNKNOWN_TYPE_OF_QUERY,
                "FROM INFILE is not allowed: send the rows in the body of the request",
            ));
        }
        if token.is_sign(b';') && all.get(at + 1).is_some_and(|next| !next.is_sign(b';')) {
            return Err(Error::new(
                ErrorKind::SYNTAX_ERROR,
                &format!("Syntax error (Multi-statements are not allowed): failed at position {} (;)", token.end),
            ));
        }
        let Some(name) = token.name() else { continue };
        if insert && calls && name.eq_ignore_ascii_case("input") {
            return Err(Error::new(
                ErrorKind::NOT_IMPLEMENTED,
                "INSERT ... SELECT ... FROM input(...) is not supported by the embedded engine, which would insert \
                 nothing: use INSERT ... FORMAT",
            ));
        }
        if name == "file" && (calls || is_function_argument(&all, at)) {
            return Err(denied("the function file reads files of the server"));
        }
        if matches!(name, "format_template_row" | "format_template_resultset" | "format_schema") {
            return Err(denied("format templates and schemas are read from files of the server"));
        }
    }
    Ok(())
}

/// Settings that name a file of the server.
pub(super) fn names_a_file(setting: &str) -> bool {
    matches!(setting, "format_template_row" | "format_template_resultset" | "format_schema")
}

/// The refusal of what reads files.
pub(super) fn denied(why: &str) -> Error {
    Error::new(ErrorKind::ACCESS_DENIED, &format!("Not enough privileges: {why}"))
}

/// Whether the name at `at` is passed on as a function: `APPLY f`, `APPLY(f)`, `arrayMap(f, …)`.
fn is_function_argument(all: &[Token], at: usize) -> bool {
    let Some(before) = at.checked_sub(1).map(|index| all[index]) else { return false };
    if before.is_word("APPLY") {
        return true;
    }
    let taker = before.is_sign(b'(').then(|| at.checked_sub(2)).flatten().and_then(|index| all[index].name());
    taker.is_some_and(|taker| {
        let taker = taker.to_ascii_lowercase();
        taker == "apply" || taker.starts_with("array") || taker.starts_with("map")
    })
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
    fn the_output_format_is_the_last_clause_only() {
        assert_eq!(output_format(b"SELECT 1 FORMAT JSON;").as_deref(), Some("JSON"));
        assert_eq!(output_format(b"SELECT 1 FORMAT CSV SETTINGS max_threads = 1").as_deref(), Some("CSV"));
        assert_eq!(output_format(b"SELECT 1 AS format FROM t"), None);
        assert_eq!(output_format(b"SELECT 'FORMAT JSON'"), None);
    }

    #[test]
    fn files_stay_out_of_reach_and_columns_may_still_be_called_file() {
        for text in [
            "SELECT file('/etc/passwd')",
            "SELECT `file` ('/x')",
            "SELECT * APPLY file FROM t",
            "SELECT * APPLY(file) FROM t",
            "SELECT arrayMap(file, ['/x'])",
            "INSERT INTO t SELECT * FROM input('a Int8') FORMAT CSV",
            "SELECT 1 INTO OUTFILE '/x'",
            "INSERT INTO t FROM INFILE '/x'",
            "SELECT 1; SELECT 2",
        ] {
            assert!(refuse_unsafe(text.as_bytes()).is_err(), "{text}");
        }
        for text in ["SELECT 1;", "SELECT file, count(file) FROM t", "SELECT 'file(1)'", "SELECT input('a') FROM t"] {
            assert!(refuse_unsafe(text.as_bytes()).is_ok(), "{text}");
        }
    }
}
