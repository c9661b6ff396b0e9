//! Fuzz tests of the egress path's parsers, with valid, nearly valid and invalid
//! input from connectors, providers and users.

mod addresses;
mod bodies;
mod embedded;
mod event_stream;
mod headers;
mod retry;
