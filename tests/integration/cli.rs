//! The `connector` command as a user would run it: its output, where that goes,
//! and its exit status.

mod check;
mod docs;
mod new;
mod output_dir;
mod pipes;
mod recordings;
mod usage;

use connector_tests::{CANARY, FOREVER, Ran, command, component, ran, sandbox};
use openai_sandbox::{Fault, Sandbox};
use serde_json::{Value, json};

const MESSAGE: [&str; 4] =
    ["--set", "messages[0].role=user", "--set", "messages[0].content=What is 2 + 2?"];

fn run(sandbox: &Sandbox, arguments: &[&str]) -> Ran {
    ran(command(Some(sandbox)).args(arguments))
}

/// Runs `ask` with a message and additional arguments.
fn ask(sandbox: &Sandbox, more: &[&str]) -> Ran {
    let arguments = [&["run", "openai/v1/ask"], &MESSAGE[..], more].concat();
    run(sandbox, &arguments)
}

/// Asserts that the run ended with status 2 and exactly this message, and that
/// nothing was sent.
#[track_caller]
fn refused(sandbox: &Sandbox, ran: &Ran, sentence: &str) {
    let first = ran.stderr.lines().next().unwrap_or_default();
    assert_eq!((ran.status, first), (2, format!("error: {sentence}").as_str()), "{ran:?}");
    assert_eq!(ran.stdout, "");
    assert_eq!(sandbox.requests().len(), 0, "a request was sent");
}

#[test]
fn prints_the_output_as_json_raw_or_in_an_envelope() {
    let sandbox = sandbox();
    let plain = ask(&sandbox, &[]);
    assert_eq!(plain.status, 0, "{plain:?}");
    let text = plain.json();
    let text = text.as_str().unwrap();
    assert!(text.contains("2 + 2"), "{text}");

    assert_eq!(ask(&sandbox, &["--raw"]).stdout, format!("{text}\n"));

    let envelope = ask(&sandbox, &["--envelope"]).json();
    assert_eq!(envelope["output"], text);
    let metadata = &envelope["metadata"];
    assert_eq!(metadata["attempts"], 1);
    assert_eq!(metadata["model"], "gpt-5.4");
    assert_eq!(metadata["finishReasons"], json!(["stop"]));
    assert!(metadata["requestId"].as_str().unwrap().starts_with("req_"));
    assert!(metadata["usage"]["totalTokens"].as_u64().unwrap() > 0);
    assert!(metadata["durationMs"].is_u64());
}

#[test]
fn prints_the_url_of_each_preview() {
    let sandbox = sandbox();
    let folder = tempfile::tempdir().unwrap();
    let mut command = command(Some(&sandbox));
    command.args(["run", "openai/v1/createImage", "--set", "imageMessages[0].content=A cat"]);
    command.args(["--set", "partialImages=1", "--stream", "--output-dir"]).arg(folder.path());
    let run = ran(&mut command);
    assert_eq!(run.status, 0, "{run:?}");
    assert!(run.stderr.starts_with("preview: file://"), "{run:?}");
    assert!(run.stderr.ends_with("/image.png\n"), "{run:?}");
    assert!(run.stdout.contains("image-2.png"), "{run:?}");
}

#[test]
fn streams_text_to_stdout_or_to_stderr_if_the_output_is_json() {
    let sandbox = sandbox();
    let plain = ask(&sandbox, &["--raw"]);
    let streamed = ask(&sandbox, &["--stream"]);
    assert_eq!((streamed.stdout.as_str(), streamed.stderr.as_str()), (plain.stdout.as_str(), ""));

    for more in [&["--envelope"][..], &["--set", "responseFormat=1"]] {
        let json = &["--set", "messages[0].content=Say it as JSON"];
        let whole = ask(&sandbox, &[more, json].concat());
        let streamed = ask(&sandbox, &[more, json, &["--stream"]].concat());
        let output = |ran: &Ran| match ran.json() {
            Value::Object(mut members) => members.remove("output").unwrap_or(members.into()),
            other => other,
        };
        assert_eq!(output(&streamed), output(&whole), "{more:?}");
        assert!(!streamed.stderr.is_empty(), "{more:?}: {streamed:?}");
    }
}

