//! What the Worker's three users of ClickHouse may do: all that they need, and nothing that would be dangerous.

use std::time::Duration;

use anyhow::Result;
use headwater::store::{Order, StoreError};

use super::deployment::{Deployment, Role};
use super::report::Finding;
use crate::event_store::EventStore;
use crate::migrate::tables;

const LIMIT: Duration = Duration::from_secs(10);

/// A right on a table of the database, or on everything (`*.*`) if no table is given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Right {
    name: &'static str,
    table: Option<&'static str>,
}

const fn on(name: &'static str, table: &'static str) -> Right {
    Right { name, table: Some(table) }
}

/// What nobody's password in a Worker should open.
const USERS: Right = Right { name: "CREATE USER", table: None };

impl Right {
    fn statement(self, database: &str) -> String {
        let place = self.table.map_or_else(|| "*.*".to_owned(), |table| format!("{database}.{table}"));
        format!("{} ON {place}", self.name)
    }
}

/// Rights without which the Worker does not work.
fn needed(role: Role) -> Vec<Right> {
    match role {
        Role::Insert => vec![on("INSERT", "events"), on("INSERT", "dead_letters")],
        // Dead letters are for the operator.
        Role::Read => {
            tables().into_iter().filter(|table| *table != "dead_letters").map(|table| on("SELECT", table)).collect()
        }
        Role::Maintain => {
            let rights = ["SELECT", "INSERT", "ALTER DELETE"];
            tables().into_iter().flat_map(|table| rights.map(|right| on(right, table))).collect()
        }
    }
}

/// Rights that the role does not need and that would let a leaked password do harm.
fn excessive(role: Role) -> Vec<Right> {
    match role {
        Role::Insert => {
            vec![on("SELECT", "events"), on("ALTER DELETE", "events"), on("DROP TABLE", "events"), USERS]
        }
        Role::Read => vec![on("INSERT", "events"), on("ALTER DELETE", "events"), on("DROP TABLE", "events"), USERS],
        Role::Maintain => vec![USERS],
    }
}

/// A finding for each user.
pub(super) fn all(deployment: &Deployment) -> Result<Vec<Finding>> {
    Role::ALL.into_iter().filter_map(|role| one(deployment, role).transpose()).collect()
}

fn one(deployment: &Deployment, role: Role) -> Result<Option<Finding>> {
    let check = name(role);
    let store = match deployment.event_store(role) {
        Some(Ok(store)) => store,
        // Reported as a fault of the address.
        Some(Err(_)) => return Ok(None),
        None if role == Role::Maintain && deployment.get("CLICKHOUSE_URL").is_some() => {
            return Ok(Some(Finding::warning(
                check,
                "CLICKHOUSE_MAINTAIN_USER is not set: rollups are not computed, and data is not deleted",
                "set CLICKHOUSE_MAINTAIN_USER and CLICKHOUSE_MAINTAIN_PASSWORD",
            )));
        }
        None => return Ok(Some(Finding::skipped(check, format!("CLICKHOUSE_{}_USER is not set", role.setting())))),
    };
    if store.alive(LIMIT).is_err() {
        return Ok(Some(Finding::skipped(check, "not checked: ClickHouse is not reachable")));
    }
    let user = deployment.get(&format!("CLICKHOUSE_{}_USER", role.setting())).unwrap_or_default();
    let (mut lacks, mut has) = (Vec::new(), Vec::new());
    for (right, is_needed) in needed(role)
        .into_iter()
        .map(|right| (right, true))
        .chain(excessive(role).into_iter().map(|right| (right, false)))
    {
        match granted(&store, right)? {
            Ok(granted) if is_needed && !granted => lacks.push(right),
            Ok(granted) if !is_needed && granted => has.push(right),
            Ok(_) => {}
            Err(error) => return Ok(Some(cannot_tell(check, role, &store, &error))),
        }
    }
    Ok(Some(judge(role, user, store.database(), &lacks, &has, deployment.is_local)))
}

