//! Calls the buffer's Durable Objects.

use std::cell::RefCell;
use std::fmt::Write as _;

use js_sys::Uint8Array;
use worker::{Env, Method, ObjectNamespace, Request, RequestInit, Response, Result, Stub};

use crate::app::{AppendError, Buffers, Depth, Pending};
use crate::buffer::Shard;
use intake::ingest::Parcel;
use upkeep::erase::{Found, Inquiry};

/// Name of the binding in `wrangler.toml`.
const BINDING: &str = "BUFFER";

thread_local! {
    static NAMESPACE: RefCell<Option<ObjectNamespace>> = const { RefCell::new(None) };
}

/// Looks up the binding, and returns whether it exists.
pub(super) fn bind(env: &Env) -> bool {
    let namespace = env.durable_object(BINDING).ok();
    let bound = namespace.is_some();
    NAMESPACE.set(namespace);
    bound
}

/// The app's interface to the buffer.
pub(super) const CALLS: Buffers = Buffers { append, look, search };

fn stub(shard: Shard) -> Result<Stub> {
    NAMESPACE.with_borrow(|namespace| {
        let namespace = namespace.as_ref().ok_or_else(|| worker::Error::BindingError(BINDING.to_owned()))?;
        match shard.location_hint() {
            Some(hint) => namespace.get_by_name_with_location_hint(&shard.to_string(), hint),
            None => namespace.get_by_name(&shard.to_string()),
        }
    })
}

async fn exchange(shard: Shard, url: &str, lines: Option<&[u8]>) -> Result<Response> {
    let mut init = RequestInit::new();
    if let Some(lines) = lines {
        init.with_method(Method::Post).with_body(Some(Uint8Array::from(lines).into()));
    }
    // A URL needs a host; this one means nothing.
    stub(shard)?.fetch_with_request(Request::new_with_init(url, &init)?).await
}

fn append(shard: Shard, parcel: Parcel) -> Pending<std::result::Result<(), AppendError>> {
    Box::pin(async move {
        let mut url = format!("https://buffer/append?events={}&months=", parcel.events);
        for (index, month) in parcel.months.iter().enumerate() {
            let _ = write!(url, "{}{month}", if index > 0 { "." } else { "" });
        }
        match exchange(shard, &url, Some(&parcel.lines)).await.map(|response| response.status_code()) {
            Ok(204) => Ok(()),
            Ok(507) => Err(AppendError::Full),
            Ok(status) => Err(AppendError::Failed(format!("status {status}"))),
            Err(error) => Err(AppendError::Failed(error.to_string())),
        }
    })
}

fn look(shard: Shard) -> Pending<std::result::Result<Depth, String>> {
    Box::pin(async move {
        let mut response = exchange(shard, "https://buffer/depth", None).await.map_err(|error| error.to_string())?;
        response.json().await.map_err(|error| error.to_string())
    })
}

fn search(shard: Shard, inquiry: Inquiry) -> Pending<std::result::Result<Found, String>> {
    Box::pin(async move {
        // JSON text on both sides, because JavaScript numbers would lose digits of 64-bit integers.
        let body = serde_json::to_vec(&inquiry).map_err(|error| error.to_string())?;
        let asked = exchange(shard, "https://buffer/search", Some(&body)).await;
        let text = async { asked?.text().await }.await.map_err(|error| error.to_string())?;
        serde_json::from_str(&text).map_err(|_| "an unusable answer".to_owned())
    })
}