#[test]
fn reads_input_from_a_file_and_from_standard_input() {
    let sandbox = sandbox();
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("input.json");
    let input = json!({"messages": [{"role": "user", "content": "from a file"}], "n": 1});
    std::fs::write(&file, input.to_string()).unwrap();
    let file = file.to_str().unwrap();

    let from_file = run(&sandbox, &["run", "openai/v1/ask", "--raw", "--input", file]);
    assert!(from_file.stdout.contains("from a file"), "{from_file:?}");

    let stdin = std::fs::File::open(file).unwrap();
    let mut reading = command(Some(&sandbox));
    reading.args(["run", "openai/v1/ask", "--raw", "--input", "-"]).stdin(stdin);
    assert_eq!(ran(&mut reading).stdout, from_file.stdout);

    // `--set` overrides the file.
    let set = ["--set", "messages[0].content=set later"];
    let both =
        run(&sandbox, &[&["run", "openai/v1/ask", "--raw", "--input", file], &set[..]].concat());
    assert!(both.stdout.contains("set later"), "{both:?}");
}

#[test]
fn rejects_invalid_values_before_sending() {
    let sandbox = sandbox();
    for (argument, sentence) in [
        (
            "messages[0].role=boss",
            "`messages[0].role` must be one of: `system`, `user`, `assistant`, `tool`, `developer` (got \"boss\")",
        ),
        ("n=0", "`n` must be between 1 and 128 (got 0)"),
        ("n=two", "`n` must be a whole number (got \"two\")"),
        ("n=1.5", "`n` must be a whole number (got \"1.5\")"),
        ("temperature=3", "`temperature` must be between 0 and 2 (got 3)"),
        ("stop=[\"a\",\"b\",\"c\",\"d\",\"e\"]", "`stop` must have at most 4 items (it has 5)"),
        ("logitBias.50256=101", "`logitBias.50256` must be between -100 and 100 (got 101)"),
        ("logitBias.token=1", "the keys of `logitBias` must match [0-9]+ (got \"token\")"),
        ("modle=x", "unknown property `modle`; did you mean `model`?"),
        (
            "messages[0].text=x",
            "unknown property `messages[0].text`; expected one of: content, role, attachments, \
             imageUrls, imageFileIds, fileUrls, fileIds",
        ),
        (
            "responseFormat=3",
            "`responseFormat` must be one of: 0 (Text), 1 (Object), 2 (List) (got 3)",
        ),
        ("messages=text", "`messages` must be a list (got \"text\")"),
    ] {
        refused(&sandbox, &ask(&sandbox, &["--set", argument]), sentence);
    }
}

#[test]
fn rejects_missing_and_malformed_input_before_sending() {
    let sandbox = sandbox();
    refused(&sandbox, &run(&sandbox, &["run", "openai/v1/ask"]), "`messages` is required");
    let half = ["run", "openai/v1/ask", "--set", "messages[0].role=user"];
    refused(&sandbox, &run(&sandbox, &half), "`messages[0].content` is required");

    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("input.json");
    std::fs::write(&file, "{\"messages\": [").unwrap();
    let path = file.to_str().unwrap();
    let sentence =
        format!("the input from {path} is not JSON: EOF while parsing a list (line 1, column 14)");
    refused(&sandbox, &run(&sandbox, &["run", "openai/v1/ask", "--input", path]), &sentence);

    std::fs::write(&file, "[]").unwrap();
    let sentence = "the input must be a JSON object (got a list)";
    refused(&sandbox, &run(&sandbox, &["run", "openai/v1/ask", "--input", path]), sentence);
}

#[test]
fn rejects_missing_files_and_wrong_file_types() {
    let sandbox = sandbox();
    let dir = tempfile::tempdir().unwrap();
    let text = dir.path().join("notes.txt");
    std::fs::write(&text, "no audio").unwrap();
    let empty = dir.path().join("empty.wav");
    std::fs::write(&empty, "").unwrap();
    let transcribe = |file: &std::path::Path| {
        let argument = format!("file={}", file.display());
        run(&sandbox, &["run", "openai/v1/createTranscription", "--file", &argument])
    };
    let kinds = "flac, mp3, mp4, mpeg, mpga, m4a, ogg, wav, webm";
    let sentence = format!(
        "`file` must be one of these file types: {kinds} (the content of `notes.txt` is text/plain)"
    );
    refused(&sandbox, &transcribe(&text), &sentence);
    refused(&sandbox, &transcribe(&empty), "`file`: the file is empty");
    let gone = dir.path().join("gone.wav");
    let sentence =
        format!("cannot read {}: No such file or directory (os error 2)", gone.display());
    refused(&sandbox, &transcribe(&gone), &sentence);

    let large = dir.path().join("large.wav");
    std::fs::File::create(&large).unwrap().set_len(26_214_401).unwrap();
    let sentence = "`file`: the file must be at most 26214400 bytes long (it has 26214401)";
    refused(&sandbox, &transcribe(&large), sentence);
}

