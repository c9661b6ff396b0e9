//! Where connectors are found.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use connector_host::{Connector, Host};

use super::address::Address;
use super::error::{Error, harmless};
use super::print;

/// The variable that names the folder.
pub const FOLDER: &str = "CONNECTOR_COMPONENTS";

/// The folders in which names are looked up, and the host that loads.
#[derive(Clone)]
pub struct Components {
    host: Host,
    folders: Vec<PathBuf>,
}

impl Components {
    /// Looks at $CONNECTOR_COMPONENTS, else at the user's data folder and
    /// beside the program.
    pub fn new(host: Host) -> Self {
        let folders = match std::env::var_os(FOLDER).filter(|folder| !folder.is_empty()) {
            Some(folder) => vec![PathBuf::from(folder)],
            None => default_folders(),
        };
        Self { host, folders }
    }

    /// The host that loads them.
    pub fn host(&self) -> &Host {
        &self.host
    }

    /// All connectors, by file name; warns of those that cannot be loaded.
    pub fn all(&self) -> Vec<Connector> {
        let loaded = self.try_all().into_iter().filter_map(|loaded| match loaded {
            Ok(connector) => Some(connector),
            Err(error) => {
                print::note(format_args!(
                    "warning: skipped a connector: {}",
                    harmless(&error.to_string())
                ));
                None
            }
        });
        loaded.collect()
    }

    /// All connectors, by file name. One that cannot be loaded is an error in
    /// its place.
    pub fn try_all(&self) -> Vec<Result<Connector, Error>> {
        let mut paths: Vec<PathBuf> = self
            .folders
            .iter()
            .filter_map(|folder| fs::read_dir(folder).ok())
            .flatten()
            .filter_map(|entry| Some(entry.ok()?.path()))
            .filter(|path| path.extension().is_some_and(|extension| extension == "wasm"))
            .collect();
        paths.sort();
        paths.iter().map(|path| self.load_file(path)).collect()
    }

    /// The connector with this name or file.
    pub fn load(&self, name: &str) -> Result<Connector, Error> {
        self.load_file(&self.find(name)?)
    }

    /// The file of a connector. A name is looked up; a path is taken as it is.
    pub fn find(&self, name: &str) -> Result<PathBuf, Error> {
        if is_path(name) {
            return file(name);
        }
        let mut files = self.folders.iter().map(|folder| folder.join(format!("{name}.wasm")));
        files.find(|file| !name.is_empty() && file.is_file()).ok_or_else(|| {
            Error::usage(
                format!("there is no connector `{name}`"),
                format!("looked in {}; ${FOLDER} names another folder", self.shown_folders()),
            )
        })
    }

    /// A connector and the name of one of its actions.
    pub fn action(&self, address: &str) -> Result<(Connector, String), Error> {
        let address = Address::parse(address)?;
        let connector = self.load(&address.connector)?;
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
                format!("its actions are: {}", known.join(", ")),
            ));
        }
        Ok((connector, address.action))
    }

    /// The folders, for messages.
    pub fn shown_folders(&self) -> String {
        let shown: Vec<String> =
            self.folders.iter().map(|folder| folder.display().to_string()).collect();
        if shown.is_empty() { "no folder".to_owned() } else { shown.join(" and ") }
    }

    fn load_file(&self, path: &Path) -> Result<Connector, Error> {
        self.host.load_file(path).map_err(|error| Error::Load { path: path.to_owned(), error })
    }
}

fn is_path(name: &str) -> bool {
    name.contains(['/', '\\']) || name.ends_with(".wasm")
}

fn file(path: &str) -> Result<PathBuf, Error> {
    let wrong = |message: String| {
        Error::usage(message, "a connector is a name such as `openai`, or the path of a .wasm file")
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
    let beside = std::env::current_exe()
        .ok()
        .and_then(|program| Some(program.parent()?.parent()?.join("components")));
    data.into_iter().chain(beside).collect()
}
