//! The readers of what comes from a provider, under generated input.

mod error;
mod json;
mod stream;
