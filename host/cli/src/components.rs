//! Finds connectors, and decides which of them may be used.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use connector_host::{Binding, Connector, Host};
use connector_store::approval::{self, Approval, OPEN_TO_ALL, is_open_to_all};

use super::address::Address;
use super::compile;
use super::error::Error;
use super::print;
use super::trust;

/// The environment variable with the folder.
pub const FOLDER: &str = "CONNECTOR_COMPONENTS";

/// The first bytes of a component.
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// The permissions granted to components on the command line.
#[derive(Clone, Debug, Default)]
pub struct Grants {
    /// Environment variables (`--env`).
    pub environment: BTreeSet<String>,
    /// Whether only the exact files that were approved are used (`--locked`).
    pub locked: bool,
    /// The folder with approvals.
    pub data_dir: Option<PathBuf>,
}

/// The folders for looking up names, and the host that loads components.
#[derive(Clone)]
pub struct Components {
    host: Host,
    folders: Vec<PathBuf>,
    grants: Grants,
}

/// A connector that may be used, and the environment variables that it may read.
#[derive(Clone)]
pub struct Approved {
    pub connector: Connector,
    environment: BTreeSet<String>,
}

impl Approved {
    /// Returns the value of a variable, if the connector may read it.
    pub fn variable(&self, name: &str) -> Option<Result<String, std::env::VarError>> {
        self.environment.contains(name).then(|| std::env::var(name))
    }
}

