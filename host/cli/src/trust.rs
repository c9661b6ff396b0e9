//! `connector trust` and `connector lock`: approving components.

use std::fs;
use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use connector_host::Connector;
use connector_store::approval::{self, Approval, Lock, Request, Trusted, binding};
use connector_store::{Store, StoredConnection, has_store};

use super::components::{Components, FOLDER};
use super::error::Error;
use super::print;

/// Approves a component: shows the permissions that it asks for, asks for
/// confirmation, and binds the connections stored for its address.
pub fn trust(
    components: &Components,
    name: &str,
    yes: bool,
    data_dir: Option<&Path>,
) -> Result<(), Error> {
    let file = components.find(name)?;
    let connector = components.load_file(&file)?;
    let request = Request::of(&connector);
    refuse_reserved_variables(&file, &connector)?;
    let entries = approval::entries(&file, data_dir).map_err(usage)?;
    let before = match Approval::of(&connector, &entries) {
        Approval::Approved | Approval::Rebuilt => Some(request),
        Approval::Changed(before) => Some(*before),
        Approval::Unknown => None,
    };
    let store = if has_store(data_dir)? { Some(Store::open_for_user(data_dir)?) } else { None };
    let elsewhere = match &store {
        Some(store) => bound_elsewhere(store, &connector)?,
        None => Vec::new(),
    };
    show(&file, &connector, before.as_ref());
    for stored in &elsewhere {
        let StoredConnection { record, .. } = stored;
        let bound = match &record.bound {
            Some(bound) => format!("stored for {} in `{}`", bound.origin, bound.secrets_in),
            None => "stored by an older version".to_owned(),
        };
        print::note(format_args!(
            "  would use the connection `{}`, {bound}",
            print::plain(&record.name)
        ));
    }
    if !yes && !is_confirmed()? {
        return Err(usage("not approved".to_owned()));
    }
    Trusted::read(data_dir).map_err(usage)?.add(&file, &connector, data_dir)?;
    for StoredConnection { record, values, .. } in &elsewhere {
        let connection = connector.connection(values.connection_values())?;
        let bound = binding(&connector, &connection);
        if let Some(store) = &store {
            store.bind_connection(&record.id, &bound)?;
        }
        print::note(format_args!(
            "bound the connection `{}` to {}",
            print::plain(&record.name),
            bound.origin
        ));
    }
    print::note(format_args!("approved {}", print::path(&file)));
    if !components.searches_folder_of(&file) {
        print::note(format_args!(
            "note: names are looked up in {}; to use it by name, copy it there, or set ${FOLDER} \
             to its folder",
            components.shown_folders()
        ));
    }
    Ok(())
}

/// Asks on a terminal whether to approve a component.
///
/// # Errors
/// If there is no terminal or if the user declines, with the command that approves
/// it.
pub fn on_first_use(
    file: &Path,
    connector: &Connector,
    before: Option<&Request>,
    data_dir: Option<&Path>,
) -> Result<(), Error> {
    let command = format!("review and approve it with `connector trust {}`", print::path(file));
    let message = match before {
        None => format!("{} is not approved", print::path(file)),
        Some(_) => {
            format!("{} asks for different permissions than were approved", print::path(file))
        }
    };
    if !is_interactive() {
        return Err(Error::usage(message, command));
    }
    show(file, connector, before);
    if !is_confirmed()? {
        return Err(Error::usage(message, command));
    }
    Ok(Trusted::read(data_dir).map_err(usage)?.add(file, connector, data_dir)?)
}

/// Writes the lock file of a folder, for those who build and ship components.
pub fn lock(components: &Components, folder: &Path) -> Result<(), Error> {
    let unreadable = |error: io::Error| {
        usage(format!("cannot read the folder {}: {}", folder.display(), error.kind()))
    };
    let entries = fs::read_dir(folder).map_err(unreadable)?;
    let files = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let mut files: Vec<_> = files
        .filter(|file| file.extension().is_some_and(|extension| extension == "wasm"))
        .collect();
    files.sort();
    let mut loaded = Vec::new();
    for file in &files {
        let connector = components.load_file(file)?;
        refuse_reserved_variables(file, &connector)?;
        loaded.push((file.as_path(), connector));
    }
    let lock = Lock::new(loaded.iter().map(|(file, connector)| (*file, connector)));
    lock.write(folder).map_err(|error| {
        usage(format!("cannot write to the folder {}: {}", folder.display(), error.kind()))
    })
}

/// # Errors
/// If a component asks for a variable that is reserved for the host.
pub fn refuse_reserved_variables(file: &Path, connector: &Connector) -> Result<(), Error> {
    match approval::variable_of_host(connector) {
        None => Ok(()),
        Some(variable) => Err(usage(format!(
            "{} asks for `{variable}`, which is reserved for the host",
            print::path(file)
        ))),
    }
}

/// Returns the stored connections of a component's address that are bound to
/// a different destination than the one it would send them to.
fn bound_elsewhere(store: &Store, connector: &Connector) -> Result<Vec<StoredConnection>, Error> {
    let address = connector.descriptor().own_address();
    let mut elsewhere = Vec::new();
    for record in store.connections()?.into_iter().filter(|record| record.component == address) {
        let Some(stored) = store.connection(&record.id)? else { continue };
        // Skips a connection whose values are no longer valid: it cannot be used.
        let Ok(connection) = connector.connection(stored.values.connection_values()) else {
            continue;
        };
        if record.bound != Some(binding(connector, &connection)) {
            elsewhere.push(stored);
        }
    }
    Ok(elsewhere)
}

/// Shows the permissions that a component asks for or, if it was approved before,
/// the changes.
fn show(file: &Path, connector: &Connector, before: Option<&Request>) {
    let request = Request::of(connector);
    let title = print::short(&connector.descriptor().title);
    let lines = match before {
        None => {
            print::note(format_args!(
                "{} ({title}) asks for these permissions:",
                print::path(file)
            ));
            request.lines()
        }
        Some(before) if *before == request => {
            print::note(format_args!(
                "{} ({title}) asks for the same permissions as before",
                print::path(file)
            ));
            Vec::new()
        }
        Some(before) => {
            print::note(format_args!(
                "{} ({title}) now asks for different permissions:",
                print::path(file)
            ));
            request.changes(before)
        }
    };
    for (name, value) in lines {
        print::note(format_args!("  {name:<11}  {}", print::plain(&value)));
    }
    print::note(format_args!("  {:<11}  {}", "SHA-256", connector.hash()));
}

fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

fn is_confirmed() -> Result<bool, Error> {
    if !is_interactive() {
        return Err(Error::usage(
            "cannot ask for confirmation without a terminal",
            "use --yes to approve it",
        ));
    }
    print::note_part("Approve it? [y/N] ");
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.map_err(|error| usage(format!("cannot read the answer: {error}")))?;
    Ok(matches!(answer.trim().to_lowercase().as_str(), "y" | "yes"))
}

fn usage(message: String) -> Error {
    Error::Usage { message, hint: None }
}
