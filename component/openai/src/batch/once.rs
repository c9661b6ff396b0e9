//! Creates only one batch for each key that a user chooses.
//!
//! The API has no such keys, so the key is stored in the batch's metadata, and its
//! digest in the name of the file of requests. A run that was stopped after any of its requests can
//! therefore be started again: it finds the batch, or else the file.

use std::fmt;

use connector_sdk::{Failure, Result, http, log};
use serde_json::{Value, json};

use super::state::{DIGEST, KEY, Reported, newest, path_of};
use crate::lenient::{at, text};
use crate::pages;

/// The number of batches and of files that are searched, newest first.
const MAX_SEARCHED: usize = 1_000;
/// The number of newest batches to search for those created at the same time.
const MAX_AT_ONCE: usize = 100;

/// A key, and the digest of its inputs.
pub struct Key<'a> {
    /// The user's key.
    pub key: &'a str,
    /// The digest of the inputs.
    pub digest: &'a str,
}

impl Key<'_> {
    /// The name of the file of requests.
    pub fn file_name(&self) -> String {
        format!("batch-{}-{}.jsonl", Digest::of(self.key), self.digest)
    }

    /// The batch that was created with the key earlier.
    pub fn batch(&self) -> Result<Option<Reported>> {
        let Some(batch) = self.oldest(&newest(MAX_SEARCHED, None)?) else { return Ok(None) };
        let other = text(at(&batch, "metadata").get(DIGEST).unwrap_or(&Value::Null));
        if !other.is_empty() && other != self.digest {
            let id = text(at(&batch, "id"));
            let message = format!(
                "`key` belongs to the batch `{id}`, which has different inputs: use another key"
            );
            return Err(Failure::invalid_input("key", message));
        }
        Ok(Reported::of(&batch))
    }

    /// The ID of the file of requests, if it was uploaded earlier.
    pub fn file(&self, size: usize) -> Result<Option<String>> {
        let query = json!({ "purpose": "batch", "order": "desc", "limit": MAX_SEARCHED });
        let name = self.file_name();
        for file in pages::listed("/files", query, None).take(MAX_SEARCHED) {
            let file = file?;
            let is_complete = at(&file, "bytes").as_u64().is_none_or(|bytes| bytes == size as u64);
            if text(at(&file, "filename")) == name && is_complete {
                return Ok(Some(text(at(&file, "id")).to_owned()).filter(|id| !id.is_empty()));
            }
        }
        Ok(None)
    }

    /// Cancels all batches with the key but the oldest, and returns the oldest. There
    /// are several if two runs with the key were active at the same time; both keep
    /// the same one.
    pub fn settle(&self, created: Reported) -> Reported {
        let batches = match newest(MAX_AT_ONCE, None) {
            Ok(batches) => self.matching(&batches),
            Err(failure) => {
                log::warn(format_args!("could not look for batches with the same key: {failure}"));
                return created;
            }
        };
        let Some((oldest, newer)) = batches.split_last() else { return created };
        for batch in newer.iter().filter_map(Reported::of).filter(|one| !one.batch.has_ended) {
            let cancelled = path_of(&batch.batch.id)
                .and_then(|path| http::post(format!("{path}/cancel")).send());
            if let Err(failure) = cancelled {
                log::warn(format_args!("could not cancel `{}`: {failure}", batch.batch.id));
            }
        }
        Reported::of(oldest).filter(|oldest| oldest.batch.id != created.batch.id).unwrap_or(created)
    }

    fn oldest(&self, batches: &[Value]) -> Option<Value> {
        self.matching(batches).pop()
    }

    /// The batches with the key, newest first, as in the list.
    fn matching(&self, batches: &[Value]) -> Vec<Value> {
        let is_it =
            |batch: &&Value| at(batch, "metadata").get(KEY).is_some_and(|key| key == self.key);
        let mut batches: Vec<_> = batches.iter().filter(is_it).cloned().collect();
        // The sort is stable: those of the same second keep the list's order.
        batches.sort_by_key(|batch| std::cmp::Reverse(at(batch, "created_at").as_u64()));
        batches
    }
}

/// A digest of texts that is the same in every version of the connector: 64-bit
/// FNV-1a. It is not secure against deliberate collisions, which could only affect
/// the user's own batches.
pub struct Digest(u64);

impl Digest {
    /// The digest of one text.
    pub fn of(text: &str) -> Self {
        let mut digest = Self(0xcbf2_9ce4_8422_2325);
        digest.add(text);
        digest
    }

    /// Adds another text.
    pub fn add(&mut self, text: &str) {
        // Each text ends with the byte 0xff, which UTF-8 never contains.
        for byte in text.bytes().chain([0xff]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:016x}", self.0)
    }
}
