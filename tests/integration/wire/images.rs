//! The requests of `createImage`.

use serde_json::json;

use super::cases::{ANY_TEXT, Case, Smallest, cases};

pub fn all() -> Vec<Case> {
    [models(), prompts(), files(), settings(), streamed(), together()].concat()
}

pub fn smallest() -> Smallest {
    Smallest {
        action: "createImage",
        input: json!({ "imageMessages": [{ "content": "A lighthouse" }] }),
        request: json!({
            "method": "POST",
            "path": "/v1/images/generations",
            "headers": {
                "accept": "*/*",
                "authorization": "Bearer ****",
                "content-type": "application/json",
            },
            "body": {
                "model": "gpt-image-2",
                "prompt": "A lighthouse",
                "size": "1024x1024",
            },
        }),
    }
}

/// Each family of models, with each form of size.
fn models() -> Vec<Case> {
    cases! { smallest();
        "minimal": {} => {};
        "gpt-image-1":
            { "model": "gpt-image-1", "size": "1024x1024" }
            => { "model": "gpt-image-1" };
        "gpt-image-1-pair":
            { "model": "gpt-image-1", "size": [1536, 1024] }
            => { "model": "gpt-image-1", "size": "1536x1024" };
        "gpt-image-1-mini":
            { "model": "gpt-image-1-mini", "size": "1024x1536" }
            => { "model": "gpt-image-1-mini", "size": "1024x1536" };
        "gpt-image-1.5-auto":
            { "model": "gpt-image-1.5", "size": "auto" }
            => { "model": "gpt-image-1.5", "size": "auto" };
        "gpt-image-2":
            { "model": "gpt-image-2", "size": "2048x1152" }
            => { "size": "2048x1152" };
        "gpt-image-2-pair":
            { "model": "gpt-image-2", "size": [1152, 2048] }
            => { "size": "1152x2048" };
        "gpt-image-2-dated":
            { "model": "gpt-image-2-2026-04-21", "size": "auto" }
            => { "model": "gpt-image-2-2026-04-21", "size": "auto" };
        "dall-e-3":
            { "model": "dall-e-3", "size": "1792x1024" }
            => { "model": "dall-e-3", "size": "1792x1024" };
        "dall-e-3-pair":
            { "model": "dall-e-3", "size": [1024, 1792] }
            => { "model": "dall-e-3", "size": "1024x1792" };
        "dall-e-2":
            { "model": "dall-e-2", "size": "256x256" }
            => { "model": "dall-e-2", "size": "256x256" };
        "dall-e-2-pair":
            { "model": "dall-e-2", "size": [512, 512] }
            => { "model": "dall-e-2", "size": "512x512" };
        "model-of-another-server":
            { "model": "flux-schnell", "size": [1024.0, 768] }
            => { "model": "flux-schnell", "size": "1024x768" };
    }
}

/// Messages become one prompt.
fn prompts() -> Vec<Case> {
    cases! { smallest();
        "any-text": { "imageMessages": [{ "content": ANY_TEXT }] } => { "prompt": ANY_TEXT };
        "messages":
            { "imageMessages": [
                { "content": "A lighthouse" }, { "content": "at dusk" }, { "content": "in oil" },
            ]}
            => { "prompt": "A lighthouse\n\nat dusk\n\nin oil" };
        "messages-by-weight":
            { "imageMessages": [
                { "content": "a little fog", "weight": 0.25 },
                { "content": "at dusk" },
                { "content": "A lighthouse", "weight": 2 },
                { "content": "in oil", "weight": 1.0 },
            ]}
            => { "prompt": "A lighthouse\n\nat dusk\n\nin oil\n\na little fog" };
    }
}

