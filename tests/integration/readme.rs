//! The connector of the README, as it stands there: built with the command
//! that stands behind it, and run.

use std::fs;
use std::process::Command;

use connector_host::ConnectionValues;
use connector_tests::{CANARY, host, in_repository, ran, sandbox, target_dir};
use openai_sandbox::Fault;
use serde_json::json;
use tempfile::TempDir;

/// The block of the README that begins with this line, without that line.
fn block(first: &str) -> String {
    let readme = fs::read_to_string(in_repository("README.md")).unwrap();
    let (_, behind) = readme.split_once(&format!("{first}\n")).unwrap();
    let (block, _) = behind.split_once("```").unwrap();
    block.to_owned()
}

#[test]
fn its_connector_is_built_and_runs() {
    let folder = TempDir::new().unwrap();
    let package = folder.path().join("greeter");
    fs::create_dir_all(package.join("src")).unwrap();
    fs::create_dir(package.join("wit")).unwrap();
    fs::write(package.join("Cargo.toml"), block("# Cargo.toml")).unwrap();
    fs::write(package.join("src/lib.rs"), block("// src/lib.rs")).unwrap();
    // The versions that are here already: nothing is fetched.
    fs::copy(in_repository("Cargo.lock"), package.join("Cargo.lock")).unwrap();
    for file in fs::read_dir(in_repository("wit")).unwrap() {
        let file = file.unwrap();
        fs::copy(file.path(), package.join("wit").join(file.file_name())).unwrap();
    }
    let wasm = folder.path().join("greeter.wasm");
    let mut build = Command::new(in_repository("scripts/build-connector.sh"));
    build.env("CARGO_TARGET_DIR", target_dir()).args([&package, &wasm]);
    let built = ran(&mut build);
    assert_eq!(built.status, 0, "{built:?}");
    assert!(!built.stderr.contains("warning"), "{built:?}");

    let (connector, server) = (host().load_file(&wasm).unwrap(), sandbox());
    let values = ConnectionValues::new().set("token", CANARY).set("baseUrl", server.base_url());
    let connection = connector.connection(values).unwrap();
    server.script(Fault::text(200, "Good morning, Ada"));
    let run = connector.run("greet", json!({ "name": "Ada" })).connection(&connection);
    assert_eq!(run.start().unwrap().output, "Good morning, Ada");
    let request = &server.requests()[0];
    assert_eq!(
        (request.path.as_str(), request.query.as_deref()),
        ("/v1/greeting", Some("name=Ada"))
    );
    assert_eq!(request.header("authorization"), Some(format!("Bearer {CANARY}").as_str()));
}
