//! Images in JSON, in the forms that servers use.

use connector_host::FailureKind::InvalidOutput;
use serde_json::{Value, json};

use super::{Case, body, events, json_body, run};

/// A PNG truncated to its signature, and its base64 encoding.
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n\xfb\xff\xfe";
const BASE64: &str = "iVBORw0KGgr7//4=";
const JPEG: &str = "/9j/4AAQSkZJRg==";

fn image() -> Case {
    run("createImage", json!({ "imageMessages": [{ "content": "A tree" }], "model": "flux" }))
}

/// An image in a response, and the name and type of its file.
fn cases() -> Vec<(&'static str, Value, &'static str, &'static str)> {
    let text = |text: &str| json!({ "b64_json": text });
    vec![
        ("m03", text("iVBORw0K\nGgr7//4=\n"), "image.png", "image/png"),
        ("line breaks as in MIME", text("iVBORw0K\r\nGgr7//4=\r\n"), "image.png", "image/png"),
        ("surrounding spaces", text("  iVBORw0KGgr7//4= "), "image.png", "image/png"),
        ("m04", text(&format!("data:image/png;base64,{BASE64}")), "image.png", "image/png"),
        ("upper case", text(&format!("DATA:IMAGE/PNG;BASE64,{BASE64}")), "image.png", "image/png"),
        ("no type", text(&format!("data:;base64,{BASE64}")), "image.png", "image/png"),
        (
            "the wrong type",
            text(&format!("data:image/png;base64,{JPEG}")),
            "image.jpg",
            "image/jpeg",
        ),
        ("the URL-safe alphabet", text("iVBORw0KGgr7__4="), "image.png", "image/png"),
        ("no padding", text("iVBORw0KGgr7//4"), "image.png", "image/png"),
        ("neither", text("iVBORw0KGgr7__4"), "image.png", "image/png"),
        (
            "m02",
            json!({ "url": format!("data:image/png;base64,{BASE64}") }),
            "image.png",
            "image/png",
        ),
        (
            "an image as text in a URL",
            json!({ "url": "data:image/svg+xml;utf8,<svg%20xmlns='x'/>" }),
            "image.svg",
            "image/svg+xml",
        ),
        (
            "both",
            json!({ "url": null, "b64_json": BASE64, "revised_prompt": "Data: a tree, in blue" }),
            "image.png",
            "image/png",
        ),
    ]
}

#[test]
fn an_image_is_read_in_every_form() {
    for (id, image_of_answer, name, mime_type) in cases() {
        let answer = json_body(&json!({ "created": 1, "data": [image_of_answer] }));
        let ran = image().answers([answer]).start();
        let (output, file) = (ran.output(), &ran.output()["files"][0]);
        assert_eq!((&file["name"], &file["mimeType"]), (&json!(name), &json!(mime_type)), "{id}");
        assert_eq!(output["data"][0]["url"], file["url"], "{id}");
        assert_eq!(output["files"].as_array().unwrap().len(), 1, "{id}");
        let prompt = output["data"][0].get("revisedPrompt");
        assert_eq!(prompt.is_some(), id == "both", "{id}");
        if name == "image.png" {
            let content = std::fs::read(ran.dir.path().join("out").join(name)).unwrap();
            assert_eq!(content, PNG, "{id}");
        }
    }
}

#[test]
fn a_streamed_image_is_read_in_every_form() {
    for (id, image_of_answer, name, mime_type) in cases() {
        let mut event = image_of_answer;
        event["type"] = "image_generation.completed".into();
        event["created_at"] = json!(7.25);
        let input = json!({ "imageMessages": [{ "content": "A tree" }], "partialImages": 1 });
        let ran = run("createImage", input).streamed().answers([events(&[event])]).start();
        let file = &ran.output()["files"][0];
        assert_eq!((&file["name"], &file["mimeType"]), (&json!(name), &json!(mime_type)), "{id}");
        assert_eq!(ran.output()["created"], 7, "{id}");
    }
}

#[test]
fn base64_output_has_no_prefix_or_line_breaks() {
    for (id, image_of_answer, name, _) in cases() {
        let answer = json_body(&json!({ "created": 1.5, "data": [image_of_answer] }));
        let input = json!({
            "imageMessages": [{ "content": "A tree" }], "model": "flux", "responseFormat": "b64_json",
        });
        let ran = run("createImage", input).answers([answer]).start();
        let base64 = ran.output()["data"][0]["b64Json"].as_str().unwrap();
        assert_eq!(base64 == BASE64, name == "image.png", "{id}: {base64}");
        // A time with a fraction does not match the output's schema.
        assert_eq!(ran.output()["created"], 1, "{id}");
    }
}

#[test]
fn invalid_base64_fails() {
    for text in
        ["???", "aGVsb", "data:image/png;base64,???", "data:image/png;base64,", "data:image/png"]
    {
        let answer = json_body(&json!({ "data": [{ "b64_json": text }] }));
        image().answers([answer]).start().failure(InvalidOutput);
    }
    let link = body("application/json", r#"{"data":[{"url":"https://a.example/data:,x.png"}]}"#);
    let ran = image().answers([link]).start();
    assert_eq!(ran.output()["data"][0]["url"], "https://a.example/data:,x.png");
    assert_eq!(ran.output()["files"], json!([]));
}
