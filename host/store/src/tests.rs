//! Tests of the public API.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use serde_json::{Map, Value, json};

use super::*;

const CANARY: &str = "sk-canary-4f9a17c2";

/// The binding of all test connections.
fn bound() -> Bound {
    Bound { origin: "https://api.example.test".into(), secrets_in: "authorization: Bearer".into() }
}

fn values(token: &str) -> Map<String, Value> {
    match json!({ "token": token, "baseUrl": "https://api.test/v1" }) {
        Value::Object(values) => values,
        _ => Map::new(),
    }
}

/// A parent folder for a store.
struct Folder(tempfile::TempDir);

impl Folder {
    fn path(&self) -> PathBuf {
        self.0.path().join("store")
    }
}

fn folder() -> Folder {
    Folder(tempfile::tempdir().unwrap())
}

fn open(folder: &Folder) -> Store {
    Store::open(&folder.path(), KeySource::Folder).unwrap()
}

fn given(byte: u8) -> KeySource {
    use base64::Engine;
    let text = base64::engine::general_purpose::STANDARD.encode([byte; 32]);
    KeySource::Given(Key::from_base64(&text).unwrap())
}

/// Returns the token of a stored connection, whose `Debug` output must not contain it.
fn token(store: &Store, id_or_name: &str) -> Value {
    let stored = store.connection(id_or_name).unwrap().unwrap();
    let value = stored.values.as_map().get("token").cloned().unwrap();
    assert!(!format!("{stored:?}").contains(CANARY), "{stored:?}");
    value
}

fn execute(folder: &Folder, sql: &str) {
    Database::open(folder.path().join(DATABASE)).unwrap().execute_batch(sql).unwrap();
}

fn key_files(folder: &Folder) -> Vec<String> {
    let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name());
    let names = names.map(|name| name.into_string().unwrap());
    names.filter(|name| name.starts_with("key-")).collect()
}

#[test]
fn a_stored_connection_is_read_back_unchanged() {
    let folder = folder();
    let added =
        open(&folder).add_connection(" work ", "openai/v1", &values(CANARY), &bound()).unwrap();
    assert_eq!((added.name.as_str(), added.component.as_str()), ("work", "openai/v1"));
    assert_eq!((added.id.len(), &added.id[..5]), (37, "conn_"));
    assert!(added.created_at.ends_with('Z') && added.created_at.len() == 20, "{added:?}");

    let store = open(&folder);
    assert_eq!(store.connections().unwrap(), std::slice::from_ref(&added));
    for wanted in [&added.id, "work"] {
        let stored = store.connection(wanted).unwrap().unwrap();
        assert_eq!((&stored.record, stored.values.as_map()), (&added, &values(CANARY)));
    }
    assert!(store.connection("nobody").unwrap().is_none());
    assert!(store.remove_connection(&added.id).unwrap());
    assert!(!store.remove_connection(&added.id).unwrap());
    assert_eq!(store.connections().unwrap(), []);
}

#[test]
fn names_are_unique_within_a_component() {
    let folder = folder();
    let store = open(&folder);
    let first = store.add_connection("a", "openai/v1", &values("x"), &bound()).unwrap();
    let taken = store.add_connection("a ", "openai/v1", &values("x"), &bound()).unwrap_err();
    assert_eq!(taken.to_string(), "a connection named `a` already exists for openai/v1");
    let second = store.add_connection("a", "other/v1", &values("x"), &bound()).unwrap();

    let found = store.find_connection(Some("other/v1"), "a").unwrap();
    assert_eq!(found, Some(second.clone()));
    assert_eq!(store.find_connection(Some("third/v1"), "a").unwrap(), None);
    let several = store.connection("a").unwrap_err().to_string();
    assert!(several.contains(&first.id) && several.contains(&second.id), "{several}");

    for invalid in ["", "  ", "a\nb", "\u{1b}[31m", "conn_x", &"x".repeat(101)] {
        let error = store.add_connection(invalid, "openai/v1", &values("x"), &bound()).unwrap_err();
        assert!(matches!(error, StoreError::Name(_)), "{invalid:?}: {error}");
    }
    store.add_connection(&"ä".repeat(100), "openai/v1", &values("x"), &bound()).unwrap();
}

