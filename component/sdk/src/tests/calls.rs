//! Tests of calls to the host.

use std::time::Duration;

use serde_json::{Value, json};

use super::{CONNECTOR, answered, run};
use crate::functions::Invocation;
use crate::http::{EmbeddedFiles, Form};
use crate::prelude::*;
use crate::testing::{Answer, Host};
use crate::{Failure, FailureKind, Result, events, files, functions, http, lifecycle, log};

fn ok() -> Answer {
    Answer::json(200, json!({}))
}

/// Returns the only request that a function sends.
fn sent(function: fn() -> Result<Value>) -> crate::testing::Request {
    let host = Host::new(&CONNECTOR).answer(ok());
    run(&host, function).unwrap();
    host.requests().remove(0)
}

#[test]
fn sends_the_query_headers_and_body() {
    let request = sent(|| {
        let list = json!({ "limit": 3, "tags": ["a", "b"], "none": null, "on": true });
        let request = http::patch("/items").query("q", "a b").query_all(&list);
        request.header("accept", "*/*").json(&json!({ "a": 1 })).send()?.json()
    });
    assert_eq!(request.to_string(), "PATCH /items?q=a b&limit=3&tags=a&tags=b&on=true");
    let headers = [("version", "1"), ("accept", "*/*")];
    assert_eq!(request.headers, headers.map(|(name, value)| (name.into(), value.into())));
    assert_eq!(request.body, json!({ "a": 1 }));
}

#[test]
fn sends_files_in_every_kind_of_body() {
    let request = sent(|| {
        let photo = files::create("photo.png", "image/png", b"png")?.open()?;
        let note = files::create("note.txt", "text/plain", b"Hi")?.open()?;
        let body = json!({ "nul": "\0 \0", "parts": [note.base64(), { "url": photo.data_url() }] });
        http::post("/").json_with_files(&body, [&photo, &note]).send()?.json()
    });
    let parts = json!(["<note.txt>", { "url": "data:image/png;base64,<photo.png>" }]);
    assert_eq!(request.body, json!({ "nul": "\0 \0", "parts": parts }));

    let request = sent(|| {
        let file = files::create("a.mp3", "audio/mpeg", b"mp3")?.open()?;
        let form = Form::new().text("n", 2).file("file", &file);
        let form = form.file_as("as", &file, Some("b.mp3".into()), Some("audio/mp3".into()));
        http::post("/").multipart(form).send()?.json()
    });
    assert_eq!(
        request.body,
        json!([["n", "2"], ["file", "<a.mp3>"], ["as", "<b.mp3; audio/mp3>"]])
    );

    let request = sent(|| {
        let file = files::create("a.mp3", "audio/mpeg", b"mp3")?.open()?;
        http::put("/").file(&file).send()?.json()
    });
    assert_eq!(request.body, "<a.mp3>");

    let request = sent(|| http::put("/").body("text/csv", "a,b").send()?.json());
    assert_eq!(request.body, "a,b");
}

