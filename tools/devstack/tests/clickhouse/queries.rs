//! Reading: where the query comes from, parameters, settings, formats, streams.

use std::time::{Duration, Instant};

use reqwest::Method;

use crate::server::{Folder, Server, answer, command, gunzip};

#[tokio::test]
async fn ping_and_a_bare_get_are_health_checks() {
    let data = Folder::new();
    let server = Server::start(data.path());
    assert_eq!(server.get(&[]).await.ok(), "Ok.\n");
    let ping = reqwest::get(format!("{}/ping", server.address)).await.unwrap();
    assert_eq!(ping.text().await.unwrap(), "Ok.\n");
    assert_eq!(reqwest::get(format!("{}/nothing", server.address)).await.unwrap().status(), 404);
}

#[tokio::test]
async fn the_query_comes_from_the_url_the_body_or_both() {
    let data = Folder::new();
    let server = Server::start(data.path());
    assert_eq!(server.get(&[("query", "SELECT 1")]).await.ok(), "1\n");
    assert_eq!(server.post(&[], "SELECT 2").await.ok(), "2\n");
    assert_eq!(server.post(&[("query", "SELECT")], "3").await.ok(), "3\n");
    assert_eq!(server.run("-- a comment; here\nSELECT ';' -- and; here").await, ";\n");
    assert_eq!(server.run("SELECT currentDatabase()").await, "test\n");
    assert_eq!(server.post(&[("database", "system")], "SELECT currentDatabase()").await.ok(), "system\n");
    let by_header = server.request(Method::POST, &[]).header("X-ClickHouse-Database", "system");
    assert_eq!(answer(by_header.body("SELECT currentDatabase()")).await.ok(), "system\n");
}

#[tokio::test]
async fn parameters_are_data_of_their_type() {
    let data = Folder::new();
    let server = Server::start(data.path());
    let parameters = [
        ("param_s", r"quote ' tab \t line \n back \\ {s:String} `x`"),
        ("param_a", r"['it\'s','b']"),
        ("param_d", "2024-02-29"),
        ("param_t", "2024-02-29 12:30:00"),
        ("param_u", "61f0c404-5cb3-11e7-907b-a6006ad3dba0"),
        ("param_n", r"\N"),
        ("param_i", "-7"),
    ];
    let sql = "SELECT {s:String} AS s, {a:Array(String)} AS a, {d:Date} AS d, {t:DateTime('UTC')} AS t, \
               {u:UUID} AS u, {n:Nullable(String)} AS n, {i:Int32} AS i FORMAT JSONEachRow";
    let row: serde_json::Value = serde_json::from_str(&server.post(&parameters, sql).await.ok()).unwrap();
    assert_eq!(row["s"], "quote ' tab \t line \n back \\ {s:String} `x`");
    assert_eq!(row["a"], serde_json::json!(["it's", "b"]));
    assert_eq!(row["d"], "2024-02-29");
    assert_eq!(row["t"], "2024-02-29 12:30:00");
    assert_eq!(row["u"], "61f0c404-5cb3-11e7-907b-a6006ad3dba0");
    assert!(row["n"].is_null());
    assert_eq!(row["i"], -7);
}

#[tokio::test]
async fn sql_in_a_parameter_stays_data() {
    let data = Folder::new();
    let server = Server::start(data.path());
    server.run("CREATE TABLE victims (a String) ORDER BY a").await;
    let hostile = "x'); DROP TABLE victims; SELECT ('";
    assert_eq!(server.post(&[("param_s", hostile)], "SELECT {s:String} = {s:String}").await.ok(), "1\n");
    let inserted = [("param_s", hostile)];
    server.post(&inserted, "INSERT INTO victims VALUES ({s:String})").await.ok();
    assert_eq!(server.run("SELECT a FROM victims FORMAT TSVRaw").await.trim_end(), hostile);
    server.post(&[("param_i", "1 OR 1=1")], "SELECT {i:UInt8}").await.is_error(500, 457, "BAD_QUERY_PARAMETER");
    server.post(&[], "SELECT {missing:UInt8}").await.is_error(500, 456, "UNKNOWN_QUERY_PARAMETER");
}

#[tokio::test]
async fn settings_hold_for_their_request_only() {
    let data = Folder::new();
    let server = Server::start(data.path());
    let sql = "SELECT getSetting('max_block_size'), getSetting('log_comment')";
    let set = [("max_block_size", "17"), ("log_comment", r"it's \ here"), ("async_insert", "1")];
    assert_eq!(server.post(&set, format!("{sql} FORMAT TSVRaw")).await.ok(), "17\tit's \\ here\n");
    assert_ne!(server.run(sql).await, "17\t\n");
    server.post(&[("no_such_setting", "1")], "SELECT 1").await.is_error(404, 115, "UNKNOWN_SETTING");
    server.post(&[("a = 1, max_threads", "1")], "SELECT 1").await.is_error(404, 115, "UNKNOWN_SETTING");
    server.post(&[("max_threads", "many")], "SELECT 1").await.is_error(400, 27, "CANNOT_PARSE_INPUT_ASSERTION_FAILED");
}