#[test]
fn replacing_a_connection_keeps_its_id() {
    let folder = folder();
    let store = open(&folder);
    let first = store.add_connection("a", "openai/v1", &values("one"), &bound()).unwrap();
    store.add_connection("b", "openai/v1", &values("two"), &bound()).unwrap();
    let replaced =
        store.replace_connection(&first.id, "c", &values("three"), &bound()).unwrap().unwrap();
    assert_eq!((&replaced.id, replaced.name.as_str()), (&first.id, "c"));
    assert_eq!(token(&store, &first.id), "three");
    store.replace_connection(&first.id, "c", &values("four"), &bound()).unwrap().unwrap();
    assert_eq!(token(&store, "c"), "four");
    let taken = store.replace_connection(&first.id, "b", &values("five"), &bound()).unwrap_err();
    assert!(matches!(taken, StoreError::NameTaken { .. }), "{taken}");
    assert_eq!(token(&store, "c"), "four");
    assert_eq!(store.replace_connection("conn_x", "d", &values("x"), &bound()).unwrap(), None);
}

#[test]
fn no_file_contains_a_value_in_plain_text() {
    let folder = folder();
    let store = open(&folder);
    let removed = store.add_connection("a", "openai/v1", &values(CANARY), &bound()).unwrap();
    store.add_connection("b", "openai/v1", &values(CANARY), &bound()).unwrap();
    store.remove_connection(&removed.id).unwrap();
    store.rotate_key(KeySource::Folder).unwrap();
    for entry in fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        let bytes = fs::read(&path).unwrap();
        for text in [CANARY, "api.test"] {
            let found = bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!found, "{text} is in {}", path.display());
        }
    }
}

#[test]
fn a_wrong_key_is_reported() {
    let folder = folder();
    let store = Store::open(&folder.path(), given(1)).unwrap();
    store.add_connection("a", "openai/v1", &values(CANARY), &bound()).unwrap();
    assert_eq!(key_files(&folder), [""; 0]);
    let wrong = Store::open(&folder.path(), given(2)).unwrap_err();
    assert!(matches!(wrong, StoreError::WrongKey { .. }), "{wrong}");
    let none = Store::open(&folder.path(), KeySource::Folder).unwrap_err();
    assert!(matches!(none, StoreError::KeyMissing(_)), "{none}");
    assert_eq!(token(&Store::open(&folder.path(), given(1)).unwrap(), "a"), CANARY);
    assert_eq!(key_files(&folder), [""; 0]);
}

