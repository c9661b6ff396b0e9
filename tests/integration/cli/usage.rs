//! Wrong usage: one error message and a hint.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use connector_tests::{Ran, command, component, ran, sandbox};
use openai_sandbox::Fault;
use serde_json::json;
use tempfile::TempDir;

/// Files to pass as the path of a connector.
fn files() -> (TempDir, impl Fn(&str) -> String) {
    let dir = TempDir::new().unwrap();
    let root: PathBuf = dir.path().to_owned();
    let path = move |name: &str| root.join(name).to_str().unwrap().to_owned();
    fs::write(path("text.wasm"), "not wasm").unwrap();
    fs::write(path("empty.wasm"), "").unwrap();
    fs::write(path("core.wasm"), b"\0asm\x01\0\0\0").unwrap();
    fs::write(path("damaged.wasm"), b"\0asm\x0d\0\x01\0damaged").unwrap();
    fs::create_dir(path("folder.wasm")).unwrap();
    fs::write(path("list.json"), "[1]").unwrap();
    fs::write(path("empty"), "").unwrap();
    (dir, path)
}

#[track_caller]
fn assert_printed(ran: &Ran, status: i32, error: &str, hint: Option<&str>) {
    let lines: Vec<&str> = ran.stderr.lines().collect();
    let error = format!("error: {error}");
    let hint = hint.map(|hint| format!("hint: {hint}"));
    let expected: Vec<&str> = [error.as_str()].into_iter().chain(hint.as_deref()).collect();
    assert_eq!((ran.status, lines, ran.stdout.as_str()), (status, expected, ""));
}

/// An argument that is a path is never looked up in the connector folders.
#[test]
fn an_unusable_path_is_explained() {
    let (_dir, path) = files();
    let kinds = Some("expected a connector name such as `openai`, or the path of a .wasm file");
    let build = Some("build it with `--target wasm32-unknown-unknown`");
    let link = Some("link it with `wasm-component-ld`, or run `wasm-tools component new` on it");
    for (name, status, is, hint) in [
        ("nope.wasm", 2, "no such file: `{}`", kinds),
        ("folder.wasm", 2, "`{}` is a directory", kinds),
        ("text.wasm/below", 2, "cannot read `{}`: not a directory", kinds),
        ("text.wasm", 2, "{}: not a WebAssembly component", build),
        ("empty.wasm", 2, "{}: not a WebAssembly component", build),
        ("core.wasm", 2, "{}: a WebAssembly core module, not a component", link),
    ] {
        let file = path(name);
        let message = is.replace("{}", &file);
        let address = format!("{file}/v1/act");
        for arguments in [["inspect", &file], ["docs", &file], ["run", &address]] {
            assert_printed(&ran(command(None).args(arguments)), status, &message, hint);
        }
    }
    let damaged = ran(command(None).args(["inspect", &path("damaged.wasm")]));
    assert_eq!(damaged.status, 1);
    assert!(damaged.stderr.contains("not a component this host can run"), "{damaged:?}");
    let nameless = ran(command(None).args(["inspect", "nobody"]));
    assert!(nameless.stderr.contains("hint: looked in "), "{nameless:?}");
}

/// A suggested command can be run as printed.
#[test]
fn hints_repeat_the_path_of_the_connector() {
    let dir = TempDir::new().unwrap();
    let folder = dir.path().join("my connectors");
    fs::create_dir(&folder).unwrap();
    let file = folder.join("openai.wasm");
    fs::copy(component(), &file).unwrap();
    let file = file.to_str().unwrap();
    let stderr = |arguments: &[&str]| ran(command(None).args(arguments)).stderr;
    let run = stderr(&["run", &format!("{file}/v1/nope")]);
    assert!(run.contains(&format!("available: {file}/v1/ask, ")), "{run}");
    let mut input = command(None);
    input.env("OPENAI_API_KEY", "sk-unused").args(["run", &format!("{file}/v1/ask")]);
    input.args(["--env", "OPENAI_API_KEY"]);
    let input = ran(&mut input).stderr;
    assert!(input.contains(&format!("`connector docs '{file}/v1/ask' messages`")), "{input}");

    let sandbox = sandbox();
    let mut refused = command(Some(&sandbox));
    refused.env("OPENAI_API_KEY", "sk-wrong").args(["run", &format!("{file}/v1/ask")]);
    refused.args(["--env", "OPENAI_API_KEY", "--env", "OPENAI_BASE_URL"]);
    refused.args(["--set", "messages[0].role=user", "--set", "messages[0].content=Hi"]);
    let refused = ran(&mut refused).stderr;
    assert!(
        refused.contains(&format!("`connector docs '{file}'` describes the connection")),
        "{refused}"
    );
}

