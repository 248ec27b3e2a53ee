//! Splits a script into statements, because the HTTP interface takes one at a time.

use crate::{
    insert::{Head, head},
    lexer::{Kind, tokens},
};

/// One statement of a script.
#[derive(Debug, PartialEq, Eq)]
pub struct Statement<'a> {
    /// The line of the script on which it begins, from 1.
    pub line: usize,
    /// Its text without the semicolon.
    pub text: &'a str,
}

/// The statements of a script. A semicolon in a string, a quoted name, a heredoc or a comment does not end a
/// statement; pieces with only comments are left out. The rows of an `INSERT … FORMAT …` run to the end of the
/// script, since only their format could tell where they end; `VALUES` ends at the semicolon.
pub fn statements(script: &str) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    let mut push = |start: usize, text| {
        let line = script[..start].matches('\n').count() + 1;
        found.push(Statement { line, text });
    };
    let mut start = None;
    for token in tokens(script.as_bytes()) {
        if token.is_sign(b';') {
            if let Some(start) = start.take() {
                push(start, script[start..token.start].trim_end());
            }
        } else if start.is_none() && !(token.kind == Kind::Open && token.text.starts_with(b"/*")) {
            let rest = &script[token.start..];
            if token.is_word("INSERT") && matches!(head(rest.as_bytes(), true), Head::Insert { .. }) {
                push(token.start, rest);
                return found;
            }
            start = Some(token.start);
        }
    }
    if let Some(start) = start {
        push(start, script[start..].trim_end());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::statements;

    fn texts(sql: &str) -> Vec<&str> {
        statements(sql).into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn statements_end_at_semicolons_and_know_their_line() {
        let found = statements("-- first\nSELECT 1;\n\nSELECT\n 2 ;\n-- the end\n");
        assert_eq!(found.iter().map(|s| (s.line, s.text)).collect::<Vec<_>>(), [(2, "SELECT 1"), (4, "SELECT\n 2")]);
    }

    #[test]
    fn a_semicolon_in_a_string_a_name_or_a_comment_ends_nothing() {
        assert_eq!(texts("SELECT 'a;b', 'it''s;', 'c\\';d'; SELECT 2").len(), 2);
        assert_eq!(texts("SELECT \"a;b\", `c;d`; SELECT 2").len(), 2);
        assert_eq!(texts("SELECT 1 -- no; not here\n+ 1; /* nor; here */ SELECT 2").len(), 2);
        assert_eq!(texts("SELECT 1 /* a /* ; */ ; */ + 1; SELECT 2"), ["SELECT 1 /* a /* ; */ ; */ + 1", "SELECT 2"]);
        assert_eq!(texts("SELECT $x$ ; $y$ ; $x$; SELECT 2"), ["SELECT $x$ ; $y$ ; $x$", "SELECT 2"]);
        assert_eq!(texts("SELECT $$ ' ; $$; SELECT 2"), ["SELECT $$ ' ; $$", "SELECT 2"]);
    }

    #[test]
    fn comments_and_emptiness_are_not_statements() {
        assert!(texts("").is_empty());
        assert!(texts(" ;; -- x\n;/* y */;# z").is_empty());
    }

    #[test]
    fn what_is_never_closed_runs_to_the_end() {
        assert_eq!(texts("SELECT 'a; SELECT 2"), ["SELECT 'a; SELECT 2"]);
        assert_eq!(texts("SELECT 1; /* x"), ["SELECT 1"]);
        assert_eq!(texts("SELECT 'ä;ö'; SELECT '💧"), ["SELECT 'ä;ö'", "SELECT '💧"]);
    }

    #[test]
    fn rows_in_a_format_run_to_the_end_and_values_to_the_semicolon() {
        assert_eq!(
            texts("SELECT 1; INSERT INTO t FORMAT CSV\n1,\"it's;\"\n2,b;\n"),
            ["SELECT 1", "INSERT INTO t FORMAT CSV\n1,\"it's;\"\n2,b;\n"]
        );
        assert_eq!(
            texts("INSERT INTO t VALUES (1, 'a;b'), (2, 'c'); SELECT 1"),
            ["INSERT INTO t VALUES (1, 'a;b'), (2, 'c')", "SELECT 1"]
        );
        assert_eq!(texts("INSERT INTO t SELECT 1; SELECT 1 FORMAT CSV; SELECT 2").len(), 3);
    }
}
