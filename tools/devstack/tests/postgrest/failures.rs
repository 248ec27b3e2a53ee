//! Servers that are killed, folders that are closed, ports that are taken.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    time::{Duration, Instant},
};

use nix::sys::signal::Signal;

use crate::stack::{Folder, Server, Stack, assert_gone, processes, refusal, refused};

#[tokio::test]
async fn a_killed_database_is_a_503_and_comes_back() {
    let mut stack = Stack::new();
    let folder = Folder::new();
    stack.database = Server::postgres(folder.path(), 0);
    stack.rest = Server::postgrest(stack.database.port());
    let port = stack.database.port();
    let who = async |stack: &Stack| stack.call("version_of", "{}").service().send().await;
    stack.sql("create function version_of() returns int language sql stable as 'select 1'");
    // Several sessions wait in the pool when the database goes.
    let calls: Vec<_> = (0..6).map(|_| who(&stack)).collect();
    for call in calls {
        assert_eq!(call.await.status, 200);
    }
    stack.database.end(Signal::SIGKILL);
    assert_gone(folder.path());
    let begin = Instant::now();
    assert_eq!(who(&stack).await.error(), refusal(503, "PGRST001"));
    assert!(begin.elapsed() < Duration::from_secs(2));

    stack.database = Server::postgres(folder.path(), port);
    let told = who(&stack).await;
    assert_eq!((told.status, told.text.as_str()), (200, "1"));
    // Sessions that died unnoticed are replaced, too.
    stack.database.end(Signal::SIGTERM);
    stack.database = Server::postgres(folder.path(), port);
    assert_eq!(who(&stack).await.status, 200);
}

#[test]
fn sigterm_ends_both_servers_and_leaves_no_process() {
    let folder = Folder::new();
    let mut database = Server::postgres(folder.path(), 0);
    let mut rest = Server::postgrest(database.port());
    assert!(!processes(folder.path()).is_empty());
    for server in [&mut rest, &mut database] {
        let (took, success) = server.end(Signal::SIGTERM);
        assert!(took < Duration::from_secs(5) && success);
    }
    assert_gone(folder.path());
}

#[test]
fn a_server_never_survives_its_supervisor() {
    let folder = Folder::new();
    for _ in 0..2 {
        let mut database = Server::postgres(folder.path(), 0);
        database.end(Signal::SIGKILL);
        assert_gone(folder.path());
        assert!(folder.path().join("cluster/PG_VERSION").exists());
    }
    // Whatever process has the number by now, an old lock does not stop a start.
    fs::write(folder.path().join("cluster/postmaster.pid"), format!("{}\n", std::process::id())).unwrap();
    drop(Server::postgres(folder.path(), 0));
}

#[test]
fn a_data_folder_below_a_closed_one_works_for_root_too() {
    let folder = Folder::new();
    let closed = folder.path().join("closed");
    fs::create_dir(&closed).unwrap();
    fs::set_permissions(&closed, fs::Permissions::from_mode(0o700)).unwrap();
    let data = closed.join("data");
    let mut database = Server::postgres(&data, 0);
    database.end(Signal::SIGKILL);
    assert_gone(&data);
    // Once open, another account can have it; then closed again.
    for mode in [0o755, 0o700] {
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::set_permissions(&closed, fs::Permissions::from_mode(mode)).unwrap();
        let mut database = Server::postgres(&data, 0);
        assert!(database.end(Signal::SIGTERM).1);
    }
    assert_gone(&data);
}

#[test]
fn refusals_are_one_sentence_that_says_what_to_do() {
    let folder = Folder::new();
    let data = folder.path().join("data");
    let busy = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = busy.local_addr().unwrap().port().to_string();
    let said = refused(&data, &["--port", &port]);
    assert!(said.contains(&port) && said.contains("--port"), "{said}");

    let said = refused(&data, &["--port", "0", "--bin", folder.path().to_str().unwrap()]);
    assert!(said.contains("--bin") && said.contains("initdb"), "{said}");
    let said = refused(Path::new("/dev/null/data"), &["--port", "0"]);
    assert!(said.contains("--data"), "{said}");

    let running = Server::postgres(&data, 0);
    let said = refused(&data, &["--port", "0"]);
    assert!(said.contains("in use") && said.contains("stop"), "{said}");
    drop(running);

    let version = fs::read_to_string(data.join("cluster/PG_VERSION")).unwrap();
    fs::write(data.join("cluster/PG_VERSION"), "9\n").unwrap();
    let said = refused(&data, &["--port", "0"]);
    assert!(said.contains("PostgreSQL 9") && said.contains("--bin"), "{said}");
    fs::write(data.join("cluster/PG_VERSION"), version).unwrap();
    fs::write(data.join("cluster/global/pg_control"), "broken").unwrap();
    let said = refused(&data, &["--port", "0"]);
    assert!(said.contains("backup"), "{said}");
    fs::remove_file(data.join("cluster/PG_VERSION")).unwrap();
    let said = refused(&data, &["--port", "0"]);
    assert!(said.contains("damaged"), "{said}");
}
