//! `connector run --record` and `--replay`: runs without the provider.

use std::path::Path;

use connector_tests::guest::Guest;
use connector_tests::{CANARY, Ran, command, ran, sandbox};
use openai_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};
use tempfile::TempDir;

/// Runs an action and records it.
fn record(sandbox: &Sandbox, file: &Path, arguments: &[&str]) -> Ran {
    ran(command(Some(sandbox)).arg("run").args(arguments).arg("--record").arg(file))
}

/// Replays a recorded action, without a provider and without a token.
fn replay(file: &Path, arguments: &[&str]) -> Ran {
    ran(command(None).arg("run").args(arguments).arg("--replay").arg(file))
}

fn read(file: &Path) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap()
}

#[test]
fn replays_a_run_without_a_provider_or_a_secret() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let file = folder.path().join("ask.json");
    for arguments in [
        &["openai/v1/ask", "Why is the sky blue?", "--check-output"][..],
        &["openai/v1/ask", "Why is the sky blue?", "--stream"],
    ] {
        let recorded = record(&sandbox, &file, arguments);
        assert_eq!(recorded.status, 0, "{recorded:?}");
        assert!(recorded.stderr.contains("recorded 1 request in "), "{recorded:?}");
        let replayed = replay(&file, arguments);
        assert_eq!((replayed.status, &replayed.stdout), (0, &recorded.stdout), "{replayed:?}");
    }
    let request = &read(&file)["exchanges"][0]["request"];
    assert_eq!(
        (&request["method"], &request["path"]),
        (&json!("POST"), &json!("/chat/completions"))
    );
    assert_eq!(request["json"]["messages"][0]["content"], "Why is the sky blue?");
    assert_eq!(sandbox.requests().len(), 2);
}

#[test]
fn replays_a_connection_test_and_dynamic_options() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    for arguments in [&["test", "openai"][..], &["options", "openai/v1/ask", "model"]] {
        let file = folder.path().join("query.json");
        let with = |sandbox: Option<&Sandbox>, option: &str| {
            ran(command(sandbox).args(arguments).arg(option).arg(&file))
        };
        let recorded = with(Some(&sandbox), "--record");
        assert_eq!(recorded.status, 0, "{recorded:?}");
        assert_eq!(read(&file)["exchanges"][0]["request"]["path"], "/models");
        let replayed = with(None, "--replay");
        assert_eq!((replayed.status, &replayed.stdout), (0, &recorded.stdout), "{replayed:?}");
    }
    assert_eq!(sandbox.requests().len(), 2);
}

#[test]
fn nothing_is_sent_if_the_recording_cannot_be_written() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let gone = folder.path().join("gone/recording.json");
    let run = ["run", "openai/v1/ask", "Hello"];
    for arguments in [&run[..], &["test", "openai"], &["options", "openai/v1/ask", "model"]] {
        for (file, reason) in [(gone.as_path(), "No such file"), (folder.path(), "Is a directory")]
        {
            let ran = ran(command(Some(&sandbox)).args(arguments).arg("--record").arg(file));
            let message = format!("error: cannot write the recording {}: {reason}", file.display());
            assert_eq!((ran.status, ran.stdout.as_str()), (2, ""), "{ran:?}");
            assert!(ran.stderr.starts_with(&message), "{ran:?}");
        }
    }
    assert_eq!(sandbox.requests().len(), 0);
}

#[test]
fn the_output_is_printed_even_if_the_recording_cannot_be_saved() {
    let sandbox = sandbox();
    let recorded = record(&sandbox, Path::new("/dev/full"), &["openai/v1/ask", "Hello"]);
    assert_eq!(recorded.status, 2, "{recorded:?}");
    assert!(recorded.stdout.contains("Hello"), "{recorded:?}");
    let message = "error: cannot write the recording /dev/full: No space left on device";
    assert!(recorded.stderr.starts_with(message), "{recorded:?}");
}

#[test]
fn stores_binary_bodies_in_files_next_to_the_recording() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let file = folder.path().join("speech.json");
    let [first, second] = ["first", "second"].map(|name| folder.path().join(name));
    let arguments = |out: &Path| {
        ["openai/v1/createSpeech", "Hello", "--set", "voice=alloy", "--output-dir"]
            .into_iter()
            .map(str::to_owned)
            .chain([out.to_str().unwrap().to_owned()])
            .collect::<Vec<_>>()
    };
    let strings = |of: &[String]| of.iter().map(String::as_str).collect::<Vec<_>>().join("\0");
    let recorded = strings(&arguments(&first));
    let recorded = record(&sandbox, &file, &recorded.split('\0').collect::<Vec<_>>());
    assert_eq!(recorded.status, 0, "{recorded:?}");
    let beside = read(&file)["exchanges"][0]["response"]["file"].as_str().unwrap().to_owned();
    let sound = std::fs::read(folder.path().join(beside)).unwrap();
    let replayed = strings(&arguments(&second));
    let replayed = replay(&file, &replayed.split('\0').collect::<Vec<_>>());
    assert_eq!(replayed.status, 0, "{replayed:?}");
    for out in [&first, &second] {
        assert!(std::fs::read(out.join("speech.mp3")).unwrap() == sound);
    }
}

