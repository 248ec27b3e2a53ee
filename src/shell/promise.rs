//! Converts futures to promises.

use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

use wasm_bindgen::JsValue;
use wasm_bindgen_futures::future_to_promise;

/// Returns the result itself if the future is ready at once, otherwise a promise. A promise with its callbacks and its
/// task would cost more than most requests.
pub(super) fn now_or_later(future: impl Future<Output = JsValue> + 'static) -> JsValue {
    let mut future: Pin<Box<dyn Future<Output = JsValue>>> = Box::pin(future);
    let relay = Arc::new(Relay::default());
    let waker = Waker::from(relay.clone());
    match future.as_mut().poll(&mut Context::from_waker(&waker)) {
        Poll::Ready(value) => value,
        Poll::Pending => future_to_promise(Relayed { future, relay, waker }).into(),
    }
}

/// Wakes the current task. A waker from the first poll can outlive that poll, so it must reach the task that comes
/// later.
#[derive(Default)]
struct Relay(Mutex<Option<Waker>>);

impl Wake for Relay {
    fn wake(self: Arc<Self>) {
        // Before there is a task, nothing needs waking: a task polls the future when it starts.
        let task = self.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some(task) = task {
            task.wake();
        }
    }
}

/// A future that was polled once before it became a task.
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
