//! Functions end to end: the model calls them, the host runs them, and their
//! results are part of the answer.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex};

use connector_host::{
    Cancellation, Event, FailureKind, Files, Functions, Host, HostOptions, HttpFunction,
};
use connector_tests::{HANG, command, connection, openai, ran, sandbox};
use serde_json::{Value, json};

fn question(functions: &[&str]) -> Value {
    json!({
        "messages": [{"role": "user", "content": "Draw the weather"}],
        "functions": functions,
    })
}

/// A weather service that answers one request, and returns its head.
fn weather() -> (String, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/weather", listener.local_addr().unwrap());
    let thread = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = vec![0; 4096];
        let count = stream.read(&mut head).unwrap();
        let body = r#"{"sky":"clear-over-the-lighthouse"}"#;
        let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(answer.as_bytes()).unwrap();
        String::from_utf8_lossy(&head[..count]).into_owned()
    });
    (url, thread)
}

#[test]
fn a_model_calls_an_action_and_an_http_function_and_uses_both_results() {
    let sandbox = sandbox();
    let dir = tempfile::tempdir().unwrap();
    let (url, server) = weather();
    let declarations = dir.path().join("functions.json");
    let declaration = json!([{
        "name": "weather",
        "description": "Returns the weather.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}},
            "required": ["city"],
        },
        "method": "GET",
        "url": url,
        "header": {"name": "X-Weather-Key", "environment": "WEATHER_KEY"},
    }]);
    std::fs::write(&declarations, declaration.to_string()).unwrap();
    let input = dir.path().join("input.json");
    let names = ["openai/v1/createImage", "weather"];
    std::fs::write(&input, question(&names).to_string()).unwrap();

    let mut ask = command(Some(&sandbox));
    ask.env("WEATHER_KEY", "weather-secret-0815").env("RUST_LOG", "trace");
    ask.args(["run", "openai/v1/ask", "--envelope", "--input"]).arg(&input);
    ask.arg("--functions").arg(&declarations).arg("--output-dir").arg(dir.path());
    let ran = ran(&mut ask);
    assert_eq!(ran.status, 0, "{ran:?}");

    let envelope = ran.json();
    let answer = envelope["output"].as_str().unwrap();
    assert!(
        answer.contains("clear-over-the-lighthouse") && answer.contains("image.png"),
        "{answer}"
    );
    assert!(dir.path().join("image.png").is_file());
    let head = server.join().unwrap().to_lowercase();
    assert!(head.starts_with("get /weather?city="), "{head}");
    assert!(head.contains("x-weather-key: weather-secret-0815"), "{head}");
    // The function's secret is as well protected as the connection's, and the
    // two are not mixed up.
    assert!(!head.contains("authorization"), "{head}");
    assert!(!format!("{}{}", ran.stdout, ran.stderr).contains("weather-secret"), "{ran:?}");

    let paths: Vec<String> = sandbox.requests().into_iter().map(|request| request.path).collect();
    let (chat, image) = ("/v1/chat/completions", "/v1/images/generations");
    assert_eq!(paths, [chat, image, chat]);
}

