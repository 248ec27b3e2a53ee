//! What the schema relies on: merging, views, deduplication, deletes.

use crate::server::{Folder, Server};

#[tokio::test]
async fn replacing_tables_are_exact_with_final() {
    let data = Folder::new();
    let server = Server::start(data.path());
    server.run("CREATE TABLE e (id UInt64, v UInt8, ver UInt64) ENGINE = ReplacingMergeTree(ver) ORDER BY id").await;
    for row in ["(1, 1, 10)", "(1, 2, 20), (2, 1, 5)", "(1, 3, 15)"] {
        server.run(&format!("INSERT INTO e VALUES {row}")).await;
    }
    assert_eq!(server.run("SELECT id, v FROM e FINAL ORDER BY id").await, "1\t2\n2\t1\n");
    server.run("OPTIMIZE TABLE e FINAL").await;
    assert_eq!(server.run("SELECT count() FROM e").await, "2\n");
}

#[tokio::test]
async fn views_follow_streamed_inserts() {
    let data = Folder::new();
    let server = Server::start(data.path());
    server.run("CREATE TABLE e (day Date, n UInt64) ORDER BY day").await;
    server.run("CREATE TABLE r (day Date, n UInt64) ENGINE = SummingMergeTree ORDER BY day").await;
    server.run("CREATE MATERIALIZED VIEW m TO r AS SELECT day, sum(n) AS n FROM e GROUP BY day").await;
    let insert = [("query", "INSERT INTO e FORMAT JSONEachRow")];
    server.post(&insert, "{\"day\":\"2026-01-01\",\"n\":1}\n{\"day\":\"2026-01-01\",\"n\":2}").await.ok();
    server.post(&insert, "{\"day\":\"2026-01-01\",\"n\":4}").await.ok();
    assert_eq!(server.run("SELECT day, sum(n) FROM r GROUP BY day").await, "2026-01-01\t7\n");
}

#[tokio::test]
async fn a_token_deduplicates_the_source_and_the_view() {
    let data = Folder::new();
    let server = Server::start(data.path());
    let window = "SETTINGS non_replicated_deduplication_window = 100";
    server.run(&format!("CREATE TABLE e (a UInt64) ORDER BY a {window}")).await;
    server.run(&format!("CREATE TABLE r (a UInt64) ORDER BY a {window}")).await;
    server.run("CREATE MATERIALIZED VIEW m TO r AS SELECT a FROM e").await;
    for token in ["one", "one", "two"] {
        let parameters = [
            ("query", "INSERT INTO e FORMAT CSV"),
            ("insert_deduplication_token", token),
            ("deduplicate_blocks_in_dependent_materialized_views", "1"),
            ("async_insert", "0"),
        ];
        server.post(&parameters, "1\n2\n").await.ok();
    }
    assert_eq!(server.run("SELECT count() FROM e").await, "4\n");
    assert_eq!(server.run("SELECT count() FROM r").await, "4\n");
}

#[tokio::test]
async fn deletes_are_done_when_they_are_answered() {
    let data = Folder::new();
    let server = Server::start(data.path());
    server.run("CREATE TABLE e (m UInt32, a UInt64) PARTITION BY m ORDER BY a").await;
    server.run("INSERT INTO e SELECT number % 2, number FROM numbers(1000)").await;
    server.post(&[("mutations_sync", "2"), ("param_a", "10")], "ALTER TABLE e DELETE WHERE a < {a:UInt64}").await.ok();
    assert_eq!(server.run("SELECT count() FROM e").await, "990\n");
    server.run("ALTER TABLE e DROP PARTITION 1").await;
    assert_eq!(server.run("SELECT count() FROM e").await, "495\n");
    server.run("DROP TABLE e SYNC").await;
}

#[tokio::test]
async fn as_many_parts_as_on_a_server_are_mutated_at_once() {
    let data = Folder::new();
    let server = Server::start(data.path());
    // The first table starts the threads.
    server.run("CREATE TABLE e (a UInt64) ORDER BY a").await;
    let limit = "SELECT value FROM system.metrics WHERE metric = 'BackgroundMergesAndMutationsPoolSize'";
    assert_eq!(server.run(limit).await, "32\n");
}

#[tokio::test]
async fn data_is_there_after_an_orderly_restart() {
    let data = Folder::new();
    let mut server = Server::start(data.path());
    server.run("CREATE TABLE e (a UInt64) ORDER BY a").await;
    server.post(&[("query", "INSERT INTO e FORMAT CSV"), ("async_insert", "1")], "1\n2\n").await.ok();
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(server.child.id().cast_signed()), nix::sys::signal::SIGTERM)
        .unwrap();
    assert_eq!(server.child.wait().unwrap().code(), Some(0));
    let server = Server::start(data.path());
    assert_eq!(server.run("SELECT groupArray(a) FROM e").await, "[1,2]\n");
}
