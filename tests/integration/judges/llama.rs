//! Ask and Embed with a real language model: the properties have their documented
//! effects.
//!
//! How llama.cpp's server differs from OpenAI, and how the connector handles
//! it:
//!
//! - It accepts every model name, and reports its own in the response.
//! - `error.code` is the status as a number, and `param` is never set, so a
//!   failure never names a property.
//! - `n` is limited by its number of slots, and `usage` covers only the first
//!   answer.
//! - It accepts `max_tokens` and `max_completion_tokens`.
//! - It omits `refusal`.
//! - It enforces a `json_schema`, strict or not, but not `json_object`.
//! - Over Responses, it ignores the format of the text, and thus a schema.
//! - It ignores the name of an embedding model, and returns 576 dimensions.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock};

use connector_host::{Connection, Connector, Event, Failure, FailureKind, Files, Outcome, Retries};
use connector_tests::judges::Llama;
use connector_tests::{connection_values, openai};
use serde_json::{Value, json};

use super::shared;

fn llama() -> MutexGuard<'static, Llama> {
    static LLAMA: OnceLock<Mutex<Llama>> = OnceLock::new();
    shared(&LLAMA, Llama::start)
}

fn connection(connector: &Connector, llama: &Llama) -> Connection {
    connector.connection(connection_values(&llama.base_url())).unwrap()
}

/// An input with these properties. Unless they change it, the answer is
/// deterministic and short.
fn input(members: &Value) -> Value {
    let mut input = json!({
        "model": Llama::MODEL, "temperature": 0, "maxTokens": 24, "seed": 7,
        "messages": [{ "role": "user", "content": "Write the numbers from one to ten." }],
    });
    for (name, value) in members.as_object().unwrap() {
        input[name] = value.clone();
    }
    input
}

fn try_ask(llama: &Llama, members: &Value) -> Result<Outcome, Failure> {
    let connector = openai();
    connector.run("ask", input(members)).connection(&connection(&connector, llama)).start()
}

#[track_caller]
fn ask(llama: &Llama, members: Value) -> Value {
    try_ask(llama, &members).unwrap().output
}

#[track_caller]
fn text(llama: &Llama, members: Value) -> String {
    ask(llama, members).as_str().unwrap().to_owned()
}

#[test]
fn at_temperature_zero_answers_are_deterministic() {
    let llama = llama();
    let outcome = try_ask(&llama, &json!({})).unwrap();
    assert!(outcome.output.as_str().unwrap().contains("one"), "{outcome:?}");
    assert_eq!(outcome.metadata["model"], Llama::MODEL);
    assert_eq!(outcome.metadata["attempts"], 1);
    assert_eq!(ask(&llama, json!({})), outcome.output);
}

#[test]
fn a_seed_makes_sampling_deterministic() {
    let llama = llama();
    let seeded = |seed: u32| text(&llama, json!({ "temperature": 1.5, "seed": seed }));
    let first = seeded(1);
    assert_eq!(seeded(1), first);
    assert_ne!(seeded(2), first);
}

#[test]
fn the_roles_reach_the_model() {
    let llama = llama();
    let message = |role: &str, content: &str| json!({ "role": role, "content": content });
    let name = message("user", "What is your name?");
    let instructed = |role| {
        let instruction = message(role, "You are a pirate called Jack.");
        text(&llama, json!({ "messages": [instruction, name] }))
    };
    assert_eq!(instructed("system"), instructed("developer"));
    assert_ne!(instructed("system"), text(&llama, json!({ "messages": [name] })));

    let weather = |result| {
        let question = message("user", "How is the weather in Rome?");
        text(&llama, json!({ "messages": [question, message("tool", result)] }))
    };
    assert_ne!(weather("It rains."), weather("The sun shines."));
}

