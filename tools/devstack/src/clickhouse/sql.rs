//! A lexer for ClickHouse's SQL: as much as is needed to find clauses outside of strings,
//! quoted names and comments.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A bare word or name.
    Word,
    /// A name in backticks or double quotes.
    QuotedName,
    /// A string literal or heredoc.
    Text,
    /// A number.
    Number,
    /// One byte of punctuation.
    Sign(u8),
    /// A string, name or comment whose end is missing.
    Open,
}

/// A token and where it lies in the text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Token<'t> {
    /// What it is.
    pub(super) kind: Kind,
    /// Its bytes, quotes included.
    pub(super) text: &'t [u8],
    /// Offset of its first byte.
    pub(super) start: usize,
    /// Offset after its last byte.
    pub(super) end: usize,
}

impl Token<'_> {
    /// Whether it is this keyword, in any case.
    pub(super) fn is_word(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// Whether it is this sign.
    pub(super) fn is_sign(&self, sign: u8) -> bool {
        self.kind == Kind::Sign(sign)
    }

    /// The name it stands for, when it is a name without escapes.
    pub(super) fn name(&self) -> Option<&str> {
        let text = match self.kind {
            Kind::Word => self.text,
            Kind::QuotedName => self.text.get(1..self.text.len() - 1)?,
            _ => return None,
        };
        std::str::from_utf8(text).ok()
    }
}

/// Walks over the tokens of `text`, leaving out blanks and comments.
pub(super) fn tokens(text: &[u8]) -> Tokens<'_> {
    Tokens { text, at: 0 }
}

/// The tokens of a text.
pub(super) struct Tokens<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Iterator for Tokens<'t> {
    type Item = Token<'t>;

    fn next(&mut self) -> Option<Token<'t>> {
        loop {
            let rest = self.text.get(self.at..).filter(|rest| !rest.is_empty())?;
            let (kind, length) = match rest {
                [first, ..] if first.is_ascii_whitespace() || *first == 0x0b => (None, 1),
                [b'-', b'-', ..] | [b'#', b' ' | b'!', ..] => (None, line(rest)),
                [b'/', b'*', ..] => match find(&rest[2..], b"*/") {
                    Some(inner) => (None, inner + 4),
                    None => (Some(Kind::Open), rest.len()),
                },
                [b'\'', ..] => quoted(rest, Kind::Text),
                [b'`' | b'"', ..] => quoted(rest, Kind::QuotedName),
                [b'$', ..] => heredoc(rest),
                [b'0'..=b'9', ..] => (Some(Kind::Number), run(rest, |byte| byte == b'.' || is_word_byte(byte))),
                [first, ..] if is_word_byte(*first) => (Some(Kind::Word), run(rest, is_word_byte)),
                [first, ..] => (Some(Kind::Sign(*first)), 1),
                [] => return None,
            };
            let start = self.at;
            self.at += length;
            if let Some(kind) = kind {
                return Some(Token { kind, text: &rest[..length], start, end: self.at });
            }
        }
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'$'
}

fn run(text: &[u8], belongs: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !belongs(*byte)).unwrap_or(text.len())
}

fn line(text: &[u8]) -> usize {
    run(text, |byte| byte != b'\n')
}

fn find(text: &[u8], wanted: &[u8]) -> Option<usize> {
    text.windows(wanted.len()).position(|window| window == wanted)
}

/// A quote is escaped by a backslash or by doubling it.
fn quoted(text: &[u8], kind: Kind) -> (Option<Kind>, usize) {
    let quote = text[0];
    let mut at = 1;
    while let Some(byte) = text.get(at) {
        if *byte == b'\\' {
            at += 2;
        } else if *byte != quote {
            at += 1;
        } else if text.get(at + 1) == Some(&quote) {
            at += 2;
        } else {
            return (Some(kind), at + 1);
        }
    }
    (Some(Kind::Open), text.len())
}

fn heredoc(text: &[u8]) -> (Option<Kind>, usize) {
    let tag = 1 + run(&text[1..], |byte| byte.is_ascii_alphanumeric() || byte == b'_');
    if text.get(tag) != Some(&b'$') {
        return (Some(Kind::Sign(b'$')), 1);
    }
    let tag = &text[..=tag];
    match find(&text[tag.len()..], tag) {
        Some(inner) => (Some(Kind::Text), inner + 2 * tag.len()),
        None => (Some(Kind::Open), text.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<&str> {
        tokens(text.as_bytes()).map(|token| std::str::from_utf8(token.text).unwrap()).collect()
    }

    #[test]
    fn strings_names_and_comments_are_one_token_or_none() {
        assert_eq!(
            words("SELECT 'a''b\\'c', `d``e`, \"f\" -- x\n /* ' */ FROM $x$ ' $x$ # y\n;"),
            ["SELECT", "'a''b\\'c'", ",", "`d``e`", ",", "\"f\"", "FROM", "$x$ ' $x$", ";"]
        );
    }

    #[test]
    fn what_does_not_end_is_open() {
        for text in ["'abc", "`abc", "/* abc", "'abc\\"] {
            assert_eq!(tokens(text.as_bytes()).last().unwrap().kind, Kind::Open, "{text}");
        }
    }
}
