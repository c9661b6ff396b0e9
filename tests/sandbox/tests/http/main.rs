//! The sandbox over real sockets: rules, responses and faults.

// Always set here; it makes clippy treat the helpers as tests.
#![cfg(test)]

mod batches;
mod chat;
mod client;
mod common;
mod conversations;
mod echo;
mod embeddings;
mod faults;
mod files;
mod images;
mod moderations;
mod program;
mod raw;
mod responses;
mod speech;
mod transcriptions;
mod translations;
