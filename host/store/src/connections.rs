//! The stored connections.

use rusqlite::{OptionalExtension, Row, Transaction, params};
use serde_json::{Map, Value};

use super::Store;
use super::cipher;
use super::error::{Fault, StoreError};
use super::key::Key;
use super::values::{self, Values};

/// The prefix of ids. Names must not start with it, so the two cannot be
/// confused.
const ID: &str = "conn_";
const MAX_NAME_CHARS: usize = 100;

const SELECT: &str = "SELECT id, component, name, created_at, updated_at, origin, secrets_in
                      FROM connections";
const NOW: &str = "strftime('%Y-%m-%dT%H:%M:%SZ', 'now')";

/// A stored connection without its values.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ConnectionRecord {
    /// `conn_` and 128 random bits in hexadecimal.
    pub id: String,
    /// The component that it belongs to, such as `openai/v1`.
    pub component: String,
    /// Its name, unique within the component.
    pub name: String,
    /// When it was added, RFC 3339 in UTC.
    pub created_at: String,
    /// When it was last replaced, RFC 3339 in UTC.
    pub updated_at: String,
    /// What it is bound to. None if an older version stored it; it must be bound
    /// before it can be used.
    pub bound: Option<Bound>,
}

/// Where the secrets of a connection may go. Part of the authenticated data of
/// its record.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Bound {
    /// The origin, such as `https://api.openai.com`.
    pub origin: String,
    /// The secret properties and their places in requests, such as
    /// `authorization: Bearer (token)`.
    pub secrets_in: String,
}

/// A stored connection with its values.
#[derive(Debug)]
pub struct StoredConnection {
    /// Everything but the values.
    pub record: ConnectionRecord,
    /// The values.
    pub values: Values,
    /// Differs after every change. Does not depend on a clock.
    pub revision: Vec<u8>,
}

impl Store {
    /// Adds a connection of a component such as `openai/v1`. Does not validate
    /// the values; a [`Connector`](connector_host::Connector) does.
    ///
    /// # Errors
    /// If the name is invalid or taken.
    pub fn add_connection(
        &self,
        name: &str,
        component: &str,
        values: &Map<String, Value>,
        bound: &Bound,
    ) -> Result<ConnectionRecord, StoreError> {
        let name = parse_name(name)?;
        let id = new_id()?;
        let text = values::to_text(values);
        self.transaction(|transaction, key| {
            check_is_free(transaction, component, name, &id)?;
            let place = place(&id, component, name, Some(bound));
            let sealed = cipher::seal(key, &place, &text)?;
            let sql =
                format!("INSERT INTO connections VALUES (?1, ?2, ?3, ?4, {NOW}, {NOW}, ?5, ?6)");
            let Bound { origin, secrets_in } = bound;
            transaction.execute(&sql, params![id, component, name, sealed, origin, secrets_in])?;
            Ok(record(transaction, &id)?.ok_or(rusqlite::Error::QueryReturnedNoRows)?)
        })
    }

    /// Returns all connections, ordered by component and name.
    ///
    /// # Errors
    /// If the database cannot be read.
    pub fn connections(&self) -> Result<Vec<ConnectionRecord>, StoreError> {
        self.transaction(|transaction, _| {
            let sql = format!("{SELECT} ORDER BY component, name");
            let mut statement = transaction.prepare(&sql)?;
            let records = statement.query_map([], to_record)?;
            Ok(records.collect::<Result<_, _>>()?)
        })
    }

    /// Finds the connection with this id or this name, optionally of one
    /// component.
    ///
    /// # Errors
    /// If several connections have the name.
    pub fn find_connection(
        &self,
        component: Option<&str>,
        id_or_name: &str,
    ) -> Result<Option<ConnectionRecord>, StoreError> {
        self.transaction(|transaction, _| find(transaction, component, id_or_name))
    }

