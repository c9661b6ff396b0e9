//! `trust.json`: the approvals by the user of this machine, in the private
//! folder of the stored connections.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use connector_host::Connector;
use serde::{Deserialize, Serialize};

use super::{Entry, Request};
use crate::{self as store, StoreError};

const TRUST_FILE: &str = "trust.json";

/// The approved components.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Trusted {
    /// By canonical path.
    components: BTreeMap<PathBuf, Record>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Record {
    sha256: String,
    #[serde(flatten)]
    request: Request,
}

impl Trusted {
    /// Reads the approvals from the given folder or, by default, from the
    /// user's data folder.
    ///
    /// # Errors
    /// If the file cannot be used, with the reason.
    pub fn read(data_dir: Option<&Path>) -> Result<Self, String> {
        let Ok(folder) = store::folder_for_user(data_dir) else { return Ok(Self::default()) };
        let path = folder.join(TRUST_FILE);
        let wrong = |why: &dyn std::fmt::Display| format!("cannot use {}: {why}", path.display());
        if !path.try_exists().map_err(|error| wrong(&error.kind()))? {
            return Ok(Self::default());
        }
        store::check_private(&folder, TRUST_FILE).map_err(|error| wrong(&error))?;
        let text = fs::read_to_string(&path).map_err(|error| wrong(&error.kind()))?;
        serde_json::from_str(&text).map_err(|error| wrong(&error))
    }

    /// Returns the approvals, as they apply to a file.
    pub fn entries(self, file: &Path) -> Vec<Entry> {
        let this = fs::canonicalize(file).ok();
        let entry = |(path, Record { sha256, request })| Entry {
            is_this_file: Some(path) == this,
            sha256,
            request,
        };
        self.components.into_iter().map(entry).collect()
    }

    /// Approves a component, replacing the approval at its path.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn add(
        mut self,
        file: &Path,
        connector: &Connector,
        data_dir: Option<&Path>,
    ) -> Result<(), StoreError> {
        let folder = store::private_folder(&store::folder_for_user(data_dir)?)?;
        let path = folder.join(TRUST_FILE);
        let unusable = |error: io::Error| StoreError::File { path: path.clone(), error };
        let record =
            Record { sha256: connector.hash().to_owned(), request: Request::of(connector) };
        self.components.insert(fs::canonicalize(file).map_err(unusable)?, record);
        let text = serde_json::to_string_pretty(&self).map_err(|error| unusable(error.into()))?;
        // A temporary file is private to its owner, and its mode is kept.
        let mut new = tempfile::NamedTempFile::new_in(&folder).map_err(unusable)?;
        new.write_all(text.as_bytes()).map_err(unusable)?;
        new.persist(&path).map_err(|error| unusable(error.error))?;
        Ok(())
    }
}
