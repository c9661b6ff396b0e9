//! The measurements, and the clients and servers they compare.
//! `tests/bench/bench.py` collects the figures.
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a benchmark that cannot continue should panic at once"
)]

pub mod bare;
pub mod clients;
pub mod flight;
pub mod hello;
pub mod provider;
pub mod quantiles;
pub mod transfers;
pub mod turns;
