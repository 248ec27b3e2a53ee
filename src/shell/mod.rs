//! The Workers runtime around the app: nothing is decided here. Compiled for wasm only.

mod boundary;
mod buffer;
mod buffers;
mod entry;
mod export;
mod promise;
mod queue;
mod request;
mod signature;
