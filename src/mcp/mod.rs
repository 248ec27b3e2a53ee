//! The Model Context Protocol: messages, revisions, tools, resources, and answers as text for a model. Pure;
//! `app/mcp.rs` runs the tools, with the same questions as REST.

mod arguments;
#[cfg(feature = "conformance")]
mod conformance;
mod message;
mod notes;
mod question;
mod resources;
mod result;
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
pub use result::finish;
pub use revision::{Era, Headers, era_of};
pub use server::{Asked, Who, asked, contents};
pub use text::{as_text, failed};
pub use tools::{Ask, Door, TOOLS, Tool};
