//! The Workers runtime around the app: nothing is decided here. Compiled for wasm only.

mod entry;
mod request;
mod signature;