#[test]
fn omits_blank_and_hidden_values() {
    let sandbox = sandbox();
    let blank = ["--set", "user=", "--set", "temperature=null", "--set", "stop=[]"];
    let hidden = ["--set", "responseFormat=0", "--set", "responseSchema=left over"];
    let ran = ask(&sandbox, &[&blank[..], &hidden].concat());
    assert_eq!(ran.status, 0, "{ran:?}");
    let body = sandbox.requests()[0].json().unwrap().clone();
    let keys: Vec<&String> = body.as_object().unwrap().keys().collect();
    assert_eq!(keys, ["model", "messages"]);
    let warning = "`responseSchema` was ignored: it is only used if `responseFormat` is 1 (Object) \
                   or 2 (List)";
    assert_eq!(ran.stderr, format!("warning: {warning}\n"));
    let ran = ask(&sandbox, &[&hidden[..], &["--envelope"]].concat());
    assert_eq!(ran.json()["metadata"]["warnings"], json!([warning]));
}

#[test]
fn each_kind_of_failure_has_its_exit_status() {
    let sandbox = sandbox();
    for (status, fault) in [
        (3, Fault::error(401, "invalid_api_key", "Incorrect API key provided.")),
        (3, Fault::error(403, "forbidden", "No access.")),
        (4, Fault::error(404, "model_not_found", "No such model.")),
        (4, Fault::error(400, "bad", "Bad request.")),
        (4, Fault::text(302, "")),
        (5, Fault::error(429, "rate_limit_exceeded", "Slow down.")),
        (5, Fault::error(429, "insufficient_quota", "You exceeded your current quota.")),
        (6, Fault::error(503, "overloaded", "Try later.")),
        (6, Fault::HangUp),
    ] {
        let shown = format!("{fault:?}");
        sandbox.script(fault);
        let ran = ask(&sandbox, &["--attempts", "1"]);
        assert_eq!(ran.status, status, "{shown}: {ran:?}");
        assert!(ran.stderr.starts_with("error: "), "{shown}: {ran:?}");
        assert_eq!(ran.stdout, "");
        sandbox.clear();
    }
}

#[test]
fn a_missing_token_and_an_unreachable_server_have_their_own_messages() {
    let mut without = command(None);
    let ran_without = ran(without.args(["test", "openai"]));
    assert_eq!(ran_without.status, 3);
    assert!(ran_without.stderr.contains("set OPENAI_API_KEY"), "{ran_without:?}");

    let mut dead = command(None);
    dead.env("OPENAI_API_KEY", CANARY).env("OPENAI_BASE_URL", "http://127.0.0.1:1/v1");
    let ran_dead = ran(dead.args(["test", "openai"]));
    assert_eq!(ran_dead.status, 6);
    assert_eq!(
        ran_dead.stderr.lines().next(),
        Some("error: could not connect to http://127.0.0.1:1: connection refused")
    );

    let mut plain = command(None);
    plain.env("OPENAI_API_KEY", CANARY).env("OPENAI_BASE_URL", "http://example.test/v1");
    let ran_plain = ran(plain.args(["test", "openai"]));
    assert_eq!(ran_plain.status, 2);
    assert!(ran_plain.stderr.contains("`baseUrl` http://example.test/v1 is not"), "{ran_plain:?}");
}

#[test]
fn a_timeout_ends_a_run() {
    let sandbox = sandbox();
    sandbox.script(Fault::Delay(FOREVER));
    let ran = ask(&sandbox, &["--timeout", "2s"]);
    assert_eq!(ran.status, 6, "{ran:?}");
    assert!(ran.stderr.contains("exceeded its time limit"), "{ran:?}");
}

