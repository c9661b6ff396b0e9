//! A connector that attacks its host: it does whatever a test tells it
//! (`tests/connectors/puppet`), against an honest server that repeats what it is
//! sent.

mod account;
mod approval;
mod authority;
mod bombs;
mod keys;
mod oracle;
