//! `POST /v1/images/generations`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::client;

const PATH: &str = "/v1/images/generations";

fn base(model: &str) -> Value {
    json!({"model": model, "prompt": "a cat"})
}

#[test]
fn gpt_image_rules() {
    client::check_rules(
        PATH,
        &base("gpt-image-1"),
        &[
            (json!({"prompt": null}), Some("prompt")),
            (json!({"prompt": ""}), Some("prompt")),
            (json!({"prompt": 1}), Some("prompt")),
            (json!({"prompt": "x".repeat(32_000)}), None),
            (json!({"prompt": "x".repeat(32_001)}), Some("prompt")),
            (json!({"n": 0}), Some("n")),
            (json!({"n": 11}), Some("n")),
            (json!({"n": "null"}), None),
            (json!({"size": "auto"}), None),
            (json!({"size": "1536x1024"}), None),
            (json!({"size": "1024x1536"}), None),
            (json!({"size": "256x256"}), Some("size")),
            (json!({"size": "1792x1024"}), Some("size")),
            (json!({"size": 1024}), Some("size")),
            (json!({"quality": "auto"}), None),
            (json!({"quality": "high"}), None),
            (json!({"quality": "hd"}), Some("quality")),
            (json!({"quality": "standard"}), Some("quality")),
            (json!({"quality": "best"}), Some("quality")),
            (json!({"background": "see-through"}), Some("background")),
            (json!({"background": "transparent"}), None),
            (json!({"background": "transparent", "output_format": "webp"}), None),
            (json!({"background": "transparent", "output_format": "jpeg"}), Some("background")),
            (json!({"output_format": "gif"}), Some("output_format")),
            (json!({"output_compression": 50}), Some("output_compression")),
            (json!({"output_compression": 50, "output_format": "png"}), Some("output_compression")),
            (json!({"output_compression": 0, "output_format": "jpeg"}), None),
            (json!({"output_compression": 100, "output_format": "webp"}), None),
            (
                json!({"output_compression": 101, "output_format": "webp"}),
                Some("output_compression"),
            ),
            (
                json!({"output_compression": -1, "output_format": "webp"}),
                Some("output_compression"),
            ),
            (json!({"moderation": "low"}), None),
            (json!({"moderation": "high"}), Some("moderation")),
            (json!({"response_format": "b64_json"}), Some("response_format")),
            (json!({"response_format": "null"}), None),
            (json!({"style": "vivid"}), Some("style")),
            (json!({"stream": "yes"}), Some("stream")),
            (json!({"partial_images": 1}), Some("partial_images")),
            (json!({"partial_images": 0}), Some("partial_images")),
            (json!({"partial_images": 1, "stream": false}), Some("partial_images")),
            (json!({"partial_images": 0, "stream": true}), None),
            (json!({"partial_images": -1, "stream": true}), Some("partial_images")),
            (json!({"partial_images": "null"}), None),
            (json!({"partial_images": 4, "stream": true}), Some("partial_images")),
            (json!({"partial_images": 3, "stream": true}), None),
            (json!({"user": "u"}), None),
            (json!({"user": "null"}), Some("user")),
            (json!({"seed": 1}), Some("seed")),
        ],
    );
}

#[test]
fn gpt_images_have_listed_sizes() {
    for model in ["gpt-image-1", "gpt-image-1-mini", "gpt-image-1.5", "chatgpt-image-latest"] {
        client::check_rules(
            PATH,
            &base(model),
            &[
                (json!({"size": "auto"}), None),
                (json!({"size": "1024x1024"}), None),
                (json!({"size": "1536x1024"}), None),
                (json!({"size": "1024x1536"}), None),
                (json!({"size": "2048x2048"}), Some("size")),
                (json!({"size": "512x512"}), Some("size")),
                (json!({"quality": "hd"}), Some("quality")),
                (json!({"style": "vivid"}), Some("style")),
                (json!({"response_format": "url"}), Some("response_format")),
            ],
        );
    }
}

#[test]
fn gpt_image_2_has_sizes_of_its_own() {
    for model in ["gpt-image-2", "gpt-image-2-2026-04-21"] {
        client::check_rules(
            PATH,
            &base(model),
            &[
                (json!({"size": "auto"}), None),
                (json!({"size": "64x48"}), None),
                (json!({"size": "48x16"}), None),
                (json!({"size": "16x48"}), None),
                (json!({"size": "64x16"}), Some("size")),
                (json!({"size": "16x64"}), Some("size")),
                (json!({"size": "100x112"}), Some("size")),
                (json!({"size": "112x100"}), Some("size")),
                (json!({"size": "3840x2160"}), None),
                (json!({"size": "2160x3840"}), None),
                (json!({"size": "3840x2176"}), Some("size")),
                (json!({"size": "3856x1600"}), Some("size")),
                (json!({"size": "0x0"}), Some("size")),
                (json!({"size": "64X48"}), Some("size")),
                (json!({"size": "64 x 48"}), Some("size")),
                (json!({"size": "huge"}), Some("size")),
                (json!({"style": "vivid"}), Some("style")),
                (json!({"response_format": "b64_json"}), Some("response_format")),
            ],
        );
    }
}