#[test]
fn a_response_that_does_not_begin_in_time_ends_a_run() {
    let sandbox = sandbox();
    sandbox.script(Fault::Delay(FOREVER));
    let ran = ask(&sandbox, &["--first-byte", "300ms"]);
    assert_eq!(ran.status, 6, "{ran:?}");
    assert!(ran.stderr.contains(" within 300ms"), "{ran:?}");
}

#[cfg(unix)]
#[test]
fn an_interrupt_ends_a_run_with_status_130() {
    let sandbox = sandbox();
    sandbox.script(Fault::Delay(FOREVER));
    let mut child = command(Some(&sandbox))
        .args(["run", "openai/v1/ask"])
        .args(MESSAGE)
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    while sandbox.requests().is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let kill = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn prints_failures_as_json_on_request() {
    let sandbox = sandbox();
    let ran_wrong = ask(&sandbox, &["--set", "n=0", "--json"]);
    let record: Value = serde_json::from_str(&ran_wrong.stderr).unwrap();
    assert_eq!(
        record,
        json!({
            "kind": "invalid-input",
            "message": "`n` must be between 1 and 128 (got 0)",
            "property": "n",
            "requestSent": false,
        })
    );
    let fault =
        Fault::error(429, "rate_limit_exceeded", "Slow down.").with_header("retry-after", "7");
    sandbox.script(fault);
    let ran_limited = ask(&sandbox, &["--json", "--attempts", "1"]);
    let record: Value = serde_json::from_str(&ran_limited.stderr).unwrap();
    assert_eq!(record["kind"], "rate-limited");
    assert_eq!(record["status"], 429);
    assert_eq!(record["code"], "rate_limit_exceeded");
    assert_eq!(record["retryAfterMs"], 7000);
    assert_eq!(record["requestSent"], true);
}

#[test]
fn escapes_control_characters_in_provider_messages() {
    let sandbox = sandbox();
    sandbox.script(Fault::error(400, "bad", "\u{1b}]0;title\u{7}\r\nerror: forged"));
    let ran = ask(&sandbox, &[]);
    assert_eq!(ran.status, 4);
    assert!(!ran.stderr.contains('\u{1b}') && !ran.stderr.contains("\nerror: forged"), "{ran:?}");
}

#[test]
fn lists_and_inspects_connectors() {
    let listed = ran(command(None).arg("list"));
    assert_eq!(listed.status, 0);
    for action in ["ask", "createImage", "createSpeech", "createTranscription"] {
        assert!(listed.stdout.contains(&format!("openai/v1/{action}")), "{listed:?}");
    }
    let inspected = ran(command(None).args(["inspect", "openai", "--json"])).json();
    assert_eq!(inspected["name"], "openai");
    let imports = inspected["imports"].as_array().unwrap();
    assert!(!imports.is_empty());
    for import in imports {
        assert!(import.as_str().unwrap().starts_with("workflow:connector/"), "{import}");
    }
    // The same with the path of a file.
    let file = component();
    let by_file = ran(command(None).arg("inspect").arg(&file).arg("--json")).json();
    assert_eq!(by_file["sha256"], inspected["sha256"]);
}

#[test]
fn an_unknown_name_error_lists_the_available_names() {
    for (arguments, hint) in [
        (&["run", "openai/v1/nope"][..], "openai/v1/ask"),
        (&["run", "openai/v2/ask"], "version 1"),
        (&["run", "openai"], "CONNECTOR/vN/ACTION"),
        (&["inspect", "nobody"], "CONNECTOR_COMPONENTS"),
        (&["schema", "openai"], "--connection"),
    ] {
        let ran = ran(command(None).args(arguments));
        assert_eq!(ran.status, 2, "{arguments:?}: {ran:?}");
        assert!(ran.stderr.contains("hint: ") && ran.stderr.contains(hint), "{ran:?}");
    }
}

#[test]
fn list_reports_files_that_are_not_components() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("broken.wasm"), "not wasm").unwrap();
    std::fs::copy(component(), dir.path().join("openai.wasm")).unwrap();
    let listed = ran(command(None).env("CONNECTOR_COMPONENTS", dir.path()).arg("list"));
    assert_eq!(listed.status, 0);
    assert!(listed.stdout.contains("openai/v1/ask"));
    assert!(listed.stderr.contains("broken.wasm: not a WebAssembly component"), "{listed:?}");
}

