//! The requests of `editImage`.

use serde_json::{Value, json};

use super::cases::{ANY_TEXT, Case, Smallest, base64_of, cases};

pub fn all() -> Vec<Case> {
    [models(), prompts(), files(), settings(), embedded(), streamed(), together()].concat()
}

pub fn smallest() -> Smallest {
    Smallest {
        action: "editImage",
        input: json!({
            "images": [{ "url": "square.png" }],
            "imageMessages": [{ "content": "A lighthouse" }],
        }),
        request: json!({
            "method": "POST",
            "path": "/v1/images/edits",
            "headers": {
                "accept": "*/*",
                "authorization": "Bearer ****",
                "content-type": "multipart/form-data; boundary=…",
            },
            "body": {
                "image": part("square.png", "image/png", 75),
                "model": "gpt-image-2",
                "prompt": "A lighthouse",
            },
        }),
    }
}

/// A file in a form.
fn part(name: &str, mime_type: &str, length: usize) -> Value {
    json!({ "filename": name, "type": mime_type, "length": length })
}

/// Each family of models, with each form of size.
fn models() -> Vec<Case> {
    cases! { smallest();
        "minimal": {} => {};
        "gpt-image-1":
            { "model": "gpt-image-1", "size": "1024x1024" }
            => { "model": "gpt-image-1", "size": "1024x1024" };
        "gpt-image-1-mini":
            { "model": "gpt-image-1-mini", "size": [1024, 1536] }
            => { "model": "gpt-image-1-mini", "size": "1024x1536" };
        "gpt-image-1.5":
            { "model": "gpt-image-1.5", "size": "auto" }
            => { "model": "gpt-image-1.5", "size": "auto" };
        "gpt-image-2":
            { "model": "gpt-image-2", "size": [2048, 1152] }
            => { "size": "2048x1152" };
        "gpt-image-2-without-size": { "model": "gpt-image-2" } => {};
        "chatgpt-image-latest":
            { "model": "chatgpt-image-latest", "size": "1536x1024" }
            => { "model": "chatgpt-image-latest", "size": "1536x1024" };
        "dall-e-2":
            { "model": "dall-e-2", "size": "256x256", "mask": { "url": "square.png" } }
            => {
                "model": "dall-e-2", "size": "256x256",
                "mask": part("square.png", "image/png", 75),
            };
        "model-of-another-server":
            { "model": "flux-kontext", "size": [1024.0, 768] }
            => { "model": "flux-kontext", "size": "1024x768" };
    }
}

/// Messages become one prompt.
fn prompts() -> Vec<Case> {
    cases! { smallest();
        "any-text": { "imageMessages": [{ "content": ANY_TEXT }] } => { "prompt": ANY_TEXT };
        "messages-by-weight":
            { "imageMessages": [
                { "content": "in oil", "weight": 0.5 }, { "content": "A lighthouse" },
            ]}
            => { "prompt": "A lighthouse\n\nin oil" };
    }
}

/// The images and the mask.
fn files() -> Vec<Case> {
    cases! { smallest();
        "jpeg":
            { "images": [{ "url": "picture.jpg" }] }
            => { "image": part("picture.jpg", "image/jpeg", 20) };
        "webp":
            { "images": [{ "url": "picture.webp" }] }
            => { "image": part("picture.webp", "image/webp", 20) };
        "several-images":
            { "images": [{ "url": "square.png" }, { "url": "picture.jpg" }] }
            => {
                "image": null,
                "image[]": [
                    part("square.png", "image/png", 75),
                    part("picture.jpg", "image/jpeg", 20),
                ],
            };
        "mask":
            { "mask": { "url": "square.png" } }
            => { "mask": part("square.png", "image/png", 75) };
    }
}

