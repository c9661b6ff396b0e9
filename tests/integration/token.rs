//! The token is attached outside the WebAssembly sandbox and appears nowhere
//! else: not in the connector's memory, nor in outputs, files, errors or logs,
//! even if the provider repeats it.

use base64::Engine as _;
use connector_tests::{CANARY, Ran, command, ran, sandbox};
use openai_sandbox::{Fault, Sandbox};

/// The four actions and the two form queries.
fn calls(out: &str) -> Vec<Vec<String>> {
    let ask = ["run", "openai/v1/ask", "--envelope", "--set", "messages[0].role=user"];
    let say = ["--set", "messages[0].content=Hi"];
    let image = ["run", "openai/v1/createImage", "--set", "imageMessages[0].content=A tree"];
    let speech = ["run", "openai/v1/createSpeech", "--set", "input=Hi", "--set", "voice=alloy"];
    let wav = ["--set", "responseFormat=wav", "--output-dir", out];
    let file = format!("file={out}/speech.wav");
    let transcribe = ["run", "openai/v1/createTranscription", "--file", &file];
    [
        [&ask[..], &say].concat(),
        [&image[..], &["--output-dir", out]].concat(),
        [&speech[..], &wav].concat(),
        transcribe.to_vec(),
        vec!["test", "openai"],
        vec!["options", "openai/v1/ask", "model"],
    ]
    .map(|call| call.into_iter().map(str::to_owned).collect())
    .to_vec()
}

fn run(sandbox: &Sandbox, arguments: &[String]) -> Ran {
    ran(command(Some(sandbox)).env("RUST_LOG", "trace").args(arguments))
}

/// Asserts that the bytes contain no part of the token that would reveal the
/// rest.
#[track_caller]
fn free_of_token(what: &str, bytes: &[u8]) {
    let part = &CANARY.as_bytes()[..14];
    assert!(bytes.windows(part.len()).all(|window| window != part), "the token is in {what}");
}

#[test]
fn only_the_request_header_contains_the_token() {
    let sandbox = sandbox();
    let dir = tempfile::tempdir().unwrap();
    for arguments in calls(dir.path().to_str().unwrap()) {
        sandbox.clear();
        let ran = run(&sandbox, &arguments);
        assert_eq!(ran.status, 0, "{arguments:?}: {ran:?}");
        let requests = sandbox.requests();
        assert!(!requests.is_empty(), "{arguments:?} made no request");
        for request in requests {
            assert_eq!(request.header("authorization"), Some(format!("Bearer {CANARY}").as_str()));
        }
        // The log is verbose, so it would also show a token.
        assert!(ran.stderr.contains("responded"), "{ran:?}");
        free_of_token("the output", ran.stdout.as_bytes());
        free_of_token("the log", ran.stderr.as_bytes());
    }
    let files: Vec<_> = std::fs::read_dir(dir.path()).unwrap().map(|f| f.unwrap().path()).collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for file in files {
        free_of_token(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
}

#[test]
fn redacts_the_token_when_the_provider_repeats_it() {
    let sandbox = sandbox();
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().to_str().unwrap();
    // The transcription needs a recording to send.
    run(&sandbox, &calls(out)[2]);
    for arguments in calls(out) {
        for status in [401, 501, 200] {
            sandbox.clear();
            sandbox.script(Fault::EchoAuthorization { status });
            let ran = run(&sandbox, &arguments);
            assert_eq!(sandbox.requests().len(), 1, "{arguments:?}");
            let shown = format!("{}{}", ran.stdout, ran.stderr);
            free_of_token(&format!("{arguments:?} answered with {status}"), shown.as_bytes());
        }
    }
    for file in std::fs::read_dir(dir.path()).unwrap() {
        let file = file.unwrap().path();
        free_of_token(&file.display().to_string(), &std::fs::read(&file).unwrap());
    }
}

/// The token with the escapes that servers use.
fn spellings() -> [String; 4] {
    let each = |write: fn(u32) -> String| CANARY.chars().map(|c| write(c.into())).collect();
    [
        CANARY.replace('/', "\\/"),
        each(|c| format!("\\u{c:04x}")),
        each(|c| format!("%{c:02X}")),
        base64::engine::general_purpose::STANDARD.encode(format!("user:{CANARY}:x")),
    ]
}

#[test]
fn redacts_the_token_in_other_spellings() {
    let sandbox = sandbox();
    for spelled in spellings() {
        let refusal = format!(r#"{{"error":{{"message":"wrong key {spelled}","code":null}}}}"#);
        let message = format!(r#"{{"role":"assistant","content":"your key is {spelled}"}}"#);
        let answer = format!(r#"{{"choices":[{{"index":0,"message":{message}}}]}}"#);
        let delta = format!(r#"{{"choices":[{{"index":0,"delta":{message}}}]}}"#);
        let events = format!("data: {delta}\n\ndata: [DONE]\n\n");
        for (status, kind, body) in [
            (401, "application/json", &refusal),
            (400, "text/html", &refusal),
            (200, "application/json", &answer),
            (200, "text/event-stream", &events),
        ] {
            let mut ask = calls("")[0].clone();
            if kind == "text/event-stream" {
                ask.push("--stream".to_owned());
            }
            sandbox.clear();
            let headers = vec![
                ("content-type".to_owned(), kind.to_owned()),
                ("x-request-id".to_owned(), spelled.clone()),
            ];
            let body = body.clone().into_bytes();
            sandbox.script(Fault::Status { status, headers, body });
            let ran = run(&sandbox, &ask);
            assert_eq!(sandbox.requests().len(), 1, "{ran:?}");
            assert_eq!(ran.status == 0, status == 200, "{ran:?}");
            let shown = format!("{}{}", ran.stdout, ran.stderr);
            assert!(shown.contains("****"), "{spelled} is not replaced: {shown}");
            free_of_token(&format!("an answer with {spelled}"), shown.as_bytes());
            assert!(!shown.contains(&spelled[..30]), "{spelled} is left: {shown}");
        }
    }
}

#[test]
fn no_argument_accepts_the_token() {
    for arguments in [&["--help"][..], &["run", "--help"], &["test", "--help"]] {
        let help = ran(command(None).env("OPENAI_API_KEY", CANARY).args(arguments));
        assert!(!help.stdout.contains("--token"), "{help:?}");
        free_of_token("the help", help.stdout.as_bytes());
    }
}
