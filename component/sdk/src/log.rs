//! Messages for the operator of the host (`wit/log.wit`).
//!
//! ```no_run
//! # let place = 3;
//! connector_sdk::log::warn(format_args!("page {place} is empty"));
//! ```

use std::fmt::Display;

use crate::bindings::workflow::connector::log::Level;
use crate::host;

/// Logs every step.
pub fn trace(message: impl Display) {
    host::log(Level::Trace, &message.to_string());
}

/// Logs details for the author of the connector.
pub fn debug(message: impl Display) {
    host::log(Level::Debug, &message.to_string());
}

/// Logs normal operation.
pub fn info(message: impl Display) {
    host::log(Level::Info, &message.to_string());
}

/// Logs something unexpected.
pub fn warn(message: impl Display) {
    host::log(Level::Warn, &message.to_string());
}

/// Logs that something failed.
pub fn error(message: impl Display) {
    host::log(Level::Error, &message.to_string());
}
