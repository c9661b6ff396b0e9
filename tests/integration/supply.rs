//! Dependencies: few crates in a guest, and exact versions of everything that
//! the tests and the page fetch. (`make audit` checks licenses and sources.)

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use connector_tests::in_repository;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The lines of `cargo tree` with these options.
fn tree(options: &[&str]) -> BTreeSet<String> {
    let tree = Command::new(env!("CARGO"))
        .current_dir(in_repository("."))
        .args(["tree", "--locked", "--offline", "--prefix", "none", "--no-dedupe"])
        .args(options)
        .output()
        .unwrap();
    assert!(tree.status.success(), "{tree:?}");
    String::from_utf8(tree.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The names of a package's crates, with these options of `cargo tree`.
fn crates(package: &str, options: &[&str]) -> BTreeSet<String> {
    let lines = tree(&[&["--package", package], options].concat());
    lines.iter().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

/// The crates of the OpenAI connector besides its own and serde's. It uses
/// `base64` and `imagesize` itself. `talc`, the allocator, pulls in
/// `allocator-api2`, `lock_api` and `scopeguard`; the bindings need
/// `wit-bindgen`; the other third-party crates belong to serde_json.
const GUEST_CRATES: [&str; 15] = [
    "allocator-api2",
    "base64",
    "connector-sdk",
    "equivalent",
    "foldhash",
    "hashbrown",
    "imagesize",
    "indexmap",
    "itoa",
    "lock_api",
    "memchr",
    "scopeguard",
    "talc",
    "wit-bindgen",
    "zmij",
];

#[test]
fn the_guest_has_only_the_listed_dependencies() {
    let guest = ["--edges", "normal,no-proc-macro", "--target", "wasm32-unknown-unknown"];
    let mut others = crates("openai-connector", &guest);
    others.retain(|name| !name.starts_with("serde") && name != "openai-connector");
    assert_eq!(others, GUEST_CRATES.map(str::to_owned).into());
}

/// The direct dependencies of the library. An engine that embeds it compiles
/// all of them, so a new one needs a reason.
const LIBRARY_CRATES: [&str; 30] = [
    "base64",
    "directories",
    "getrandom",
    "httpdate",
    "infer",
    "memchr",
    "memmap2",
    "mime_guess",
    "percent-encoding",
    "regex",
    "regex-syntax",
    "regress",
    "rustc-demangle",
    "rustix",
    "rustls",
    "schemars",
    "serde",
    "serde_json",
    "sha2",
    "stacker",
    "strsim",
    "tempfile",
    "thiserror",
    "tracing",
    "twox-hash",
    "ureq",
    "url",
    "wasmparser",
    "wasmtime",
    "webpki-root-certs",
];

#[test]
fn the_library_has_only_the_listed_dependencies() {
    let direct = ["--edges", "normal", "--depth", "1"];
    let mut direct = crates("connector-host", &direct);
    direct.remove("connector-host");
    assert_eq!(direct, LIBRARY_CRATES.map(str::to_owned).into());
}

/// Cargo compiles a crate again if its features differ, and wasmtime takes
/// minutes.
#[test]
fn make_run_compiles_the_same_features_as_make_test() {
    let with_features = ["--format", "{p} [{f}]"];
    let makefile = fs::read_to_string(in_repository("Makefile")).unwrap();
    let run = makefile.lines().find_map(|line| line.strip_prefix("CARGO_RUN := ")).unwrap();
    let run: Vec<&str> =
        run.split(' ').filter(|option| !["--release", "--locked"].contains(option)).collect();
    assert!(run.contains(&"--package"), "{run:?}");
    let run = tree(&[&with_features, &["--edges", "normal,build"], run.as_slice()].concat());
    let test = ["--edges", "normal,build,dev", "--workspace"];
    let test = tree(&[with_features.as_slice(), &test].concat());
    assert!(run.iter().any(|line| line.starts_with("wasmtime v")), "{run:?}");
    let compiled_twice: Vec<&String> = run.difference(&test).collect();
    assert!(
        compiled_twice.is_empty(),
        "add features to scripts/workspace-hack: {compiled_twice:#?}"
    );
}

/// An application that embeds the library does not build crates that only the
/// command needs.
#[test]
fn the_library_has_none_of_the_commands_own_dependencies() {
    let of_the_command = [
        "async-nats",
        "axum",
        "chacha20poly1305",
        "clap",
        "ctrlc",
        "hyper",
        "indicatif",
        "libsqlite3-sys",
        "prometheus",
        "rmcp",
        "rusqlite",
        "tokio",
        "tower-http",
        "tracing-subscriber",
    ];
    let command = crates("connector", &["--edges", "normal"]);
    let library = crates("connector-host", &["--edges", "normal"]);
    for name in of_the_command {
        assert!(command.contains(name), "the command does not depend on {name}");
        assert!(!library.contains(name), "the library depends on {name}");
    }
    assert!(library.contains("wasmtime"), "not the library's dependency tree: {library:?}");
}

/// The files with this name in the repository, not in downloaded packages.
fn files(name: &str) -> Vec<PathBuf> {
    let folders = [
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
    assert!(!files.is_empty(), "found no {name}");
    files
}

fn json(file: &PathBuf) -> Value {
    serde_json::from_str(&fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn npm_packages_have_exact_versions_and_checksums() {
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
fn python_packages_have_exact_versions() {
    for file in files("requirements.txt") {
        let text = fs::read_to_string(&file).unwrap();
        let lines = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
        for line in lines {
            let version = line.split_once("==").map(|(_, version)| version);
            assert!(version.is_some_and(|version| !version.contains('*')), "{line}");
        }
    }
}

/// The validator is built by hand (`make validator`), so that the library
/// builds without a WebAssembly toolchain.
#[test]
fn the_json_validator_matches_its_sources() {
    let folder = in_repository("host/core/json-schema");
    let lock = fs::read_to_string(folder.join("validator.lock")).unwrap();
    assert!(lock.contains("component/json-schema/src/lib.rs"), "{lock}");
    for line in lock.lines() {
        let (hash, file) = line.split_once("  ").unwrap();
        let content = fs::read(folder.join(file)).unwrap();
        let is_the_same = format!("{:x}", Sha256::digest(content)) == hash;
        assert!(is_the_same, "{file} has changed; hint: make validator");
    }
}

/// The crates that an engine compiles besides its own.
#[test]
fn the_library_has_few_dependencies() {
    let crates = crates("connector-host", &["--edges", "normal"]);
    assert!(crates.len() <= 170, "{}: {crates:?}", crates.len());
}
