//! End-to-end tests: the real component in the real host over real sockets.
//! Each module is a list of requirements on one subject.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "test code: a test that cannot continue should panic at once"
)]

mod anthropic;
mod attacks;
mod batches;
mod browser;
mod cli;
mod contract;
mod egress;
mod embeddings;
mod examples;
mod faults;
mod forms;
mod functions;
mod guides;
mod isolation;
mod judges;
mod layers;
mod mcp;
mod network;
mod node_red;
mod package;
mod page;
mod readme;
mod refusals;
mod reported;
mod responses;
mod retry;
mod service;
mod store;
mod streams;
mod supply;
mod token;
mod wire;
mod worker;