#[test]
fn lists_dynamic_options() {
    let sandbox = sandbox();
    let list = run(&sandbox, &["options", "openai/v1/ask", "model"]).json();
    assert_eq!(list["disabled"], false);
    let values: Vec<&str> =
        list["options"].as_array().unwrap().iter().map(|o| o["value"].as_str().unwrap()).collect();
    assert!(values.contains(&"gpt-5.4") && values.contains(&"whisper-1"), "{values:?}");

    let found = run(&sandbox, &["options", "openai/v1/ask", "model", "--search", "WHISPER"]).json();
    assert_eq!(found["options"].as_array().unwrap().len(), 1);

    sandbox.script(Fault::error(403, "forbidden", "Missing scope."));
    let disabled = run(&sandbox, &["options", "openai/v1/ask", "model"]).json();
    assert_eq!(disabled["disabled"], true);
    assert!(disabled["placeholder"].as_str().unwrap().contains("Missing scope"), "{disabled}");

    let none = run(&sandbox, &["options", "openai/v1/ask", "user"]);
    assert_eq!(none.status, 2);
}

#[test]
fn the_output_schema_follows_the_input() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("input.json");
    let schema = r#"{"type":"object","properties":{"a":{"type":"string"}}}"#;
    let input = json!({
        "messages": [{"role": "user", "content": "x"}],
        "responseFormat": 1,
        "responseSchema": schema,
    });
    std::fs::write(&file, input.to_string()).unwrap();
    let mut asked = command(None);
    asked.args(["schema", "openai/v1/ask", "--form", "output", "--input"]).arg(&file);
    let printed = ran(&mut asked).json();
    assert_eq!(printed["properties"]["a"]["type"], "string", "{printed}");
}

/// The connector's stack is small, and the JSON it reads is not trusted.
#[test]
fn deeply_nested_json_does_not_trap() {
    let sandbox = sandbox();
    let nested = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for (levels, status) in [(100, 0), (100_000, 2)] {
        let schema = format!(r#"{{"type":"object","default":{}}}"#, nested(levels));
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("input.json");
        let input = json!({
            "messages": [{"role": "user", "content": "x"}],
            "responseFormat": 1,
            "responseSchema": schema,
        });
        std::fs::write(&file, input.to_string()).unwrap();
        let file = file.to_str().unwrap();
        let ran = run(&sandbox, &["schema", "openai/v1/ask", "--form", "output", "--input", file]);
        assert_eq!(ran.status, status, "{levels}: {}", ran.stderr);

        let body = format!(r#"{{"choices":{}}}"#, nested(levels)).into_bytes();
        sandbox.script(Fault::Status { status: 200, headers: Vec::new(), body });
        let ran = ask(&sandbox, &[]);
        assert_eq!(ran.status, 4, "{levels}: {}", ran.stderr);
    }
}

#[test]
fn existing_files_are_never_overwritten() {
    let sandbox = sandbox();
    let dir = tempfile::tempdir().unwrap();
    let speak = || {
        let arguments =
            ["run", "openai/v1/createSpeech", "--set", "voice=alloy", "--set", "input=Hi"];
        let out = dir.path().to_str().unwrap();
        run(&sandbox, &[&arguments[..], &["--output-dir", out]].concat()).json()
    };
    assert_eq!(speak()["name"], "speech.mp3");
    assert_eq!(speak()["name"], "speech-2.mp3");
    let mut names: Vec<_> =
        std::fs::read_dir(dir.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort();
    assert_eq!(names, ["speech-2.mp3", "speech.mp3"]);
}

/// The help lists every command.
#[test]
fn the_help_lists_the_commands() {
    let help = ran(command(None).arg("--help")).stdout;
    let commands = ["list", "inspect", "describe", "schema", "docs", "test", "options", "run"];
    for name in commands.into_iter().chain(["connection", "serve", "mcp", "worker"]) {
        assert!(help.contains(&format!("\n  {name} ")), "{name}: {help}");
    }
    assert!(help.contains("Exit status"));
}
