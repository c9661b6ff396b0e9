//! What is measured, and what it is measured against. `tests/bench/bench.py`
//! puts the figures together.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot go on should say so at once"
)]

pub mod bare;
pub mod clients;
pub mod flight;
pub mod hello;
pub mod provider;
pub mod quantiles;
pub mod transfers;
pub mod turns;
