//! Functions that are not closures: actions of connectors, and HTTP calls declared
//! in a file.

mod actions;
mod http;

pub use http::HttpFunction;