impl Components {
    /// Uses the folder in $CONNECTOR_COMPONENTS or, by default, those in the
    /// user's data folder and next to the program.
    pub fn new(host: Host, grants: Grants) -> Self {
        let folders = match std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()) {
            Some(folder) => vec![PathBuf::from(folder)],
            None => default_folders(),
        };
        Self { host, folders, grants }
    }

    /// The host that loads them.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// Returns all connectors, sorted by file name. Warns about those that cannot be
    /// loaded and about duplicate addresses.
    pub fn all(&self) -> Vec<Connector> {
        self.found().into_iter().map(|(_, connector)| connector).collect()
    }

    /// Returns all connectors that may be used. Warns about the others.
    pub fn all_approved(&self) -> Vec<Approved> {
        let approved = |(file, connector): (PathBuf, Connector)| match self.approve(
            &file,
            connector,
            Found::InFolder,
        ) {
            Ok(approved) => Some(approved),
            Err(error) => {
                let hints = error.hints().into_iter().map(|hint| format!("; {hint}"));
                warn(format_args!("{error}{}", hints.collect::<String>()));
                None
            }
        };
        self.found().into_iter().filter_map(approved).collect()
    }

    fn found(&self) -> Vec<(PathBuf, Connector)> {
        let mut found: Vec<(PathBuf, Connector)> = Vec::new();
        for file in self.files() {
            match self.load_file(&file) {
                Ok(connector) => found.push((file, connector)),
                Err(error) => warn(format_args!("skipped a connector: {error}")),
            }
        }
        let mut unique = Vec::new();
        let mut reported = BTreeSet::new();
        for (file, connector) in &found {
            match duplicate_of(file, connector, &found) {
                None => unique.push((file.clone(), connector.clone())),
                Some(Duplicate::Copy) => {}
                Some(Duplicate::Other(other)) => {
                    let address = connector.descriptor().own_address();
                    if reported.insert(address.clone()) {
                        warn(ambiguous(&address, file, &other));
                    }
                }
            }
        }
        unique
    }

    /// Returns the files in the folders, sorted by name.
    fn files(&self) -> Vec<PathBuf> {
        let folders = self.folders.iter().filter_map(|folder| fs::read_dir(folder).ok());
        let files = folders.flatten().filter_map(|entry| Some(entry.ok()?.path()));
        let is_component =
            |file: &PathBuf| file.extension().is_some_and(|extension| extension == "wasm");
        let mut files: Vec<PathBuf> = files.filter(is_component).collect();
        files.sort();
        files
    }

    /// Loads the connector with this name or path, to show it.
    pub fn load(&self, name: &str) -> Result<Connector, Error> {
        let file = self.find(name)?;
        let connector = self.load_file(&file)?;
        if !is_path(name) {
            self.check_unique(&file, &connector)?;
        }
        Ok(connector)
    }

    /// Loads the connector with this name or path, to use it.
    pub fn approved(&self, name: &str) -> Result<Approved, Error> {
        let file = self.find(name)?;
        let connector = self.load_file(&file)?;
        if is_path(name) {
            return self.approve(&file, connector, Found::ByPath);
        }
        self.check_unique(&file, &connector)?;
        self.approve(&file, connector, Found::InFolder)
    }

    fn approve(&self, file: &Path, connector: Connector, found: Found) -> Result<Approved, Error> {
        trust::refuse_reserved_variables(file, &connector)?;
        let mut environment = self.grants.environment.clone();
        let definition = &connector.descriptor().connection;
        if found == Found::ByPath {
            // The user granted the variable, but does not know that the component
            // would see its value.
            let seen = definition.environment.iter().find(|binding| {
                definition.shows(&binding.property) && environment.contains(&binding.name)
            });
            if let Some(Binding { name, property }) = seen {
                return Err(Error::usage(
                    format!(
                        "{} would see the value of `{name}` in `{property}`",
                        print::path(file)
                    ),
                    "approve the component, or store the values that it needs in a connection",
                ));
            }
            if !self.grants.locked {
                return Ok(Approved { connector, environment });
            }
        }
        let data_dir = self.grants.data_dir.as_deref();
        let entries = approval::entries(file, data_dir)
            .map_err(|message| Error::Usage { message, hint: None })?;
        match Approval::of(&connector, &entries) {
            Approval::Approved => {}
            _ if self.grants.locked => {
                return Err(Error::usage(
                    format!("{} is not the component that was approved", print::path(file)),
                    "omit --locked to use a rebuilt one that asks for the same permissions",
                ));
            }
            Approval::Rebuilt if is_open_to_all(file) => {
                return Err(Error::usage(
                    format!(
                        "{} is not the file that was approved: {OPEN_TO_ALL}",
                        print::path(file)
                    ),
                    "approve the current file with `connector trust`",
                ));
            }
            Approval::Rebuilt => print::note(format_args!(
                "note: {} is not the file that was approved, but asks for the same permissions",
                print::path(file)
            )),
            Approval::Changed(before) => {
                trust::on_first_use(file, &connector, Some(&before), data_dir)?;
            }
            Approval::Unknown => trust::on_first_use(file, &connector, None, data_dir)?,
        }
        if found == Found::InFolder {
            environment.extend(definition.environment.iter().map(|binding| binding.name.clone()));
        }
        Ok(Approved { connector, environment })
    }

    /// Checks that no other component has the same address.
    fn check_unique(&self, file: &Path, connector: &Connector) -> Result<(), Error> {
        let others = self.files().into_iter().filter(|other| other != file);
        let others = others.filter_map(|other| Some((self.load_file(&other).ok()?, other)));
        let others: Vec<_> = others.map(|(connector, file)| (file, connector)).collect();
        match duplicate_of(file, connector, &others) {
            Some(Duplicate::Other(other)) => Err(Error::usage(
                ambiguous(&connector.descriptor().own_address(), file, &other),
                "remove one of them, or give the path of a file",
            )),
            Some(Duplicate::Copy) | None => Ok(()),
        }
    }

    /// Returns the file of a connector, given by name or path.
    pub fn find(&self, name: &str) -> Result<PathBuf, Error> {
        if is_path(name) {
            return file(name);
        }
        let mut files = self.folders.iter().map(|folder| folder.join(format!("{name}.wasm")));
        files.find(|file| !name.is_empty() && file.is_file()).ok_or_else(|| {
            Error::usage(
                format!("connector `{name}` not found"),
                format!("looked in {}; set ${FOLDER} to another folder", self.shown_folders()),
            )
        })
    }

    /// Returns a connector and the name of one of its actions, to show it.
    pub fn action(&self, address: &str) -> Result<(Connector, String), Error> {
        let address = Address::parse(address)?;
        let connector = self.load(&address.connector)?;
        let action = action_of(&connector, address)?;
        Ok((connector, action))
    }

    /// Returns a connector and the name of one of its actions, to use it.
    pub fn approved_action(&self, address: &str) -> Result<(Approved, String), Error> {
        let address = Address::parse(address)?;
        let approved = self.approved(&address.connector)?;
        let action = action_of(&approved.connector, address)?;
        Ok((approved, action))
    }

    /// Whether the file is in a folder in which names are looked up.
    pub fn searches_folder_of(&self, file: &Path) -> bool {
        let Ok(file) = fs::canonicalize(file) else { return false };
        let mut folders = self.folders.iter().filter_map(|folder| fs::canonicalize(folder).ok());
        folders.any(|folder| file.parent() == Some(&folder))
    }

    /// The folders, for messages.
    pub fn shown_folders(&self) -> String {
        let shown: Vec<String> =
            self.folders.iter().map(|folder| folder.display().to_string()).collect();
        if shown.is_empty() { "no folder".to_owned() } else { shown.join(" and ") }
    }

    /// Loads a file.
    pub fn load_file(&self, path: &Path) -> Result<Connector, Error> {
        let failed = |error| Error::Load { path: path.to_owned(), error };
        let wasm = Host::read(path).map_err(failed)?;
        // The host refuses any other file before compiling it.
        if wasm.starts_with(COMPONENT) && !self.host.is_compiled(&wasm) {
            compile::in_separate_process(path)?;
        }
        self.host.load(&wasm).map_err(failed)
    }
}