#[test]
fn replays_only_requests_with_the_recorded_body() {
    let path = std::env::temp_dir().join(format!("connector-sdk-{}.json", std::process::id()));
    let replay = |body: Value, function: fn() -> Result<Value>| {
        let mut request = json!({ "method": "POST", "path": "/" });
        for (name, value) in body.as_object().into_iter().flatten() {
            request[name] = value.clone();
        }
        let exchange = json!({ "request": request, "response": { "status": 200, "json": {} } });
        std::fs::write(&path, json!({ "exchanges": [exchange] }).to_string()).unwrap();
        run(&Host::new(&CONNECTOR).recording(&path), function)
            .map_err(|failure| failure.message.clone())
    };
    let differs = |place: &str| {
        let place = if place.is_empty() { String::new() } else { format!(": `{place}` differs") };
        let line = "the connector sent `POST /`, but the recording has `POST /`";
        Err(format!("{line} with a different body{place}"))
    };

    let form = || {
        let file = files::create("a.mp3", "audio/mpeg", b"mp3")?.open()?;
        let form = Form::new().text("n", 2).file("file", &file);
        http::post("/").multipart(form).send()?.json()
    };
    let recorded = |n: &str, file: &str| json!({ "json": [["n", n], ["file", file]] });
    assert_eq!(replay(recorded("2", "a.mp3 <3 bytes>"), form), Ok(json!({})));
    assert_eq!(replay(recorded("3", "a.mp3 <3 bytes>"), form), differs("[0][1]"));
    assert_eq!(replay(recorded("2", "b.mp3 <3 bytes>"), form), differs("[1][1]"));
    assert_eq!(replay(recorded("2", "a.mp3 <4 bytes>"), form), differs("[1][1]"));
    assert_eq!(replay(json!({ "json": [["n", "2"]] }), form), differs(""));

    let json_ = || {
        let file = files::create("a.png", "image/png", b"png")?.open()?;
        http::post("/").json_with_files(&json!({ "a": file.base64() }), [&file]).send()?.json()
    };
    assert_eq!(replay(json!({ "json": { "a": "<3 bytes>" } }), json_), Ok(json!({})));
    assert_eq!(replay(json!({ "json": { "a": "<4 bytes>" } }), json_), differs("a"));

    let file = || {
        let file = files::create("a.png", "image/png", b"png")?.open()?;
        http::post("/").file(&file).send()?.json()
    };
    assert_eq!(replay(json!({ "text": "<3 bytes>" }), file), Ok(json!({})));
    assert_eq!(replay(json!({ "text": "<4 bytes>" }), file), differs(""));

    let text = || http::post("/").body("text/csv", "a,b").send()?.json();
    assert_eq!(replay(json!({ "text": "a,b" }), text), Ok(json!({})));
    assert_eq!(replay(json!({ "text": "a" }), text), differs(""));
    let bytes = || http::post("/").body("image/png", [0xff_u8, 0xfe]).send()?.json();
    assert_eq!(replay(json!({ "base64": "//4=" }), bytes), Ok(json!({})));
    assert_eq!(replay(json!({ "base64": "//8=" }), bytes), differs(""));
    assert_eq!(replay(json!({}), || http::post("/").send()?.json()), Ok(json!({})));
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn removes_optional_members_of_an_output_that_are_null() {
    #[derive(Serialize, Properties)]
    struct Part {
        name: Option<String>,
        extra: Option<Value>,
    }
    #[derive(Serialize, Properties)]
    struct Whole {
        id: Option<String>,
        parts: Vec<Part>,
    }
    #[derive(Deserialize, Properties)]
    struct Get {}
    impl Run for Get {
        type Output = Whole;

        fn run(self, _: &Settings) -> Result<Outcome<Whole>> {
            Ok(Whole { id: None, parts: vec![Part { name: None, extra: None }] }.into())
        }
    }
    static CONNECTOR: Connector =
        Connector { actions: &[Action::of::<Get>()], ..Connector::new("test", "Test", "Tests.") };
    let outcome = Host::new(&CONNECTOR).run("get", json!({})).unwrap();
    assert_eq!(outcome.output, json!({ "parts": [{ "extra": null }] }));
}

#[test]
fn refuses_the_paths_that_the_host_refuses() {
    let refused = |path: &'static str| {
        thread_local!(static PATH: std::cell::Cell<&'static str> = const { std::cell::Cell::new("") });
        PATH.set(path);
        let host = Host::new(&CONNECTOR).answer(ok());
        run(&host, || http::get(PATH.get()).send()?.json())
            .map_err(|failure| failure.message.clone())
    };
    for (path, reason) in [
        ("items", "its path does not begin with `/`"),
        ("https://a.example/items", "its path does not begin with `/`"),
        ("/items?a=b", "its path contains `?`, `#`, `\\` or a control character"),
        ("/items/", "its path contains an empty, `.` or `..` segment"),
        ("/a/../b", "its path contains an empty, `.` or `..` segment"),
    ] {
        let message = format!("the connector's request is not allowed: {reason}");
        assert_eq!(refused(path), Err(message), "{path}");
    }
    for path in ["/", "/items", "/items/a.b"] {
        assert_eq!(refused(path), Ok(json!({})), "{path}");
    }
}

#[test]
fn assembles_a_form_with_generated_content() {
    let request = sent(|| {
        let file =
            files::create("a\"b.txt", "text/plain", b"form-00000000000000000000000000000000")?
                .open()?;
        let form = Form::new().content("file", "rows.csv", "text/csv", "a,b").text("n", 2);
        http::post("/").multipart(form.file("old", &file)).send()?.json()
    });
    // The first boundary occurs in the content.
    let boundary = "form-00000000000000000000000000000001";
    let content_type = ("content-type".into(), format!("multipart/form-data; boundary={boundary}"));
    assert!(request.headers.contains(&content_type), "{:?}", request.headers);
    let parts = [
        "Content-Disposition: form-data; name=\"n\"\r\n\r\n2",
        "Content-Disposition: form-data; name=\"old\"; filename=\"a%22b.txt\"\r\n\
         Content-Type: text/plain\r\n\r\nform-00000000000000000000000000000000",
        "Content-Disposition: form-data; name=\"file\"; filename=\"rows.csv\"\r\n\
         Content-Type: text/csv\r\n\r\na,b",
    ];
    let parts = parts.map(|part| format!("--{boundary}\r\n{part}\r\n")).concat();
    assert_eq!(request.body, format!("{parts}--{boundary}--\r\n"));
}

#[test]
fn embeds_files_in_json_text() {
    let host = Host::new(&CONNECTOR);
    let output = run(&host, || {
        let photo = files::create("photo.png", "image/png", b"png")?.open()?;
        let body = json!({ "nul": "\0 \0", "url": photo.data_url() });
        let missing = http::json_text_with_files(&json!({}), [&photo]).unwrap_err();
        assert_eq!(missing.message, "the body does not contain the file `photo.png`");
        Ok(http::json_text_with_files(&body, [&photo])?.into())
    });
    let text = r#"{"nul":"\u0000 \u0000","url":"data:image/png;base64,cG5n"}"#;
    assert_eq!(output.unwrap(), text);
}

#[test]
fn rejects_a_body_without_the_placeholder_of_a_file() {
    let host = Host::new(&CONNECTOR);
    let failure = run(&host, || {
        let file = files::create("a.mp3", "audio/mpeg", b"mp3")?.open()?;
        http::post("/").json_with_files(&json!({}), [&file]).send()?.json()
    });
    let failure = failure.unwrap_err();
    assert_eq!(failure.kind, FailureKind::Internal);
    assert_eq!(failure.message, "the body does not contain the file `a.mp3`");
    assert!(host.requests().is_empty());
}

#[test]
fn opens_reads_and_stores_files() {
    let host = Host::new(&CONNECTOR).answer(Answer::content(200, "audio/mpeg", "sound"));
    let entry = run(&host, || {
        let file = files::create("a.txt", "text/plain", b"Hello")?.open()?;
        assert_eq!((file.size(), file.entry().extension.as_str()), (5, "txt"));
        assert_eq!(file.read(1, 3)?, b"ell");
        assert_eq!(file.read(9, 3)?, b"");
        Ok(json!(http::get("/").send()?.save("b.mp3", "audio/mpeg")?))
    });
    let entry = serde_json::from_value(entry.unwrap()).unwrap();
    assert_eq!(host.content(&entry).as_deref(), Some(&b"sound"[..]));
}

#[test]
fn stores_embedded_files() {
    let images = json!({ "data": [{ "b64": "cG5n" }, { "b64": "cG5n" }] });
    let output = answered(Answer::json(200, images), || {
        let response = http::get("/").send()?;
        response.json_with_files(&EmbeddedFiles {
            path: &["data", "*", "b64"],
            name: "image",
            mime_type: "image/png",
            keep: false,
        })
    });
    let file = &output.unwrap()["data"][1]["b64"]["file"];
    assert_eq!((&file["name"], &file["mimeType"]), (&json!("image.png"), &json!("image/png")));
}

#[test]
fn stores_files_in_json_that_is_not_a_response() {
    let host = Host::new(&CONNECTOR);
    let output = run(&host, || {
        let mut json = json!({ "data": [{ "b64": "cG5n" }, { "b64": "no base64" }, {}] });
        let path = &["data", "*", "b64"];
        EmbeddedFiles { path, name: "image", mime_type: "image/png", keep: true }
            .store(&mut json)?;
        Ok(json)
    });
    let output = output.unwrap();
    assert_eq!(output["data"][0]["b64"]["base64"], "cG5n");
    let entry = serde_json::from_value(output["data"][0]["b64"]["file"].clone()).unwrap();
    assert_eq!(host.content(&entry).as_deref(), Some(&b"png"[..]));
    assert_eq!(output["data"][1], json!({ "b64": "no base64" }));
}

#[test]
fn a_provider_may_be_stateful() {
    let mut count = 0;
    let host = Host::new(&CONNECTOR).provider(move |request| {
        count += 1;
        Answer::json(200, json!(format!("{request} {count}")))
    });
    for expected in ["GET / 1", "GET / 2"] {
        assert_eq!(run(&host, || http::get("/").send()?.json()).unwrap(), expected);
    }
}

#[test]
fn limits_the_size_of_a_body() {
    let read = |max| {
        let function: fn() -> Result<Value> = match max {
            5 => || Ok(json!(http::get("/").send()?.bytes(5)?)),
            _ => || Ok(json!(http::get("/").send()?.bytes(4)?)),
        };
        answered(Answer::content(200, "text/plain", "12345"), function)
    };
    assert_eq!(read(5).unwrap(), json!(b"12345"));
    assert_eq!(read(4).unwrap_err().kind, FailureKind::TooLarge);
}

#[test]
fn requests_pages_until_the_last_one() {
    let page = |items: &[u32], next: Option<u32>| Answer::json(200, json!([items, next]));
    let all = || {
        let pages = http::pages(http::get("/items"), |response| {
            let (items, next): (Vec<u32>, Option<u32>) = response.json()?;
            Ok((items, next.map(|next| http::get("/items").query("page", next))))
        });
        Ok(json!(pages.collect::<Result<Vec<_>>>()?))
    };
    let host = Host::new(&CONNECTOR)
        .answer(page(&[1, 2], Some(2)))
        .answer(page(&[], Some(3)))
        .answer(page(&[3], None));
    assert_eq!(run(&host, all).unwrap(), json!([1, 2, 3]));
    let requests: Vec<_> = host.requests().iter().map(ToString::to_string).collect();
    assert_eq!(requests, ["GET /items", "GET /items?page=2", "GET /items?page=3"]);

    let broken =
        Host::new(&CONNECTOR).answer(page(&[1], Some(2))).answer(Answer::json(500, json!({})));
    assert_eq!(run(&broken, all).unwrap_err().kind, FailureKind::Unavailable);
}

#[test]
fn reads_and_reports_events() {
    let answer = Answer::events([json!({ "text": "Hel" }), json!({ "text": "lo" })]);
    let host = Host::new(&CONNECTOR).answer(answer).streaming();
    run(&host, || {
        assert!(events::streaming());
        for event in http::get("/").send()?.events() {
            let event: Value = event?.json()?;
            events::text(event["text"].as_str().unwrap_or_default())?;
        }
        events::progress("bytes", 1, Some(2))?;
        events::status("queued")?;
        events::metadata(&json!({ "id": 1 }))?;
        events::function_result("call_1", "f", Err("no"))?;
        Ok(Value::Null)
    })
    .unwrap();
    let text = |text: &str| json!({ "event": "text-delta", "choice": 0, "text": text });
    assert_eq!(
        host.events(),
        [
            text("Hel"),
            text("lo"),
            json!({ "event": "progress", "unit": "bytes", "done": 1, "total": 2 }),
            json!({ "event": "status", "status": "queued" }),
            json!({ "event": "metadata", "metadata": { "id": 1 } }),
            json!({
                "event": "function-result", "id": "call_1", "name": "f", "result": { "Err": "no" },
            }),
        ]
    );
}

#[test]
fn an_interrupted_stream_is_a_failure() {
    let answer = Answer::events(["1"]).breaks_off();
    let failure = answered(answer, || {
        let response = http::get("/").send()?;
        response.events().map(|event| event?.json::<Value>()).collect()
    });
    let failure = failure.unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Network, Some(200)));
    assert_eq!(failure.request_id.as_deref(), Some("req_1"));
}

