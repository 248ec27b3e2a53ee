//! The lexer. It never fails: a string, name or comment without an end is one last token of its own kind.

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
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

/// A token and its position in the text.
#[derive(Clone, Copy, Debug)]
pub struct Token<'t> {
    /// What it is.
    pub kind: Kind,
    /// Its bytes, quotes included.
    pub text: &'t [u8],
    /// Offset of its first byte.
    pub start: usize,
    /// Offset after its last byte.
    pub end: usize,
}

impl Token<'_> {
    /// Whether it is this keyword, in any case.
    pub fn is_word(&self, keyword: &str) -> bool {
        self.kind == Kind::Word && self.text.eq_ignore_ascii_case(keyword.as_bytes())
    }

    /// Whether it is this sign.
    pub fn is_sign(&self, sign: u8) -> bool {
        self.kind == Kind::Sign(sign)
    }

    /// The name it stands for, when it is a name without escapes.
    pub fn name(&self) -> Option<&str> {
        let text = match self.kind {
            Kind::Word => self.text,
            Kind::QuotedName => self.text.get(1..self.text.len() - 1)?,
            _ => return None,
        };
        std::str::from_utf8(text).ok()
    }
}

/// The tokens of `text`, without blanks and comments.
pub fn tokens(text: &[u8]) -> Tokens<'_> {
    Tokens { text, at: 0 }
}

/// Iterator over tokens, made by [`tokens`].
#[derive(Debug)]
pub struct Tokens<'t> {
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
                [b'/', b'*', ..] => comment(rest),
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

/// Comments may be nested, as in standard SQL.
fn comment(text: &[u8]) -> (Option<Kind>, usize) {
    let (mut depth, mut at) = (0_usize, 0);
    while at + 1 < text.len() {
        match &text[at..at + 2] {
            b"/*" => (depth, at) = (depth + 1, at + 2),
            b"*/" if depth == 1 => return (None, at + 2),
            b"*/" => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
    }
    (Some(Kind::Open), text.len())
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
    fn comments_are_nested() {
        assert_eq!(words("a /* 1 /* 2 */ ; */ b /*/ */ c /***/ d"), ["a", "b", "c", "d"]);
        assert_eq!(words("a */ b"), ["a", "*", "/", "b"]);
    }

    #[test]
    fn a_dollar_starts_a_heredoc_only_before_a_tag_and_outside_of_a_word() {
        assert_eq!(words("$$ ; $$ $a$ $$ $a$"), ["$$ ; $$", "$a$ $$ $a$"]);
        assert_eq!(words("a$x$ $ 1"), ["a$x$", "$", "1"]);
        assert_eq!(words("$a b$"), ["$", "a", "b$"]);
    }

    #[test]
    fn a_number_sign_starts_a_comment_only_before_a_space_or_an_exclamation_mark() {
        assert_eq!(words("# a\nb #! c\n#d"), ["b", "#", "d"]);
    }

    #[test]
    fn what_does_not_end_is_open() {
        for text in ["'abc", "`abc", "/* abc", "/* /* */", "/*/", "$a$ b", "'abc\\"] {
            assert_eq!(tokens(text.as_bytes()).last().unwrap().kind, Kind::Open, "{text}");
        }
    }
}
