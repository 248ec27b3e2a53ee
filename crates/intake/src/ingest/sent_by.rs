//! Who sends events: told by the key and the request, never by an event.

use schema::SentBy;

use crate::key::Kind;

/// Header with which a server says, by the value `1`, that its events are an import of what happened earlier. It is
/// ignored with a `pk` key.
pub const IMPORT_HEADER: &str = "x-headwater-import";

/// Who sends events with a key of this kind. `import`: the value of [`IMPORT_HEADER`]. `None` for keys that send none.
pub fn sent_by(kind: Kind, import: Option<&str>) -> Option<SentBy> {
    match kind {
        Kind::Publishable => Some(SentBy::Browser),
        Kind::Secret if import == Some("1") => Some(SentBy::Import),
        Kind::Secret => Some(SentBy::Server),
        Kind::ReadOnly | Kind::Account => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::{Access, GRANTS};

    #[test]
    fn only_a_server_may_say_that_it_imports() {
        for (import, secret) in [(None, SentBy::Server), (Some("0"), SentBy::Server), (Some("1"), SentBy::Import)] {
            assert_eq!(sent_by(Kind::Secret, import), Some(secret));
            assert_eq!(sent_by(Kind::Publishable, import), Some(SentBy::Browser));
        }
    }

    #[test]
    fn every_key_that_may_send_events_has_a_sender() {
        for kind in Kind::ALL {
            let may = GRANTS.iter().any(|grant| grant.kind == kind && grant.access == Access::Ingest);
            assert_eq!(sent_by(kind, None).is_some(), may, "{kind:?}");
        }
    }
}
