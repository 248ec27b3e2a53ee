//! Which kind of key may do what: the one table from which checks, tests and documentation are made.

use super::Kind;
use crate::error::ErrorCode;

/// A permission carried by a key. Scopes narrow what the kind may do and never widen it.
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
    /// All scopes, in the order of the contract.
    pub const ALL: [Self; 3] = [Self::Ingest, Self::Read, Self::Admin];

    /// `ingest`, `read` or `admin`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Read => "read",
            Self::Admin => "admin",
        }
    }

    /// Reads a scope's name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text)
    }
}

/// What a route asks of a key.
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

/// One permitted pair, and the scope it needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Grant {
    /// The kind of key.
    pub kind: Kind,
    /// What it may do.
    pub access: Access,
    /// With which scope.
    pub scope: Scope,
}

const fn grant(kind: Kind, access: Access, scope: Scope) -> Grant {
    Grant { kind, access, scope }
}

/// Everything that is permitted (contract, "Keys"). What is not here is refused.
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
    /// Whether a key of this kind with these scopes has the access.
    ///
    /// # Errors
    /// The contract's code: the kind can never do it, or this key lacks the scope.
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
    /// The widest set of scopes that makes sense for the kind: what a new key gets unless told otherwise.
    pub fn default_scopes(self) -> Vec<Scope> {
        Scope::ALL
            .into_iter()
            .filter(|scope| *scope != Scope::Admin)
            .filter(|scope| GRANTS.iter().any(|grant| grant.kind == self && grant.scope == *scope))
            .collect()
    }
}
