//! A completion that is cut into chunks and put together again is the one that
//! it was.

use std::collections::VecDeque;

use fuzzing::try_all;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::{Strategy, any};
use proptest::sample::{Index, select};
use serde_json::{Value, json};

use crate::actions::ask::stream::collect;
use crate::bindings::workflow::connector::events::Event;
use crate::openai::stream;

/// One answer of a completion.
#[derive(Clone, Debug)]
struct Choice {
    content: Option<String>,
    refusal: Option<String>,
    calls: Vec<(String, String)>,
    tokens: Option<Vec<String>>,
    finish_reason: &'static str,
}

fn choices() -> impl Strategy<Value = Vec<Choice>> {
    let text = || option::of("\\PC{0,12}");
    let call = ("[a-z]{1,6}", "[{}\":a-z0-9,ä😀]{0,12}");
    let reason = select(&["stop", "length", "tool_calls"][..]);
    let tokens = option::of(vec("[a-zä ]{0,3}", 0..3));
    let choice = (text(), text(), vec(call, 0..3), tokens, reason).prop_map(
        |(content, refusal, calls, tokens, finish_reason)| Choice {
            content,
            refusal,
            calls,
            tokens,
            finish_reason,
        },
    );
    vec(choice, 1..4)
}

/// The completion as it comes in one.
fn whole(choices: &[Choice]) -> Value {
    let choices = choices.iter().enumerate().map(|(index, choice)| {
        let mut message = json!({
            "role": "assistant", "content": choice.content, "refusal": choice.refusal,
        });
        let mut calls: Vec<Value> = choice.calls.iter().enumerate().map(whole_call).collect();
        for call in &mut calls {
            call.as_object_mut().unwrap().remove("index");
        }
        if !calls.is_empty() {
            message["tool_calls"] = calls.into();
        }
        let mut whole =
            json!({ "index": index, "message": message, "finish_reason": choice.finish_reason });
        if let Some(tokens) = &choice.tokens {
            whole["logprobs"] = logprobs(tokens);
        }
        whole
    });
    let choices: Vec<Value> = choices.collect();
    json!({ "id": "c1", "model": "gpt-x", "choices": choices, "usage": { "total_tokens": 7 } })
}

fn whole_call((index, (name, arguments)): (usize, &(String, String))) -> Value {
    let function = json!({ "name": name, "arguments": arguments });
    json!({ "index": index, "id": format!("call_{index}"), "type": "function", "function": function })
}

fn logprobs(tokens: &[String]) -> Value {
    let content: Vec<Value> = tokens.iter().map(|token| json!({ "token": token })).collect();
    json!({ "content": content, "refusal": null })
}

/// Its chunks, of each choice in their order.
fn chunks(index: usize, choice: &Choice, cuts: &[Index]) -> VecDeque<Value> {
    let chunk = |delta: Value, reason: Option<&str>| json!({ "index": index, "delta": delta, "finish_reason": reason });
    let begun = |text: &Option<String>| text.as_ref().map(|_| "");
    let first = json!({
        "role": "assistant", "content": begun(&choice.content), "refusal": begun(&choice.refusal),
    });
    let mut chunks = VecDeque::from([chunk(first, None)]);
    for (name, text) in [("content", &choice.content), ("refusal", &choice.refusal)] {
        for piece in text.iter().flat_map(|text| pieces(text, cuts)) {
            chunks.push_back(chunk(json!({ name: piece }), None));
        }
    }
    for (at, (name, arguments)) in choice.calls.iter().enumerate() {
        let started = whole_call((at, &(name.clone(), String::new())));
        chunks.push_back(chunk(json!({ "tool_calls": [started] }), None));
        for piece in pieces(arguments, cuts) {
            let call = json!({ "index": at, "function": { "arguments": piece } });
            chunks.push_back(chunk(json!({ "tool_calls": [call] }), None));
        }
    }
    // Log probabilities come with a chunk, a list of some of them each time.
    if let Some(tokens) = &choice.tokens {
        let mut with = chunk(json!({}), None);
        with["logprobs"] = logprobs(&[]);
        chunks.push_back(with);
        for token in tokens {
            let mut with = chunk(json!({}), None);
            with["logprobs"] = logprobs(std::slice::from_ref(token));
            chunks.push_back(with);
        }
    }
    chunks.push_back(chunk(json!({}), Some(choice.finish_reason)));
    chunks
}

/// A text cut between characters.
fn pieces(text: &str, cuts: &[Index]) -> Vec<String> {
    let characters: Vec<char> = text.chars().collect();
    let mut places: Vec<usize> = cuts.iter().map(|at| at.index(characters.len() + 1)).collect();
    places.extend([0, characters.len()]);
    places.sort_unstable();
    places.windows(2).map(|ends| characters[ends[0]..ends[1]].iter().collect()).collect()
}

#[test]
fn the_chunks_are_the_whole_however_they_are_cut() {
    let inputs = (choices(), vec(any::<Index>(), 0..4), vec(any::<Index>(), 64), any::<bool>());
    try_all(file!(), 8_000, &inputs, |(choices, cuts, order, done)| {
        let mut waiting: Vec<VecDeque<Value>> =
            choices.iter().enumerate().map(|(at, choice)| chunks(at, choice, &cuts)).collect();
        let mut events = Vec::new();
        let mut order = order.iter().cycle();
        // Answers come side by side, each in its own order.
        while waiting.iter().any(|chunks| !chunks.is_empty()) {
            waiting.retain(|chunks| !chunks.is_empty());
            let next = order.next().unwrap().index(waiting.len());
            let chunk = waiting[next].pop_front().unwrap();
            let event = json!({ "id": "c1", "model": "gpt-x", "choices": [chunk], "usage": null });
            events.push(event.to_string());
        }
        let usage = json!({ "total_tokens": 7 });
        events.push(json!({ "id": "c1", "choices": [], "usage": usage }).to_string());
        if done {
            events.push("[DONE]".to_owned());
        }

        let (collected, told) = stream::read(&events, collect);
        let collected: Value = serde_json::from_str(&collected.unwrap()).unwrap();
        assert_eq!(collected, whole(&choices));

        let mut said = vec![String::new(); choices.len()];
        for event in told {
            let Event::TextDelta(delta) = event else { panic!("{event:?}") };
            said[delta.choice as usize].push_str(&delta.text);
        }
        let expected: Vec<String> =
            choices.iter().map(|choice| choice.content.clone().unwrap_or_default()).collect();
        assert_eq!(said, expected);
    });
}
