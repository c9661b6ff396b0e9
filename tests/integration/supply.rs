//! What comes from elsewhere: few crates in a guest, and of everything that the
//! tests and the page fetch exactly the version that was looked at.
//! (`make audit` checks licences and sources.)

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use connector_tests::in_repository;
use serde_json::Value;

#[test]
fn the_guest_has_few_dependencies() {
    let tree = Command::new(env!("CARGO"))
        .current_dir(in_repository("."))
        .args(["tree", "--locked", "--offline", "--package", "openai-connector"])
        .args(["--edges", "normal,no-proc-macro", "--prefix", "none"])
        .args(["--target", "wasm32-unknown-unknown"])
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    let tree = String::from_utf8(tree.stdout).unwrap();
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let others: BTreeSet<&str> =
        names.filter(|name| !name.starts_with("serde") && *name != "openai-connector").collect();
    assert!(others.contains("wit-bindgen"), "this is not the guest's tree: {tree}");
    assert!(others.len() < 10, "{others:?}");
}

/// The files of this name that are not among what was fetched.
fn files(name: &str) -> Vec<PathBuf> {
    let folders = [
        "component/binaryen",
        "host/ui",
        "tests/connectors/greeter",
        "tests/forms",
        "tests/judges",
        "tests/mcp",
        "tests/node-red",
        "tests/openapi",
        "tests/steady",
    ];
    let files = folders.into_iter().map(|folder| in_repository(folder).join(name));
    let files: Vec<PathBuf> = files.filter(|file| file.is_file()).collect();
    assert!(!files.is_empty(), "{name} is nowhere");
    files
}

fn json(file: &PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn packages_of_npm_are_named_exactly_and_have_checksums() {
    for file in files("package.json") {
        let package = json(&file);
        for kind in ["dependencies", "devDependencies"] {
            for (name, version) in package[kind].as_object().into_iter().flatten() {
                let exact = version.as_str().unwrap().split('.').all(|part| {
                    part.starts_with(|c: char| c.is_ascii_digit()) && !part.contains([' ', '|'])
                });
                assert!(exact, "{}: {name} {version}", file.display());
            }
        }
        let lock = json(&file.with_file_name("package-lock.json"));
        for (name, package) in lock["packages"].as_object().unwrap() {
            let is_ours = name.is_empty();
            assert!(is_ours || package["integrity"].is_string(), "{}: {name}", file.display());
        }
    }
}

#[test]
fn packages_of_python_are_named_exactly() {
    for file in files("requirements.txt") {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let version = line.split_once("==").map(|(_, version)| version);
            assert!(version.is_some_and(|version| !version.contains('*')), "{line}");
        }
    }
}