#[test]
fn a_run_that_must_end_can_clean_up() {
    let host = Host::new(&CONNECTOR).answer(ok()).cancelled_after(1);
    let failure = run(&host, || {
        events::status("began")?;
        lifecycle::wait(Duration::from_secs(2))
            .map_err(|failure| lifecycle::clean_up(failure, || http::delete("/jobs/1").send()))?;
        Ok(Value::Null)
    });
    assert_eq!(failure.unwrap_err().kind, FailureKind::Cancelled);
    assert_eq!(host.requests()[0].to_string(), "DELETE /jobs/1");
    assert_eq!(host.pauses(), [Duration::from_secs(2)]);
}

#[test]
fn looks_up_and_calls_functions() {
    let parameters = json!({ "type": "object" });
    let host = Host::new(&CONNECTOR).function("double", parameters.clone(), |arguments| {
        match arguments["n"].as_i64() {
            Some(n) => Ok(json!(n * 2)),
            None => Err(Failure::invalid_input("n", "`n` is required")),
        }
    });
    let output = run(&host, || {
        let described = functions::describe(&["double".to_owned()])?;
        let call = |arguments| Invocation { name: "double".to_owned(), arguments };
        let results = functions::call(&[call(json!({ "n": 2 })), call(json!({}))]);
        let results = results.into_iter().map(|result| result.map_err(|one| one.to_string()));
        Ok(json!([described[0].parameters, results.collect::<Vec<_>>()]))
    });
    let results = json!([{ "Ok": 4 }, { "Err": "`n` is required" }]);
    assert_eq!(output.unwrap(), json!([parameters, results]));
}