#[test]
fn every_call_is_an_event_and_errors_are_returned_to_the_model() {
    let (sandbox, connector) = (sandbox(), openai());
    let connection = connection(&connector, &sandbox);
    let parameters = json!({"type": "object", "properties": {}});
    let functions = Functions::new()
        .with("works", "Works.", parameters.clone(), |_| Ok(json!({"fine": true})))
        .with("fails", "Fails.", parameters, |_| {
            Err(connector_host::Failure::new(FailureKind::NotFound, "nothing is there"))
        });
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let outcome = connector
        .run("ask", question(&["works", "fails"]))
        .connection(&connection)
        .functions(&functions)
        .on_event(move |event| heard.lock().unwrap().push(event))
        .start()
        .unwrap();
    let answer = outcome.output.as_str().unwrap();
    assert!(answer.contains("fine") && answer.contains("nothing is there"), "{answer}");
    let events = events.lock().unwrap();
    let seen: Vec<(&str, bool)> = events
        .iter()
        .map(|event| match event {
            Event::FunctionCall { name, .. } => (name.as_str(), false),
            Event::FunctionResult { name, .. } => (name.as_str(), true),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(seen, [("works", false), ("fails", false), ("works", true), ("fails", true)]);
    assert!(
        matches!(&events[3], Event::FunctionResult { result: Err(error), .. } if error == "nothing is there")
    );
    // The usage of both requests together.
    let usage = &outcome.metadata["usage"]["totalTokens"];
    assert!(sandbox.requests().len() == 2 && usage.as_u64() > Some(20), "{usage}");
}

/// Each function waits until the other has begun.
#[test]
fn functions_called_in_one_answer_run_concurrently() {
    let (sandbox, connector) = (sandbox(), openai());
    let connection = connection(&connector, &sandbox);
    let started = Arc::new((Mutex::new(0), Condvar::new()));
    let meet = move |_| {
        let (count, changed) = &*started;
        let mut count = count.lock().unwrap();
        *count += 1;
        changed.notify_all();
        let (count, _) = changed.wait_timeout_while(count, HANG, |count| *count < 2).unwrap();
        Ok(json!(if *count == 2 { "together" } else { "alone" }))
    };
    let parameters = json!({"type": "object", "properties": {}});
    let functions = Functions::new()
        .with("one", "Meets another.", parameters.clone(), meet.clone())
        .with("other", "Meets one.", parameters, meet);
    let run = connector.run("ask", question(&["one", "other"])).connection(&connection);
    let outcome = run.functions(&functions).start().unwrap();
    let answer = outcome.output.as_str().unwrap();
    assert!(answer.contains("together") && !answer.contains("alone"), "{answer}");
}

#[test]
fn a_panic_in_a_function_fails_only_that_call() {
    let (sandbox, connector) = (sandbox(), openai());
    let connection = connection(&connector, &sandbox);
    let parameters = json!({"type": "object", "properties": {}});
    let functions = Functions::new()
        .with("panics", "Has a defect.", parameters.clone(), |_| panic!("a defect"))
        .with("works", "Works.", parameters, |_| Ok(json!("fine")));
    for names in [&["panics", "works"][..], &["panics"]] {
        let run = connector.run("ask", question(names)).connection(&connection);
        let outcome = run.functions(&functions).start().unwrap();
        let answer = outcome.output.as_str().unwrap();
        assert!(answer.contains("the function `panics` failed"), "{answer}");
        assert_eq!(answer.contains("fine"), names.len() == 2, "{answer}");
    }
}

/// Neither server ever responds.
#[test]
fn a_cancelled_run_cancels_its_functions() {
    let (sandbox, connector) = (sandbox(), openai());
    let connection = connection(&connector, &sandbox);
    let host = Host::new(HostOptions { cache_dir: None, ..HostOptions::default() }).unwrap();
    let silent = ["one", "other"].map(|name| (name, TcpListener::bind("127.0.0.1:0").unwrap()));
    let mut functions = Functions::new();
    for (name, server) in &silent {
        let declaration = HttpFunction {
            name: (*name).to_owned(),
            description: "Never answers.".to_owned(),
            parameters: json!({"type": "object", "properties": {}}),
            method: "GET".to_owned(),
            url: format!("http://{}/never", server.local_addr().unwrap()),
            header: None,
        };
        functions = functions.with_http(declaration, &host, |_| None).unwrap();
    }
    let cancellation = Cancellation::new();
    std::thread::scope(|scope| {
        let run = scope.spawn(|| {
            let run = connector.run("ask", question(&["one", "other"])).connection(&connection);
            run.functions(&functions).cancellation(&cancellation).start()
        });
        // Both requests arrive before either is answered.
        let mut streams = silent.map(|(_, server)| server.accept().unwrap().0);
        for stream in &mut streams {
            assert_ne!(stream.read(&mut [0; 4096]).unwrap(), 0);
        }
        cancellation.cancel();
        let failure = run.join().unwrap().unwrap_err();
        assert_eq!((failure.kind, failure.request_sent), (FailureKind::Cancelled, true));
        for stream in &mut streams {
            stream.set_read_timeout(Some(HANG)).unwrap();
            assert_eq!(stream.read(&mut [0; 4096]).unwrap(), 0, "the connection is still open");
        }
    });
}

#[test]
fn an_unknown_function_is_rejected_before_the_request() {
    let sandbox = sandbox();
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("input.json");
    std::fs::write(&input, question(&["openai/v1/paint"]).to_string()).unwrap();
    let mut ask = command(Some(&sandbox));
    let ran = ran(ask.args(["run", "openai/v1/ask", "--input"]).arg(&input));
    assert_eq!(ran.status, 2, "{ran:?}");
    assert_eq!(
        ran.stderr.lines().next(),
        Some(
            "error: `functions`: unknown function `openai/v1/paint`; available: openai/v1/ask, \
             openai/v1/createImage, openai/v1/createSpeech, openai/v1/createTranscription, \
             openai/v1/createTranslation, openai/v1/createEmbeddings, openai/v1/createModeration"
        )
    );
    assert!(sandbox.requests().is_empty());
}

/// A model gets the constraints of an action's parameters, but no form
/// keywords.
#[test]
fn an_action_is_offered_to_the_model_with_a_plain_schema() {
    let (sandbox, connector) = (sandbox(), openai());
    let connection = connection(&connector, &sandbox);
    let dir = tempfile::tempdir().unwrap();
    let files = Files::new(dir.path());
    let functions = Functions::new().with_actions(&connector, &connection, &files);
    let run = connector.run("ask", question(&["openai/v1/createSpeech"])).connection(&connection);
    run.functions(&functions).files(&files).start().unwrap();
    let request = sandbox.requests()[0].json().unwrap().clone();
    let function = &request["tools"][0]["function"];
    assert_eq!(function["name"], "openai_v1_createSpeech");
    let parameters = function["parameters"].to_string();
    assert!(parameters.contains("\"maximum\":4"), "{parameters}");
    assert!(!parameters.contains("\"x-") && !parameters.contains("$schema"), "{parameters}");
}