/// Properties that concern the result and the user.
fn settings() -> Vec<Case> {
    cases! { smallest();
        "input-fidelity-high":
            { "model": "gpt-image-1.5", "inputFidelity": "high" }
            => { "model": "gpt-image-1.5", "input_fidelity": "high" };
        "input-fidelity-low":
            { "model": "gpt-image-1.5", "inputFidelity": "low" }
            => { "model": "gpt-image-1.5", "input_fidelity": "low" };
        "n": { "n": 10 } => { "n": "10" };
        "url-dall-e":
            { "model": "dall-e-2", "responseFormat": "url" }
            => { "model": "dall-e-2", "response_format": "url" };
        "b64-json-dall-e":
            { "model": "dall-e-2", "responseFormat": "b64_json" }
            => { "model": "dall-e-2", "response_format": "b64_json" };
        "b64-json-gpt-image": { "responseFormat": "b64_json" } => {};
        "quality-standard":
            { "model": "dall-e-2", "quality": "standard" }
            => { "model": "dall-e-2", "quality": "standard" };
        "quality-high": { "quality": "high" } => { "quality": "high" };
        "user": { "user": "customer-4711" } => { "user": "customer-4711" };
        "background-auto": { "background": "auto" } => { "background": "auto" };
        "background-opaque": { "background": "opaque" } => { "background": "opaque" };
        "background-transparent":
            { "background": "transparent", "outputFormat": "png" }
            => { "background": "transparent", "output_format": "png" };
        "output-jpeg":
            { "outputFormat": "jpeg", "outputCompression": 0 }
            => { "output_format": "jpeg", "output_compression": "0" };
        "output-webp":
            { "outputFormat": "webp", "outputCompression": 100 }
            => { "output_format": "webp", "output_compression": "100" };
        "partial-images": { "partialImages": 2 } => {};
    }
}

/// With `moderation`, which only JSON has.
fn embedded() -> Vec<Case> {
    let url = |name: &str, mime_type: &str| json!({ "image_url": format!("data:{mime_type};base64,{}", base64_of(name)) });
    let case = |name: &str, set: Value, mut body: Value| {
        body["image"] = Value::Null;
        let headers = json!({ "content-type": "application/json" });
        Case {
            differences: vec![json!({ "headers": headers, "body": body })],
            ..smallest().case(name, &set, Vec::new())
        }
    };
    let png = || url("square.png", "image/png");
    vec![
        case(
            "moderation-low",
            json!({ "moderation": "low" }),
            json!({ "moderation": "low", "images": [png()] }),
        ),
        case(
            "moderation-auto",
            json!({
                "moderation": "auto", "n": 2, "outputFormat": "jpeg", "outputCompression": 50,
                "images": [{ "url": "picture.jpg" }, { "url": "square.png" }],
                "mask": { "url": "square.png" }, "inputFidelity": "low", "quality": "auto",
                "model": "gpt-image-1.5",
            }),
            json!({
                "moderation": "auto", "n": 2, "output_format": "jpeg", "output_compression": 50,
                "images": [url("picture.jpg", "image/jpeg"), png()],
                "mask": png(), "input_fidelity": "low", "quality": "auto",
                "model": "gpt-image-1.5",
            }),
        ),
        case(
            "moderation-streamed",
            json!({ "moderation": "low", "partialImages": 1 }),
            json!({
                "moderation": "low", "images": [png()], "stream": true, "partial_images": 1,
            }),
        )
        .streamed(),
    ]
}

/// With partial images. Without them, the request does not ask for a stream.
fn streamed() -> Vec<Case> {
    let cases = cases! { smallest();
        "partial-images": { "partialImages": 3 } => { "stream": "true", "partial_images": "3" };
        "partial-images-none": { "partialImages": 0 } => {};
        "minimal": {} => {};
    };
    cases.into_iter().map(Case::streamed).collect()
}

/// Combinations, and the empty input.
fn together() -> Vec<Case> {
    cases! { smallest();
        "blanks":
            {
                "model": "", "imageMessages": [{ "content": "A lighthouse", "weight": "" }],
                "mask": null, "size": "", "inputFidelity": "", "n": null, "responseFormat": "",
                "quality": null, "user": "", "background": "", "outputFormat": null,
                "outputCompression": "", "moderation": "", "partialImages": null,
            }
            => {};
        "everything":
            {
                "model": "gpt-image-1", "imageMessages": [{ "content": "A lighthouse" }],
                "mask": { "url": "square.png" }, "size": "1536x1024", "inputFidelity": "high",
                "n": 2, "responseFormat": "url", "quality": "medium", "user": "customer-4711",
                "background": "opaque", "outputFormat": "webp", "outputCompression": 80,
            }
            => {
                "model": "gpt-image-1", "mask": part("square.png", "image/png", 75),
                "size": "1536x1024", "input_fidelity": "high", "n": "2", "quality": "medium",
                "user": "customer-4711", "background": "opaque", "output_format": "webp",
                "output_compression": "80",
            };
    }
}
