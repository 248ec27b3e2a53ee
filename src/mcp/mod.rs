//! The Model Context Protocol: what a message asks, which tools and resources there are, and how answers are
//! written for a model. What a tool does is the app's (`app/mcp.rs`): it asks the same questions as REST.

mod arguments;
#[cfg(feature = "conformance")]
mod conformance;
mod message;
mod notes;
mod question;
mod resources;
mod revision;
mod server;
mod text;
mod tools;
#[cfg(test)]
mod typed;

pub use message::{Call, Message, RpcError, read, refused, reply};
pub use notes::{Named, instead_of, names_in, notes};
pub use question::{question, trimmed};
pub use resources::{LANGUAGE, Resource, What};
pub use revision::{Era, Headers, era_of};
pub use server::{Asked, Who, asked, contents, finish};
pub use text::{failed, told};
pub use tools::{Ask, Door, TOOLS, Tool};
