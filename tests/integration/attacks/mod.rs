//! A connector that attacks its host. It does whatever a test instructs it to
//! do (`tests/connectors/puppet`), against an honest server that echoes what it
//! receives.

mod account;
mod approval;
mod authority;
mod bombs;
mod keys;
mod oracle;