/// How a component was found.
#[derive(Clone, Copy, PartialEq)]
enum Found {
    /// By its name, or by listing a folder.
    InFolder,
    /// By its path.
    ByPath,
}

/// Another file with the same address.
enum Duplicate {
    /// An identical component, found earlier.
    Copy,
    /// A different component.
    Other(PathBuf),
}

fn duplicate_of(
    file: &Path,
    connector: &Connector,
    found: &[(PathBuf, Connector)],
) -> Option<Duplicate> {
    let address = connector.descriptor().own_address();
    let same = found
        .iter()
        .filter(|(other, of)| other != file && of.descriptor().own_address() == address);
    let mut copy = None;
    for (other, of) in same {
        if of.hash() != connector.hash() {
            return Some(Duplicate::Other(other.clone()));
        }
        if other.as_path() < file {
            copy = Some(Duplicate::Copy);
        }
    }
    copy
}

fn ambiguous(address: &str, one: &Path, other: &Path) -> String {
    format!(
        "`{address}` is disabled: both {} and {} have that address",
        print::path(one),
        print::path(other)
    )
}

fn warn(warning: impl std::fmt::Display) {
    print::note(format_args!("warning: {}", print::plain(&warning.to_string())));
}

fn action_of(connector: &Connector, address: Address) -> Result<String, Error> {
    let descriptor = connector.descriptor();
    if descriptor.version != address.version {
        return Err(Error::usage(
            format!("`{}` has no version {}", descriptor.name, address.version),
            format!("this is version {}", descriptor.version),
        ));
    }
    if descriptor.action(&address.action).is_none() {
        let known: Vec<String> = descriptor
            .actions
            .iter()
            .map(|action| format!("{}/v{}/{}", address.connector, address.version, action.name))
            .collect();
        return Err(Error::usage(
            format!("`{}` has no action `{}`", descriptor.name, address.action),
            format!("available: {}", known.join(", ")),
        ));
    }
    Ok(address.action)
}

fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || name.ends_with(".wasm")
}

fn file(path: &str) -> Result<PathBuf, Error> {
    let wrong = |message: String| {
        Error::usage(
            message,
            "expected a connector name such as `openai`, or the path of a .wasm file",
        )
    };
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_file() => Ok(PathBuf::from(path)),
        Ok(metadata) if metadata.is_dir() => Err(wrong(format!("`{path}` is a directory"))),
        Ok(_) => Err(wrong(format!("`{path}` is not a regular file"))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            Err(wrong(format!("no such file: `{path}`")))
        }
        Err(error) => Err(wrong(format!("cannot read `{path}`: {}", error.kind()))),
    }
}

fn default_folders() -> Vec<PathBuf> {
    let data = directories::ProjectDirs::from("", "", "connector")
        .map(|dirs| dirs.data_dir().join("components"));
    let beside = std::env::current_exe().ok().and_then(|program| {
        let folder = program.parent()?.parent()?.join("components");
        has_trusted_owner(&folder, &program).then_some(folder)
    });
    data.into_iter().chain(beside).collect()
}

/// Whether a folder, if it exists, belongs to root, to this user or to the
/// program's owner. If the program is in a world-writable folder such as
/// `/tmp/bin`, anyone could create a folder next to it.
#[cfg(unix)]
fn has_trusted_owner(folder: &Path, program: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let owner = |path: &Path| fs::metadata(path).map(|metadata| metadata.uid()).ok();
    let owner_of_program = owner(program);
    owner(folder).is_none_or(|owner| {
        let user = rustix::process::geteuid().as_raw();
        owner == 0 || owner == user || Some(owner) == owner_of_program
    })
}

#[cfg(not(unix))]
fn has_trusted_owner(_: &Path, _: &Path) -> bool {
    true
}
