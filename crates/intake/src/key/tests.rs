use proptest::prelude::*;

use super::*;
use crate::error::ErrorCode;

fn draft(kind: Kind, env: Env) -> Draft {
    Draft::from_random(kind, env, &(0..=255).collect::<Vec<u8>>()).unwrap()
}

#[test]
fn a_new_key_has_the_documented_format() {
    let draft = draft(Kind::Secret, Env::Live);
    let text = draft.reveal();
    assert_eq!(text.len(), KEY_LEN);
    assert!(text.starts_with("sk_live_"), "{text}");
    let key = ApiKey::parse(text).unwrap();
    assert_eq!((key.kind, key.env, key.prefix), (Kind::Secret, Env::Live, draft.prefix()));
}

#[test]
fn only_the_right_secret_and_pepper_match() {
    let draft = draft(Kind::Publishable, Env::Test);
    let stored = draft.hash("pepper");
    let key = ApiKey::parse(draft.reveal()).unwrap();
    assert!(key.matches(&stored, "pepper"));
    assert!(!key.matches(&stored, "other"));
    assert_eq!(SecretHash::from_hex(&stored.to_hex()), Some(stored));
}

#[test]
fn debug_never_shows_a_secret() {
    let draft = draft(Kind::Secret, Env::Live);
    let secret = &draft.reveal()[17..];
    let key = ApiKey::parse(draft.reveal()).unwrap();
    let shown = format!("{draft:?} {key:?} {:?}", draft.hash("pepper"));
    assert!(!shown.contains(secret) && !shown.contains(&secret[..8]), "{shown}");
    assert!(shown.contains(draft.prefix()));
}

const ACCESSES: [Access; 8] = [
    Access::Ingest,
    Access::Read,
    Access::Save,
    Access::Mcp,
    Access::McpAccount,
    Access::Forget,
    Access::Manage,
    Access::Operate,
];

#[test]
fn every_access_is_granted_to_some_kind_and_scopes_only_narrow() {
    for kind in Kind::ALL {
        for access in ACCESSES {
            let granted = GRANTS.iter().any(|grant| grant.kind == kind && grant.access == access);
            assert_eq!(access.check(kind, &Scope::ALL).is_ok(), granted, "{kind:?} {access:?}");
            assert!(access.check(kind, &[]).is_err(), "{kind:?} {access:?} without scopes");
        }
    }
    assert_eq!(Access::Read.check(Kind::Publishable, &Scope::ALL), Err(ErrorCode::KeyKindNotAllowed));
    assert_eq!(Access::Manage.check(Kind::Account, &[Scope::Read]), Err(ErrorCode::InsufficientScope));
}

proptest! {
    #[test]
    fn made_keys_are_parsed_and_one_changed_character_is_not(
        random in prop::collection::vec(any::<u8>(), 256),
        kind in 0..4_usize, at in 0..KEY_LEN, to in "[0-9a-zA-Z_]"
    ) {
        let draft = Draft::from_random(Kind::ALL[kind], Env::Live, &random).unwrap();
        prop_assert!(ApiKey::parse(draft.reveal()).is_some());
        let mut changed = draft.reveal().to_owned();
        changed.replace_range(at..=at, &to);
        // A CRC finds every change of one character.
        prop_assert_eq!(ApiKey::parse(&changed).is_some(), changed == draft.reveal());
    }

    #[test]
    fn no_text_panics(text in ".{0,64}") {
        let _ = ApiKey::parse(&text);
    }
}

#[test]
fn the_documentation_shows_the_table_of_grants() {
    let documentation = include_str!("../../../../docs/keys.md");
    for kind in Kind::ALL {
        let cells = ACCESSES.map(|access| {
            let grant = GRANTS.iter().find(|grant| grant.kind == kind && grant.access == access);
            grant.map_or_else(|| "–".to_owned(), |grant| format!("scope `{}`", grant.scope.as_str()))
        });
        let row = format!("| `{}` | {} |", kind.as_str(), cells.join(" | "));
        assert!(documentation.contains(&row), "docs/keys.md lacks this row:\n{row}");
    }
}
