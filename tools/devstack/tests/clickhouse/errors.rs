//! Errors: status, code and text as on a real server.

use reqwest::Method;

use crate::server::{Folder, Server, answer};

#[tokio::test]
async fn errors_carry_status_code_and_name() {
    let data = Folder::new();
    let server = Server::start(data.path());
    server.post(&[], "SELEC 1").await.is_error(400, 62, "SYNTAX_ERROR");
    server.post(&[], "1 + 1").await.is_error(400, 62, "SYNTAX_ERROR");
    server.post(&[], " \n").await.is_error(400, 62, "SYNTAX_ERROR");
    server.post(&[], "SELECT 1; SELECT 2").await.is_error(400, 62, "SYNTAX_ERROR");
    server.post(&[], "SELECT * FROM nowhere").await.is_error(404, 60, "UNKNOWN_TABLE");
    server.post(&[], "SELECT missing_column").await.is_error(404, 47, "UNKNOWN_IDENTIFIER");
    server.post(&[], "SELECT missing_function()").await.is_error(404, 46, "UNKNOWN_FUNCTION");
    server.post(&[("database", "nowhere")], "SELECT 1").await.is_error(404, 81, "UNKNOWN_DATABASE");
    let multipart = server.request(Method::POST, &[]).header("Content-Type", "multipart/form-data; boundary=x");
    answer(multipart.body("--x--")).await.is_error(501, 48, "NOT_IMPLEMENTED");
    let broken = server.request(Method::POST, &[]).body(Vec::from(*b"SELECT '\xff'"));
    assert_eq!(broken.send().await.unwrap().bytes().await.unwrap().as_ref(), b"\xff\n");
}

#[tokio::test]
async fn a_get_only_reads() {
    let data = Folder::new();
    let server = Server::start(data.path());
    server.run("CREATE TABLE t (a UInt8) ORDER BY a").await;
    for sql in [
        "INSERT INTO t VALUES (1)",
        "INSERT INTO t FORMAT CSV 1",
        "DROP TABLE t",
        "CREATE TABLE u (a UInt8) ORDER BY a",
    ] {
        server.get(&[("query", sql)]).await.is_error(500, 164, "READONLY");
    }
    assert_eq!(server.get(&[("query", "SELECT count() FROM t"), ("max_threads", "1")]).await.ok(), "0\n");
}

#[tokio::test]
async fn an_error_within_a_stream_is_marked_and_breaks_the_answer_off() {
    let data = Folder::new();
    let server = Server::start(data.path());
    let sql = "SELECT throwIf(number = 3000000, 'boom'), repeat('x', 100) FROM numbers(5000000)";
    let mut reply = server.request(Method::POST, &[]).body(sql).send().await.unwrap();
    assert_eq!(reply.status(), 200);
    let tag = reply.headers()["x-clickhouse-exception-tag"].to_str().unwrap().to_owned();
    let mut tail = Vec::new();
    let broken = loop {
        match reply.chunk().await {
            Ok(Some(chunk)) => {
                tail.extend_from_slice(&chunk);
                tail.drain(..tail.len().saturating_sub(4096));
            }
            Ok(None) => break false,
            Err(_) => break true,
        }
    };
    assert!(broken, "the answer looks complete");
    let tail = String::from_utf8_lossy(&tail);
    assert!(tail.contains(&format!("\r\n__exception__\r\n{tag}\r\nCode: 395. DB::Exception: boom")), "{tail}");
    assert!(tail.ends_with(&format!(" {tag}\r\n__exception__\r\n")), "{tail}");
    let short = "SELECT throwIf(number = 3000000, 'boom') FROM numbers(5000000)";
    let waited = server.post(&[("wait_end_of_query", "1")], short).await;
    waited.is_error(500, 395, "FUNCTION_THROW_IF_VALUE_IS_NON_ZERO");
}
