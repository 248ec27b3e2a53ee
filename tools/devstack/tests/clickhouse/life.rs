//! Start, end, crash and clients that go away.

use std::net::TcpListener;
use std::path::Path;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::Method;

use crate::server::{Folder, Server, command, command_with, failure, library};

const ENDLESS: &str = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1";

async fn until_running(server: &Server, count: u64, text: &str) {
    let started = Instant::now();
    while server.running(text).await != count {
        assert!(started.elapsed() < Duration::from_secs(8), "still not {count} of {text}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_what_it_reads() {
    let data = Folder::new();
    let server = Server::start(data.path());
    // Waiting for its first row, and in the middle of a stream.
    let waiting = tokio::spawn(server.request(Method::POST, &[]).body(ENDLESS).send());
    until_running(&server, 1, "sipHash64").await;
    waiting.abort();
    until_running(&server, 0, "sipHash64").await;

    let rows = "SELECT number, repeat('y', 100) FROM numbers(1000000000)";
    let mut streaming = server.request(Method::POST, &[]).body(rows).send().await.unwrap();
    streaming.chunk().await.unwrap();
    until_running(&server, 1, "repeat").await;
    drop(streaming);
    until_running(&server, 0, "repeat").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signal_ends_the_process_under_load_within_five_seconds() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let data = Folder::new();
        let mut server = Server::start(data.path());
        let clients: Vec<_> =
            (0..4).map(|_| tokio::spawn(server.request(Method::POST, &[]).body(ENDLESS).send())).collect();
        until_running(&server, 4, "sipHash64").await;
        let sent = Instant::now();
        kill(Pid::from_raw(server.child.id().cast_signed()), signal).unwrap();
        let status = tokio::task::block_in_place(|| server.child.wait()).unwrap();
        assert!(sent.elapsed() < Duration::from_secs(5), "took {:?}", sent.elapsed());
        assert_eq!(status.code(), Some(0));
        for client in clients {
            let _ = client.await.unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn acknowledged_rows_survive_kill_nine() {
    let data = Folder::new();
    let server = std::sync::Arc::new(Server::start(data.path()));
    server.run("CREATE TABLE t (a UInt64) ORDER BY a").await;
    let writers: Vec<_> = (0..4_u64)
        .map(|writer| {
            let server = std::sync::Arc::clone(&server);
            tokio::spawn(async move {
                let mut acknowledged = Vec::new();
                for row in writer * 1_000_000.. {
                    let insert = [("query", "INSERT INTO t FORMAT CSV")];
                    let reply = server.request(Method::POST, &insert).body(format!("{row}\n")).send().await;
                    match reply {
                        Ok(reply) if reply.status() == 200 => acknowledged.push(row),
                        _ => break,
                    }
                }
                acknowledged
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_secs(2)).await;
    kill(Pid::from_raw(server.child.id().cast_signed()), Signal::SIGKILL).unwrap();
    let mut acknowledged = Vec::new();
    for writer in writers {
        acknowledged.extend(writer.await.unwrap());
    }
    drop(server);
    assert!(acknowledged.len() > 20, "only {} inserts", acknowledged.len());

    let server = Server::start(data.path());
    let stored = server.run("SELECT a FROM t ORDER BY a").await;
    let stored: Vec<u64> = stored.lines().map(|line| line.parse().unwrap()).collect();
    for row in acknowledged {
        assert!(stored.binary_search(&row).is_ok(), "{row} is lost");
    }
}

#[test]
fn what_keeps_it_from_starting_is_told_in_one_sentence() {
    let data = Folder::new();
    let told = |command: &mut std::process::Command, part: &str| {
        let output = failure(command);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains(part), "{text}");
        assert_eq!(text.lines().count(), 1, "{text}");
        assert_eq!(output.stdout, b"");
    };
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    told(&mut command_with(data.path(), &port, &library()), "pass another --port");
    told(&mut command_with(data.path(), "0", Path::new("/nowhere/libchdb.so")), "cannot load the engine");
    told(command(data.path()).env("DEVSTACK_CLICKHOUSE_USERS", "nameonly"), "name:password");

    let file = data.path().join("file");
    std::fs::write(&file, "").unwrap();
    told(&mut command(&file), "is not a folder");

    let broken = Folder::new();
    std::fs::create_dir_all(broken.path().join("metadata/test")).unwrap();
    std::fs::write(broken.path().join("metadata/test.sql"), "no SQL").unwrap();
    told(&mut command(broken.path()), "cannot open the data folder");

    let running = Server::start(data.path());
    told(&mut command(data.path()), "in use by another process");
    drop(running);
    Server::start(data.path());
}

#[tokio::test]
async fn the_engine_leaves_nothing_outside_of_the_data_folder() {
    let (data, elsewhere) = (Folder::new(), Folder::new());
    let server = Server::start_with(
        command(data.path())
            .current_dir(elsewhere.path())
            .env("TMPDIR", elsewhere.path())
            .env("HOME", elsewhere.path()),
    );
    server.run("CREATE TABLE t (a UInt64) ORDER BY a").await;
    // Sorts and groups on disk.
    let spilling = [("max_bytes_before_external_group_by", "1000000"), ("max_bytes_before_external_sort", "1000000")];
    server
        .post(&spilling, "INSERT INTO t SELECT number FROM numbers(2000000) GROUP BY number ORDER BY number")
        .await
        .ok();
    server.post(&[], "SELECT throwIf(1)").await;
    assert_eq!(std::fs::read_dir(elsewhere.path()).unwrap().count(), 0);
}