    /// Returns a connection with its values. Finds it like
    /// [`Store::find_connection`].
    ///
    /// # Errors
    /// If several connections have the name, or if the values cannot be
    /// decrypted.
    pub fn connection(&self, id_or_name: &str) -> Result<Option<StoredConnection>, StoreError> {
        self.transaction(|transaction, key| {
            let Some(record) = find(transaction, None, id_or_name)? else { return Ok(None) };
            let sealed: Vec<u8> = transaction.query_row(
                "SELECT sealed FROM connections WHERE id = ?1",
                [&record.id],
                |row| row.get(0),
            )?;
            let text = cipher::open(key, &record.place(), &sealed);
            match text.and_then(|text| Values::parse(&text)) {
                Some(values) => {
                    let revision = cipher::nonce(&sealed).to_vec();
                    Ok(Some(StoredConnection { record, values, revision }))
                }
                None => Err(StoreError::Unreadable { id: record.id }.into()),
            }
        })
    }

    /// Replaces the name and the values of the connection with this id. Returns
    /// `None` if it does not exist.
    ///
    /// # Errors
    /// If the name is invalid or taken.
    pub fn replace_connection(
        &self,
        id: &str,
        name: &str,
        values: &Map<String, Value>,
        bound: &Bound,
    ) -> Result<Option<ConnectionRecord>, StoreError> {
        let name = parse_name(name)?;
        let text = values::to_text(values);
        self.transaction(|transaction, key| {
            let Some(old) = record(transaction, id)? else { return Ok(None) };
            check_is_free(transaction, &old.component, name, id)?;
            let place = place(id, &old.component, name, Some(bound));
            let sealed = cipher::seal(key, &place, &text)?;
            let sql = format!(
                "UPDATE connections
                 SET name = ?2, sealed = ?3, updated_at = {NOW}, origin = ?4, secrets_in = ?5
                 WHERE id = ?1"
            );
            let Bound { origin, secrets_in } = bound;
            transaction.execute(&sql, params![id, name, sealed, origin, secrets_in])?;
            record(transaction, id)
        })
    }

    /// Binds the connection with this id to an origin and places in requests.
    ///
    /// # Errors
    /// If it cannot be decrypted.
    pub fn bind_connection(&self, id: &str, bound: &Bound) -> Result<(), StoreError> {
        self.transaction(|transaction, key| {
            let Some(record) = record(transaction, id)? else { return Ok(()) };
            let sql = "SELECT sealed FROM connections WHERE id = ?1";
            let sealed: Vec<u8> = transaction.query_row(sql, [id], |row| row.get(0))?;
            let text = cipher::open(key, &record.place(), &sealed)
                .ok_or_else(|| StoreError::Unreadable { id: id.to_owned() })?;
            let place = place(id, &record.component, &record.name, Some(bound));
            let sealed = cipher::seal(key, &place, &text)?;
            let sql = "UPDATE connections SET sealed = ?2, origin = ?3, secrets_in = ?4
                       WHERE id = ?1";
            transaction.execute(sql, params![id, sealed, bound.origin, bound.secrets_in])?;
            Ok(())
        })
    }

    /// Removes the connection with this id. Returns `false` if it does not
    /// exist.
    ///
    /// # Errors
    /// If the database cannot be written.
    pub fn remove_connection(&self, id: &str) -> Result<bool, StoreError> {
        self.transaction(|transaction, _| {
            Ok(transaction.execute("DELETE FROM connections WHERE id = ?1", [id])? == 1)
        })
    }
}

/// Re-encrypts all records with a new key.
pub(super) fn reseal(transaction: &Transaction<'_>, old: &Key, new: &Key) -> Result<usize, Fault> {
    let columns = SELECT.replace("FROM", ", sealed FROM");
    let mut statement = transaction.prepare(&columns)?;
    let rows = statement.query_map([], |row| Ok((to_record(row)?, row.get(7)?)))?;
    let rows: Vec<(ConnectionRecord, Vec<u8>)> = rows.collect::<Result<_, _>>()?;
    for (record, sealed) in &rows {
        let id = &record.id;
        let text = cipher::open(old, &record.place(), sealed)
            .ok_or_else(|| StoreError::Unreadable { id: id.clone() })?;
        let sealed = cipher::seal(new, &record.place(), &text)?;
        let sql = "UPDATE connections SET sealed = ?2 WHERE id = ?1";
        transaction.execute(sql, params![id, sealed])?;
    }
    Ok(rows.len())
}