#[test]
fn a_recording_contains_no_secret() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let file = folder.path().join("ask.json");
    let body = json!({ "error": { "message": format!("Incorrect API key: {CANARY}") } });
    sandbox.script(Fault::Status {
        status: 401,
        headers: vec![("x-key".to_owned(), CANARY.to_owned())],
        body: body.to_string().into(),
    });
    let question = format!("My key is {CANARY}");
    let recorded = record(&sandbox, &file, &["openai/v1/ask", &question]);
    assert_eq!(recorded.status, 3, "{recorded:?}");
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(!text.contains(CANARY) && text.contains("****"), "{text}");
    assert_eq!(read(&file)["exchanges"][0]["response"]["status"], 401);
    // A recorded failure fails again.
    let replayed = replay(&file, &["openai/v1/ask", "My key is ****"]);
    assert_eq!((replayed.status, replayed.stderr.contains("Incorrect API key")), (3, true));
}

#[test]
fn reports_requests_that_differ_from_the_recording() {
    let (sandbox, folder) = (sandbox(), TempDir::new().unwrap());
    let file = folder.path().join("ask.json");
    record(&sandbox, &file, &["openai/v1/ask", "Hello"]);
    let other = replay(&file, &["openai/v1/ask", "Good morning"]);
    assert_eq!(other.status, 2, "{other:?}");
    assert!(other.stderr.contains(
        "request 1 of the run is `POST /chat/completions`, but the recording has \
         `POST /chat/completions` with a different body"
    ));
    let speech = replay(&file, &["openai/v1/createSpeech", "Hello", "--set", "voice=alloy"]);
    assert!(speech.stderr.contains("request 1 of the run is `POST /audio/speech`"), "{speech:?}");

    let mut recording = read(&file);
    let exchanges = recording["exchanges"].as_array_mut().unwrap();
    exchanges.push(exchanges[0].clone());
    std::fs::write(&file, recording.to_string()).unwrap();
    let more = replay(&file, &["openai/v1/ask", "Hello"]);
    assert_eq!(more.status, 0, "{more:?}");
    assert_eq!(
        more.stderr,
        "note: the recording contains an unused request: `POST /chat/completions`\n"
    );

    for (content, error) in [(None, "No such file"), (Some("{}"), "not a recording")] {
        let file = folder.path().join("odd.json");
        if let Some(content) = content {
            std::fs::write(&file, content).unwrap();
        }
        let odd = replay(&file, &["openai/v1/ask", "Hello"]);
        assert_eq!((odd.status, odd.stderr.contains(error)), (2, true), "{odd:?}");
    }
}

#[test]
fn an_optional_member_that_is_null_is_absent() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("guest.wasm");
    let mut descriptor = connector_tests::guest::component();
    let rows = descriptor["properties"].as_array_mut().unwrap();
    let first = rows.len();
    rows.push(json!({ "type": "object", "control": "object-builder", "children": [first + 1] }));
    rows.push(json!({ "name": "due", "label": "Due", "type": "string" }));
    descriptor["actions"][0]["output"] = json!({ "fixed": first });
    let guest = Guest::good()
        .value("component", "describe.component", descriptor)
        .returns(r#"{"good":true,"due":null}"#);
    std::fs::write(&file, guest.build()).unwrap();
    let recording = folder.path().join("empty.json");
    std::fs::write(&recording, r#"{"exchanges":[]}"#).unwrap();
    let address = format!("{}/v1/act", file.display());
    let ran = replay(&recording, &[&address, "--check-output"]);
    assert_eq!((ran.status, ran.json()), (0, json!({ "good": true })), "{ran:?}");
}

#[test]
fn check_output_reports_an_output_that_does_not_match_the_schema() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("guest.wasm");
    let mut descriptor = connector_tests::guest::component();
    let rows = descriptor["properties"].as_array_mut().unwrap();
    rows.push(json!({ "type": "string" }));
    let last = rows.len() - 1;
    descriptor["actions"][0]["output"] = json!({ "fixed": last });
    let guest = Guest::good().value("component", "describe.component", descriptor);
    std::fs::write(&file, guest.build()).unwrap();
    let recording = folder.path().join("empty.json");
    std::fs::write(&recording, r#"{"exchanges":[]}"#).unwrap();
    let address = format!("{}/v1/act", file.display());
    let run = |more: &[&str]| replay(&recording, &[&[address.as_str()], more].concat());
    let plain = run(&[]);
    assert_eq!(plain.status, 0, "{plain:?}");
    let checked = run(&["--check-output"]);
    assert_eq!(checked.status, 4, "{checked:?}");
    assert!(checked.stderr.contains("the output does not match its schema: "), "{checked:?}");
}
