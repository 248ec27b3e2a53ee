//! Who may ask, and what nobody may reach.

use reqwest::Method;

use crate::server::{Folder, Server, answer, command};

#[tokio::test]
async fn a_fresh_server_knows_the_default_user_without_a_password() {
    let data = Folder::new();
    let server = Server::start(data.path());
    server.post(&[("user", "default"), ("password", "")], "SELECT 1").await.ok();
    server.post(&[("user", "default"), ("password", "x")], "SELECT 1").await.is_error(
        403,
        516,
        "AUTHENTICATION_FAILED",
    );
    server.post(&[("user", "nobody")], "SELECT 1").await.is_error(403, 516, "AUTHENTICATION_FAILED");
}

#[tokio::test]
async fn credentials_come_in_headers_in_basic_or_in_the_url() {
    let data = Folder::new();
    let server = Server::start_with(command(data.path()).env("DEVSTACK_CLICKHOUSE_USERS", "writer:p:w,reader:s3cret"));
    let ask = || server.request(Method::POST, &[]).body("SELECT 1");
    answer(ask().header("X-ClickHouse-User", "writer").header("X-ClickHouse-Key", "p:w")).await.ok();
    answer(ask().basic_auth("reader", Some("s3cret"))).await.ok();
    server.post(&[("user", "reader"), ("password", "s3cret")], "SELECT 1").await.ok();

    let refused = |reply: crate::server::Answer| reply.is_error(403, 516, "AUTHENTICATION_FAILED");
    refused(answer(ask()).await);
    refused(answer(ask().header("X-ClickHouse-User", "writer").header("X-ClickHouse-Key", "s3cret")).await);
    refused(answer(ask().basic_auth("reader", Some("wrong"))).await);
    refused(answer(ask().header("Authorization", "Bearer s3cret")).await);
    refused(server.post(&[("user", "reader")], "SELECT 1").await);
    let twice = server.request(Method::POST, &[("user", "reader"), ("password", "s3cret")]);
    refused(answer(twice.basic_auth("reader", Some("s3cret")).body("SELECT 1")).await);
    let ping = reqwest::get(format!("{}/ping", server.address)).await.unwrap();
    assert_eq!(ping.status(), 200);
}

#[tokio::test]
async fn files_networks_and_the_engine_itself_are_out_of_reach() {
    let data = Folder::new();
    let server = Server::start(data.path());
    let outside = Folder::new();
    let path = outside.path().join("written").display().to_string();
    let passwd = "'/etc/passwd', 'LineAsString'";
    for sql in [
        format!("SELECT * FROM file({passwd})"),
        "SELECT file('/etc/passwd')".to_owned(),
        "SELECT * APPLY file FROM (SELECT '/etc/passwd')".to_owned(),
        "SELECT * FROM _files.`/etc/passwd`".to_owned(),
        "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')".to_owned(),
        "SELECT * FROM url('file:///etc/passwd', 'LineAsString')".to_owned(),
        "SELECT * FROM s3('http://127.0.0.1:1/bucket/key.csv', 'CSV', 'a UInt8')".to_owned(),
        "SELECT * FROM remote('127.0.0.1:9000', system.one)".to_owned(),
        "SELECT * FROM filesystem('/etc')".to_owned(),
        "CREATE TABLE f (a String) ENGINE = File(CSV)".to_owned(),
        "CREATE TABLE f (a String) ENGINE = URL('http://127.0.0.1:1/', 'CSV')".to_owned(),
        "CREATE DATABASE f ENGINE = Filesystem('/etc')".to_owned(),
        format!("INSERT INTO FUNCTION file('{path}', 'CSV', 'a UInt8') VALUES (1)"),
        "SYSTEM SHUTDOWN".to_owned(),
        "SYSTEM KILL".to_owned(),
        "DROP DATABASE default".to_owned(),
        "DETACH DATABASE default".to_owned(),
    ] {
        server.post(&[], sql).await.is_error(403, 497, "ACCESS_DENIED");
    }
    server.post(&[("database", "default")], "SELECT * FROM `/etc/passwd`").await.is_error(404, 60, "UNKNOWN_TABLE");
    server.post(&[], format!("SELECT 1 INTO OUTFILE '{path}'")).await.is_error(500, 358, "INTO_OUTFILE_NOT_ALLOWED");
    server.post(&[], "CREATE TABLE t (a String) ORDER BY a").await.ok();
    server.post(&[], "INSERT INTO t FROM INFILE '/etc/passwd' FORMAT LineAsString").await.is_error(
        404,
        78,
        "UNKNOWN_TYPE_OF_QUERY",
    );
    server.post(&[], "INSERT INTO t VALUES (file('/etc/passwd'))").await.is_error(403, 497, "ACCESS_DENIED");
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 0);
    assert_eq!(server.run("SELECT count() FROM t").await, "0\n");
}
