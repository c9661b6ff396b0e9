//! The sandbox over real sockets: rules, responses and faults.

// Always set here; it makes clippy treat the helpers as tests.
#![cfg(test)]

mod chat;
mod client;
mod common;
mod conversations;
mod faults;
mod images;
mod program;
mod raw;
mod responses;
mod speech;
mod transcriptions;
