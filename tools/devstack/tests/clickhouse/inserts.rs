//! Writing: rows in a format, values, selects; compressed, streamed, broken, many at once.

use std::io::Write;

use bytes::Bytes;
use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http_body_util::channel::Channel;
use reqwest::{Body, Method};

use crate::server::{Folder, Server, answer};

const TABLE: &str = "CREATE TABLE t (a UInt64, s String) ORDER BY a";
const INSERT: (&str, &str) = ("query", "INSERT INTO t FORMAT JSONEachRow");

async fn started(data: &Folder) -> Server {
    let server = Server::start(data.path());
    server.run(TABLE).await;
    server
}

fn rows(from: u64, to: u64) -> String {
    (from..to).map(|a| format!("{{\"a\":{a},\"s\":\"row {a}\"}}\n")).collect::<Vec<_>>().concat()
}

#[tokio::test]
async fn rows_come_in_the_body_after_the_query() {
    let data = Folder::new();
    let server = started(&data).await;
    let reply = server.post(&[INSERT], rows(0, 100)).await;
    let summary: serde_json::Value = serde_json::from_str(reply.header("x-clickhouse-summary")).unwrap();
    assert_eq!(summary["written_rows"], "100");
    assert_eq!(reply.ok(), "");
    server.post(&[], format!("INSERT INTO t FORMAT JSONEachRow\n{}", rows(100, 200))).await.ok();
    server.post(&[("query", "INSERT INTO t (a, s) FORMAT CSV")], "200,\"x, y\"\n201,z").await.ok();
    server.post(&[("query", "INSERT INTO t FORMAT JSONCompactEachRow")], "[202, \"x\"]").await.ok();
    server.post(&[INSERT], "").await.ok();
    assert_eq!(server.run("SELECT count(), max(a) FROM t").await, "203\t202\n");
}

#[tokio::test]
async fn values_and_selects_are_inserted_too() {
    let data = Folder::new();
    let server = started(&data).await;
    server.run("INSERT INTO t VALUES (1, 'a;b'), (2, upper('c'))").await;
    server.post(&[("query", "INSERT INTO t (a) VALUES")], "(3), (4)").await.ok();
    server
        .post(&[("param_a", "5"), ("param_s", r"it's\n")], "INSERT INTO t VALUES ({a:UInt64}, {s:String})")
        .await
        .ok();
    server.post(&[("param_t", "t")], "INSERT INTO {t:Identifier} FORMAT JSONEachRow {\"a\":6}").await.ok();
    server.run("INSERT INTO t SELECT number + 10, 'z' FROM numbers(5)").await;
    assert_eq!(
        server.run("SELECT groupArray(a), groupArray(s) FROM (SELECT * FROM t WHERE a < 7 ORDER BY a)").await,
        "[1,2,3,4,5,6]\t['a;b','C','','','it\\'s\\n','']\n"
    );
    assert_eq!(server.run("SELECT count() FROM t").await, "11\n");
}

#[tokio::test]
async fn a_streamed_body_makes_one_part_wherever_it_is_cut() {
    let data = Folder::new();
    let server = started(&data).await;
    let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(2);
    let request = server.request(Method::POST, &[INSERT]).body(Body::wrap(body));
    let send = async move {
        for piece in rows(0, 50_000).into_bytes().chunks(4_321) {
            sender.send_data(Bytes::copy_from_slice(piece)).await.unwrap();
        }
    };
    let (reply, ()) = tokio::join!(answer(request), send);
    reply.ok();
    assert_eq!(server.run("SELECT count(), sum(a), uniq(s) > 49000 FROM t").await, "50000\t1249975000\t1\n");
    assert_eq!(server.run("SELECT count() FROM system.parts WHERE table = 't' AND active").await, "1\n");
}

