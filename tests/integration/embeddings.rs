//! Embed at its own limits: it ends within the memory of a connector.

use std::fs;
use std::iter;

use connector_host::{Failure, Files, Outcome};
use connector_tests::{connection, openai, sandbox_without_memory};
use openai_sandbox::Fault;
use serde_json::{Value, json};
use tempfile::TempDir;

/// The number of dimensions of each vector.
const DIMENSIONS: usize = 1 << 10;

/// The most vectors in a response: together they have 2^19 numbers.
const MOST: usize = 512;

/// As long as a number is in JSON.
const NUMBER: &str = "-1.1754945e-38";

/// A response with so many vectors. Each number takes 32 bytes, as in indented JSON.
fn response(count: usize) -> Fault {
    let numbers = vec![format!("\n{NUMBER:>30}"); DIMENSIONS].join(",");
    let vector = |index| format!(r#"{{"index": {index}, "embedding": [{numbers}]}}"#);
    let vectors: Vec<_> = (0..count).map(vector).collect();
    let body = format!(r#"{{"data": [{}]}}"#, vectors.join(",")).into_bytes();
    Fault::Status { status: 200, headers: Vec::new(), body }
}

/// Embeds so many short texts, and then 20 long ones: together almost 8 MiB, the
/// maximum. Each long text has its own request.
fn embed(folder: &TempDir, short: usize) -> Result<Outcome, Failure> {
    let (sandbox, connector) = (sandbox_without_memory(), openai());
    let requests = iter::repeat_n(MOST, short / MOST).chain([short % MOST]);
    for count in requests.filter(|count| *count > 0).chain([1; 20]) {
        sandbox.script(response(count));
    }
    let mut texts = vec!["a".repeat(500); short];
    texts.extend(vec!["a".repeat(350_000); 20]);
    connector
        .run("createEmbeddings", json!({ "input": texts, "dimensions": DIMENSIONS }))
        .connection(&connection(&connector, &sandbox))
        .files(&Files::new(folder.path()))
        .start()
}

fn assert_is_vector(vector: &Value) {
    let expected: f64 = NUMBER.parse().unwrap();
    let numbers = vector.as_array().unwrap();
    assert_eq!(numbers.len(), DIMENSIONS);
    let is_it = |number: &Value| (number.as_f64().unwrap() / expected - 1.0).abs() < 1e-6;
    assert!(numbers.iter().all(is_it), "{numbers:?}");
}

/// 2^20 numbers, the most that are not stored in files.
#[test]
fn the_longest_output_fits_into_the_memory_of_a_connector() {
    let folder = TempDir::new().unwrap();
    let outcome = embed(&folder, 2 * MOST - 20).unwrap();
    assert_eq!(outcome.output["files"], json!([]));
    let vectors = outcome.output["vectors"].as_array().unwrap();
    assert_eq!(vectors.len(), 2 * MOST);
    vectors.iter().for_each(assert_is_vector);
}

/// Files of 2^20 numbers, the most that one has.
#[test]
fn the_largest_files_fit_into_the_memory_of_a_connector() {
    let folder = TempDir::new().unwrap();
    let outcome = embed(&folder, 4 * MOST).unwrap();
    assert_eq!(outcome.output["vectors"], json!([]));
    let files = outcome.output["files"].as_array().unwrap();
    let read =
        |file: &Value| fs::read_to_string(folder.path().join(file["name"].as_str().unwrap()));
    let contents: Vec<_> = files.iter().map(|file| read(file).unwrap()).collect();
    let counts: Vec<_> = contents.iter().map(|content| content.lines().count()).collect();
    assert_eq!(counts, [2 * MOST, 2 * MOST, 20]);
    for (index, line) in contents.iter().flat_map(|content| content.lines()).enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["index"], index);
        assert_is_vector(&line["vector"]);
    }
}
