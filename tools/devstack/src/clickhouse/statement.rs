//! What a complete statement asks for: class, output format, and what is refused. An INSERT with rows in a
//! format is recognized before (`sql::head`), because its rows are streamed.

use sql::{Kind, Token, tokens};

use super::error::{Error, Kind as ErrorKind};

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

/// Refuses several statements at once, what the embedded engine executes wrongly, and access to files that no
/// grant can prevent (see `home`).
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
