//! Midnight while the control plane is away: no event is lost, and no visitor's hash is weaker for it. The app
//! natively with a clock of the test's own; key and day keys come from the real control plane before.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use headwater::app::{App, Buffers, Depth, Runtime};
use intake::time::Timestamp;
use serde_json::{Value, json};
use tokio::io::copy_bidirectional;
use tokio::net::{TcpListener, TcpStream};

use crate::app::{self, Track};
use crate::world::{config, stack, wall_clock};

/// The clock.
static NOW: AtomicI64 = AtomicI64::new(0);
/// The rows that the buffer has taken.
static ROWS: Mutex<Vec<Value>> = Mutex::new(Vec::new());

/// The test's clock, and a buffer that keeps what it takes.
fn runtime() -> Runtime {
    let buffer = Buffers {
        append: |_, parcel| {
            let lines = String::from_utf8(parcel.lines).unwrap();
            ROWS.lock().unwrap().extend(lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()));
            Box::pin(async { Ok(()) })
        },
        look: |_| Box::pin(async { Ok(Depth::default()) }),
        ..app::runtime().buffer
    };
    Runtime { now: || Timestamp(NOW.load(Ordering::SeqCst)), buffer, ..app::runtime() }
}

/// A way to the control plane, open as long as the flag says so.
async fn way(open: Arc<AtomicBool>) -> String {
    let target = stack()["postgrest_url"].as_str().unwrap().trim_start_matches("http://").to_owned();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut socket, _)) = listener.accept().await {
            if !open.load(Ordering::SeqCst) {
                continue;
            }
            let (target, open) = (target.clone(), open.clone());
            tokio::spawn(async move {
                let mut upstream = TcpStream::connect(target).await.unwrap();
                let cut = async {
                    while open.load(Ordering::SeqCst) {
                        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                    }
                };
                tokio::select! {
                    _ = copy_bidirectional(&mut socket, &mut upstream) => {}
                    () = cut => {}
                }
            });
        }
    });
    url
}

/// Sends an event at `at` (the app's clock), which happened at `happened`; the status, and the stored hash.
async fn send(app: &App, at: Timestamp, happened: Timestamp, ip: &'static str) -> (u16, Option<u64>) {
    NOW.store(at.0, Ordering::SeqCst);
    ROWS.lock().unwrap().clear();
    let body = json!({ "event": "e", "timestamp": happened.0, "url": "http://localhost:3000/" }).to_string();
    let (reply, _) = app.handle(&mut Track { ip, ..Track::new("pk", body) }).await;
    let row = ROWS.lock().unwrap().first().cloned();
    (reply.status, row.map(|row| row["visitor_hash"].as_str().map_or(0, |hash| hash.parse().unwrap())))
}

const HOUR: i64 = 3_600_000;
const VISITOR: &str = "192.0.2.10";

#[tokio::test]
async fn with_the_control_plane_away_at_midnight_events_are_kept_and_hashes_are_as_good_as_ever() {
    let open = Arc::new(AtomicBool::new(true));
    let url = way(open.clone()).await;
    let app = App::new(config(&[("SUPABASE_URL", &url)]), runtime());
    let midnight = intake::time::Day(wall_clock().day().0 + 1).start();
    let before = midnight.plus(-30_000);

    // The key is looked up half a minute before midnight; then the control plane goes away.
    let (status, today) = send(&app, before, before, VISITOR).await;
    assert_eq!(status, 202);
    let today = today.unwrap();
    open.store(false, Ordering::SeqCst);

    let after = midnight.plus(30_000);
    let (status, tomorrow) = send(&app, after, after, VISITOR).await;
    assert_eq!(status, 202, "the first event of the new day");
    let tomorrow = tomorrow.unwrap();
    assert_eq!(send(&app, after.plus(1_000), after.plus(1_000), VISITOR).await, (202, Some(tomorrow)));
    // A late one takes the day it happened on.
    assert_eq!(send(&app, after.plus(2_000), before, VISITOR).await, (202, Some(today)));
    let (_, other) = send(&app, after.plus(3_000), after, "192.0.2.11").await;
    assert_eq!(BTreeSet::from([today, tomorrow, other.unwrap(), 0]).len(), 4, "no hash is empty or another's");

    // The same hash as every other instance makes, which has its key from the control plane itself.
    open.store(true, Ordering::SeqCst);
    let another = App::new(config(&[]), runtime());
    assert_eq!(send(&another, after.plus(4_000), after, VISITOR).await, (202, Some(tomorrow)));
    open.store(false, Ordering::SeqCst);

    // Nearly an hour on an old answer, events still count; past that nothing is taken that may not be.
    assert_eq!(send(&app, before.plus(HOUR - 1), after, VISITOR).await, (202, Some(tomorrow)));
    let (status, row) = send(&app, before.plus(HOUR + 1), after, VISITOR).await;
    assert_eq!((status, row), (503, None), "to be sent again, and not lost");
}
