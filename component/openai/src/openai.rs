//! What all of OpenAI's endpoints have in common: requests, streams, errors,
//! model lists and token counts.

pub mod error;
pub mod models;
pub mod parameters;
pub mod request;
pub mod rules;
pub mod stream;
pub mod usage;