#[tokio::test]
async fn the_format_comes_from_the_query_the_url_or_a_header() {
    let data = Folder::new();
    let server = Server::start(data.path());
    let reply = server.post(&[("default_format", "JSONEachRow"), ("query_id", "mine")], "SELECT 1 AS a").await;
    assert_eq!(reply.header("x-clickhouse-format"), "JSONEachRow");
    assert_eq!(reply.header("content-type"), "application/x-ndjson; charset=UTF-8");
    assert_eq!(reply.header("x-clickhouse-query-id"), "mine");
    assert!(!reply.header("x-clickhouse-timezone").is_empty());
    assert!(!reply.header("x-clickhouse-server-display-name").is_empty());
    assert_eq!(reply.ok(), "{\"a\":1}\n");
    let by_header = server.request(Method::POST, &[]).header("X-ClickHouse-Format", "CSVWithNames");
    assert_eq!(answer(by_header.body("SELECT 1 AS a")).await.ok(), "\"a\"\n1\n");
    assert_eq!(server.post(&[("default_format", "CSV")], "SELECT 1 FORMAT TSV;").await.ok(), "1\n");
    server.post(&[], "SELECT 1 FORMAT Nonsense").await.is_error(404, 73, "UNKNOWN_FORMAT");
}

#[tokio::test]
async fn documents_and_headers_are_whole_whatever_their_size() {
    let data = Folder::new();
    let server = Server::start(data.path());
    let sql = "SELECT number, toString(number) AS s FROM numbers(300000)";
    let json: serde_json::Value = serde_json::from_str(&server.run(&format!("{sql} FORMAT JSON")).await).unwrap();
    assert_eq!(json["data"].as_array().unwrap().len(), 300_000);
    assert_eq!(json["rows"], 300_000);
    let compact = server.run(&format!("{sql} FORMAT JSONCompactEachRowWithNamesAndTypes")).await;
    assert_eq!(compact.lines().count(), 300_002);
    assert_eq!(compact.lines().next(), Some(r#"["number", "s"]"#));
    assert_eq!(compact.lines().last(), Some(r#"[299999, "299999"]"#));
    let totals =
        "SELECT number % 3 AS k, count() FROM numbers(9) GROUP BY k WITH TOTALS ORDER BY k FORMAT TSVWithNames";
    assert_eq!(server.run(totals).await, "k\tcount()\n0\t3\n1\t3\n2\t3\n\n0\t9\n");
    let parquet = server.request(Method::POST, &[]).body(format!("{sql} FORMAT Parquet")).send().await.unwrap();
    let parquet = parquet.bytes().await.unwrap();
    assert!(parquet.starts_with(b"PAR1") && parquet.ends_with(b"PAR1"));
    let binary = server.request(Method::POST, &[]).body("SELECT toUInt16(258) FORMAT RowBinary").send().await.unwrap();
    assert_eq!(binary.bytes().await.unwrap().as_ref(), [2, 1]);
}

#[tokio::test]
async fn a_large_result_is_streamed_in_bounded_memory() {
    let data = Folder::new();
    let server = Server::start(data.path());
    server.run("SELECT 1").await;
    let before = server.peak_mebibytes();
    let sql = "SELECT number, repeat('x', 500) AS s FROM numbers(1000000) FORMAT JSONEachRow";
    let mut reply = server.request(Method::POST, &[]).body(sql).send().await.unwrap();
    let (mut bytes, mut rows) = (0, 0);
    while let Some(chunk) = reply.chunk().await.unwrap() {
        bytes += chunk.len();
        rows += chunk.split(|byte| *byte == b'\n').count() - 1;
    }
    assert_eq!(rows, 1_000_000);
    assert!(bytes > 500_000_000);
    let growth = server.peak_mebibytes() - before;
    assert!(growth < 400, "grew by {growth} MiB");
}

#[tokio::test]
async fn the_answer_is_gzipped_on_request() {
    let data = Folder::new();
    let server = Server::start(data.path());
    let ask = |rows: u32, allow: &'static str| {
        server
            .request(Method::POST, &[("enable_http_compression", allow)])
            .header("Accept-Encoding", "br, gzip;q=0.5")
            .body(format!("SELECT number FROM numbers({rows})"))
            .send()
    };
    for rows in [3, 1_000_000] {
        let reply = ask(rows, "1").await.unwrap();
        assert_eq!(reply.headers()["content-encoding"], "gzip");
        let text = gunzip(&reply.bytes().await.unwrap());
        assert_eq!(text.lines().count(), rows as usize);
    }
    let plain = ask(3, "0").await.unwrap();
    assert!(plain.headers().get("content-encoding").is_none());
    assert_eq!(plain.text().await.unwrap(), "0\n1\n2\n");
}

#[tokio::test]
async fn the_summary_counts_what_was_read() {
    let data = Folder::new();
    let server = Server::start(data.path());
    let reply = server.post(&[("wait_end_of_query", "1")], "SELECT sum(number) FROM numbers(1000)").await;
    let summary: serde_json::Value = serde_json::from_str(reply.header("x-clickhouse-summary")).unwrap();
    assert_eq!(summary["read_rows"], "1000");
    assert_eq!(summary["result_rows"], "1");
    assert!(summary["elapsed_ns"].as_str().unwrap().parse::<u64>().unwrap() > 0);
}

#[tokio::test]
async fn a_query_whose_time_is_up_ends() {
    let data = Folder::new();
    let server = Server::start(data.path());
    let started = Instant::now();
    let sql = "SELECT count() FROM numbers(1000000000000) WHERE sipHash64(number) = 1";
    server.post(&[("max_execution_time", "1")], sql).await.is_error(408, 159, "TIMEOUT_EXCEEDED");
    assert!(started.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn requests_beyond_the_slots_wait_for_their_turn() {
    let data = Folder::new();
    let server = Server::start_with(command(data.path()).args(["--max-concurrent-queries", "1"]));
    let started = Instant::now();
    let (first, second) = tokio::join!(server.run("SELECT sleep(0.5)"), server.run("SELECT sleep(0.5)"));
    assert_eq!((first.as_str(), second.as_str()), ("0\n", "0\n"));
    assert!(started.elapsed() >= Duration::from_secs(1));
}
