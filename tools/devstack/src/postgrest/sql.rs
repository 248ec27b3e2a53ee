//! SQL text with its parameters. Identifiers are quoted, values are bound: there is no third way for
//! what a caller sends to become part of a statement.

use std::{error::Error, fmt::Write as _};

use bytes::BytesMut;
use tokio_postgres::types::{Format, IsNull, ToSql, Type, to_sql_checked};

/// A statement under construction.
#[derive(Debug, Default)]
pub(super) struct Sql {
    text: String,
    params: Vec<Text>,
}

impl Sql {
    /// Appends SQL written in this program or taken from the catalog.
    pub(super) fn push(&mut self, sql: &str) -> &mut Self {
        self.text.push_str(sql);
        self
    }

    /// Appends a quoted identifier.
    pub(super) fn name(&mut self, name: &str) -> &mut Self {
        self.text.push('"');
        self.text.push_str(&name.replace('"', "\"\""));
        self.text.push('"');
        self
    }

    /// Appends `"first"."second"`.
    pub(super) fn qualified(&mut self, first: &str, second: &str) -> &mut Self {
        self.name(first).push(".").name(second)
    }

    /// Appends a parameter. Its type is inferred from where it stands, as for a literal.
    pub(super) fn param(&mut self, value: impl Into<String>) -> &mut Self {
        self.params.push(Text(value.into()));
        let _ = write!(self.text, "${}", self.params.len());
        self
    }

    /// Appends the elements with a separator.
    pub(super) fn separated<T>(
        &mut self,
        separator: &str,
        items: impl IntoIterator<Item = T>,
        mut each: impl FnMut(&mut Self, T),
    ) -> &mut Self {
        for (index, item) in items.into_iter().enumerate() {
            if index > 0 {
                self.push(separator);
            }
            each(self, item);
        }
        self
    }

    /// The statement's text.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// The parameters in order.
    pub(super) fn params(&self) -> Vec<&(dyn ToSql + Sync)> {
        self.params.iter().map(|param| param as &(dyn ToSql + Sync)).collect()
    }
}

/// A value in PostgreSQL's text form, whatever its type: the server parses it.
#[derive(Debug)]
pub(super) struct Text(pub(super) String);

impl ToSql for Text {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn Error + Sync + Send>> {
        out.extend_from_slice(self.0.as_bytes());
        Ok(IsNull::No)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    fn encode_format(&self, _: &Type) -> Format {
        Format::Text
    }

    to_sql_checked!();
}

#[cfg(test)]
mod tests {
    use super::Sql;

    #[test]
    fn a_quote_in_a_name_stays_in_the_name() {
        let mut sql = Sql::default();
        sql.push("select ").qualified("a\"; drop table x --", "b").push(" = ").param("1");
        assert_eq!(sql.text(), r#"select "a""; drop table x --"."b" = $1"#);
    }
}
