//! Futures as JavaScript sees them.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

/// The result itself where nothing has to be waited for, else a promise of it. To make a promise, its
/// callbacks and its task costs more than most requests take otherwise.
pub(super) fn now_or_later(future: impl Future<Output = JsValue> + 'static) -> JsValue {
    let mut future: Pin<Box<dyn Future<Output = JsValue>>> = Box::pin(future);
    let relay = Arc::new(Relay::default());
    let waker = Waker::from(relay.clone());
    match future.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(value) => value,
        Poll::Pending => future_to_promise(Relayed { future, relay, waker }).into(),
    }
}

/// Passes a call on to the task that waits now: who was given a waker at the first look may keep it.
#[derive(Default)]
struct Relay(Mutex<Option<Waker>>);

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        // Before there is a task, nobody need be woken: it looks by itself when it begins.
        let task = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// A future that was looked at once before it became a task.
struct Relayed {
    future: Pin<Box<dyn Future<Output = JsValue>>>,
    relay: Arc<Relay>,
    waker: Waker,
}

impl Future for Relayed {
    type Output = Result<JsValue, JsValue>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        *self.relay.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
        let waker = self.waker.clone();
        self.future.as_mut().poll(&mut Context::from_waker(&waker)).map(Ok)
    }
}
