//! Assembling the chunks of a completion restores the completion.

use std::collections::VecDeque;

use fuzzing::try_all;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use super::tests::whole;

fn choices() -> impl Strategy<Value = Vec<Value>> {
    let text = || option::of("\\PC{0,12}");
    let calls = vec(("[a-z]{1,6}", "[{}\":a-z0-9,ä😀]{0,12}"), 0..3);
    let tokens = option::of(vec("[a-zä ]{0,3}", 0..3));
    let reason = select(&["stop", "length", "tool_calls"][..]);
    let choice = (text(), text(), calls, tokens, reason).prop_map(
        |(content, refusal, calls, tokens, reason)| {
            let mut message =
                json!({ "role": "assistant", "content": content, "refusal": refusal });
            if !calls.is_empty() {
                message["tool_calls"] = calls.iter().map(call).collect();
            }
            let mut choice = json!({ "message": message, "finish_reason": reason });
            if let Some(tokens) = tokens {
                choice["logprobs"] = logprobs(&tokens);
            }
            choice
        },
    );
    vec(choice, 1..4)
}

fn call((name, arguments): &(String, String)) -> Value {
    let function = json!({ "name": name, "arguments": arguments });
    json!({ "id": format!("call_{name}"), "type": "function", "function": function })
}

fn logprobs(tokens: &[String]) -> Value {
    let content: Vec<_> = tokens.iter().map(|token| json!({ "token": token })).collect();
    json!({ "content": content, "refusal": null })
}

/// The chunks of a choice, in order.
fn chunks(index: usize, choice: &Value, cuts: &[Index]) -> VecDeque<Value> {
    let chunk = |delta: Value| json!({ "index": index, "delta": delta, "finish_reason": null });
    let message = &choice["message"];
    let begun = |name: &str| message[name].as_str().map(|_| "");
    let mut chunks = VecDeque::from([chunk(json!({
        "role": "assistant", "content": begun("content"), "refusal": begun("refusal"),
    }))]);
    for name in ["content", "refusal"] {
        for piece in pieces(&message[name], cuts) {
            chunks.push_back(chunk(json!({ name: piece })));
        }
    }
    for (place, call) in message["tool_calls"].as_array().into_iter().flatten().enumerate() {
        let mut begun = call.clone();
        begun["index"] = place.into();
        begun["function"]["arguments"] = "".into();
        chunks.push_back(chunk(json!({ "tool_calls": [begun] })));
        for piece in pieces(&call["function"]["arguments"], cuts) {
            let more = json!({ "index": place, "function": { "arguments": piece } });
            chunks.push_back(chunk(json!({ "tool_calls": [more] })));
        }
    }
    // Each chunk may contain a list with some of the log probabilities.
    if let Some(tokens) = choice["logprobs"]["content"].as_array() {
        for some in [&[][..]].into_iter().chain(tokens.chunks(1)) {
            let mut with_tokens = chunk(json!({}));
            with_tokens["logprobs"] = json!({ "content": some, "refusal": null });
            chunks.push_back(with_tokens);
        }
    }
    let mut end = chunk(json!({}));
    end["finish_reason"] = choice["finish_reason"].clone();
    chunks.push_back(end);
    chunks
}

/// Splits text between characters.
fn pieces(text: &Value, cuts: &[Index]) -> Vec<String> {
    let Some(text) = text.as_str() else { return Vec::new() };
    let characters: Vec<char> = text.chars().collect();
    let mut places: Vec<_> = cuts.iter().map(|cut| cut.index(characters.len() + 1)).collect();
    places.extend([0, characters.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| characters[ends[0]..ends[1]].iter().collect()).collect()
}

#[test]
fn chunks_restore_the_completion_wherever_it_is_cut() {
    let inputs = (choices(), vec(any::<Index>(), 0..4), vec(any::<Index>(), 64));
    try_all(file!(), 2_000, &inputs, |(mut choices, cuts, order)| {
        let mut waiting: Vec<_> =
            (0..).zip(&choices).map(|(at, one)| chunks(at, one, &cuts)).collect();
        let mut events = Vec::new();
        let mut order = order.iter().cycle();
        // Choices arrive interleaved, each in its own order.
        while !waiting.is_empty() {
            let next = order.next().unwrap().index(waiting.len());
            match waiting[next].pop_front() {
                Some(chunk) => events.push(json!({ "id": "c", "choices": [chunk], "usage": null })),
                None => drop(waiting.remove(next)),
            }
        }
        let usage = json!({ "total_tokens": 7 });
        events.push(json!({ "id": "c", "choices": [], "usage": usage }));
        for (index, choice) in choices.iter_mut().enumerate() {
            choice["index"] = index.into();
        }
        assert_eq!(whole(&events), json!({ "id": "c", "choices": choices, "usage": usage }));
    });
}
