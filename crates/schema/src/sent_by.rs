//! Values of the column `sent_by`.

/// Who sent an event. It follows from the authenticated caller and the route, never from the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SentBy {
    /// A page, with a publishable key.
    Browser,
    /// A server, with a secret key.
    Server,
    /// An import of what happened earlier, with a secret key.
    Import,
    /// A tracking link that somebody followed.
    Link,
    /// A tracking pixel that was loaded.
    Pixel,
    /// A postback of another system.
    Postback,
}

impl SentBy {
    /// All values, in the order of the documentation.
    pub const ALL: [Self; 6] = [Self::Browser, Self::Server, Self::Import, Self::Link, Self::Pixel, Self::Postback];

    /// The stored text. It is empty for events that were stored before this column existed.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Browser => "browser",
            Self::Server => "server",
            Self::Import => "import",
            Self::Link => "link",
            Self::Pixel => "pixel",
            Self::Postback => "postback",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Column;

    #[test]
    fn the_column_describes_every_value() {
        let named: Vec<&str> = Column::SentBy.about().split('`').skip(1).step_by(2).collect();
        assert_eq!(named, SentBy::ALL.map(SentBy::as_str));
    }
}
