//! Connects the app to the Workers runtime and makes no decisions. Compiled for wasm only.

mod boundary;
mod buffer;
mod buffers;
mod entry;
mod export;
mod promise;
mod queue;
mod request;
mod signature;