#[test]
fn dall_e_3_rules() {
    client::check_rules(
        PATH,
        &base("dall-e-3"),
        &[
            (json!({"prompt": "x".repeat(4_000)}), None),
            (json!({"prompt": "x".repeat(4_001)}), Some("prompt")),
            (json!({"n": 1}), None),
            (json!({"n": 2}), Some("n")),
            (json!({"size": "1024x1024"}), None),
            (json!({"size": "1792x1024"}), None),
            (json!({"size": "1024x1792"}), None),
            (json!({"size": "1536x1024"}), Some("size")),
            (json!({"size": "512x512"}), Some("size")),
            (json!({"size": "auto"}), Some("size")),
            (json!({"quality": "hd"}), None),
            (json!({"quality": "standard"}), None),
            (json!({"quality": "low"}), Some("quality")),
            (json!({"quality": "auto"}), Some("quality")),
            (json!({"style": "natural"}), None),
            (json!({"style": "dull"}), Some("style")),
            (json!({"response_format": "b64_json"}), None),
            (json!({"response_format": "png"}), Some("response_format")),
            (json!({"background": "auto"}), Some("background")),
            (json!({"output_format": "png"}), Some("output_format")),
            (json!({"output_compression": 9}), Some("output_compression")),
            (json!({"moderation": "low"}), Some("moderation")),
            (json!({"stream": true}), Some("stream")),
            (json!({"stream": false}), None),
            (json!({"partial_images": 1}), Some("partial_images")),
        ],
    );
}

#[test]
fn dall_e_2_rules() {
    client::check_rules(
        PATH,
        &base("dall-e-2"),
        &[
            (json!({"model": null, "size": "256x256"}), None),
            (json!({"model": "null", "size": "512x512"}), None),
            (json!({"model": null, "size": "1792x1024"}), Some("size")),
            (json!({"prompt": "x".repeat(1_000), "size": "256x256"}), None),
            (json!({"prompt": "x".repeat(1_001)}), Some("prompt")),
            (json!({"size": "auto"}), Some("size")),
            (json!({"quality": "auto"}), Some("quality")),
            (json!({"n": 10, "size": "256x256"}), None),
            (json!({"quality": "standard"}), None),
            (json!({"quality": "hd"}), Some("quality")),
            (json!({"style": "vivid"}), Some("style")),
            (json!({"response_format": "url", "size": "256x256"}), None),
            (json!({"background": "auto"}), Some("background")),
            (json!({"output_format": "png"}), Some("output_format")),
            (json!({"output_compression": 9}), Some("output_compression")),
            (json!({"moderation": "auto"}), Some("moderation")),
            (json!({"stream": true}), Some("stream")),
            (json!({"partial_images": 1, "stream": true}), Some("partial_images")),
        ],
    );
}

/// The width and height of a PNG file that decodes.
fn png_size(file: &[u8]) -> (u32, u32) {
    let mut reader = png::Decoder::new(std::io::Cursor::new(file)).read_info().unwrap();
    let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut pixels).unwrap();
    (info.width, info.height)
}

fn decoded(image: &Value) -> Vec<u8> {
    STANDARD.decode(image["b64_json"].as_str().unwrap()).unwrap()
}

#[test]
fn gpt_images_come_inline() {
    let sandbox = client::start();
    let body = json!({
        "model": "gpt-image-2", "prompt": "a cat", "n": 2, "size": "64x32", "quality": "low",
        "background": "transparent",
    });
    let answer = client::post(&sandbox, PATH, &body).json();
    let data = answer["data"].as_array().unwrap();
    assert_eq!(data.len(), 2);
    assert_ne!(data[0], data[1]);
    assert!(data.iter().all(|image| png_size(&decoded(image)) == (64, 32)));
    assert_eq!(
        json!([answer["size"], answer["quality"], answer["background"], answer["output_format"]]),
        json!(["64x32", "low", "transparent", "png"])
    );
    let usage = &answer["usage"];
    assert_eq!(
        json!([usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]]),
        json!([2, 544, 546])
    );
}

