//! The Workers runtime around the app: nothing is decided here. Compiled for wasm only.

mod buffer;
mod buffers;
mod entry;
mod queue;
mod request;
mod signature;