#[test]
fn an_object_matches_its_schema() {
    let llama = llama();
    let schema = json!({
        "type": "object",
        "properties": {
            "city": { "type": "string", "enum": ["Rome", "Paris"] },
            "rainy": { "type": "boolean" },
            "days": {
                "type": "array", "items": { "type": "string", "enum": ["Monday", "Sunday"] },
                "minItems": 1, "maxItems": 2,
            },
        },
        "required": ["city", "rainy", "days"],
        "additionalProperties": false,
    });
    let members = json!({
        "responseFormat": 1, "responseSchema": schema.to_string(), "maxTokens": 100,
        "messages": [{ "role": "user", "content": "How is the weather in Paris?" }],
    });
    let answer = ask(&llama, members);
    assert!(jsonschema::is_valid(&schema, &answer), "{answer}");
}

#[test]
fn a_list_matches_its_schema() {
    let llama = llama();
    // The limits on the number of items rule out OpenAI's strict mode.
    let schema = json!({
        "type": "array", "items": { "type": "string", "enum": ["red", "green"] },
        "minItems": 2, "maxItems": 3,
    });
    let members = json!({
        "responseFormat": 2, "responseSchema": schema.to_string(), "maxTokens": 100,
        "messages": [{ "role": "user", "content": "Which colours do you like?" }],
    });
    let answer = ask(&llama, members);
    assert!(jsonschema::is_valid(&schema, &answer), "{answer}");
}

#[test]
fn a_truncated_answer_is_not_an_object() {
    let llama = llama();
    let schema = json!({
        "type": "object", "properties": { "name": { "const": "A long name, and longer still" } },
        "required": ["name"],
    });
    let members = json!({
        "responseFormat": 1, "responseSchema": schema.to_string(), "maxTokens": 5,
    });
    let failure = try_ask(&llama, &members).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidOutput);
    assert_eq!(failure.property.as_deref(), Some("maxTokens"));
    assert!(failure.detail.is_some(), "{failure:?}");
}

#[test]
fn an_answer_ends_before_a_stop_sequence() {
    let llama = llama();
    let whole = text(&llama, json!({}));
    let stop = whole.split_whitespace().last().unwrap();
    let (before, _) = whole.split_once(stop).unwrap();
    assert!(!before.is_empty(), "{whole}");
    let outcome = try_ask(&llama, &json!({ "stop": ["none of this", stop] })).unwrap();
    assert_eq!(outcome.output, before);
    assert_eq!(outcome.metadata["finishReasons"], json!(["stop"]));
}

#[test]
fn logit_bias_forbids_and_forces_tokens() {
    let llama = llama();
    // No other token of the model combines a digit with anything else.
    let (one, seven) = (llama.token("1"), llama.token("7"));
    assert!(text(&llama, json!({})).contains('1'));
    let without = text(&llama, json!({ "logitBias": { one: -100 } }));
    assert!(!without.contains('1') && !without.is_empty(), "{without}");
    let only = text(&llama, json!({ "logitBias": { seven: 100 }, "maxTokens": 6 }));
    assert_eq!(only, "777777");
}

#[test]
fn several_answers_are_a_list() {
    let llama = llama();
    let outcome = try_ask(&llama, &json!({ "n": Llama::CHOICES, "maxTokens": 6 })).unwrap();
    let answers = outcome.output.as_array().unwrap();
    assert_eq!(answers.len(), 2);
    assert!(answers.iter().all(|answer| answer.as_str().is_some_and(|text| !text.is_empty())));
    assert_eq!(outcome.metadata["finishReasons"], json!(["length", "length"]));
}

#[test]
fn max_tokens_limits_an_answer() {
    let (llama, connector) = (llama(), openai());
    let long = text(&llama, json!({}));
    for parameter in ["max_completion_tokens", "max_tokens"] {
        let values = connection_values(&llama.base_url()).set("maxTokensParameter", parameter);
        let outcome = connector
            .run("ask", input(&json!({ "maxTokens": 5 })))
            .connection(&connector.connection(values).unwrap())
            .start()
            .unwrap();
        let short = outcome.output.as_str().unwrap();
        assert!(short.len() < long.len() && long.starts_with(short), "{parameter}: {short}");
        assert_eq!(outcome.metadata["usage"]["completionTokens"], 5, "{parameter}");
        assert_eq!(outcome.metadata["finishReasons"], json!(["length"]), "{parameter}");
    }
}

