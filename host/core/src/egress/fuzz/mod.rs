//! The parsers of the egress path under generated input: what a connector, a
//! provider or a user hands over, well-formed, nearly so and not at all.

mod addresses;
mod bodies;
mod embedded;
mod event_stream;
mod headers;
mod retry;