/// `CHECK GRANT` needs no rights itself.
fn granted(store: &EventStore, right: Right) -> Result<Result<bool, StoreError>> {
    let sql = format!("CHECK GRANT {}", right.statement(store.database()));
    // The statement itself has no FORMAT.
    let settings = &[("default_format", "TabSeparated")];
    let answer = store.attempt(Order { body: sql.as_bytes(), settings, ..Order::default() }, LIMIT)?;
    Ok(answer.map(|answer| answer.trim_ascii() == b"1"))
}

fn cannot_tell(check: &'static str, role: Role, store: &EventStore, error: &StoreError) -> Finding {
    match error {
        // SYNTAX_ERROR
        StoreError::Refused { code, .. } if code == "62" => {
            Finding::skipped(check, "not checked: this server is older than 24.12 and has no CHECK GRANT")
        }
        error => Finding::failed(
            check,
            format!("{:#}", store.explained(error)),
            format!("check CLICKHOUSE_{0}_USER and CLICKHOUSE_{0}_PASSWORD", role.setting()),
        ),
    }
}

fn name(role: Role) -> &'static str {
    match role {
        Role::Insert => "clickhouse_insert_user",
        Role::Read => "clickhouse_read_user",
        Role::Maintain => "clickhouse_maintain_user",
    }
}

fn judge(role: Role, user: &str, database: &str, lacks: &[Right], has: &[Right], is_local: bool) -> Finding {
    let check = name(role);
    let all = |rights: &[Right]| rights.iter().map(|right| right.statement(database)).collect::<Vec<_>>();
    let each = |verb: &str, rights: &[Right], to: &str| {
        all(rights).iter().map(|right| format!("{verb} {right} {to} {user};")).collect::<Vec<_>>().join("\n")
    };
    if !lacks.is_empty() {
        let message = format!("{user} lacks {}", all(lacks).join(", "));
        return Finding::failed(check, message, each("GRANT", lacks, "TO"));
    }
    if has.is_empty() {
        return Finding::ok(check, format!("{user} can do what it must, and not more"));
    }
    if is_local {
        return Finding::ok(check, format!("{user} can do what it must (the local engine does not limit its users)"));
    }
    let message = format!("{user} can do more than it needs: {}", all(has).join(", "));
    Finding::failed(
        check,
        message,
        format!("use a user of its own for each role, or revoke:\n{}", each("REVOKE", has, "FROM")),
    )
}

#[cfg(test)]
mod tests {
    use super::super::report::Status;
    use super::*;

    #[test]
    fn a_user_needs_its_rights_and_no_others() {
        let of = |lacks: &[Right], has: &[Right], is_local| judge(Role::Insert, "ingest", "db", lacks, has, is_local);
        assert_eq!(of(&[], &[], false).status, Status::Ok);
        let lacking = of(&[on("INSERT", "events")], &[USERS], false);
        assert_eq!((lacking.status, lacking.message.as_str()), (Status::Failed, "ingest lacks INSERT ON db.events"));
        assert_eq!(lacking.fix.as_deref(), Some("GRANT INSERT ON db.events TO ingest;"));
        let has = [on("SELECT", "events"), USERS];
        let more = of(&[], &has, false);
        assert_eq!(more.status, Status::Failed);
        assert!(
            more.fix
                .unwrap()
                .ends_with("REVOKE SELECT ON db.events FROM ingest;\nREVOKE CREATE USER ON *.* FROM ingest;")
        );
        assert_eq!(of(&[], &has, true).status, Status::Ok);
    }

    #[test]
    fn no_role_needs_what_is_too_much_for_it() {
        for role in Role::ALL {
            let needed = needed(role);
            assert!(needed.len() >= 2);
            assert!(excessive(role).iter().all(|right| !needed.contains(right)), "{role:?}");
        }
    }
}
