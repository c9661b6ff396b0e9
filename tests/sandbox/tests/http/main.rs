//! The sandbox over real sockets: its rules, its answers, its faults.

// Always so here; it tells clippy that helpers are tests too.
#![cfg(test)]

mod chat;
mod client;
mod common;
mod faults;
mod images;
mod program;
mod raw;
mod speech;
mod transcriptions;
