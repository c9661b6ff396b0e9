//! The requests of `createModeration`.

use serde_json::{Value, json};

use super::cases::{ANY_TEXT, Case, Smallest, base64_of, cases};

pub fn smallest() -> Smallest {
    Smallest {
        action: "createModeration",
        input: json!({ "input": ["Hello!"] }),
        request: json!({
            "method": "POST",
            "path": "/v1/moderations",
            "headers": {
                "accept": "*/*",
                "authorization": "Bearer ****",
                "content-type": "application/json",
            },
            "body": {
                "model": "omni-moderation-latest",
                "input": ["Hello!"],
            },
        }),
    }
}

pub fn all() -> Vec<Case> {
    cases! { smallest();
        "minimal": {} => {};
        "omni": { "model": "omni-moderation-latest" } => {};
        "omni-dated":
            { "model": "omni-moderation-2024-09-26" }
            => { "model": "omni-moderation-2024-09-26" };
        "text": { "model": "text-moderation-latest" } => { "model": "text-moderation-latest" };
        "text-stable":
            { "model": "text-moderation-stable", "combine": false }
            => { "model": "text-moderation-stable" };
        "model-of-another-server": { "model": "llama-guard" } => { "model": "llama-guard" };
        "texts": { "input": ["a", ANY_TEXT] } => { "input": ["a", ANY_TEXT] };
        "one-text": { "input": "Hello, [World]" } => { "input": ["Hello, [World]"] };
        "image":
            { "input": null, "images": [{ "url": "picture.png" }] }
            => { "input": [image(&embedded("png"))] };
        "image-url":
            { "input": null, "imageUrls": [LINK] }
            => { "input": [image(LINK)] };
        "one-after-another":
            {
                "images": [{ "url": "picture.jpg" }, { "url": "picture.webp" }],
                "imageUrls": [LINK],
            }
            => {}
            => { "input": [image(&format!("data:image/jpeg;base64,{}", base64_of("picture.jpg")))] }
            => { "input": [image(&embedded("webp"))] }
            => { "input": [image(LINK)] };
        "combined":
            { "images": [{ "url": "picture.gif" }], "combine": true }
            => { "input": [text("Hello!"), image(&embedded("gif"))] };
        "combined-with-a-url":
            { "input": ["a", "b"], "imageUrls": [LINK], "combine": true }
            => { "input": [text("a"), text("b"), image(LINK)] };
        "combined-texts": { "combine": true } => { "input": [text("Hello!")] };
        "blanks": { "model": "", "images": [], "imageUrls": [""], "combine": null } => {};
    }
}

/// The address of an image.
const LINK: &str = "https://images.example/picture.png";

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn image(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url } })
}

/// The image with this extension, which is also its type, as a `data:` URL.
fn embedded(extension: &str) -> String {
    format!("data:image/{extension};base64,{}", base64_of(&format!("picture.{extension}")))
}