#[test]
fn a_lost_or_damaged_key_file_is_never_replaced() {
    let folder = folder();
    open(&folder).add_connection("a", "openai/v1", &values(CANARY), &bound()).unwrap();
    let path = folder.path().join(&key_files(&folder)[0]);
    let kept = fs::read(&path).unwrap();
    for damaged in
        [&b""[..], b"\xff\xfe", &kept[1..], b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="]
    {
        fs::write(&path, damaged).unwrap();
        let error = Store::open(&folder.path(), KeySource::Folder).unwrap_err();
        assert!(matches!(error, StoreError::KeyDamaged(_)), "{error}");
    }
    fs::remove_file(&path).unwrap();
    let error = Store::open(&folder.path(), KeySource::Folder).unwrap_err();
    assert!(matches!(error, StoreError::KeyMissing(_)), "{error}");
    let name = path.file_name().unwrap().to_str().unwrap();
    let mut file = PrivateFolder::open(&folder.path()).unwrap().create(name).unwrap();
    file.write_all(&kept).unwrap();
    assert_eq!(token(&open(&folder), "a"), CANARY);
}

#[test]
fn records_cannot_be_swapped() {
    let folder = folder();
    let store = open(&folder);
    let [a, b] =
        ["a", "b"].map(|name| store.add_connection(name, "openai/v1", &values(name), &bound()));
    let (a, b) = (a.unwrap(), b.unwrap());
    execute(
        &folder,
        "UPDATE connections SET sealed = (SELECT sealed FROM connections WHERE name = 'b')
         WHERE name = 'a'",
    );
    let error = store.connection(&a.id).unwrap_err();
    assert!(matches!(&error, StoreError::Unreadable { id } if *id == a.id), "{error}");
    assert_eq!(token(&store, &b.id), "b");
    execute(&folder, "UPDATE connections SET component = 'other/v1' WHERE name = 'b'");
    assert!(store.connection(&b.id).is_err());
    // It is still listed, so that it can be removed, but the key cannot change.
    assert_eq!(store.connections().unwrap().len(), 2);
    let keys = key_files(&folder);
    assert!(store.rotate_key(KeySource::Folder).is_err());
    for record in [&a, &b] {
        assert!(store.remove_connection(&record.id).unwrap());
    }
    assert_eq!(store.rotate_key(KeySource::Folder).unwrap(), 0);
    assert!(!key_files(&folder).iter().any(|name| keys.contains(name)));
}

#[test]
fn another_process_picks_up_a_new_key() {
    let folder = folder();
    let (here, there) = (open(&folder), open(&folder));
    for name in ["a", "b", "c"] {
        here.add_connection(name, "openai/v1", &values(name), &bound()).unwrap();
    }
    let old = key_files(&folder);
    assert_eq!(here.rotate_key(KeySource::Folder).unwrap(), 3);
    let new = key_files(&folder);
    assert!(new.len() == 1 && new != old, "{old:?} {new:?}");
    assert_eq!((token(&here, "a"), token(&there, "b")), (json!("a"), json!("b")));
    there.add_connection("d", "openai/v1", &values("d"), &bound()).unwrap();
    assert_eq!(token(&open(&folder), "d"), "d");

    // The caller now keeps the key, and `there` was not given it.
    assert_eq!(here.rotate_key(given(1)).unwrap(), 4);
    assert_eq!(key_files(&folder), [""; 0]);
    assert!(matches!(there.connection("a").unwrap_err(), StoreError::KeyMissing(_)));
    assert!(there.add_connection("e", "openai/v1", &values("e"), &bound()).is_err());
    assert_eq!(here.rotate_key(given(2)).unwrap(), 4);
    assert_eq!(token(&here, "a"), "a");
    assert_eq!(token(&Store::open(&folder.path(), given(2)).unwrap(), "d"), "d");
}

#[test]
fn many_threads_can_open_and_use_a_new_store() {
    let folder = Arc::new(folder());
    let threads = (0..8).map(|number| {
        let folder = Arc::clone(&folder);
        thread::spawn(move || {
            let store = open(&folder);
            let name = number.to_string();
            store.add_connection(&name, "openai/v1", &values(&name), &bound()).unwrap();
            if number % 4 == 0 {
                store.rotate_key(KeySource::Folder).unwrap();
            }
        })
    });
    for thread in threads.collect::<Vec<_>>() {
        thread.join().unwrap();
    }
    let store = open(&folder);
    assert_eq!(key_files(&folder).len(), 1);
    for number in 0..8 {
        assert_eq!(token(&store, &number.to_string()), number.to_string());
    }
}

#[test]
fn a_damaged_database_is_reported_and_left_unchanged() {
    let folder = folder();
    let path = folder.path().join(DATABASE);
    open(&folder).add_connection("a", "openai/v1", &values(CANARY), &bound()).unwrap();
    let intact = fs::read(&path).unwrap();
    let mut corrupt = intact.clone();
    corrupt[4096..].fill(0x5a);
    for damaged in [b"This is not a database".repeat(1000), corrupt] {
        fs::write(&path, &damaged).unwrap();
        let opened = Store::open(&folder.path(), KeySource::Folder);
        let error = opened.and_then(|store| store.connections()).unwrap_err();
        assert!(matches!(error, StoreError::Damaged { .. }), "{error}");
        assert!(error.hint().unwrap().contains("nothing was changed"));
        assert_eq!(fs::read(&path).unwrap(), damaged);
    }
    fs::write(&path, &intact).unwrap();
    assert_eq!(token(&open(&folder), "a"), CANARY);
}

#[test]
fn a_database_of_a_newer_version_is_refused() {
    let folder = folder();
    drop(open(&folder));
    execute(&folder, "PRAGMA user_version = 1000");
    let error = Store::open(&folder.path(), KeySource::Folder).unwrap_err();
    assert!(matches!(error, StoreError::Newer(_)), "{error}");
}

#[test]
fn a_full_disk_is_reported_and_loses_nothing() {
    let folder = folder();
    let store = open(&folder);
    store.add_connection("a", "openai/v1", &values(CANARY), &bound()).unwrap();
    let pages: u32 =
        store.lock().database.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    store.lock().database.pragma_update(None, "max_page_count", pages).unwrap();
    let large = values(&"x".repeat(100_000));
    let error = store.add_connection("b", "openai/v1", &large, &bound()).unwrap_err();
    assert!(matches!(error, StoreError::Full(_)), "{error}");
    assert!(!error.is_usage());
    assert_eq!(store.connections().unwrap().len(), 1);
    assert_eq!(token(&open(&folder), "a"), CANARY);
}

#[cfg(unix)]
#[test]
fn every_file_is_private_and_is_refused_otherwise() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    let folder = folder();
    let store = open(&folder);
    store.add_connection("a", "openai/v1", &values(CANARY), &bound()).unwrap();
    let paths: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(paths.len(), 4, "{paths:?}");
    for path in paths {
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600, "{}", path.display());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let error = Store::open(&folder.path(), KeySource::Folder).unwrap_err();
        assert!(matches!(error, StoreError::OpenToOthers { .. }), "{}: {error}", path.display());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
    }
    open(&folder);
}

