//! `connector new`: the connector it creates builds and passes its tests with
//! the one command it prints, without network access.

use std::process::Command;

use connector_tests::{command, ran, target_dir};
use tempfile::TempDir;

/// Creates a connector and runs the printed command. Returns its folder.
fn builds_and_passes(language: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let arguments = ["new", "my-weather", "--lang", language];
    let created = ran(command(None).current_dir(&folder).args(arguments));
    assert_eq!(created.status, 0, "{created:?}");
    let next = created.stdout.lines().last().unwrap().trim().to_owned();
    assert_eq!(next, "cd my-weather && ./test.sh");

    // Keep the build output where the next run of this test reuses it.
    let mut test = Command::new("sh");
    test.args(["-c", &next]).current_dir(&folder);
    test.env("CARGO_NET_OFFLINE", "true").env("npm_config_offline", "true");
    test.env("CARGO_TARGET_DIR", target_dir().join("new"));
    let commands = target_dir().join("release");
    let path = std::env::var("PATH").unwrap();
    test.env("PATH", format!("{}:{path}", commands.display()));
    test.env("XDG_CACHE_HOME", target_dir().join("test-cache"));
    let ran = ran(&mut test);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.stdout.contains("my-weather/v1: 1 action, no errors, no warnings"), "{ran:?}");
    assert!(ran.stdout.contains("\"name\": \"A recorded item\""), "{ran:?}");
    assert!(!ran.stderr.contains("warning"), "{ran:?}");
    folder
}

#[test]
fn a_new_rust_connector_builds_and_passes() {
    let folder = builds_and_passes("rust");
    for arguments in [
        &["fmt", "--all", "--check"][..],
        &["clippy", "--workspace", "--all-targets", "--", "--deny", "warnings"],
    ] {
        let mut cargo = Command::new("cargo");
        cargo.args(arguments).current_dir(folder.path().join("my-weather"));
        cargo.env("CARGO_NET_OFFLINE", "true").env("CARGO_TARGET_DIR", target_dir().join("new"));
        let ran = ran(&mut cargo);
        assert_eq!(ran.status, 0, "{ran:?}");
    }
}

#[test]
fn a_new_javascript_connector_builds_and_passes() {
    builds_and_passes("js");
}

#[test]
fn rejects_invalid_names_and_existing_folders() {
    let folder = TempDir::new().unwrap();
    std::fs::create_dir(folder.path().join("taken")).unwrap();
    for (name, error) in [
        ("taken", "error: cannot create `taken`: File exists"),
        ("A b", "error: `A b` is not a valid connector name"),
        ("../up", "error: `../up` is not a valid connector name"),
        ("-", "error: `-` is not a valid connector name"),
    ] {
        let ran = ran(command(None).current_dir(&folder).args(["new", "--", name]));
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.stderr.starts_with(error), "{ran:?}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}
