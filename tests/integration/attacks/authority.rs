//! A run has only the authority that its caller granted; a connector gains
//! nothing by requesting more.

use std::fs;

use connector_host::{Connector, Files, Functions};
use connector_tests::puppet::{self, Echo, lock, put, steps};
use connector_tests::{Ran, command, ran};
use serde_json::{Value, json};
use tempfile::TempDir;

const TOKEN: &str = "sk-9f2Kq7Zr1Lw8Xc4V";

/// Runs a component from a folder by name, with a token.
fn run(folder: &TempDir, echo: &Echo, name: &str, of: &Value, args: &[&str]) -> Ran {
    let mut command = command(None);
    command.env("CONNECTOR_COMPONENTS", folder.path()).env("XDG_DATA_HOME", folder.path());
    command.env("PUPPET_TOKEN", TOKEN).env("PUPPET_BASE_URL", echo.base_url());
    command.env("OPENAI_API_KEY", "sk-of-another-provider");
    command.env("CONNECTOR_STORE_KEY", "c3RvcmUta2V5LXN0b3JlLWtleS1zdG9yZS1rZXkhISE=");
    let steps = format!("steps={of}");
    ran(command.args(["run", &format!("{name}/v1/act"), "--set", &steps]).args(args))
}

fn hexadecimal(text: &str) -> String {
    text.bytes().map(|byte| format!("{byte:02x}")).collect()
}

/// A property's default that names a file.
#[test]
fn a_default_cannot_name_a_file() {
    let config = json!({ "fileDefault": "file:///etc/hostname" });
    let Err(error) = connector_tests::host().load(&puppet::puppet(&config)) else {
        panic!("loaded an invalid component")
    };
    assert!(error.to_string().contains("holds a file cannot have a default"), "{error}");
}

/// A guest opens a file that the input does not name, or passes it to an
/// action.
#[test]
fn a_guest_opens_only_files_named_in_the_input() {
    let (folder, echo) = (TempDir::new().unwrap(), Echo::start());
    let secret = folder.path().join("secret.txt");
    fs::write(&secret, "the user's data").unwrap();
    let url = format!("file://{}", secret.display());
    put(folder.path(), "puppet.wasm", &json!({ "environment": ["PUPPET_TOKEN"] }));
    lock(folder.path());
    let nested = json!([{ "open": {} }]).to_string();
    let arguments = json!({ "steps": nested, "file": { "url": url } });
    let attack = json!([
        { "open": { "url": url } },
        { "call": [{ "name": "puppet/v1/act", "arguments": arguments }] },
    ]);
    let allowed = ["--set", "functions[0]=puppet/v1/act"];
    let seen = run(&folder, &echo, "puppet", &attack, &allowed);
    assert_eq!(seen.status, 0, "{seen:?}");
    assert!(!seen.stdout.contains(&hexadecimal("the user's data")), "{seen:?}");
    assert!(seen.stdout.contains("is not a file of this run"), "{seen:?}");
    assert!(seen.stdout.contains("not among the files this run may read"), "{seen:?}");
    // A file that the caller names can be read.
    for file in
        [["--file", &format!("file={}", secret.display())], ["--set", &format!("file={url}")]]
    {
        let seen = run(&folder, &echo, "puppet", &json!([{ "open": {} }]), &file);
        assert!(seen.stdout.contains(&hexadecimal("the user's data")), "{seen:?}");
    }
}

/// Functions that the input does not list.
#[test]
fn a_guest_calls_only_functions_named_in_the_input() {
    let echo = Echo::start();
    let connector = puppet::load(&json!({}));
    let connection = puppet::connection(&connector, &echo.base_url(), TOKEN);
    let functions = ["weather", "pay"].into_iter().fold(Functions::new(), |functions, name| {
        functions.with(name, "For tests.", json!({ "type": "object" }), |_| Ok(json!("done")))
    });
    let files = Files::new("nowhere");
    let functions = functions.with_actions(&connector, &connection, &files);
    let calls = json!([{ "call": [
        { "name": "weather", "arguments": {} },
        { "name": "pay", "arguments": {} },
        { "name": "puppet/v1/act", "arguments": {} },
    ] }, { "describe": { "names": ["pay"] } }]);
    let mut input = steps(&calls);
    input["functions"] = json!(["weather"]);
    let outcome = connector
        .run("act", input)
        .connection(&connection)
        .files(&files)
        .functions(&functions)
        .start()
        .unwrap();
    let [called, described] = outcome.output.as_array().unwrap().as_slice() else { panic!() };
    assert_eq!(called[0], json!("\"done\""));
    for refused in [&called[1], &called[2], described] {
        let refused = refused.to_string();
        assert!(refused.contains("the input does not name the function"), "{refused}");
    }
}

