//! `POST /v1/embeddings`.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;
use serde_json::json;

use crate::client;

const PATH: &str = "/v1/embeddings";

fn base(model: &str) -> Value {
    json!({"model": model, "input": ["a cat"]})
}

#[test]
fn enforces_the_rules() {
    let long = "x".repeat(8192 * 4);
    client::check_rules(
        PATH,
        &base("text-embedding-3-small"),
        &[
            (json!({"model": null}), "missing field `model`"),
            (json!({"model": "gpt-5.4"}), "not supported in this endpoint"),
            (json!({"input": null}), "missing field `input`"),
            (json!({"input": "a cat", "encoding_format": "float", "user": "u"}), ""),
            (json!({"input": [[1, 2]]}), "did not match any variant"),
            (json!({"input": [1, 2]}), "did not match any variant"),
            (json!({"input": []}), "between 1 and 2048"),
            (json!({"input": vec!["x"; 2048], "dimensions": 1}), ""),
            (json!({"input": vec!["x"; 2049]}), "between 1 and 2048"),
            (json!({"input": ""}), "empty string"),
            (json!({"input": ["a", ""]}), "empty string"),
            (json!({"input": long}), ""),
            (json!({"input": format!("{long}x")}), "maximum context length is 8192"),
            (json!({"input": vec![long.as_str(); 36]}), ""),
            (json!({"input": vec![long.as_str(); 37]}), "max 300000 tokens"),
            (json!({"encoding_format": "int8"}), "unknown variant"),
            (json!({"truncate": true}), "unknown field `truncate`"),
            (json!({"dimensions": 0}), "at least 1"),
            (json!({"dimensions": 1536}), ""),
            (json!({"dimensions": 1537}), "at most 1536"),
            (json!({"dimensions": 3072, "model": "text-embedding-3-large"}), ""),
            (json!({"dimensions": 3073, "model": "text-embedding-3-large"}), "at most 3072"),
            (json!({"dimensions": 4096, "model": "my-own"}), ""),
            (json!({"model": "text-embedding-ada-002"}), ""),
            (json!({"model": "text-embedding-ada-002", "dimensions": 8}), "does not support"),
        ],
    );
}

#[test]
fn a_vector_depends_on_the_text_alone() {
    let sandbox = client::start();
    let body = |input: Value| {
        let patch = json!({"input": input, "dimensions": 8});
        client::patched(&base("text-embedding-3-large"), &patch)
    };
    let answer = client::post(&sandbox, PATH, &body(json!(["one", "two", "one"]))).json();
    let data = answer["data"].as_array().unwrap();
    let embedding = |index: usize| &data[index]["embedding"];
    assert_eq!(embedding(0), embedding(2));
    assert_ne!(embedding(0), embedding(1));
    let indices: Vec<&Value> = data.iter().map(|item| &item["index"]).collect();
    assert_eq!(indices, [0, 1, 2]);
    assert_eq!(answer["usage"], json!({"prompt_tokens": 3, "total_tokens": 3}));
    let alone = client::post(&sandbox, PATH, &body(json!("two"))).json();
    assert_eq!(&alone["data"][0]["embedding"], embedding(1));
}

#[test]
fn vectors_have_a_length_of_one_and_the_dimensions_of_the_model() {
    let sandbox = client::start();
    for (model, dimensions) in
        [("text-embedding-3-small", 1536), ("text-embedding-3-large", 3072), ("my-own", 1536)]
    {
        let answer = client::post(&sandbox, PATH, &base(model)).json();
        let vector = answer["data"][0]["embedding"].as_array().unwrap();
        assert_eq!(vector.len(), dimensions, "{model}");
        let length: f64 = vector.iter().map(|number| number.as_f64().unwrap().powi(2)).sum();
        assert!((length - 1.0).abs() < 1e-4, "{model}: {length}");
    }
}

#[test]
fn base64_contains_the_same_numbers() {
    let sandbox = client::start();
    let embedding = |format: &str| {
        let patch = json!({"encoding_format": format, "dimensions": 4});
        let body = client::patched(&base("text-embedding-3-small"), &patch);
        client::post(&sandbox, PATH, &body).json()["data"][0]["embedding"].clone()
    };
    let bytes = STANDARD.decode(embedding("base64").as_str().unwrap()).unwrap();
    let numbers: Vec<f32> =
        bytes.chunks(4).map(|bytes| f32::from_le_bytes(bytes.try_into().unwrap())).collect();
    assert_eq!(json!(numbers), embedding("float"));
}
