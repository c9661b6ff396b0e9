//! The packages (`make package`): they are complete, what they install works on
//! its own, and builds are reproducible.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use connector_tests::{Ran, component, in_repository, ran, target_dir};
use tempfile::TempDir;

/// Builds the packages from the command and the connectors of the tests.
fn build(version: &str) -> TempDir {
    let folder = TempDir::new().unwrap();
    let components = folder.path().join("components");
    fs::create_dir(&components).unwrap();
    fs::copy(component(), components.join("openai.wasm")).unwrap();
    let anthropic = target_dir().join("test-components/anthropic.wasm");
    fs::copy(anthropic, components.join("anthropic.wasm")).unwrap();
    let mut build = Command::new(in_repository("scripts/package/build.sh"));
    build.arg(target_dir().join("release/connector")).arg(&components).arg(target_dir());
    build.arg(folder.path().join("out")).env("VERSION", version);
    let built = ran(&mut build);
    assert_eq!(built.status, 0, "{built:?}");
    folder
}

#[test]
fn rebuilt_connectors_are_approved() {
    let makefile = fs::read_to_string(in_repository("Makefile")).unwrap();
    let rules = makefile.split("\n\n").filter_map(|rule| {
        let lines =
            rule.lines().skip_while(|line| line.starts_with(['#', '.'])).collect::<Vec<_>>();
        let (target, needs) = lines.first()?.split_once(':')?;
        Some((target.to_owned(), needs.split("##").next()?.to_owned(), lines.join("\n")))
    });
    let mut rebuilding = Vec::new();
    for (target, needs, rule) in rules {
        if needs.split_whitespace().any(|need| need == "openai") {
            assert!(rule.contains("$(CONNECTOR) lock $(TARGET)/components"), "{rule}");
            rebuilding.push(target);
        }
    }
    assert_eq!(rebuilding, ["build", "run", "serve"]);
}

/// The file in the folder with this extension.
fn with_extension(folder: &TempDir, extension: &str) -> PathBuf {
    let mut files = fs::read_dir(folder.path().join("out")).unwrap();
    files
        .find_map(|file| {
            Some(file.unwrap().path())
                .filter(|path| path.extension().is_some_and(|of| of == extension))
        })
        .unwrap()
}

/// Runs an installed command with an empty home folder and no other environment
/// variables.
fn installed(root: &Path, program: &str, arguments: &[&str]) -> Ran {
    let home = TempDir::new().unwrap();
    let mut command = Command::new(root.join(program));
    command.env_clear().env("HOME", home.path()).args(arguments).current_dir(&home);
    ran(&mut command)
}

#[test]
fn the_debian_package_contains_everything_it_needs() {
    let (packages, root) = (build("0.1.0"), TempDir::new().unwrap());
    let package = with_extension(&packages, "deb");
    let unpacked = ran(Command::new("dpkg-deb").arg("--extract").arg(&package).arg(root.path()));
    assert_eq!(unpacked.status, 0, "{unpacked:?}");

    let list = installed(root.path(), "usr/bin/connector", &["list"]);
    assert!(list.stdout.contains("openai/v1/ask"), "{list:?}");
    assert!(list.stdout.contains("anthropic/v1/ask"), "{list:?}");
    // The lock file approves the connector, so only the token is missing.
    let test = installed(root.path(), "usr/bin/connector", &["test", "openai"]);
    assert_eq!(test.status, 3, "{test:?}");

    for file in [
        "usr/share/man/man1/connector.1.gz",
        "usr/share/man/man1/connector-run.1.gz",
        "usr/share/bash-completion/completions/connector",
        "usr/share/zsh/vendor-completions/_connector",
        "usr/share/fish/vendor_completions.d/connector.fish",
        "usr/lib/systemd/system/connector-serve.service",
        "usr/lib/systemd/system/connector-worker.service",
        "usr/lib/connector/components/connectors.lock",
        "usr/share/doc/connector/copyright",
        "etc/connector/serve.conf",
    ] {
        let metadata = fs::metadata(root.path().join(file));
        assert!(metadata.is_ok_and(|file| file.len() > 0), "{file}");
    }
    for (list, part) in
        [("connector", "wasmtime"), ("openai", "serde_json"), ("page", "@rjsf/core")]
    {
        let file = root.path().join(format!("usr/share/doc/connector/sbom/{list}.cdx.json"));
        let text = fs::read_to_string(&file).unwrap();
        let bom: serde_json::Value = serde_json::from_str(&text).unwrap();
        let components = bom["components"].as_array().unwrap();
        assert!(components.iter().any(|component| component["name"] == part), "{list}: {part}");
        assert!(!text.contains(env!("CARGO_MANIFEST_DIR")), "{list} contains paths");
    }
}

#[test]
fn the_tarball_runs_from_any_folder() {
    let (packages, root) = (build("0.1.0"), TempDir::new().unwrap());
    let mut tar = Command::new("tar");
    tar.args(["-xzf"]).arg(with_extension(&packages, "gz")).arg("-C").arg(root.path());
    tar.arg("--strip-components=1");
    let unpacked = ran(&mut tar);
    assert_eq!(unpacked.status, 0, "{unpacked:?}");
    let list = installed(root.path(), "bin/connector", &["list"]);
    assert!(list.stdout.contains("openai/v1/ask"), "{list:?}");
    assert!(root.path().join("share/man/man1/connector.1").exists());
}

#[test]
fn the_same_files_produce_identical_packages() {
    let (one, other) = (build("0.1.0"), build("0.1.0"));
    for extension in ["deb", "gz"] {
        let bytes = |packages: &TempDir| fs::read(with_extension(packages, extension)).unwrap();
        assert!(bytes(&one) == bytes(&other), "{extension}");
    }
}