#[test]
fn a_streamed_answer_equals_the_unstreamed_one() {
    let (llama, connector) = (llama(), openai());
    let schema = json!({
        "type": "object", "properties": { "city": { "enum": ["Rome", "Paris"] } },
        "required": ["city"], "additionalProperties": false,
    });
    for members in [
        json!({}),
        json!({ "n": Llama::CHOICES }),
        json!({ "responseFormat": 1, "responseSchema": schema.to_string() }),
    ] {
        let deltas = Arc::new(Mutex::new(BTreeMap::<u32, String>::new()));
        let heard = Arc::clone(&deltas);
        let streamed = connector
            .run("ask", input(&members))
            .connection(&connection(&connector, &llama))
            .streaming(true)
            .on_event(move |event| {
                if let Event::TextDelta { choice, text } = event {
                    heard.lock().unwrap().entry(choice).or_default().push_str(&text);
                }
            })
            .start()
            .unwrap();
        let whole = try_ask(&llama, &members).unwrap();
        assert_eq!(streamed.output, whole.output, "{members}");
        for name in ["model", "finishReasons"] {
            assert_eq!(streamed.metadata[name], whole.metadata[name], "{members}: {name}");
        }
        let deltas = std::mem::take(&mut *deltas.lock().unwrap());
        if deltas.is_empty() {
            // The connector may deliver text all at once.
            continue;
        }
        let pieces: Vec<Value> = deltas
            .into_values()
            .map(|text| match streamed.output {
                Value::Object(_) => serde_json::from_str(&text).unwrap(),
                _ => text.into(),
            })
            .collect();
        let outputs = match streamed.output {
            Value::Array(outputs) => outputs,
            output => vec![output],
        };
        assert_eq!(pieces, outputs, "{members}");
    }
}

#[test]
fn lists_the_servers_model() {
    let (llama, connector) = (llama(), openai());
    let connection = connection(&connector, &llama);
    connector.test(&connection).unwrap();
    let list = connector.options(&connection, "ask", "model", &json!({}), None).unwrap();
    assert!(!list.disabled);
    let values: Vec<&Value> = list.options.iter().map(|choice| &choice.value).collect();
    assert_eq!(values, [Llama::MODEL]);
}

#[test]
fn reports_a_wrong_key() {
    let (llama, connector) = (llama(), openai());
    let values = connection_values(&llama.base_url()).set("token", "sk-wrong");
    let connection = connector.connection(values).unwrap();
    let question = input(&json!({}));
    let failure = connector.run("ask", question).connection(&connection).start().unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Unauthorized, Some(401)));
    assert_eq!(failure.message, "Invalid API Key");
    let failure = connector.test(&connection).unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Unauthorized, Some(401)));
}

#[test]
fn the_response_reports_the_actual_model() {
    let outcome = try_ask(&llama(), &json!({ "model": "gpt-none", "maxTokens": 2 })).unwrap();
    assert_eq!(outcome.metadata["model"], Llama::MODEL);
}

#[test]
fn reports_rejections_in_the_servers_words() {
    let llama = llama();
    let failure = try_ask(&llama, &json!({ "n": Llama::CHOICES + 1 })).unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Refused, Some(400)));
    assert!(failure.message.contains("Value must be between 1 <= value <= 2"), "{failure:?}");

    let long = "word ".repeat(3000);
    let messages = json!([{ "role": "user", "content": long }]);
    let failure = try_ask(&llama, &json!({ "messages": messages })).unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::Refused, Some(400)));
    assert!(failure.message.contains("context size"), "{failure:?}");
}

#[test]
fn an_unsupported_endpoint_is_not_found() {
    let (llama, connector) = (llama(), openai());
    let failure = connector
        .run("createImage", json!({ "imageMessages": [{ "content": "A lighthouse" }] }))
        .connection(&connection(&connector, &llama))
        .retries(Retries::default())
        .start()
        .unwrap_err();
    assert_eq!((failure.kind, failure.status), (FailureKind::NotFound, Some(404)));
}

