//! Instances of connectors, and the implementation of their imports.

pub(crate) mod backtrace;
pub(crate) mod bindings;
pub(crate) mod cache;
pub(crate) mod call;
pub(crate) mod complexity;
mod convert;
pub(crate) mod engine;
pub(crate) mod functions;
mod imports;
pub(crate) mod json_schema;
mod stack;
pub(crate) mod state;
