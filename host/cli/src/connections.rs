//! `connector connection`: stored connections.

use connector_host::Connector;
use connector_store::approval::{binding, has_same_secrets};
use connector_store::{ConnectionRecord, KEY_VARIABLE, Key, KeySource, Store};
use serde_json::{Map, Value, json};

use super::args::{AddConnectionArgs, ConnectionCommand};
use super::chosen::{address_of, unknown};
use super::components::Components;
use super::error::Error;
use super::{input, print, secrets};

/// The environment variable with the new key, an alternative to a key file.
const NEW_KEY_VARIABLE: &str = "CONNECTOR_NEW_STORE_KEY";

/// Runs the subcommand.
pub fn connection(
    components: &Components,
    command: ConnectionCommand,
    as_json: bool,
) -> Result<(), Error> {
    match command {
        ConnectionCommand::Add(arguments) => add(components, &arguments, as_json),
        ConnectionCommand::List { data } => {
            list(&Store::open_for_user(data.data_dir.as_deref())?, as_json)
        }
        ConnectionCommand::Show { connection, data } => {
            let store = Store::open_for_user(data.data_dir.as_deref())?;
            show(components, &store, &connection, as_json)
        }
        ConnectionCommand::Remove { connection, data } => {
            remove(&Store::open_for_user(data.data_dir.as_deref())?, &connection)
        }
        ConnectionCommand::RotateKey { data } => {
            rotate_key(&Store::open_for_user(data.data_dir.as_deref())?)
        }
    }
}

fn add(components: &Components, arguments: &AddConnectionArgs, as_json: bool) -> Result<(), Error> {
    let connector = components.approved(&arguments.connector)?.connector;
    let table = &connector.descriptor().connection.properties;
    let mut values = json!({});
    for argument in &arguments.set {
        secrets::refuse_in_argument(table, argument)?;
        input::set(table, &mut values, argument)?;
    }
    input::refuse_gaps(&values, &arguments.set)?;
    let mut values = match values {
        Value::Object(values) => values,
        _ => Map::new(),
    };
    // Opens the store before asking for secrets, to report its errors first.
    let store = Store::open_for_user(arguments.data.data_dir.as_deref())?;
    secrets::read(&connector.descriptor().connection, &arguments.secret_file, &mut values)?;
    let connection = connector.connection(values.clone().into())?;
    if connection.has_unredacted_secret() {
        print::note(
            "note: a secret is shorter than 16 characters, so it is not redacted in responses \
             that repeat it",
        );
    }
    let bound = binding(&connector, &connection);
    let record = store.add_connection(&arguments.name, &address_of(&connector), &values, &bound)?;
    if as_json { print::json(&to_json(&record)) } else { print::line(&record.id) }
}

fn list(store: &Store, as_json: bool) -> Result<(), Error> {
    let records = store.connections()?;
    if as_json {
        return print::json(&records.iter().map(to_json).collect::<Vec<_>>());
    }
    if records.is_empty() {
        print::note("no connections are stored");
        print::note("hint: store one with `connector connection add`");
        return Ok(());
    }
    let widest = |of: fn(&ConnectionRecord) -> &str| {
        records.iter().map(|record| of(record).chars().count()).max().unwrap_or_default()
    };
    let (components, names) = (widest(|record| &record.component), widest(|record| &record.name));
    let lines: Vec<String> = records
        .iter()
        .map(|ConnectionRecord { id, component, name, created_at, .. }| {
            let (component, name) = (print::plain(component), print::plain(name));
            format!("{component:components$}  {name:names$}  {id}  {created_at}")
        })
        .collect();
    print::line(&lines.join("\n"))
}

fn show(components: &Components, store: &Store, wanted: &str, as_json: bool) -> Result<(), Error> {
    let stored = store.connection(wanted)?.ok_or_else(|| unknown(wanted, ""))?;
    let record = &stored.record;
    // Without its connector, it is unknown which values are secret.
    let connector = record.component.rsplit_once('/').map(|(name, _)| components.load(name));
    let connector = connector.and_then(Result::ok);
    let is_its =
        |of: &Connector| address_of(of) == record.component && has_same_secrets(record, of);
    let connector = connector.filter(is_its);
    let table = connector.as_ref().map(|found| &found.descriptor().connection.properties);
    let shown = stored.values.shown(table);
    if as_json {
        let mut json = to_json(record);
        json.insert("values".to_owned(), json!(shown.values));
        json.insert("secrets".to_owned(), json!(shown.secrets));
        return print::json(&json);
    }
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let about = [
        ("id", &record.id),
        ("name", &record.name),
        ("component", &record.component),
        ("created", &record.created_at),
        ("updated", &record.updated_at),
    ];
    let bound = record.bound.as_ref();
    let bound = bound.map(|bound| ("bound to".to_owned(), bound.origin.clone()));
    let about = about.map(|(name, value)| (name.to_owned(), value.clone()));
    let secrets = shown.secrets.into_iter().map(|name| (name, "set".to_owned()));
    let values = shown.values.iter().map(|(name, value)| (name.clone(), text(value)));
    let rows: Vec<_> = about.into_iter().chain(bound).chain(secrets).chain(values).collect();
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or_default();
    let lines: Vec<String> = rows
        .iter()
        .map(|(name, value)| format!("{:width$}  {}", print::plain(name), print::plain(value)))
        .collect();
    print::line(&lines.join("\n"))
}

fn remove(store: &Store, wanted: &str) -> Result<(), Error> {
    let record = store.find_connection(None, wanted)?.ok_or_else(|| unknown(wanted, ""))?;
    if store.remove_connection(&record.id)? { Ok(()) } else { Err(unknown(wanted, "")) }
}

fn rotate_key(store: &Store) -> Result<(), Error> {
    let new = Key::from_environment(NEW_KEY_VARIABLE)?;
    let in_variable = std::env::var_os(KEY_VARIABLE).is_some_and(|key| !key.is_empty());
    let (source, place) = match new {
        Some(key) => (KeySource::Given(key), format!("${NEW_KEY_VARIABLE}")),
        None if in_variable => {
            return Err(Error::usage(
                format!("the key is in ${KEY_VARIABLE}, but ${NEW_KEY_VARIABLE} is not set"),
                "`head -c 32 /dev/urandom | base64` generates a key",
            ));
        }
        None => (KeySource::Folder, "a new file".to_owned()),
    };
    let count = store.rotate_key(source)?;
    let connections = if count == 1 { "connection" } else { "connections" };
    print::note(format_args!("encrypted {count} {connections} with the key in {place}"));
    Ok(())
}

fn to_json(record: &ConnectionRecord) -> Map<String, Value> {
    let members = [
        ("id", &record.id),
        ("name", &record.name),
        ("component", &record.component),
        ("createdAt", &record.created_at),
        ("updatedAt", &record.updated_at),
    ];
    members
        .map(|(name, value)| (name.to_owned(), Value::from(value.as_str())))
        .into_iter()
        .collect()
}