/// The format and delivery of the image.
fn files() -> Vec<Case> {
    cases! { smallest();
        "url-dall-e":
            { "model": "dall-e-3", "responseFormat": "url" }
            => { "model": "dall-e-3", "response_format": "url" };
        "b64-json-dall-e":
            { "model": "dall-e-2", "responseFormat": "b64_json" }
            => { "model": "dall-e-2", "response_format": "b64_json" };
        "url-gpt-image": { "responseFormat": "url" } => {};
        "b64-json-gpt-image": { "responseFormat": "b64_json" } => {};
        "b64-json-another-server":
            { "model": "dall-e-mini", "responseFormat": "b64_json" }
            => { "model": "dall-e-mini", "response_format": "b64_json" };
        "background-auto": { "background": "auto" } => { "background": "auto" };
        "background-opaque": { "background": "opaque" } => { "background": "opaque" };
        "background-transparent":
            { "background": "transparent", "outputFormat": "webp" }
            => { "background": "transparent", "output_format": "webp" };
        "png": { "outputFormat": "png", "outputCompression": 50 } => { "output_format": "png" };
        "jpeg": { "outputFormat": "jpeg" } => { "output_format": "jpeg" };
        "webp": { "outputFormat": "webp" } => { "output_format": "webp" };
        "compression":
            { "outputFormat": "jpeg", "outputCompression": 0 }
            => { "output_format": "jpeg", "output_compression": 0 };
        "compression-max":
            { "outputFormat": "webp", "outputCompression": 100 }
            => { "output_format": "webp", "output_compression": 100 };
    }
}

/// Properties that concern the image and the user.
fn settings() -> Vec<Case> {
    cases! { smallest();
        "n": { "n": 1 } => { "n": 1 };
        "n-max": { "n": 10, "quality": "low" } => { "n": 10, "quality": "low" };
        "quality-standard":
            { "model": "dall-e-3", "quality": "standard" }
            => { "model": "dall-e-3", "quality": "standard" };
        "quality-hd":
            { "model": "dall-e-3", "quality": "hd" }
            => { "model": "dall-e-3", "quality": "hd" };
        "quality-low": { "quality": "low" } => { "quality": "low" };
        "quality-medium": { "quality": "medium" } => { "quality": "medium" };
        "quality-high": { "quality": "high" } => { "quality": "high" };
        "quality-auto": { "quality": "auto" } => { "quality": "auto" };
        "style-vivid":
            { "model": "dall-e-3", "style": "vivid" }
            => { "model": "dall-e-3", "style": "vivid" };
        "style-natural":
            { "model": "dall-e-3", "style": "natural" }
            => { "model": "dall-e-3", "style": "natural" };
        "user": { "user": "customer-4711" } => { "user": "customer-4711" };
        "moderation-auto": { "moderation": "auto" } => { "moderation": "auto" };
        "moderation-low": { "moderation": "low" } => { "moderation": "low" };
        "partial-images": { "partialImages": 2 } => {};
    }
}

/// With partial images. Without them, the request does not ask for a stream.
fn streamed() -> Vec<Case> {
    let cases = cases! { smallest();
        "partial-images": { "partialImages": 2 } => { "stream": true, "partial_images": 2 };
        "partial-images-for-two":
            { "partialImages": 1, "n": 2 }
            => { "n": 2, "stream": true, "partial_images": 1 };
        "partial-images-none": { "partialImages": 0 } => {};
        "minimal": {} => {};
    };
    cases.into_iter().map(Case::streamed).collect()
}

/// Combinations, and blank values.
fn together() -> Vec<Case> {
    cases! { smallest();
        "blanks":
            {
                "model": "", "imageMessages": [{ "content": "A lighthouse", "weight": "" }],
                "size": "", "n": null, "responseFormat": "", "quality": null, "style": "",
                "user": null, "background": "", "outputFormat": null, "outputCompression": "",
                "moderation": "", "partialImages": null,
            }
            => {};
        "everything-gpt-image":
            {
                "model": "gpt-image-1", "size": "1536x1024", "n": 2, "responseFormat": "b64_json",
                "quality": "medium", "user": "customer-4711", "background": "opaque",
                "outputFormat": "webp", "outputCompression": 80, "moderation": "low",
                "imageMessages": [{ "content": "A lighthouse", "weight": 1.5 }],
            }
            => {
                "model": "gpt-image-1", "size": "1536x1024", "n": 2, "quality": "medium",
                "user": "customer-4711", "background": "opaque", "output_format": "webp",
                "output_compression": 80, "moderation": "low",
            };
        "everything-dall-e":
            {
                "model": "dall-e-3", "size": [1792, 1024], "n": 1, "responseFormat": "url",
                "quality": "hd", "style": "natural", "user": "customer-4711",
                "imageMessages": [{ "content": "A lighthouse", "weight": 1.5 }],
            }
            => {
                "model": "dall-e-3", "size": "1792x1024", "n": 1, "response_format": "url",
                "quality": "hd", "style": "natural", "user": "customer-4711",
            };
    }
}
