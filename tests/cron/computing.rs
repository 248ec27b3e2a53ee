//! What the cron does: computes what is due, and goes on where a project fails.

use std::sync::{Arc, Mutex};

use headwater::app::{App, Runtime};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use upkeep::rollup::{Kind, ProjectDay};

use crate::app::runtime;
use crate::world::{World, config, day, stack, wall_clock};

/// Lines that the apps of this file have logged.
static LOG: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// An app on the stack's stores, with some settings changed.
fn app(changed: &[(&str, &str)]) -> App {
    let changed = [changed, &[("INGEST_SINK", "direct")]].concat();
    let log = |line: &str| LOG.lock().unwrap().push(line.to_owned());
    App::new(config(&changed), Runtime { now: wall_clock, log, ..runtime() })
}

/// A project with a day that was written to an hour ago.
async fn an_hour_ago() -> World {
    let world = World::new();
    world.insert(&[json!({"event_id": "a", "timestamp": "2026-11-10 10:00:00.000", "anonymous_id": "x"})]).await;
    world.execute("DELETE FROM dirty WHERE project_id = {project:UUID}").await;
    world
        .execute("INSERT INTO dirty SELECT {project:UUID}, 'live', '2026-11-10', now64(3, 'UTC') - INTERVAL 1 HOUR")
        .await;
    world
}

/// A way to the store on which the rollup of one project never gets through: the store says that its memory is
/// used up.
async fn way_without(project: String) -> String {
    let store = stack()["clickhouse_url"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (project, store) = (Arc::new(project), Arc::new(store));
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            let (project, store) = (project.clone(), store.clone());
            tokio::spawn(async move {
                let mut request = Vec::new();
                let body = loop {
                    let mut part = [0; 16_384];
                    let read = socket.read(&mut part).await.unwrap_or(0);
                    request.extend_from_slice(&part[..read]);
                    let text = String::from_utf8_lossy(&request).into_owned();
                    let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
                    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
                    if read == 0 || body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                        break body.to_owned();
                    }
                };
                let text = String::from_utf8_lossy(&request).into_owned();
                if body.starts_with("INSERT INTO daily_rollup") && text.contains(project.as_str()) {
                    let answer = "HTTP/1.1 500 X\r\nx-clickhouse-exception-code: 241\r\nconnection: close\r\n\
                        content-length: 0\r\n\r\n";
                    let _ = socket.write_all(answer.as_bytes()).await;
                    return;
                }
                // One request a connection, so that each is looked at.
                let closing = text.replacen("\r\n", "\r\nconnection: close\r\n", 1);
                let mut upstream = TcpStream::connect(store.as_str()).await.unwrap();
                upstream.write_all(closing.as_bytes()).await.unwrap();
                let _ = copy_bidirectional(&mut socket, &mut upstream).await;
            });
        }
    });
    url
}

#[tokio::test]
async fn a_project_that_fails_is_told_and_keeps_no_other_from_being_computed() {
    let (poor, other) = (an_hour_ago().await, an_hour_ago().await);
    // Without a user that may change tables it says so, and computes nothing.
    app(&[("CLICKHOUSE_MAINTAIN_USER", "")]).scheduled().await;
    assert!(LOG.lock().unwrap().iter().any(|line| line.contains("CLICKHOUSE_MAINTAIN_USER")));
    assert!(poor.clean(Kind::Rollup).await.is_empty() && other.clean(Kind::Rollup).await.is_empty());

    let way = way_without(poor.project.clone()).await;
    let app = app(&[("CLICKHOUSE_URL", &way)]);
    let told = || LOG.lock().unwrap().iter().any(|line| line.starts_with("rollup of") && line.contains(&poor.project));
    // Days that other tests have left may have their turn first.
    for _ in 0..30 {
        if told() && !other.clean(Kind::Rollup).await.is_empty() {
            break;
        }
        app.scheduled().await;
    }
    assert!(told(), "{:?}", LOG.lock().unwrap());
    assert_eq!(other.clean_days(Kind::Rollup).await, [day("2026-11-10")]);
    assert!(poor.clean(Kind::Rollup).await.is_empty());
    let due: Vec<ProjectDay> = poor.due(Kind::Rollup).await.into_iter().map(|due| due.day).collect();
    assert_eq!(due, [poor.day(day("2026-11-10"))], "it stays due");
    assert_eq!(poor.clean_days(Kind::Sessions).await, [day("2026-11-10")]);
}