/// Runs Ask over Responses.
fn try_ask_over_responses(llama: &Llama, members: &Value) -> Result<Outcome, Failure> {
    let mut members = members.clone();
    members["api"] = "responses".into();
    // Chat Completions only.
    members["seed"] = Value::Null;
    try_ask(llama, &members)
}

#[test]
fn both_apis_give_the_same_answer() {
    let llama = llama();
    let pirate = json!([
        { "role": "developer", "content": "You are a pirate called Jack." },
        { "role": "user", "content": "What is your name?" },
        { "role": "assistant", "content": "Jack." },
        { "role": "user", "content": "And your ship?" },
    ]);
    for members in [json!({}), json!({ "messages": pirate })] {
        let chat = try_ask(&llama, &members).unwrap();
        let responses = try_ask_over_responses(&llama, &members).unwrap();
        assert_ne!(chat.output, "");
        assert_eq!(responses.output, chat.output, "{members}");
        assert_eq!(responses.metadata["model"], Llama::MODEL);
        let usage = |outcome: &Outcome| {
            let usage = &outcome.metadata["usage"];
            [usage["promptTokens"].clone(), usage["completionTokens"].clone()]
        };
        assert_eq!(usage(&responses), usage(&chat), "{members}");
        assert!(responses.metadata["responseId"].as_str().unwrap().starts_with("resp_"));
    }
}

#[test]
fn a_streamed_response_equals_the_unstreamed_one() {
    let (llama, connector) = (llama(), openai());
    let pieces = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&pieces);
    let streamed = connector
        .run("ask", input(&json!({ "api": "responses", "seed": null })))
        .connection(&connection(&connector, &llama))
        .streaming(true)
        .on_event(move |event| {
            if let Event::TextDelta { text, .. } = event {
                heard.lock().unwrap().push(text);
            }
        })
        .start()
        .unwrap();
    let whole = try_ask_over_responses(&llama, &json!({})).unwrap();
    assert_eq!(streamed.output, whole.output);
    for name in ["model", "usage", "finishReasons"] {
        assert_eq!(streamed.metadata[name], whole.metadata[name], "{name}");
    }
    let pieces = std::mem::take(&mut *pieces.lock().unwrap());
    assert!(pieces.len() > 2, "{pieces:?}");
    assert_eq!(pieces.concat(), streamed.output.as_str().unwrap());
}

/// The sandbox and OpenAI enforce the schema: see `responses`.
#[test]
fn text_in_place_of_an_object_is_a_failure() {
    let llama = llama();
    let schema = json!({
        "type": "object", "properties": { "city": { "type": "string", "enum": ["Rome", "Paris"] } },
        "required": ["city"], "additionalProperties": false,
    });
    let members = json!({
        "responseFormat": 1, "responseSchema": schema.to_string(), "repairAttempts": 1,
    });
    let failure = try_ask_over_responses(&llama, &members).unwrap_err();
    assert_eq!(failure.kind, FailureKind::InvalidOutput);
    assert_eq!(failure.message, "the model did not answer with JSON");
    assert!(failure.detail.is_some_and(|answer| !answer.is_empty()));
}

/// Runs Embed with these texts.
fn embed(llama: &Llama, texts: &[&str], members: &Value) -> Outcome {
    let connector = openai();
    let mut input = json!({ "input": texts });
    for (name, value) in members.as_object().unwrap() {
        input[name] = value.clone();
    }
    let run = connector.run("createEmbeddings", input);
    run.connection(&connection(&connector, llama)).start().unwrap()
}

fn vectors(outcome: &Outcome) -> Vec<Vec<f64>> {
    serde_json::from_value(outcome.output["vectors"].clone()).unwrap()
}

/// The positions of vectors, the nearest to a vector first.
fn nearest(vector: &[f64], vectors: &[Vec<f64>]) -> Vec<usize> {
    let product = |other: &Vec<f64>| vector.iter().zip(other).map(|(a, b)| a * b).sum::<f64>();
    let products: Vec<f64> = vectors.iter().map(product).collect();
    let mut positions: Vec<usize> = (0..vectors.len()).collect();
    positions.sort_by(|a, b| products[*b].total_cmp(&products[*a]));
    positions
}

