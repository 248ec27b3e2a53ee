//! Splits a ClickHouse script into statements: the HTTP interface takes one at a time.

/// One statement.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Statement<'a> {
    /// The line of the file on which it begins.
    pub(crate) line: usize,
    /// Its text without the semicolon.
    pub(crate) text: &'a str,
}

/// The statements of a script. A semicolon within a string, a quoted name, a heredoc or a comment
/// ends nothing; pieces that hold comments only are left out.
pub(crate) fn statements(sql: &str) -> Vec<Statement<'_>> {
    let mut found = Vec::new();
    let mut start = None;
    for token in (Scanner { sql, at: 0 }) {
        match token {
            Token::Blank => {}
            Token::Code(at) => {
                start.get_or_insert(at);
            }
            Token::End(at) => push(&mut found, sql, start.take(), at),
        }
    }
    push(&mut found, sql, start, sql.len());
    found
}

fn push<'a>(found: &mut Vec<Statement<'a>>, sql: &'a str, start: Option<usize>, end: usize) {
    if let Some(start) = start {
        let line = sql[..start].matches('\n').count() + 1;
        found.push(Statement { line, text: sql[start..end].trim_end() });
    }
}

enum Token {
    /// Space or a comment.
    Blank,
    /// Something to execute begins here.
    Code(usize),
    /// The semicolon is here.
    End(usize),
}

struct Scanner<'a> {
    sql: &'a str,
    at: usize,
}

impl Iterator for Scanner<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        let start = self.at;
        let rest = &self.sql[start..];
        let first = rest.chars().next()?;
        let (length, token) = match first {
            ';' => (1, Token::End(start)),
            c if c.is_whitespace() => (c.len_utf8(), Token::Blank),
            '-' if rest.starts_with("--") => (line(rest), Token::Blank),
            '#' if rest.starts_with("# ") || rest.starts_with("#!") => (line(rest), Token::Blank),
            '/' if rest.starts_with("/*") => (through(rest, 2, "*/"), Token::Blank),
            '\'' | '"' | '`' => (quoted(rest, first), Token::Code(start)),
            '$' => (heredoc(rest), Token::Code(start)),
            c => (c.len_utf8(), Token::Code(start)),
        };
        self.at = start + length;
        Some(token)
    }
}

fn line(text: &str) -> usize {
    text.find('\n').unwrap_or(text.len())
}

/// Length up to and with `end`, which is looked for after `skip` bytes.
fn through(text: &str, skip: usize, end: &str) -> usize {
    text[skip..].find(end).map_or(text.len(), |at| skip + at + end.len())
}

/// Length of a quoted piece, in which a backslash or a second quote escapes.
fn quoted(text: &str, quote: char) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            characters.next();
        } else if c == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return at + 1;
        }
    }
    text.len()
}

/// Length of `$tag$…$tag$`, or of a lone dollar.
fn heredoc(text: &str) -> usize {
    let Some(tag) = text[1..].find('$').map(|at| &text[..at + 2]) else {
        return 1;
    };
    if tag[1..tag.len() - 1].chars().all(|c| c.is_ascii_alphanumeric() || c == '_') {
        through(text, tag.len(), tag)
    } else {
        1
    }
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
        assert_eq!(texts("SELECT $x$ ; $y$ ; $x$; SELECT 2"), ["SELECT $x$ ; $y$ ; $x$", "SELECT 2"]);
    }

    #[test]
    fn comments_and_emptiness_are_no_statements() {
        assert!(texts("").is_empty());
        assert!(texts(" ;; -- x\n;/* y */;# z").is_empty());
    }

    #[test]
    fn what_is_never_closed_runs_to_the_end() {
        assert_eq!(texts("SELECT 'a; SELECT 2"), ["SELECT 'a; SELECT 2"]);
        assert_eq!(texts("SELECT 1; /* x"), ["SELECT 1"]);
        assert_eq!(texts("SELECT 'ä;ö'; SELECT '💧"), ["SELECT 'ä;ö'", "SELECT '💧"]);
    }
}
