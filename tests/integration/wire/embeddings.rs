//! The requests of `createEmbeddings`.

use serde_json::json;

use super::cases::{ANY_TEXT, Case, Smallest, cases};

pub fn smallest() -> Smallest {
    Smallest {
        action: "createEmbeddings",
        input: json!({ "input": ["Hello!"] }),
        request: json!({
            "method": "POST",
            "path": "/v1/embeddings",
            "headers": {
                "accept": "*/*",
                "authorization": "Bearer ****",
                "content-type": "application/json",
            },
            "body": {
                "model": "text-embedding-3-small",
                "encoding_format": "base64",
                "input": ["Hello!"],
            },
        }),
    }
}

pub fn all() -> Vec<Case> {
    cases! { smallest();
        "minimal": {} => {};
        "small": { "model": "text-embedding-3-small", "dimensions": 1536 } => { "dimensions": 1536 };
        "large":
            { "model": "text-embedding-3-large", "dimensions": 3072 }
            => { "model": "text-embedding-3-large", "dimensions": 3072 };
        "ada": { "model": "text-embedding-ada-002" } => { "model": "text-embedding-ada-002" };
        "model-of-another-server":
            { "model": "bge-m3", "dimensions": 1 }
            => { "model": "bge-m3", "dimensions": 1 };
        "any-text": { "input": [ANY_TEXT, " "] } => { "input": [ANY_TEXT, " "] };
        "one-text": { "input": "Hello, [World]" } => { "input": ["Hello, [World]"] };
        "base64": { "encodingFormat": "base64" } => {};
        "float": { "encodingFormat": "float" } => { "encoding_format": "float" };
        "user": { "user": "customer-4711" } => { "user": "customer-4711" };
        "as-files": { "asFiles": true } => {};
        "in-the-output": { "asFiles": false } => {};
        "batches":
            { "input": ["a", "b", "c", "d", "e"], "batchSize": 2 }
            => { "input": ["a", "b"] }
            => { "input": ["c", "d"] }
            => { "input": ["e"] };
        "batch-of-all": { "input": ["a", "b"], "batchSize": 2048 } => { "input": ["a", "b"] };
        "blanks":
            {
                "model": "", "dimensions": null, "asFiles": "", "encodingFormat": "",
                "batchSize": null, "user": "",
            }
            => {};
        "everything":
            {
                "model": "text-embedding-3-large", "input": ["a", "b"], "dimensions": 256,
                "asFiles": true, "encodingFormat": "float", "batchSize": 1, "user": "customer-4711",
            }
            => {
                "model": "text-embedding-3-large", "input": ["a"], "dimensions": 256,
                "encoding_format": "float", "user": "customer-4711",
            }
            => { "input": ["b"] };
    }
}