const SENTENCES: [&str; 10] = [
    "The cat sleeps on the warm sofa all afternoon.",
    "The train to Vienna leaves at nine in the morning.",
    "Mix flour, sugar and eggs, and bake the cake for an hour.",
    "The patient has a fever and a bad cough.",
    "Our football team won the final match two to one.",
    "The bank raised the interest rate on my loan.",
    "It will rain tomorrow, with strong winds in the evening.",
    "The new laptop has a faster processor and more memory.",
    "She plays the violin in an orchestra.",
    "Plants need water and sunlight to grow.",
];

/// The model is a small one for chats, so each query has the form of a sentence.
const QUERIES: [(&str, usize); 10] = [
    ("The kitten is sleeping on a soft chair.", 0),
    ("The bus to Berlin leaves at ten in the evening.", 1),
    ("Stir butter, milk and flour, and cook the sauce for ten minutes.", 2),
    ("The child has a cold and a sore throat.", 3),
    ("Our basketball team lost the first game three to two.", 4),
    ("The bank offers a low interest rate on savings.", 5),
    ("It will snow tonight, with a cold wind in the morning.", 6),
    ("My old computer has a slow processor and little memory.", 7),
    ("He plays the piano in a band.", 8),
    ("Flowers need rain and soil to bloom.", 9),
];

#[test]
fn the_nearest_sentence_is_about_the_same() {
    let llama = llama();
    let outcome = embed(&llama, &SENTENCES, &json!({}));
    let sentences = vectors(&outcome);
    assert_eq!(outcome.output["dimensions"], 576);
    assert!(sentences.iter().all(|vector| vector.len() == 576));
    assert!(outcome.metadata["usage"]["promptTokens"].as_u64().unwrap() > 100, "{outcome:?}");
    let queries = QUERIES.map(|(query, _)| query);
    let found = vectors(&embed(&llama, &queries, &json!({})));
    for ((query, expected), vector) in QUERIES.into_iter().zip(found) {
        let nearest = nearest(&vector, &sentences)[0];
        assert_eq!(SENTENCES[nearest], SENTENCES[expected], "{query}");
    }
}

#[test]
fn vectors_keep_the_order_of_the_texts() {
    let llama = llama();
    let whole = vectors(&embed(&llama, &SENTENCES, &json!({})));
    for (batch_size, requests) in [(1, 10), (3, 4), (4, 3), (10, 1)] {
        for format in ["base64", "float"] {
            let members = json!({ "batchSize": batch_size, "encodingFormat": format });
            let outcome = embed(&llama, &SENTENCES, &members);
            assert_eq!(outcome.metadata["attempts"], requests, "{members}");
            for (index, vector) in vectors(&outcome).iter().enumerate() {
                assert_eq!(nearest(vector, &whole)[0], index, "{members}");
            }
        }
    }
}

#[test]
fn vectors_in_files_keep_the_order_of_the_texts() {
    let (llama, connector) = (llama(), openai());
    let folder = tempfile::tempdir().unwrap();
    let input = json!({ "input": SENTENCES, "asFiles": true, "batchSize": 4 });
    let outcome = connector
        .run("createEmbeddings", input)
        .connection(&connection(&connector, &llama))
        .files(&Files::new(folder.path()))
        .start()
        .unwrap();
    let files = outcome.output["files"].as_array().unwrap();
    let name = files[0]["name"].as_str().unwrap();
    let content = std::fs::read_to_string(folder.path().join(name)).unwrap();
    let whole = vectors(&embed(&llama, &SENTENCES, &json!({})));
    let mut count = 0;
    for (index, line) in content.lines().enumerate() {
        let line: Value = serde_json::from_str(line).unwrap();
        let vector: Vec<f64> = serde_json::from_value(line["vector"].clone()).unwrap();
        assert_eq!(line["index"], index);
        assert_eq!(nearest(&vector, &whole)[0], index);
        count += 1;
    }
    assert_eq!((files.len(), count), (1, SENTENCES.len()));
}