/// Whether a file begins and ends like one of this format.
fn is_whole(format: &str, file: &[u8]) -> bool {
    if format == "jpeg" {
        return file.starts_with(b"\xff\xd8\xff") && file.ends_with(b"\xff\xd9");
    }
    let length = u32::from_le_bytes(file[4..8].try_into().unwrap()) as usize;
    file.starts_with(b"RIFF") && &file[8..12] == b"WEBP" && 8 + length == file.len()
}

#[test]
fn other_formats_are_what_they_say() {
    let sandbox = client::start();
    for format in ["jpeg", "webp"] {
        let body = client::patched(
            &base("gpt-image-1"),
            &json!({"output_format": format, "output_compression": 50}),
        );
        let answer = client::post(&sandbox, PATH, &body).json();
        assert!(is_whole(format, &decoded(&answer["data"][0])), "{format}");
        assert_eq!(answer["output_format"], format);

        let body = client::patched(&body, &json!({"stream": true, "partial_images": 1}));
        for event in client::post(&sandbox, PATH, &body).events() {
            assert!(is_whole(format, &decoded(&event)), "{format}");
            assert_eq!(event["output_format"], format);
        }
    }
}

#[test]
fn dall_e_pictures_are_served() {
    let sandbox = client::start();
    let answer = client::post(&sandbox, PATH, &base("dall-e-3")).json();
    let image = &answer["data"][0];
    assert!(image["revised_prompt"].as_str().unwrap().contains("a cat"));
    assert!(answer.get("usage").is_none() && image.get("b64_json").is_none());

    let origin = format!("http://{}", client::authority(&sandbox));
    let path = image["url"].as_str().unwrap().strip_prefix(&origin).unwrap();
    // A picture's URL needs no key.
    let request = client::write(&format!("GET {path}"), &[], b"");
    let picture = client::exchange(&client::authority(&sandbox), &request).unwrap();
    assert_eq!(picture.header("content-type"), Some("image/png"));
    assert_eq!(png_size(&picture.body), (1024, 1024));
    assert_eq!(client::get(&sandbox, "/files/other.png").status, 404);

    let body = client::patched(
        &base("dall-e-2"),
        &json!({"response_format": "b64_json", "size": "256x256"}),
    );
    let image = &client::post(&sandbox, PATH, &body).json()["data"][0];
    assert_eq!(png_size(&decoded(image)), (256, 256));
    assert!(image.get("url").is_none() && image.get("revised_prompt").is_none());
}

#[test]
fn pictures_can_be_watched() {
    let sandbox = client::start();
    let body = json!({
        "model": "gpt-image-2", "prompt": "a cat", "size": "64x64", "stream": true,
        "partial_images": 2, "quality": "low", "background": "transparent",
    });
    let answer = client::post(&sandbox, PATH, &body);
    let events = answer.events();
    let types: Vec<&str> = events.iter().map(|event| event["type"].as_str().unwrap()).collect();
    let (partial, completed) = ("image_generation.partial_image", "image_generation.completed");
    assert_eq!(types, [partial, partial, completed]);
    let names: Vec<&str> =
        answer.text().lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    assert_eq!(names, types, "each event is named as its data is");
    for event in &events {
        assert_eq!(
            json!([event["size"], event["quality"], event["background"], event["output_format"]]),
            json!(["64x64", "low", "transparent", "png"])
        );
        assert!(event["created_at"].is_u64());
        assert_eq!(png_size(&decoded(event)), (64, 64));
    }
    let [first, second, last] = events.as_slice() else { panic!("three events") };
    assert_eq!(json!([first["partial_image_index"], second["partial_image_index"]]), json!([0, 1]));
    assert!(first.get("usage").is_none() && last.get("partial_image_index").is_none());
    assert_eq!(last["usage"]["output_tokens"], 272);
    assert_ne!(first["b64_json"], last["b64_json"]);
}

#[test]
fn each_picture_that_is_watched_is_completed() {
    let sandbox = client::start();
    let body =
        client::patched(&base("gpt-image-2"), &json!({"size": "64x64", "stream": true, "n": 3}));
    let events = client::post(&sandbox, PATH, &body).events();
    assert!(events.iter().all(|event| event["type"] == "image_generation.completed"));
    let pictures = |list: &[Value]| -> Vec<Value> {
        list.iter().map(|picture| picture["b64_json"].clone()).collect()
    };
    // They are those of the unstreamed answer.
    let body = client::patched(&body, &json!({"stream": null}));
    let answer = client::post(&sandbox, PATH, &body).json();
    assert_eq!(pictures(&events), pictures(answer["data"].as_array().unwrap()));
}
