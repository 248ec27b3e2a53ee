//! What a client is told when the buffer is full, fails or hangs: the app natively, on the stack's control plane,
//! over objects that do what a test says.

use std::time::Duration;

use headwater::app::{App, AppendError, Buffers, Depth, Pending, Reply, Runtime};
use headwater::buffer::Shard;
use serde_json::Value;
use tokio::time::Instant;
use upkeep::erase::{Found, Inquiry};

use crate::app::{Track, runtime};
use crate::world::config;

fn app(buffer: Buffers) -> App {
    App::new(config(&[]), Runtime { buffer, ..runtime() })
}

fn search(_: Shard, _: Inquiry) -> Pending<Result<Found, String>> {
    Box::pin(async { panic!("nobody is looked for here") })
}

async fn track(app: &App, stalls: bool) -> (Reply, Duration) {
    let event = Track::new("sk", r#"{"event":"e","event_id":"sink"}"#);
    let begin = Instant::now();
    let (reply, _) = app.handle(&mut Track { stalls, ..event }).await;
    (reply, begin.elapsed())
}

/// 503 within three seconds, with the seconds after which to come back.
fn unavailable(reply: &Reply, time: Duration) {
    let body: Value = intake::json::read(reply.body.bytes()).unwrap();
    assert_eq!((reply.status, &body["error"]), (503, &"store_unavailable".into()), "{body}");
    let retry =
        reply.headers.iter().find(|(name, _)| *name == "retry-after").map(|(_, seconds)| seconds.parse::<u32>());
    assert!(retry.is_some_and(|seconds| seconds.is_ok_and(|seconds| seconds >= 1)));
    assert!(time < Duration::from_secs(3), "{time:?}");
    assert!(!String::from_utf8_lossy(reply.body.bytes()).contains("disk"), "what the object said stays inside");
}

#[tokio::test]
async fn a_buffer_that_is_full_fails_or_hangs_gives_503_in_time() {
    let look: fn(Shard) -> Pending<Result<Depth, String>> = |_| Box::pin(async { Err("disk".to_owned()) });
    let full = Buffers { append: |_, _| Box::pin(async { Err(AppendError::Full) }), look, search };
    let fails =
        Buffers { append: |_, _| Box::pin(async { Err(AppendError::Failed("disk".to_owned())) }), look, search };
    let hangs = Buffers { append: |_, _| Box::pin(std::future::pending()), look, search };
    let takes = Buffers { append: |_, _| Box::pin(async { Ok(()) }), look, search };
    for buffer in [full, fails, hangs] {
        let app = app(buffer);
        // The key is looked up first, over a real connection. From then on the time is the test's own.
        track(&app, false).await;
        tokio::time::pause();
        let (reply, time) = track(&app, false).await;
        unavailable(&reply, time);
        tokio::time::resume();
    }
    assert_eq!(track(&app(takes), false).await.0.status, 202);
}

#[tokio::test]
async fn a_parcel_is_handed_over_with_its_events_and_months() {
    let takes = Buffers {
        append: |shard, parcel| {
            assert_eq!((shard.to_string().as_str(), parcel.events, parcel.months.len()), ("EU-0", 1, 1));
            assert!(parcel.lines.ends_with(b"\n"));
            Box::pin(async { Ok(()) })
        },
        look: |_| Box::pin(async { Ok(Depth::default()) }),
        search,
    };
    assert_eq!(track(&app(takes), false).await.0.status, 202);
}

/// With a clock of the test's own: nobody waits a quarter of a minute for a client.
#[tokio::test]
async fn a_client_that_stops_sending_is_told_so_in_the_end() {
    let takes =
        Buffers { append: |_, _| Box::pin(async { Ok(()) }), look: |_| Box::pin(async { Err(String::new()) }), search };
    let app = app(takes);
    // The key is looked up first, over a real connection.
    assert_eq!(track(&app, false).await.0.status, 202);
    tokio::time::pause();
    let (reply, _) = track(&app, true).await;
    let body: Value = intake::json::read(reply.body.bytes()).unwrap();
    assert_eq!((reply.status, &body["error"]), (400, &"invalid_payload".into()));
}
