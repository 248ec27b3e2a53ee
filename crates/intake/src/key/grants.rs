//! Which kind of key can do what: the table behind the checks, the tests and `docs/keys.md`.

use super::Kind;
use crate::error::ErrorCode;

/// A permission of a key. Scopes restrict what the key's kind allows; they never extend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Send events.
    Ingest,
    /// Ask questions.
    Read,
    /// Manage projects and keys.
    Admin,
}

impl Scope {
    /// All scopes, in the order of the documentation.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Admin];

    /// `ingest`, `read` or `admin`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// Parses `ingest`, `read` or `admin`.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// What a route requires of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Send events.
    Ingest,
    /// Ask questions about one project.
    Read,
    /// Save, change and delete a project's segments.
    Save,
    /// The MCP endpoint of one project.
    Mcp,
    /// The MCP endpoint of an organization.
    McpAccount,
    /// Erasure and access requests of a person.
    Forget,
    /// Projects, keys and usage.
    Manage,
    /// How the installation is doing.
    Operate,
}

/// Keys of this kind with this scope have this access.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The kind of key.
    pub kind: Kind,
    /// The access it gives.
    pub access: Access,
    /// The scope that the key needs.
    pub scope: Scope,
}

const fn grant(kind: Kind, access: Access, scope: Scope) -> Grant {
    Grant { kind, access, scope }
}

/// Everything that is allowed (`docs/concepts.md`, "Keys"). Anything else is refused.
pub const GRANTS: &[Grant] = &[
    grant(Kind::Publishable, Access::Ingest, Scope::Ingest),
    grant(Kind::Secret, Access::Ingest, Scope::Ingest),
    grant(Kind::Secret, Access::Read, Scope::Read),
    grant(Kind::Secret, Access::Save, Scope::Read),
    grant(Kind::Secret, Access::Mcp, Scope::Read),
    grant(Kind::Secret, Access::Forget, Scope::Ingest),
    grant(Kind::ReadOnly, Access::Read, Scope::Read),
    grant(Kind::ReadOnly, Access::Mcp, Scope::Read),
    grant(Kind::Account, Access::Read, Scope::Read),
    grant(Kind::Account, Access::Save, Scope::Admin),
    grant(Kind::Account, Access::McpAccount, Scope::Read),
    grant(Kind::Account, Access::Manage, Scope::Admin),
    grant(Kind::Account, Access::Operate, Scope::Read),
];

impl Access {
    /// Checks that a key of this kind with these scopes has the access.
    ///
    /// # Errors
    /// `insufficient_scope` if the key lacks the scope; another code if no key of this kind has the access.
    pub fn check(self, kind: Kind, scopes: &[Scope]) -> Result<(), ErrorCode> {
        let Some(grant) = GRANTS.iter().find(|grant| grant.kind == kind && grant.access == self) else {
            return Err(match self {
                Self::Forget => ErrorCode::ForgetRequiresSecretKey,
                Self::McpAccount | Self::Manage | Self::Operate => ErrorCode::AccountKeyRequired,
                Self::Ingest | Self::Read | Self::Save | Self::Mcp => ErrorCode::KeyKindNotAllowed,
            });
        };
        if scopes.contains(&grant.scope) { Ok(()) } else { Err(ErrorCode::InsufficientScope) }
    }
}

impl Kind {
    /// The scopes of a new key of this kind unless others are given: all that the kind can use, except `admin`.
    pub fn default_scopes(self) -> Vec<Scope> {
        Scope::ALL
            .into_iter()
            .filter(|scope| *scope != Scope::Admin)
            .filter(|scope| GRANTS.iter().any(|grant| grant.kind == self && grant.scope == *scope))
            .collect()
    }
}
