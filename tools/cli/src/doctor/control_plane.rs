//! The control plane: reachable, migrated, and which keys expire soon.

use anyhow::Result;
use headwater::store::StoreError;
use intake::time::{DAY_MS, Timestamp};
use serde_json::{Value, json};

use super::deployment::Deployment;
use super::report::Finding;
use crate::control::{ControlPlane, operator};
use crate::format::{now, text};
use crate::migrate;

const REACHABLE: &str = "control_plane";
const MIGRATIONS: &str = "control_plane_migrations";
const KEYS: &str = "expiring_keys";

/// Days before its end from which a key is reported.
const SOON_DAYS: i64 = 14;
/// Keys that a message names.
const NAMED: usize = 3;

/// All checks of the control plane.
pub(super) fn all(deployment: &Deployment) -> Result<Vec<Finding>> {
    let control = match deployment.control_plane() {
        Some(Ok(control)) => control,
        Some(Err(error)) => {
            return Ok(vec![Finding::failed(REACHABLE, format!("{error:#}"), "correct SUPABASE_URL")]);
        }
        None => return Ok(vec![Finding::skipped(REACHABLE, "SUPABASE_URL or SUPABASE_SECRET_KEY is not set")]),
    };
    let reachable = reachable(&control)?;
    let serves = reachable.fix.is_none();
    let mut findings = vec![reachable, migrations(deployment)];
    if serves {
        findings.push(match keys(&control) {
            Ok(keys) => expiring(&keys, now()),
            Err(error) => Finding::failed(KEYS, format!("{error:#}"), "apply the migrations: headwater migrate"),
        });
    }
    Ok(findings)
}

/// A key that cannot exist is looked up: it needs the address, the secret key and the schema.
fn reachable(control: &ControlPlane) -> Result<Finding> {
    let answer = control.attempt("key_lookup", &json!({ "key_prefix": "00000000" }))?;
    let Err(error) = answer else { return Ok(Finding::ok(REACHABLE, "reachable")) };
    let fix = match &error {
        StoreError::Unreachable(_) | StoreError::TimedOut => {
            "check SUPABASE_URL, the network, and whether the Supabase project is paused"
        }
        StoreError::Busy(message) if message.starts_with("401") || message.starts_with("403") => {
            "set SUPABASE_SECRET_KEY to a secret key (sb_secret_…) of this Supabase project"
        }
        StoreError::Refused { .. } => "apply the migrations: headwater migrate --supabase-db-url postgres://…",
        _ => "check the status of the Supabase project",
    };
    Ok(Finding::failed(REACHABLE, format!("{:#}", control.explained(&error, "key_lookup")), fix))
}

fn migrations(deployment: &Deployment) -> Finding {
    let Some(url) = &deployment.postgres_url else {
        return Finding::skipped(MIGRATIONS, "not checked: give the database's address with --supabase-db-url");
    };
    match migrate::missing_in_postgres(url) {
        Ok(missing) => migrated(MIGRATIONS, &missing, "headwater migrate --supabase-db-url postgres://…"),
        Err(error) => Finding::failed(MIGRATIONS, format!("{error:#}"), "check --supabase-db-url and this checkout"),
    }
}

/// What missing migrations mean, in either store.
pub(super) fn migrated(check: &'static str, missing: &[String], command: &str) -> Finding {
    if missing.is_empty() {
        return Finding::ok(check, "all applied");
    }
    Finding::failed(check, format!("not applied: {}", missing.join(", ")), format!("apply them: {command}"))
}

/// The keys of all organizations.
fn keys(control: &ControlPlane) -> Result<Vec<Value>> {
    let organizations = control.call("manage_organizations", &json!({ "actor": operator(None) }))?;
    let mut found = Vec::new();
    for one in organizations.as_array().into_iter().flatten() {
        let arguments = json!({ "actor": operator(one["slug"].as_str()), "project_id": null });
        let keys = control.call("manage_keys", &arguments)?;
        found.extend(keys.as_array().into_iter().flatten().cloned());
    }
    Ok(found)
}

/// Keys that work now and end soon, without a successor.
fn expiring(keys: &[Value], now: Timestamp) -> Finding {
    let end = |key: &Value| key["expires_at"].as_str().and_then(Timestamp::parse_iso);
    let soon: Vec<&Value> = keys
        .iter()
        .filter(|key| key["revoked_at"].is_null() && key["rotated_to"].is_null())
        .filter(|key| end(key).is_some_and(|end| end > now && end <= now.plus(SOON_DAYS * DAY_MS)))
        .collect();
    let Some(first) = soon.first() else {
        return Finding::ok(KEYS, format!("none of {} keys expires within {SOON_DAYS} days", keys.len()));
    };
    let named = |key: &&Value| format!("{} on {}", text(key, "redacted"), text(key, "expires_at"));
    let named: Vec<String> = soon.iter().take(NAMED).map(named).collect();
    let more = if soon.len() > NAMED { ", …" } else { "" };
    Finding::warning(
        KEYS,
        format!("{} keys expire within {SOON_DAYS} days: {}{more}", soon.len(), named.join(", ")),
        format!("replace each: headwater keys rotate {}", text(first, "prefix")),
    )
}

#[cfg(test)]
mod tests {
    use super::super::report::Status;
    use super::*;

    #[test]
    fn keys_that_end_soon_without_a_successor_are_named() {
        let now = Timestamp::parse_iso("2026-12-01").unwrap();
        let key = |prefix: &str, end: Option<&str>, more: Value| {
            let mut key = json!({ "prefix": prefix, "redacted": format!("sk_live_{prefix}_…"), "expires_at": end });
            key.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
            key
        };
        let others = vec![
            key("never", None, json!({})),
            key("later", Some("2026-12-16T00:00:00Z"), json!({})),
            key("ended", Some("2026-11-30T00:00:00Z"), json!({})),
            key("revoked", Some("2026-12-02T00:00:00Z"), json!({ "revoked_at": "2026-11-01T00:00:00Z" })),
            key("replaced", Some("2026-12-02T00:00:00Z"), json!({ "rotated_to": "id" })),
        ];
        assert_eq!(expiring(&others, now).status, Status::Ok);
        let soon = [others, vec![key("soon", Some("2026-12-15T00:00:00Z"), json!({}))]].concat();
        let finding = expiring(&soon, now);
        assert_eq!(finding.status, Status::Warning);
        assert!(finding.message.starts_with("1 keys") && finding.message.contains("sk_live_soon_…"), "{finding:?}");
        assert_eq!(finding.fix.as_deref(), Some("replace each: headwater keys rotate soon"));
    }

    #[test]
    fn missing_migrations_are_named() {
        assert_eq!(migrated(MIGRATIONS, &[], "x").status, Status::Ok);
        let finding = migrated(MIGRATIONS, &["0009_a.sql".to_owned()], "headwater migrate");
        assert_eq!((finding.status, finding.message.as_str()), (Status::Failed, "not applied: 0009_a.sql"));
    }
}