#[test]
fn logs_messages() {
    let host = Host::new(&CONNECTOR);
    run(&host, || {
        log::warn(format_args!("page {} is empty", 3));
        Ok(Value::Null)
    })
    .unwrap();
    assert_eq!(host.log(), ["warn: page 3 is empty"]);
}

#[test]
fn omits_null_metadata() {
    let outcome = Host::new(&CONNECTOR).run("act", json!({})).unwrap();
    assert_eq!(Value::Object(outcome.metadata), json!({ "text": "Hi" }));
}

#[test]
fn rejects_an_invalid_input_and_an_unknown_action() {
    let failure = Host::new(&CONNECTOR).run("act", json!({ "text": 1 })).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidInput);
    let failure = Host::new(&CONNECTOR).run("acts", json!({})).unwrap_err();
    assert_eq!(failure.message, "unknown action `acts`; expected one of: act");
}

#[test]
fn searches_and_limits_options() {
    let found = |search| {
        let host = Host::new(&CONNECTOR).answer(Answer::json(200, json!(["Gpt-5", "o4"])));
        let options = host.options("act", "model", json!({}), search).unwrap();
        options.options.into_iter().map(|item| item.label).collect::<Vec<_>>()
    };
    assert_eq!(found(""), ["Gpt-5", "o4"]);
    assert_eq!(found(" gPT "), ["Gpt-5"]);

    let many: Value = (0..10_001).map(|number| number.to_string()).collect();
    let options = Host::new(&CONNECTOR).answer(Answer::json(200, many)).options(
        "act",
        "model",
        json!({}),
        "",
    );
    let options = options.unwrap();
    assert_eq!((options.options.len(), options.more), (10_000, true));

    let options = Host::new(&CONNECTOR).options("act", "model", json!({}), "").unwrap();
    assert!(options.disabled && options.placeholder.unwrap().contains("no answer"));
}