#[tokio::test]
async fn a_body_that_breaks_off_inserts_nothing() {
    let data = Folder::new();
    let server = started(&data).await;
    let (mut sender, body) = Channel::<Bytes, std::io::Error>::new(2);
    let request = server.request(Method::POST, &[INSERT]).body(Body::wrap(body));
    let send = async move {
        sender.send_data(rows(0, 1000).into()).await.unwrap();
        sender.abort(std::io::Error::other("gone"));
    };
    let (outcome, ()) = tokio::join!(request.send(), send);
    assert!(outcome.is_err());
    // The next insert is not hindered by the broken one.
    server.post(&[INSERT], rows(7, 8)).await.ok();
    assert_eq!(server.run("SELECT groupArray(a) FROM t").await, "[7]\n");
}

#[tokio::test]
async fn gzip_and_deflate_bodies_are_unpacked() {
    let data = Folder::new();
    let server = started(&data).await;
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(rows(0, 20_000).as_bytes()).unwrap();
    let mut deflate = ZlibEncoder::new(Vec::new(), Compression::default());
    deflate.write_all(rows(20_000, 30_000).as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    let post = |coding: &str, body: Vec<u8>| {
        answer(server.request(Method::POST, &[INSERT]).header("Content-Encoding", coding).body(body))
    };
    post("gzip", packed.clone()).await.ok();
    post("deflate", deflate.finish().unwrap()).await.ok();
    assert_eq!(server.run("SELECT count(), uniqExact(a) FROM t").await, "30000\t30000\n");

    post("gzip", packed[..packed.len() / 2].to_vec()).await.is_error(500, 271, "CANNOT_DECOMPRESS");
    post("gzip", b"no gzip".to_vec()).await.is_error(500, 271, "CANNOT_DECOMPRESS");
    post("zstd", packed).await.is_error(500, 89, "UNKNOWN_COMPRESSION_METHOD");
    server.post(&[INSERT, ("decompress", "1")], "x").await.is_error(501, 48, "NOT_IMPLEMENTED");
    assert_eq!(server.run("SELECT count() FROM t").await, "30000\n");
}

#[tokio::test]
async fn a_bad_row_is_refused_and_nothing_is_inserted() {
    let data = Folder::new();
    let server = started(&data).await;
    let body = format!("{}{{\"a\":\"many\"}}\n", rows(0, 5000));
    server.post(&[INSERT], body).await.is_error(400, 27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED");
    server.post(&[("query", "INSERT INTO t FORMAT CSV")], "1,a\n2,b,c\n").await.is_error(400, 117, "INCORRECT_DATA");
    assert_eq!(server.run("SELECT count() FROM t").await, "0\n");
    server.post(&[("query", "INSERT INTO nowhere FORMAT CSV")], "1".repeat(4 << 20)).await.is_error(
        404,
        60,
        "UNKNOWN_TABLE",
    );
    server.post(&[("query", "INSERT INTO t FORMAT Nonsense")], "1").await.is_error(404, 73, "UNKNOWN_FORMAT");
}

#[tokio::test]
async fn an_insert_from_input_is_refused_because_the_engine_would_drop_it() {
    let data = Folder::new();
    let server = started(&data).await;
    let sql = "INSERT INTO t SELECT a, s FROM input('a UInt64, s String') FORMAT JSONEachRow";
    server.post(&[("query", sql)], rows(0, 1)).await.is_error(501, 48, "NOT_IMPLEMENTED");
}

#[tokio::test]
async fn sixteen_writers_at_once_lose_nothing() {
    let data = Folder::new();
    let server = std::sync::Arc::new(started(&data).await);
    let writers = (0..16_u64).map(|writer| {
        let server = std::sync::Arc::clone(&server);
        tokio::spawn(async move {
            for batch in 0..5_u64 {
                let from = writer * 100_000 + batch * 100;
                server.post(&[INSERT, ("async_insert", "0")], rows(from, from + 100)).await.ok();
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    assert_eq!(server.run("SELECT count(), uniqExact(a) FROM t").await, "8000\t8000\n");
}