/// A record that was renamed or rebound behind the store's back.
#[test]
fn a_changed_record_is_refused() {
    let folder = folder();
    let store = open(&folder);
    for name in ["production", "test"] {
        store.add_connection(name, "openai/v1", &values(name), &bound()).unwrap();
    }
    let change = |sql: &str| store.lock().database.execute(sql, []).unwrap();
    let readable = || {
        let records = store.connections().unwrap();
        records.iter().filter(|record| store.connection(&record.id).is_ok()).count()
    };
    for (there, back) in [
        (
            "UPDATE connections SET name = CASE name WHEN 'test' THEN 'x' ELSE name END",
            "UPDATE connections SET name = 'test' WHERE name = 'x'",
        ),
        (
            "UPDATE connections SET origin = 'https://evil.test' WHERE name = 'test'",
            "UPDATE connections SET origin = 'https://api.example.test'",
        ),
        (
            "UPDATE connections SET secrets_in = 'x-evil' WHERE name = 'test'",
            "UPDATE connections SET secrets_in = 'authorization: Bearer'",
        ),
        (
            "UPDATE connections SET origin = NULL WHERE name = 'test'",
            "UPDATE connections SET origin = 'https://api.example.test'",
        ),
    ] {
        change(there);
        assert_eq!(readable(), 1, "{there}");
        change(back);
        assert_eq!(readable(), 2, "{back}");
    }
}

/// A connection that an older version stored can be read, is not bound, and can
/// be bound.
#[test]
fn a_connection_of_an_older_version_can_be_bound() {
    let folder = folder();
    let store = open(&folder);
    let id = "conn_0123456789abcdef0123456789abcdef";
    let place = [b"connection\0", id.as_bytes(), b"openai/v1"].concat();
    let sealed = {
        let state = store.lock();
        let sealed = cipher::seal(&state.key, &place, br#"{"token":"old"}"#).unwrap();
        state
            .database
            .execute(
                "INSERT INTO connections (id, component, name, sealed, created_at, updated_at)
                 VALUES (?1, 'openai/v1', 'old', ?2, '', '')",
                rusqlite::params![id, sealed],
            )
            .unwrap();
        sealed
    };
    let stored = store.connection(id).unwrap().unwrap();
    assert_eq!((stored.record.bound, stored.revision), (None, cipher::nonce(&sealed).to_vec()));
    store.bind_connection(id, &bound()).unwrap();
    let stored = store.connection(id).unwrap().unwrap();
    assert_eq!(stored.record.bound, Some(bound()));
    assert_eq!(stored.values.as_map()["token"], "old");
}

/// Even within one tick of the clock.
#[test]
fn every_change_gives_a_new_revision() {
    let folder = folder();
    let store = open(&folder);
    let id = store.add_connection("a", "openai/v1", &values("one"), &bound()).unwrap().id;
    let revision = || store.connection(&id).unwrap().unwrap().revision;
    let before = revision();
    assert_eq!(revision(), before);
    store.replace_connection(&id, "a", &values("one"), &bound()).unwrap();
    assert_ne!(revision(), before);
}