#[test]
fn wrong_arguments_are_explained_with_a_hint() {
    let (_dir, path) = files();
    let (list, empty, gone) = (path("list.json"), path("empty"), path("gone"));
    let add = ["connection", "add", "openai", "--name", "a"];
    let address = "use the form CONNECTOR/vN/ACTION, such as openai/v1/ask; see `connector list`";
    let functions = "`connector run --help` describes the format of --functions";
    let secret =
        "use --secret-file PROPERTY=FILE with one of: token, apiKey, headers, proxyPassword";
    let cases: Vec<(Vec<&str>, String, Option<&str>)> = vec![
        (vec!["run", "openai"], "`openai` is not an action address".into(), Some(address)),
        (vec!["run", "openai/ask"], "`openai/ask` is not an action address".into(), Some(address)),
        (
            vec!["run", "openai/v2/ask"],
            "`openai` has no version 2".into(),
            Some("this is version 1"),
        ),
        (
            vec!["docs", "openai", "nope"],
            "unknown property `nope`".into(),
            Some(
                "the properties of openai are: authorization, token, apiKey, baseUrl, organization, \
                 project, maxTokensParameter, apiVersion, headers, proxy, proxyUsername, \
                 proxyPassword, certificateAuthorities",
            ),
        ),
        (
            vec!["options", "openai/v1/createSpeech", "voice"],
            "`voice` has no dynamic options; available for: `model`".into(),
            None,
        ),
        (
            vec!["run", "openai/v1/ask", "--functions", &gone],
            format!("cannot read {gone}: No such file or directory (os error 2)"),
            Some(functions),
        ),
        (
            vec!["run", "openai/v1/ask", "--functions", &list],
            format!("invalid functions in {list}: invalid type: integer `1`, expected a function"),
            Some(functions),
        ),
        (
            [&add[..], &["--secret-file", "sk-secret"]].concat(),
            "invalid value for --secret-file".into(),
            Some("for example: --secret-file token=token.txt"),
        ),
        (
            [&add[..], &["--secret-file", "sk-secret="]].concat(),
            "unknown connection secret in --secret-file".into(),
            Some(secret),
        ),
        (
            vec!["serve", "--api-key-file", &empty],
            format!(
                "cannot use the API key in {empty}: a key must be at least 16 visible ASCII characters"
            ),
            None,
        ),
        (
            vec!["connection", "list", "--data-dir", &empty],
            format!("cannot use {empty}: not a directory"),
            None,
        ),
        (
            vec!["mcp", "--input-dir", &empty],
            format!("`{empty}` is not a directory"),
            Some("--input-dir takes a folder with files for tools"),
        ),
    ];
    let home = TempDir::new().unwrap();
    for (arguments, error, hint) in cases {
        let mut command = command(None);
        command.env("HOME", home.path()).env("OPENAI_API_KEY", "sk-unused").args(&arguments);
        assert_printed(&ran(&mut command), 2, &error, hint);
    }
}

#[test]
fn options_that_are_not_available_are_a_failure() {
    let sandbox = sandbox();
    sandbox.script(Fault::error(401, "invalid_api_key", "Incorrect API key provided."));
    let ran = ran(command(Some(&sandbox)).args(["options", "openai/v1/ask", "model"]));
    assert_eq!((ran.status, &ran.json()["disabled"]), (4, &json!(true)), "{ran:?}");
    let message = "error: the options of `model` are not available: Incorrect API key provided";
    assert!(ran.stderr.starts_with(message), "{ran:?}");
}

#[test]
fn rejects_invalid_option_values() {
    for (arguments, sentence) in [
        (&["serve", "--max-file-size", "0"][..], "0 is not in 1..=4294967295"),
        (&["worker", "--max-file-size", "0"], "0 is not in 1..=4294967295"),
        (&["run", "openai/v1/ask", "--timeout", "5"], "the unit must be ms, s, m or h"),
        (&["run", "openai/v1/ask", "--timeout", "0s"], "must be more than 0 and at most 24h"),
        (&["run", "openai/v1/ask", "--raw", "--envelope"], "cannot be used with '--envelope'"),
        (&["run", "openai/v1/ask", "--ca-file", "nope.pem"], "cannot read the file: No such file"),
    ] {
        let ran = ran(command(None).args(arguments));
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.stderr.contains(sentence), "{ran:?}");
    }
}

#[test]
fn a_token_that_is_not_utf_8_is_not_reported_as_missing() {
    let mut odd = command(None);
    odd.env("OPENAI_API_KEY", OsStr::from_bytes(b"sk-\xff\xfe")).args(["test", "openai"]);
    assert_printed(&ran(&mut odd), 2, "$OPENAI_API_KEY is not valid UTF-8", None);
}

#[test]
fn the_version_names_the_command() {
    let version = ran(command(None).arg("--version")).stdout;
    assert_eq!(version, format!("connector {}\n", env!("CARGO_PKG_VERSION")));
}
