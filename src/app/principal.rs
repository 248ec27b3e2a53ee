//! Who makes a request: which project and data set they see, what they may do, and whose limits they use up.
//!
//! Handlers ask a [`Principal`] and never how it was authenticated, so that further kinds of callers need no change
//! of theirs: a variant, its constructor in `authenticate.rs`, and its arms here.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::session::Session;
use intake::control::{KeyRecord, Project};
use intake::error::{ApiError, ErrorCode};
use intake::ingest::sent_by;
use intake::key::{Access, Env, Kind};
use schema::SentBy;

/// Whose requests count together: a project or an organization, and its data set.
pub(super) type Budget = (String, &'static str);

/// An authenticated caller.
#[derive(Debug, Clone)]
pub(super) enum Principal {
    /// A verified API key.
    Key(Arc<KeyRecord>),
    /// A user signed in at Supabase. The control plane decides what they may manage.
    Member(Session),
}

impl Principal {
    /// The project that requests are about; an account key and a member name theirs in each request.
    pub(super) fn own_project(&self) -> Option<&Project> {
        match self {
            Self::Key(record) => record.project.as_ref(),
            Self::Member(_) => None,
        }
    }

    /// The project that requests are about, where there must be one.
    ///
    /// # Errors
    /// `key_kind_not_allowed`.
    pub(super) fn project(&self) -> Result<&Project, ApiError> {
        self.own_project().ok_or_else(|| {
            ApiError::new(
                ErrorCode::KeyKindNotAllowed,
                "an account key names no project here; use a key of the project",
            )
        })
    }

    /// Time zone of the project; UTC where each request names its project.
    pub(super) fn timezone(&self) -> &str {
        self.own_project().map_or("UTC", |project| &project.timezone)
    }

    /// Which of a project's two data sets is seen.
    pub(super) fn env(&self) -> Env {
        match self {
            Self::Key(record) => record.env,
            Self::Member(_) => Env::Live,
        }
    }

    /// Whether this access is among the rights.
    ///
    /// # Errors
    /// The code that says why not.
    pub(super) fn check(&self, access: Access) -> Result<(), ErrorCode> {
        match self {
            Self::Key(record) => access.check(record.kind, &record.scopes),
            Self::Member(_) if access == Access::Manage => Ok(()),
            Self::Member(_) => Err(ErrorCode::KeyKindNotAllowed),
        }
    }

    /// Whose questions are counted; `None`: no limits apply.
    pub(super) fn budget(&self) -> Option<Budget> {
        let owner = match self {
            _ if self.is_unlimited() => return None,
            Self::Key(record) => record.project.as_ref().map_or(&record.id, |project| &project.id),
            Self::Member(session) => &session.user_id,
        };
        Some((owner.clone(), self.env().as_str()))
    }

    /// Whether the project's rate is switched off.
    pub(super) fn is_unlimited(&self) -> bool {
        self.own_project().is_some_and(|project| project.rate.is_some_and(|rate| rate.per_second == 0))
    }

    /// Whether the requests are a visitor's own, sent by a browser.
    pub(super) fn is_browser(&self) -> bool {
        matches!(self, Self::Key(record) if record.kind == Kind::Publishable)
    }

    /// Whether it is a server, which may speak for visitors and import old events.
    pub(super) fn is_server(&self) -> bool {
        matches!(self, Self::Key(record) if record.kind == Kind::Secret)
    }

    /// Who sends the events, as it is stored with each of them. `import`: the value of
    /// [`intake::ingest::IMPORT_HEADER`].
    ///
    /// # Errors
    /// `key_kind_not_allowed` for who sends none.
    pub(super) fn sent_by(&self, import: Option<&str>) -> Result<SentBy, ApiError> {
        let sender = match self {
            Self::Key(record) => sent_by(record.kind, import),
            Self::Member(_) => None,
        };
        sender.ok_or_else(|| {
            ApiError::new(ErrorCode::KeyKindNotAllowed, "this sends no events; use a key of kind pk or sk")
        })
    }

    /// The API key, for what is noted under a key's id.
    ///
    /// # Errors
    /// `key_kind_not_allowed` for who has none.
    pub(super) fn key(&self) -> Result<&KeyRecord, ApiError> {
        match self {
            Self::Key(record) => Ok(record),
            Self::Member(_) => Err(ApiError::new(ErrorCode::KeyKindNotAllowed, "this needs an API key")),
        }
    }

    /// As functions of the control plane take the one who acts.
    pub(super) fn actor(&self) -> Value {
        match self {
            Self::Key(record) => json!({ "key_id": record.id, "organization_id": record.organization_id }),
            Self::Member(session) => json!({ "user_id": session.user_id }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_manages_and_nothing_else() {
        let member = Principal::Member(Session { user_id: "6f9619ff-8b86-4d01-b42d-00cf4fc964ff".to_owned() });
        assert_eq!(member.check(Access::Manage), Ok(()));
        for access in [Access::Ingest, Access::Read, Access::Save, Access::Mcp, Access::Forget, Access::Operate] {
            assert_eq!(member.check(access), Err(ErrorCode::KeyKindNotAllowed));
        }
        assert!(member.key().is_err() && member.project().is_err() && member.sent_by(Some("1")).is_err());
    }
}
