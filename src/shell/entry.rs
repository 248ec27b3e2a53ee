//! The entry points that the runtime calls.

use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Function, Intl, Object, Reflect, RegExp};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast, JsValue};
use worker::{Context, Env, RateLimiter, ScheduleContext, ScheduledEvent, console_error, event};

use super::export::export;
use super::promise::now_or_later;
use super::request::{self, WorkerRequest};
use super::{boundary, buffers, signature};
use crate::app::{App, Body, Pending, Reply, Runtime, SignatureCheck};
use crate::config::{Config, Sink};
use intake::time::Timestamp;

thread_local! {
    static LIMITERS: RefCell<HashMap<&'static str, Rc<RateLimiter>>> = RefCell::default();
    /// One app per instance, because reading the settings again would cost more than handling an event.
    static APP: OnceCell<Rc<App>> = const { OnceCell::new() };
}

#[event(start)]
fn start() {
    console_error_panic_hook::set_once();
}

/// Names of the headers that are passed with each request, one per line.
#[wasm_bindgen]
pub fn packed_headers() -> String {
    request::packed_headers()
}

/// Time for a client to send a body, in milliseconds.
#[wasm_bindgen]
pub fn body_timeout_ms() -> u32 {
    request::body_timeout_ms()
}

/// Answers a request: a `Response` or a promise of one. `head` holds its method, its URL and the
/// [`packed_headers`], one per line; `body` is present if it is small (`fetch.js`).
#[wasm_bindgen]
pub fn answer(request: JsValue, head: String, body: Option<Vec<u8>>, env: &Env, context: JsValue) -> JsValue {
    let app = app(env);
    now_or_later(async move {
        let (reply, after) = app.handle(&mut WorkerRequest::new(request, head, body)).await;
        if !after.is_empty() {
            Context::new(context.unchecked_into()).wait_until(async move {
                for work in after {
                    app.after(work).await;
                }
            });
        }
        response(reply)
    })
}

#[event(scheduled)]
async fn scheduled(_event: ScheduledEvent, env: Env, _context: ScheduleContext) {
    app(&env).scheduled().await;
}

pub(super) fn app(env: &Env) -> Rc<App> {
    APP.with(|app| {
        app.get_or_init(|| {
            LIMITERS.with(|limiters| limiters.borrow_mut().extend(bound(env)));
            let config = Config::read(|name| env.var(name).ok().map(|value| value.to_string()));
            let bound = buffers::bind(env);
            let config = match config {
                Ok(config) if config.sink == Sink::Buffer && !bound => Err(vec!["BUFFER"]),
                config => config,
            };
            let buffer = buffers::CALLS;
            Rc::new(App::new(
                config,
                Runtime { now, random, sleep, verify, shared_limit, is_bot, offset_at, export, buffer, log },
            ))
        })
        .clone()
    })
}

fn response(reply: Reply) -> JsValue {
    let mut lines = String::with_capacity(256);
    for (name, value) in &reply.headers {
        for part in [name, "\n", value, "\n"] {
            lines.push_str(part);
        }
    }
    match reply.body {
        Body::Whole(bytes) => boundary::respond(reply.status, &lines, &bytes),
        Body::Stream(stream) => match stream.0.downcast::<JsValue>() {
            Ok(stream) => boundary::respond_with(reply.status, &lines, &stream),
            Err(_) => boundary::respond(500, "", &[]),
        },
    }
}

#[expect(clippy::cast_possible_truncation, reason = "milliseconds of the clock are whole and far below 2^53")]
pub(super) fn now() -> Timestamp {
    // `worker::Date` would create an object.
    Timestamp(js_sys::Date::now() as i64)
}

fn random() -> Option<[u8; 16]> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok().map(|()| bytes)
}

fn sleep(time: Duration) -> Pending<()> {
    Box::pin(worker::Delay::from(time))
}

fn verify(check: SignatureCheck) -> Pending<bool> {
    // A key or signature that the host cannot parse is an invalid signature.
    Box::pin(async move { signature::verify(check).await.unwrap_or(false) })
}

/// The bound rate limiters, if any. They count across instances.
fn bound(env: &Env) -> impl Iterator<Item = (&'static str, Rc<RateLimiter>)> {
    ["CLIENT_LIMITER", "READ_LIMITER"]
        .into_iter()
        .filter_map(|name| env.rate_limiter(name).ok().map(|limiter| (name, Rc::new(limiter))))
}

fn shared_limit(name: &'static str, key: String) -> Pending<bool> {
    let limiter = LIMITERS.with(|limiters| limiters.borrow().get(name).cloned());
    Box::pin(async move {
        match limiter {
            Some(limiter) => limiter.limit(key).await.map_or(true, |outcome| outcome.success),
            None => true,
        }
    })
}

fn is_bot(user_agent: &str) -> bool {
    // Uses the host's regular expressions: the `regex` crate would add 247 KB to the bundle and 230 ms to the start.
    thread_local! {
        static PATTERN: RegExp = RegExp::new(useragent::ISBOT_PATTERN.trim(), "i");
    }
    PATTERN.with(|pattern| pattern.test(user_agent))
}

/// Reads the offset from the host's time zone database, in the form `GMT+05:30`, or `GMT` for zero.
fn offset_at(zone: &str, at: Timestamp) -> Option<i32> {
    thread_local! {
        static FORMATS: RefCell<HashMap<String, Intl::DateTimeFormat>> = RefCell::default();
    }
    let format = FORMATS.with_borrow_mut(|formats| {
        if let Some(format) = formats.get(zone) {
            return Some(format.clone());
        }
        let format = zone_format(zone).ok()?;
        if formats.len() >= 100 {
            formats.clear();
        }
        formats.insert(zone.to_owned(), format.clone());
        Some(format)
    })?;
    #[expect(clippy::cast_precision_loss, reason = "instants of this century are exact in a double")]
    let date = js_sys::Date::new(&JsValue::from_f64(at.0 as f64));
    let text = format.format().call1(&JsValue::UNDEFINED, &date).ok()?.as_string()?;
    let (_, offset) = text.rsplit_once("GMT")?;
    if offset.is_empty() {
        return Some(0);
    }
    let (hours, minutes) = offset.get(1..)?.split_once(':')?;
    let minutes: i32 = hours.parse::<i32>().ok()? * 60 + minutes.get(..2)?.parse::<i32>().ok()?;
    Some(if offset.starts_with('-') { -minutes } else { minutes })
}

/// The constructor throws if the time zone does not exist.
fn zone_format(zone: &str) -> std::result::Result<Intl::DateTimeFormat, JsValue> {
    let options = Object::new();
    Reflect::set(&options, &"timeZone".into(), &zone.into())?;
    Reflect::set(&options, &"timeZoneName".into(), &"longOffset".into())?;
    let constructor: Function =
        Reflect::get(&Reflect::get(&js_sys::global(), &"Intl".into())?, &"DateTimeFormat".into())?.dyn_into()?;
    Reflect::construct(&constructor, &Array::of2(&"en-US".into(), &options)).map(JsCast::unchecked_into)
}

fn log(line: &str) {
    console_error!("{line}");
}