/// Another connector's action must be declared by the caller.
#[test]
fn another_connectors_action_is_called_only_if_the_caller_declared_it() {
    let (folder, echo) = (TempDir::new().unwrap(), Echo::start());
    for name in ["puppet", "other"] {
        let config = json!({ "name": name, "environment": ["PUPPET_TOKEN"] });
        put(folder.path(), &format!("{name}.wasm"), &config);
    }
    lock(folder.path());
    let attack = json!([{ "call": [{ "name": "other/v1/act", "arguments": { "steps": "[]" } }] }]);
    let named = ["--set", "functions[0]=other/v1/act"];
    let refused = run(&folder, &echo, "puppet", &attack, &named);
    assert!(refused.stdout.contains("unknown function"), "{refused:?}");
    let declared = folder.path().join("functions.json");
    fs::write(&declared, json!(["other/v1/act"]).to_string()).unwrap();
    let declared = [&named[..], &["--functions", declared.to_str().unwrap()]].concat();
    let called = run(&folder, &echo, "puppet", &attack, &declared);
    assert!(called.stdout.contains("\"[]\""), "{called:?}");
}

/// Variables that a component lists but nobody approved.
#[test]
fn a_component_gets_only_approved_variables() {
    let (folder, echo) = (TempDir::new().unwrap(), Echo::start());
    let file = folder.path().join("evil.wasm");
    let config = json!({
        "name": "evil", "environment": ["OPENAI_API_KEY"], "baseUrl": "https://evil.example",
    });
    put(folder.path(), "evil.wasm", &config);
    let steps = json!([{ "send": { "path": "head" } }]);
    // A component found by name must be approved first.
    let by_name = run(&folder, &echo, "evil", &steps, &[]);
    assert_eq!(by_name.status, 2, "{by_name:?}");
    assert!(by_name.stderr.contains("is not approved"), "{by_name:?}");
    assert!(by_name.stderr.contains("connector trust"), "{by_name:?}");
    // A component given by path gets only the variables named on the command
    // line.
    let by_path = run(&folder, &echo, file.to_str().unwrap(), &steps, &[]);
    assert_eq!(by_path.status, 3, "{by_path:?}");
    assert!(by_path.stderr.contains("--env OPENAI_API_KEY"), "{by_path:?}");
    assert_eq!(echo.requests(), 0);
}

/// Variables of the host itself.
#[test]
fn a_component_never_gets_the_hosts_own_variables() {
    let (folder, echo) = (TempDir::new().unwrap(), Echo::start());
    let config = json!({
        "environment": ["PUPPET_TOKEN"], "settingEnvironment": ["CONNECTOR_STORE_KEY"],
    });
    put(folder.path(), "puppet.wasm", &config);
    let path = folder.path().join("puppet.wasm");
    let settings = json!([{ "settings": {} }]);
    for (name, args) in [
        ("puppet", &[][..]),
        (path.to_str().unwrap(), &["--env", "PUPPET_TOKEN"]),
        (path.to_str().unwrap(), &["--env", "CONNECTOR_STORE_KEY"]),
    ] {
        let refused = run(&folder, &echo, name, &settings, args);
        assert_eq!(refused.status, 2, "{refused:?}");
        assert!(refused.stderr.contains("reserved for the host"), "{refused:?}");
    }
    for args in [
        &["lock", folder.path().to_str().unwrap()][..],
        &["trust", path.to_str().unwrap(), "--yes"],
    ] {
        let mut command = command(None);
        let refused = ran(command.env("XDG_DATA_HOME", folder.path()).args(args));
        assert!(refused.stderr.contains("reserved for the host"), "{refused:?}");
    }
}

/// A file that is replaced between the check and the upload.
#[test]
fn the_file_that_was_checked_is_the_file_that_is_sent() {
    let (folder, echo) = (TempDir::new().unwrap(), Echo::start());
    let [path, secret] = ["a.txt", "secret.txt"].map(|name| folder.path().join(name));
    fs::write(&path, "what was checked").unwrap();
    fs::write(&secret, "the user's data, and more").unwrap();
    let connector: Connector = puppet::load(&json!({}));
    let connection = puppet::connection(&connector, &echo.base_url(), TOKEN);
    let files = Files::new(folder.path().join("out"));
    let mut input = steps(&json!([
        { "open": {} },
        { "send": { "path": "body", "file": 0 } },
        { "text": {} },
    ]));
    input["file"] = json!(files.grant(&path).unwrap());
    fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink(&secret, &path).unwrap();
    let run = connector.run("act", input).connection(&connection).files(&files);
    let seen = run.start().unwrap().output.to_string();
    assert!(seen.contains("what was checked") && !seen.contains("the user's data"), "{seen}");
}
