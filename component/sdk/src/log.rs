//! Messages for whoever operates the host (`wit/log.wit`).
//!
//! ```no_run
//! # let place = 3;
//! connector_sdk::log::warn(format_args!("page {place} is empty"));
//! ```

use std::fmt::Display;

use crate::bindings::workflow::connector::log::Level;
use crate::host;

/// Every step.
pub fn trace(message: impl Display) {
    host::log(Level::Trace, &message.to_string());
}

/// For the connector's author.
pub fn debug(message: impl Display) {
    host::log(Level::Debug, &message.to_string());
}

/// Worth knowing.
pub fn info(message: impl Display) {
    host::log(Level::Info, &message.to_string());
}

/// Something was odd.
pub fn warn(message: impl Display) {
    host::log(Level::Warn, &message.to_string());
}

/// Something failed.
pub fn error(message: impl Display) {
    host::log(Level::Error, &message.to_string());
}
