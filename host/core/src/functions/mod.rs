//! What can be a function besides a closure: an action of a connector, and an
//! HTTP call that a file declares.

mod actions;
mod http;

pub use http::HttpFunction;
