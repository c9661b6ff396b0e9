//! Conversions between the types generated from `wit/` and those of the contract.

use crate::contract::table::{ControlType, PropertyType};
use crate::contract::{Failure, FailureKind, FileEntry, Violation, Violations};

use super::bindings::types as wit;

/// Limits on the text in a failure, in bytes. A connector may put a response of
/// several megabytes into one.
const MAX_MESSAGE: usize = 4 * 1024;
const MAX_FIELD: usize = 512;
const MAX_DETAIL: usize = 16 * 1024;

fn truncated(mut text: String, max: usize) -> String {
    text.truncate(text.floor_char_boundary(max));
    text
}

/// A connector's failure.
impl From<wit::Failure> for Failure {
    fn from(failure: wit::Failure) -> Self {
        let field = |text: Option<String>| text.map(|text| truncated(text, MAX_FIELD));
        Self {
            kind: failure.kind.into(),
            message: truncated(failure.message, MAX_MESSAGE),
            property: field(failure.property),
            violations: failure
                .violations
                .into_iter()
                .take(Violations::MAX)
                .map(|violation| Violation {
                    property: truncated(violation.property, MAX_FIELD),
                    message: truncated(violation.message, MAX_MESSAGE),
                })
                .collect(),
            status: failure.status,
            code: field(failure.code),
            request_id: field(failure.request_id),
            retry_after_ms: failure.retry_after_ms,
            request_sent: failure.request_sent,
            repeatable: false,
            detail: failure.detail.map(|text| truncated(text, MAX_DETAIL)),
        }
    }
}

impl From<Failure> for wit::Failure {
    fn from(failure: Failure) -> Self {
        Self {
            kind: failure.kind.into(),
            message: failure.message,
            property: failure.property,
            violations: failure
                .violations
                .into_iter()
                .map(|Violation { property, message }| wit::Violation { property, message })
                .collect(),
            status: failure.status,
            code: failure.code,
            request_id: failure.request_id,
            retry_after_ms: failure.retry_after_ms,
            request_sent: failure.request_sent,
            detail: failure.detail,
        }
    }
}

impl From<wit::FailureKind> for FailureKind {
    fn from(kind: wit::FailureKind) -> Self {
        match kind {
            wit::FailureKind::InvalidInput => Self::InvalidInput,
            wit::FailureKind::Unauthorized => Self::Unauthorized,
            wit::FailureKind::Forbidden => Self::Forbidden,
            wit::FailureKind::NotFound => Self::NotFound,
            wit::FailureKind::RateLimited => Self::RateLimited,
            wit::FailureKind::QuotaExceeded => Self::QuotaExceeded,
            wit::FailureKind::TooLarge => Self::TooLarge,
            wit::FailureKind::Refused => Self::Refused,
            wit::FailureKind::Unavailable => Self::Unavailable,
            wit::FailureKind::Network => Self::Network,
            wit::FailureKind::Timeout => Self::Timeout,
            wit::FailureKind::Cancelled => Self::Cancelled,
            wit::FailureKind::InvalidOutput => Self::InvalidOutput,
            wit::FailureKind::Internal => Self::Internal,
        }
    }
}

impl From<FailureKind> for wit::FailureKind {
    fn from(kind: FailureKind) -> Self {
        match kind {
            FailureKind::InvalidInput => Self::InvalidInput,
            FailureKind::Unauthorized => Self::Unauthorized,
            FailureKind::Forbidden => Self::Forbidden,
            FailureKind::NotFound => Self::NotFound,
            FailureKind::RateLimited => Self::RateLimited,
            FailureKind::QuotaExceeded => Self::QuotaExceeded,
            FailureKind::TooLarge => Self::TooLarge,
            FailureKind::Refused => Self::Refused,
            FailureKind::Unavailable => Self::Unavailable,
            FailureKind::Network => Self::Network,
            FailureKind::Timeout => Self::Timeout,
            FailureKind::Cancelled => Self::Cancelled,
            FailureKind::InvalidOutput => Self::InvalidOutput,
            FailureKind::Internal => Self::Internal,
        }
    }
}

impl From<FileEntry> for wit::FileEntry {
    fn from(entry: FileEntry) -> Self {
        Self {
            extension: entry.extension,
            mime_type: entry.mime_type,
            name: entry.name,
            url: entry.url,
        }
    }
}

impl From<wit::FileEntry> for FileEntry {
    fn from(entry: wit::FileEntry) -> Self {
        Self {
            extension: entry.extension,
            mime_type: entry.mime_type,
            name: entry.name,
            url: entry.url,
        }
    }
}

impl From<wit::PropertyType> for PropertyType {
    fn from(kind: wit::PropertyType) -> Self {
        match kind {
            wit::PropertyType::String => Self::String,
            wit::PropertyType::Integer => Self::Integer,
            wit::PropertyType::Number => Self::Number,
            wit::PropertyType::Boolean => Self::Boolean,
            wit::PropertyType::Date => Self::Date,
            wit::PropertyType::DateTime => Self::DateTime,
            wit::PropertyType::Time => Self::Time,
            wit::PropertyType::Array => Self::Array,
            wit::PropertyType::Object => Self::Object,
            wit::PropertyType::FileEntry => Self::FileEntry,
            wit::PropertyType::Any => Self::Any,
        }
    }
}

impl From<wit::ControlType> for ControlType {
    fn from(control: wit::ControlType) -> Self {
        match control {
            wit::ControlType::Text => Self::Text,
            wit::ControlType::TextArea => Self::TextArea,
            wit::ControlType::RichText => Self::RichText,
            wit::ControlType::CodeEditor => Self::CodeEditor,
            wit::ControlType::JsonSchemaBuilder => Self::JsonSchemaBuilder,
            wit::ControlType::Email => Self::Email,
            wit::ControlType::Phone => Self::Phone,
            wit::ControlType::Url => Self::Url,
            wit::ControlType::Password => Self::Password,
            wit::ControlType::Date => Self::Date,
            wit::ControlType::DateTime => Self::DateTime,
            wit::ControlType::Time => Self::Time,
            wit::ControlType::Integer => Self::Integer,
            wit::ControlType::Number => Self::Number,
            wit::ControlType::Select => Self::Select,
            wit::ControlType::MultiSelect => Self::MultiSelect,
            wit::ControlType::ArrayBuilder => Self::ArrayBuilder,
            wit::ControlType::ObjectBuilder => Self::ObjectBuilder,
            wit::ControlType::FileEntry => Self::FileEntry,
            wit::ControlType::None => Self::None,
        }
    }
}
