//! `connectors.lock`: the approvals of a folder's components by their builder.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::Path;

use connector_host::Connector;
use serde::{Deserialize, Serialize};

use super::{Entry, Request};

const LOCK_FILE: &str = "connectors.lock";

/// A lock file.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Lock {
    /// The version of the format.
    version: u32,
    /// The components, by file name.
    components: BTreeMap<String, Locked>,
}

#[derive(Debug, Deserialize, Serialize)]
struct Locked {
    sha256: String,
    #[serde(flatten)]
    request: Request,
}

impl Lock {
    const VERSION: u32 = 1;

    /// Creates a lock for components and their files.
    pub fn new<'a>(components: impl IntoIterator<Item = (&'a Path, &'a Connector)>) -> Self {
        let locked = components.into_iter().map(|(file, connector)| {
            let sha256 = connector.hash().to_owned();
            (name_of(file), Locked { sha256, request: Request::of(connector) })
        });
        Self { version: Self::VERSION, components: locked.collect() }
    }

    /// Reads the lock file next to a component, if it exists.
    ///
    /// # Errors
    /// If it cannot be used, with the reason.
    pub fn beside(file: &Path) -> Result<Option<Self>, String> {
        let path = file.with_file_name(LOCK_FILE);
        let wrong = |why: &dyn std::fmt::Display| format!("cannot use {}: {why}", path.display());
        // Reading a named pipe would block.
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => {}
            Ok(_) => return Err(wrong(&"it is not a file")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(wrong(&error.kind())),
        }
        if is_open_to_all(&path) {
            return Err(wrong(&OPEN_TO_ALL));
        }
        let text = fs::read_to_string(&path).map_err(|error| wrong(&error.kind()))?;
        let lock: Self = serde_json::from_str(&text).map_err(|error| wrong(&error))?;
        match lock.version {
            Self::VERSION => Ok(Some(lock)),
            other => Err(wrong(&format_args!("unknown version {other}"))),
        }
    }

    /// Returns its approvals, as they apply to a file next to it.
    pub fn entries(self, file: &Path) -> Vec<Entry> {
        let this = name_of(file);
        let entry = |(name, Locked { sha256, request })| Entry {
            is_this_file: name == this,
            sha256,
            request,
        };
        self.components.into_iter().map(entry).collect()
    }

    /// Writes it to a folder.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn write(&self, folder: &Path) -> io::Result<()> {
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        io::Write::write_all(&mut file, serde_json::to_string_pretty(self)?.as_bytes())?;
        io::Write::write_all(&mut file, b"\n")?;
        make_readable(file.as_file())?;
        file.persist(folder.join(LOCK_FILE)).map_err(|error| error.error)?;
        Ok(())
    }
}

/// The reason for refusing a file that [`is_open_to_all`].
pub const OPEN_TO_ALL: &str = "anyone can write to it or to its folder";

/// Whether every user can write to a file or to its folder, and could therefore
/// approve anything or replace an approved component.
#[cfg(unix)]
pub fn is_open_to_all(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    const BY_OTHERS: u32 = 0o002;
    let folder = file.parent().unwrap_or(Path::new("/"));
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    [file, folder].into_iter().any(|path| {
        fs::metadata(path).is_ok_and(|metadata| metadata.permissions().mode() & BY_OTHERS != 0)
    })
}

#[cfg(not(unix))]
pub fn is_open_to_all(_: &Path) -> bool {
    false
}

fn name_of(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// Lets other users of the components read the file.
#[cfg(unix)]
fn make_readable(file: &fs::File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    file.set_permissions(fs::Permissions::from_mode(0o644))
}

#[cfg(not(unix))]
fn make_readable(_: &fs::File) -> io::Result<()> {
    Ok(())
}