impl ConnectionRecord {
    fn place(&self) -> Vec<u8> {
        place(&self.id, &self.component, &self.name, self.bound.as_ref())
    }
}

/// The place of a record, as authenticated data. A record that was copied,
/// renamed or rebound behind the store's back cannot be decrypted. Each part is
/// preceded by its length, so different places never have the same encoding.
fn place(id: &str, component: &str, name: &str, bound: Option<&Bound>) -> Vec<u8> {
    let Some(Bound { origin, secrets_in }) = bound else {
        // The format of older versions.
        return [b"connection\0", id.as_bytes(), component.as_bytes()].concat();
    };
    let mut place = b"bound connection\0".to_vec();
    for part in [id, component, name, origin, secrets_in] {
        place.extend((part.len() as u64).to_be_bytes());
        place.extend(part.as_bytes());
    }
    place
}

fn new_id() -> Result<String, StoreError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(StoreError::Randomness)?;
    Ok(bytes.iter().fold(ID.to_owned(), |id, byte| format!("{id}{byte:02x}")))
}

fn parse_name(text: &str) -> Result<&str, StoreError> {
    let name = text.trim();
    let wrong = match name {
        "" => "is empty",
        _ if name.chars().count() > MAX_NAME_CHARS => "must be at most 100 characters long",
        _ if name.chars().any(char::is_control) => {
            "must not contain line breaks or control characters"
        }
        _ if name.starts_with(ID) => "must not start with `conn_`, which is reserved for IDs",
        _ => return Ok(name),
    };
    Err(StoreError::Name(wrong))
}

/// Checks that no other connection of the component has the name.
fn check_is_free(
    transaction: &Transaction<'_>,
    component: &str,
    name: &str,
    id: &str,
) -> Result<(), Fault> {
    let sql = "SELECT EXISTS (SELECT 1 FROM connections
               WHERE component = ?1 AND name = ?2 AND id <> ?3)";
    let taken: bool = transaction.query_row(sql, [component, name, id], |row| row.get(0))?;
    if taken {
        let (component, name) = (component.to_owned(), name.to_owned());
        return Err(StoreError::NameTaken { component, name }.into());
    }
    Ok(())
}

fn find(
    transaction: &Transaction<'_>,
    component: Option<&str>,
    id_or_name: &str,
) -> Result<Option<ConnectionRecord>, Fault> {
    let id_or_name = id_or_name.trim();
    if let Some(record) = record(transaction, id_or_name)? {
        return Ok(Some(record));
    }
    let sql =
        format!("{SELECT} WHERE name = ?1 AND (?2 IS NULL OR component = ?2) ORDER BY component");
    let mut statement = transaction.prepare(&sql)?;
    let records = statement.query_map(params![id_or_name, component], to_record)?;
    let mut records = records.collect::<Result<Vec<_>, _>>()?;
    if records.len() > 1 {
        let ids = records.into_iter().map(|record| record.id).collect();
        return Err(StoreError::Ambiguous { name: id_or_name.to_owned(), ids }.into());
    }
    Ok(records.pop())
}

fn record(transaction: &Transaction<'_>, id: &str) -> Result<Option<ConnectionRecord>, Fault> {
    let sql = format!("{SELECT} WHERE id = ?1");
    Ok(transaction.query_row(&sql, [id], to_record).optional()?)
}

fn to_record(row: &Row<'_>) -> Result<ConnectionRecord, rusqlite::Error> {
    Ok(ConnectionRecord {
        id: row.get(0)?,
        component: row.get(1)?,
        name: row.get(2)?,
        created_at: row.get(3)?,
        updated_at: row.get(4)?,
        bound: match (row.get(5)?, row.get(6)?) {
            (Some(origin), Some(secrets_in)) => Some(Bound { origin, secrets_in }),
            _ => None,
        },
    })
}
