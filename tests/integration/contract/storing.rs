//! Files that a connector stores.

use std::fs;

use super::*;

/// A guest that stores the same content `files` times, with its media type as
/// the name.
fn storing(files: u32, name: &str, bytes: usize) -> Connector {
    let content = json!({ "mime-type": name, "bytes": vec![0; bytes] });
    let guest = Guest::good()
        .with(include_str!("../../guests/create.wat"))
        .with(&format!("(global $files i32 (i32.const {files}))"))
        .value("new-file", "http.content", content)
        .value("answer", "actions.run", Value::Null);
    load(&guest)
}

fn store_in(dir: &Path, connector: &Connector, limits: Limits) -> Result<Outcome, Failure> {
    connector.run("act", json!({})).files(&Files::new(dir)).limits(limits).start()
}

#[test]
fn a_file_name_cannot_leave_the_folder() {
    for (name, kept) in [
        ("../../evil.txt", "evil.txt"),
        ("/etc/cron.d/evil", "evil"),
        ("..\\..\\evil.exe", "evil.exe"),
        ("C:\\Windows\\evil.dll", "evil.dll"),
        ("..", "file"),
        (".ssh", "ssh"),
        ("a\0b\r\nc\u{1b}[31m", "abc_31m"),
        ("", "file"),
    ] {
        let dir = tempfile::tempdir().unwrap();
        let inner = dir.path().join("inner");
        let connector = storing(1, name, 3);
        store_in(&inner, &connector, Limits::default()).unwrap();
        let names = |dir: &Path| -> Vec<String> {
            let entries = fs::read_dir(dir).unwrap();
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
        };
        assert_eq!(names(dir.path()), ["inner"], "{name:?}");
        assert_eq!(names(&inner), [kept], "{name:?}");
    }
}

#[test]
fn the_number_of_files_is_limited() {
    let dir = tempfile::tempdir().unwrap();
    let failure = contained(store_in(dir.path(), &storing(2_000, "f", 1), Limits::default()));
    assert_failure(&failure, FailureKind::TooLarge, "at most 1000 files");
}

#[test]
fn the_total_size_of_files_is_limited() {
    let dir = tempfile::tempdir().unwrap();
    let limits = Limits { file_bytes: 10_000, ..Limits::default() };
    let connector = storing(100, "f", 1_000);
    let failure = contained(store_in(dir.path(), &connector, limits.clone()));
    assert_failure(&failure, FailureKind::TooLarge, "at most 10000 bytes");
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0, "files of a failed run remain");
    // The next run may store as much again.
    store_in(dir.path(), &storing(10, "f", 1_000), limits).unwrap();
}
