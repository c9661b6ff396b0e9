//! What `ask` sends.

use serde_json::{Value, json};

use super::cases::{ANY_TEXT, Case, Smallest, base64_of, cases};

pub fn all() -> Vec<Case> {
    [
        messages(),
        instructed(),
        schemas(),
        sampling(),
        settings(),
        functions(),
        attachments(),
        streamed(),
        together(),
    ]
    .concat()
}

pub fn smallest() -> Smallest {
    Smallest {
        action: "ask",
        input: json!({ "messages": [{ "role": "user", "content": "Hello!" }] }),
        request: json!({
            "method": "POST",
            "path": "/v1/chat/completions",
            "headers": {
                "accept": "*/*",
                "authorization": "Bearer ****",
                "content-type": "application/json",
            },
            "body": {
                "model": "gpt-5.4",
                "messages": [{ "role": "user", "content": "Hello!" }],
            },
        }),
    }
}

/// Models, and messages of each role.
fn messages() -> Vec<Case> {
    cases! { smallest();
        "minimal": {} => {};
        "model": { "model": "gpt-4.1-mini" } => { "model": "gpt-4.1-mini" };
        "model-of-another-server":
            { "model": "meta-llama/Llama-4:8b" } => { "model": "meta-llama/Llama-4:8b" };
        "any-text": { "messages": [user(ANY_TEXT)] } => { "messages": [user(ANY_TEXT)] };
        "role-system": { "messages": [system("Hi")] } => { "messages": [system("Hi")] };
        "role-user": { "messages": [user("Hi")] } => { "messages": [user("Hi")] };
        "role-assistant": { "messages": [assistant("Hi")] } => { "messages": [assistant("Hi")] };
        "role-developer": { "messages": [developer("Hi")] } => { "messages": [developer("Hi")] };
        // The API rejects the result of a function that was not called.
        "role-tool":
            { "messages": [{ "role": "tool", "content": "21 °C" }] }
            => { "messages": [calls(&[("call_0", "tool", "{}")]), result("call_0", "21 °C")] };
        "every-role":
            { "messages": [
                system("You know the weather."),
                developer("Be brief."),
                user("How warm is it in Graz and in Linz?"),
                { "role": "tool", "content": "Graz: 21 °C" },
                { "role": "tool", "content": "Linz: 19 °C" },
                assistant("21 and 19 °C."),
                user("Thanks. Which is warmer?"),
            ]}
            => { "messages": [
                system("You know the weather."),
                developer("Be brief."),
                user("How warm is it in Graz and in Linz?"),
                calls(&[("call_0", "tool", "{}")]),
                result("call_0", "Graz: 21 °C"),
                calls(&[("call_1", "tool", "{}")]),
                result("call_1", "Linz: 19 °C"),
                assistant("21 and 19 °C."),
                user("Thanks. Which is warmer?"),
            ]};
    }
}

/// Text; and objects and lists without a schema, requested in an instruction.
fn instructed() -> Vec<Case> {
    cases! { smallest();
        "text": { "responseFormat": 0 } => {};
        "text-by-default": { "responseSchema": CITY } => {};
        "text-drops-the-schema": { "responseFormat": 0, "responseSchema": CITY } => {};
        "object":
            { "responseFormat": 1 }
            => {
                "messages": [system(OBJECT), user("Hello!")],
                "response_format": { "type": "json_object" },
            };
        "object-blank-schema":
            { "responseFormat": 1, "responseSchema": "" }
            => {
                "messages": [system(OBJECT), user("Hello!")],
                "response_format": { "type": "json_object" },
            };
        "object-after-instructions":
            { "responseFormat": 1, "messages": [
                system("You know cities."),
                developer("Be brief."),
                user("Which city?"),
                system("Now in German."),
            ]}
            => { "response_format": { "type": "json_object" }, "messages": [
                system("You know cities."),
                developer("Be brief."),
                system(OBJECT),
                user("Which city?"),
                system("Now in German."),
            ]};
        "list":
            { "responseFormat": 2 }
            => {
                "messages": [system(LIST), user("Hello!")],
                "response_format": { "type": "json_object" },
            };
        "list-after-instructions":
            { "responseFormat": 2, "messages": [
                developer("You know cities."),
                user("Which cities?"),
            ]}
            => { "response_format": { "type": "json_object" }, "messages": [
                developer("You know cities."),
                system(LIST),
                user("Which cities?"),
            ]};
    }
}

/// Objects and lists with a schema.
fn schemas() -> Vec<Case> {
    cases! { smallest();
        "object-strict":
            { "responseFormat": 1, "responseSchema": CITY }
            => { "response_format": schema(true, read(CITY)) };
        "object-loose":
            { "responseFormat": 1, "responseSchema": OPEN_CITY }
            => { "response_format": schema(false, read(OPEN_CITY)) };
        "object-with-definitions":
            { "responseFormat": 1, "responseSchema": TREE }
            => { "response_format": schema(true, read(TREE)) };
        "list-strict":
            { "responseFormat": 2, "responseSchema": CITY }
            => { "response_format": schema(true, list_of(read(CITY))) };
        "list-loose":
            { "responseFormat": 2, "responseSchema": OPEN_CITY }
            => { "response_format": schema(false, list_of(read(OPEN_CITY))) };
        "list-of-strings":
            { "responseFormat": 2, "responseSchema": STRINGS }
            => { "response_format": schema(true, read(r#"{
                "type": "object",
                "properties": { "items": { "type": "array", "items": { "type": "string" } } },
                "required": ["items"],
                "additionalProperties": false
            }"#)) };
        "list-with-definitions":
            { "responseFormat": 2, "responseSchema": TREE }
            => { "response_format": schema(true, list_of_trees()) };
        "n-several-objects":
            { "n": 2, "responseFormat": 1, "responseSchema": CITY }
            => { "n": 2, "response_format": schema(true, read(CITY)) };
        "n-several-lists":
            { "n": 2, "responseFormat": 2, "responseSchema": CITY }
            => { "n": 2, "response_format": schema(true, list_of(read(CITY))) };
        "repair-attempts":
            { "repairAttempts": 0, "responseFormat": 1, "responseSchema": CITY }
            => { "response_format": schema(true, read(CITY)) };
        "repair-attempts-for-text": { "repairAttempts": 5 } => {};
    }
}

/// Sampling parameters.
fn sampling() -> Vec<Case> {
    cases! { smallest();
        "max-tokens": { "maxTokens": 200 } => { "max_completion_tokens": 200 };
        "n": { "n": 1 } => { "n": 1 };
        "n-several": { "n": 3 } => { "n": 3 };
        "n-max": { "n": 128 } => { "n": 128 };
        "temperature": { "temperature": 0.7 } => { "temperature": 0.7 };
        "temperature-0": { "temperature": 0 } => { "temperature": 0 };
        "temperature-2": { "temperature": 2 } => { "temperature": 2 };
        "top-p": { "topP": 0.1 } => { "top_p": 0.1 };
        "top-p-0": { "topP": 0 } => { "top_p": 0 };
        "top-p-1": { "topP": 1 } => { "top_p": 1 };
        "frequency-penalty": { "frequencyPenalty": -2 } => { "frequency_penalty": -2 };
        "frequency-penalty-0": { "frequencyPenalty": 0 } => { "frequency_penalty": 0 };
        "presence-penalty": { "presencePenalty": 2 } => { "presence_penalty": 2 };
        "presence-penalty-0": { "presencePenalty": 0 } => { "presence_penalty": 0 };
        "logit-bias":
            { "logitBias": { "50256": -100, "1734": 0, "0": 100 } }
            => { "logit_bias": { "50256": -100, "1734": 0, "0": 100 } };
        "stop": { "stop": ["\n"] } => { "stop": ["\n"] };
        "stop-four":
            { "stop": ["END", "###", "\"", "—"] } => { "stop": ["END", "###", "\"", "—"] };
        "stop-without-blanks": { "stop": ["", "END", null] } => { "stop": ["END"] };
        "seed": { "seed": -4711 } => { "seed": -4711 };
        "logprobs": { "logprobs": true } => { "logprobs": true };
        "no-logprobs": { "logprobs": false, "topLogprobs": 3 } => { "logprobs": false };
        "top-logprobs":
            { "logprobs": true, "topLogprobs": 20 } => { "logprobs": true, "top_logprobs": 20 };
        "reasoning-effort":
            { "model": "o4-mini", "reasoningEffort": "high" }
            => { "model": "o4-mini", "reasoning_effort": "high" };
        "sampling-without-reasoning":
            { "model": "gpt-5.5", "reasoningEffort": "none", "temperature": 0.5 }
            => { "model": "gpt-5.5", "reasoning_effort": "none", "temperature": 0.5 };
        "default-sampling-with-reasoning":
            { "model": "o3", "temperature": 1, "topP": 1, "presencePenalty": 0 }
            => { "model": "o3", "temperature": 1, "top_p": 1, "presence_penalty": 0 };
        "verbosity-low": { "verbosity": "low" } => { "verbosity": "low" };
        "verbosity-medium": { "verbosity": "medium" } => { "verbosity": "medium" };
        "verbosity-high": { "verbosity": "high" } => { "verbosity": "high" };
        // Zeros and whole numbers stay numbers.
        "zeros":
            {
                "temperature": 0, "topP": 0.0, "frequencyPenalty": 0.0, "presencePenalty": 0,
                "logitBias": { "7": 0 },
            }
            => {
                "temperature": 0, "top_p": 0.0, "frequency_penalty": 0.0, "presence_penalty": 0,
                "logit_bias": { "7": 0 },
            };
        "whole-numbers":
            { "n": 2.0, "maxTokens": 64.0, "logitBias": { "7": 5.0 } }
            => { "n": 2, "max_completion_tokens": 64, "logit_bias": { "7": 5 } };
    }
}

/// Properties that concern the user and the handling of the request.
fn settings() -> Vec<Case> {
    cases! { smallest();
        "user": { "user": "customer-4711" } => { "user": "customer-4711" };
        "safety-identifier":
            { "safetyIdentifier": "customer-4711" } => { "safety_identifier": "customer-4711" };
        "prompt-cache-key":
            { "promptCacheKey": "instructions-1" } => { "prompt_cache_key": "instructions-1" };
        "service-tier": { "serviceTier": "flex" } => { "service_tier": "flex" };
        "store": { "store": true } => { "store": true };
        "store-false": { "store": false } => { "store": false };
        "metadata":
            { "store": true, "metadata": { "run": "47\"11", "städte": "" } }
            => { "store": true, "metadata": { "run": "47\"11" } };
        "extra-parameters":
            { "extraParameters": {
                "prediction": { "type": "content", "content": "Hello!" },
                "web_search_options": { "search_context_size": "low" },
            }}
            => {
                "prediction": { "type": "content", "content": "Hello!" },
                "web_search_options": { "search_context_size": "low" },
            };
        "no-extra-parameters": { "extraParameters": {} } => {};
    }
}

/// Functions: the model calls each once, and gets their results in the next
/// request.
fn functions() -> Vec<Case> {
    cases! { smallest();
        "functions":
            { "functions": ["weather/v1/today"] }
            => { "tools": [weather()] }
            => { "messages": [user("Hello!"), calls(&[WEATHER]), result("call_0_0", DEGREES)] };
        "functions-two":
            { "functions": ["weather/v1/today", "weather.today"] }
            => { "tools": [weather(), tool("weather_today", "The same.", json!({}))] }
            => { "messages": [
                user("Hello!"),
                calls(&[WEATHER, ("call_0_1", "weather_today", "{}")]),
                result("call_0_0", DEGREES),
                result("call_0_1", DEGREES),
            ]};
        "functions-that-fail":
            { "functions": ["closed"] }
            => { "tools": [tool("closed", "Always fails.", json!({}))] }
            => { "messages": [
                user("Hello!"),
                calls(&[("call_0_0", "closed", "{}")]),
                result("call_0_0", r#"{"error":"it is closed"}"#),
            ]};
        "functions-and-object":
            { "functions": ["weather/v1/today"], "responseFormat": 1 }
            => {
                "messages": [system(OBJECT), user("Hello!")],
                "response_format": { "type": "json_object" },
                "tools": [weather()],
            }
            => { "messages": [
                system(OBJECT),
                user("Hello!"),
                calls(&[WEATHER]),
                result("call_0_0", DEGREES),
            ]};
        "parallel-function-calls-false":
            { "functions": ["weather/v1/today"], "parallelFunctionCalls": false }
            => { "tools": [weather()], "parallel_tool_calls": false }
            => { "messages": [user("Hello!"), calls(&[WEATHER]), result("call_0_0", DEGREES)] };
        "parallel-function-calls-without-functions": { "parallelFunctionCalls": true } => {};
        "max-function-rounds":
            { "functions": ["weather/v1/today"], "maxFunctionRounds": 2 }
            => { "tools": [weather()] }
            => { "messages": [user("Hello!"), calls(&[WEATHER]), result("call_0_0", DEGREES)] };
    }
}

/// Each type of file, recognized by its content and not by its name.
fn attachments() -> Vec<Case> {
    cases! { smallest();
        "attached-png":
            { "attachments": [{ "url": "picture.png" }] }
            => { "messages": [with(&[png()])] };
        "attached-jpeg":
            { "attachments": [{ "url": "picture.jpg" }] }
            => { "messages": [with(&[image("jpeg", "picture.jpg")])] };
        "attached-webp":
            { "attachments": [{ "url": "picture.webp" }] }
            => { "messages": [with(&[image("webp", "picture.webp")])] };
        "attached-gif":
            { "attachments": [{ "url": "picture.gif" }] }
            => { "messages": [with(&[image("gif", "picture.gif")])] };
        "attached-wav":
            { "attachments": [{ "url": "speech.wav" }] }
            => { "messages": [with(&[audio("wav", "speech.wav")])] };
        "attached-mp3":
            { "attachments": [{ "url": "speech.mp3" }] }
            => { "messages": [with(&[audio("mp3", "speech.mp3")])] };
        "attached-pdf":
            { "attachments": [{ "url": "report.pdf" }] }
            => { "messages": [with(&[pdf()])] };
        "attached-text":
            { "attachments": [{ "url": "Notizen \"1\".md" }] }
            => { "messages": [with(&[text("Notizen \"1\".md:\n\n# Grüße\n")])] };
        "attached-several":
            { "attachments": [
                { "url": "picture.png" }, { "url": "report.pdf" }, { "url": "speech.mp3" },
            ]}
            => { "messages": [with(&[png(), pdf(), audio("mp3", "speech.mp3")])] };
        "attached-under-another-name":
            { "attachments": [{ "url": "picture.png.txt" }] }
            => { "messages": [with(&[image("png", "picture.png.txt")])] };
        "attached-to-the-last-user-message":
            {
                "messages": [user("Hello!"), user("Look!"), assistant("I see")],
                "attachments": [{ "url": "picture.png" }],
            }
            => { "messages": [
                user("Hello!"),
                { "role": "user", "content": [text("Look!"), png()] },
                assistant("I see"),
            ]};
        "attached-to-an-earlier-message":
            { "messages": [
                { "role": "user", "content": "Hello!", "attachments": [{ "url": "picture.png" }] },
                assistant("I see"),
                {
                    "role": "user", "content": "And these?",
                    "imageUrls": ["https://example.com/photo.jpg"], "fileIds": ["file-abc123"],
                },
            ]}
            => { "messages": [
                with(&[png()]),
                assistant("I see"),
                { "role": "user", "content": [
                    text("And these?"),
                    image_at("https://example.com/photo.jpg"),
                    uploaded("file-abc123"),
                ]},
            ]};
        "image-urls":
            { "imageUrls": ["https://example.com/photo.jpg", "http://example.com/b.png?c=d"] }
            => { "messages": [with(&[
                image_at("https://example.com/photo.jpg"),
                image_at("http://example.com/b.png?c=d"),
            ])]};
        "image-urls-low":
            { "imageUrls": ["https://example.com/photo.jpg"], "imageDetail": "low" }
            => { "messages": [with(&[
                with_detail(image_at("https://example.com/photo.jpg"), "low"),
            ])]};
        "file-ids":
            { "fileIds": ["file-abc123", "file-def456"] }
            => { "messages": [with(&[uploaded("file-abc123"), uploaded("file-def456")])] };
        "attached-in-order":
            {
                "fileIds": ["file-abc123"], "imageUrls": ["https://example.com/photo.jpg"],
                "attachments": [{ "url": "report.pdf" }],
            }
            => { "messages": [with(&[
                pdf(),
                image_at("https://example.com/photo.jpg"),
                uploaded("file-abc123"),
            ])]};
        "image-detail-auto":
            { "attachments": [{ "url": "picture.png" }], "imageDetail": "auto" }
            => { "messages": [with(&[with_detail(png(), "auto")])] };
        "image-detail-low":
            { "attachments": [{ "url": "picture.png" }], "imageDetail": "low" }
            => { "messages": [with(&[with_detail(png(), "low")])] };
        "image-detail-high":
            { "attachments": [{ "url": "picture.png" }], "imageDetail": "high" }
            => { "messages": [with(&[with_detail(png(), "high")])] };
        "image-detail-without-images": { "imageDetail": "low" } => {};
    }
}

/// With streaming.
fn streamed() -> Vec<Case> {
    let cases = cases! { smallest();
        "minimal": {} => { "stream": true, "stream_options": { "include_usage": true } };
        "object-strict":
            { "responseFormat": 1, "responseSchema": CITY }
            => {
                "response_format": schema(true, read(CITY)),
                "stream": true,
                "stream_options": { "include_usage": true },
            };
        "functions":
            { "functions": ["weather/v1/today"] }
            => {
                "tools": [weather()],
                "stream": true,
                "stream_options": { "include_usage": true },
            }
            => { "messages": [user("Hello!"), calls(&[WEATHER]), result("call_0_0", DEGREES)] };
        "attached-png":
            { "attachments": [{ "url": "picture.png" }] }
            => {
                "messages": [with(&[png()])],
                "stream": true,
                "stream_options": { "include_usage": true },
            };
    };
    cases.into_iter().map(Case::streamed).collect()
}

/// Combinations, and the empty input.
fn together() -> Vec<Case> {
    cases! { smallest();
        "reasoning":
            { "model": "o4-mini", "maxTokens": 2000, "responseFormat": 1 }
            => {
                "model": "o4-mini",
                "max_completion_tokens": 2000,
                "messages": [system(OBJECT), user("Hello!")],
                "response_format": { "type": "json_object" },
            };
        "blanks":
            {
                "model": "", "responseFormat": null, "responseSchema": "", "maxTokens": null,
                "n": "", "temperature": "", "topP": null, "frequencyPenalty": "",
                "presencePenalty": null, "logitBias": {}, "stop": [], "functions": [], "user": "",
                "repairAttempts": null, "reasoningEffort": "", "verbosity": "", "seed": "",
                "serviceTier": "", "store": null, "metadata": {}, "logprobs": null,
                "topLogprobs": "", "parallelFunctionCalls": null, "maxFunctionRounds": null,
                "safetyIdentifier": "", "promptCacheKey": "", "attachments": [],
                "imageDetail": "", "imageUrls": [], "imageFileIds": [], "fileUrls": [],
                "fileIds": [""], "extraParameters": null,
            }
            => {};
        "everything":
            {
                "model": "gpt-4o", "messages": [system("Be brief."), user("Which city?")],
                "responseFormat": 1, "responseSchema": CITY, "maxTokens": 500, "n": 1,
                "temperature": 0.2, "topP": 0.9, "frequencyPenalty": 0.5, "presencePenalty": -0.5,
                "logitBias": { "1734": -1 }, "stop": ["END"], "functions": ["weather/v1/today"],
                "user": "customer-4711", "repairAttempts": 2, "verbosity": "medium", "seed": 7,
                "serviceTier": "default", "store": true, "metadata": { "run": "1" },
                "logprobs": true, "topLogprobs": 2, "parallelFunctionCalls": true,
                "maxFunctionRounds": 3, "safetyIdentifier": "s-4711", "promptCacheKey": "k-1",
                "attachments": [{ "url": "picture.png" }, { "url": "picture.jpg" }],
                "imageDetail": "low",
            }
            => {
                "model": "gpt-4o", "messages": [system("Be brief."), which_city()],
                "response_format": schema(true, read(CITY)), "max_completion_tokens": 500, "n": 1,
                "temperature": 0.2, "top_p": 0.9, "frequency_penalty": 0.5,
                "presence_penalty": -0.5, "logit_bias": { "1734": -1 }, "stop": ["END"],
                "tools": [weather()], "user": "customer-4711", "verbosity": "medium", "seed": 7,
                "service_tier": "default", "store": true, "metadata": { "run": "1" },
                "logprobs": true, "top_logprobs": 2, "parallel_tool_calls": true,
                "safety_identifier": "s-4711", "prompt_cache_key": "k-1",
            }
            => { "messages": [
                system("Be brief."),
                which_city(),
                calls(&[WEATHER]),
                result("call_0_0", DEGREES),
            ]};
    }
}

/// The instruction that requests an object.
const OBJECT: &str = "Answer with one JSON object and nothing else.";

/// The instruction that requests a list.
const LIST: &str = "Answer with one JSON object and nothing else. \
                    Its only key is \"items\", which contains the requested list.";

/// A schema that strict mode accepts.
const CITY: &str = r#"{
    "type": "object",
    "properties": { "city": { "type": "string" }, "people": { "type": "integer" } },
    "required": ["city", "people"],
    "additionalProperties": false
}"#;

/// A schema that strict mode rejects, because a property is optional.
const OPEN_CITY: &str = r#"{
    "type": "object",
    "properties": { "city": { "type": "string" }, "people": { "type": "integer" } },
    "required": ["city"]
}"#;

/// The schema of a list.
const STRINGS: &str = r#"{ "type": "array", "items": { "type": "string" } }"#;

/// A schema with references, one of them nested in another.
const TREE: &str = r##"{
    "type": "object",
    "properties": { "root": { "$ref": "#/$defs/node" } },
    "required": ["root"],
    "additionalProperties": false,
    "$defs": { "node": {
        "type": "object",
        "properties": {
            "name": { "type": "string" },
            "children": { "type": "array", "items": { "$ref": "#/$defs/node" } }
        },
        "required": ["name", "children"],
        "additionalProperties": false
    }}
}"##;

fn read(schema: &str) -> Value {
    serde_json::from_str(schema).unwrap()
}

fn schema(strict: bool, schema: Value) -> Value {
    let schema = json!({ "name": "response", "strict": strict, "schema": schema });
    json!({ "type": "json_schema", "json_schema": schema })
}

/// A list as the property of an object, because the API accepts no other
/// schema.
fn list_of(items: Value) -> Value {
    json!({
        "type": "object",
        "properties": { "items": { "type": "array", "items": items } },
        "required": ["items"],
        "additionalProperties": false,
    })
}

/// The definitions of [`TREE`] stay at the root, where its references point.
fn list_of_trees() -> Value {
    let mut tree = read(TREE);
    let definitions = tree.as_object_mut().unwrap().remove("$defs").unwrap();
    let mut list = list_of(tree);
    list["$defs"] = definitions;
    list
}

fn system(content: &str) -> Value {
    json!({ "role": "system", "content": content })
}

fn developer(content: &str) -> Value {
    json!({ "role": "developer", "content": content })
}

fn user(content: &str) -> Value {
    json!({ "role": "user", "content": content })
}

fn assistant(content: &str) -> Value {
    json!({ "role": "assistant", "content": content })
}

/// The sandbox's call to `weather/v1/today`: its id, name and arguments.
const WEATHER: (&str, &str, &str) = ("call_0_0", "weather_v1_today", r#"{"place":"sandbox text"}"#);

/// The result of that call.
const DEGREES: &str = r#"{"degrees":21.5}"#;

fn weather() -> Value {
    let place = json!({ "properties": { "place": { "type": "string" } }, "required": ["place"] });
    tool("weather_v1_today", "Today's weather.", place)
}

/// A tool whose parameters are an object with these additional keywords.
fn tool(name: &str, description: &str, mut parameters: Value) -> Value {
    parameters["type"] = "object".into();
    json!({
        "type": "function",
        "function": { "name": name, "description": description, "parameters": parameters },
    })
}

/// A message that calls functions, each with its id, name and arguments.
fn calls(functions: &[(&str, &str, &str)]) -> Value {
    let calls = functions.iter().map(|(id, name, arguments)| {
        json!({
            "id": id, "type": "function", "function": { "name": name, "arguments": arguments },
        })
    });
    json!({ "role": "assistant", "content": null, "tool_calls": calls.collect::<Vec<_>>() })
}

fn result(id: &str, content: &str) -> Value {
    json!({ "role": "tool", "tool_call_id": id, "content": content })
}

/// The message of [`smallest`] with these parts after its text.
fn with(parts: &[Value]) -> Value {
    let content = [&[text("Hello!")], parts].concat();
    json!({ "role": "user", "content": content })
}

fn text(text: &str) -> Value {
    json!({ "type": "text", "text": text })
}

fn image(format: &str, file: &str) -> Value {
    let url = format!("data:image/{format};base64,{}", base64_of(file));
    json!({ "type": "image_url", "image_url": { "url": url } })
}

fn png() -> Value {
    image("png", "picture.png")
}

/// An image with this level of detail.
fn with_detail(mut image: Value, detail: &str) -> Value {
    image["image_url"]["detail"] = detail.into();
    image
}

fn audio(format: &str, file: &str) -> Value {
    json!({
        "type": "input_audio", "input_audio": { "data": base64_of(file), "format": format },
    })
}

fn pdf() -> Value {
    let data = format!("data:application/pdf;base64,{}", base64_of("report.pdf"));
    json!({ "type": "file", "file": { "filename": "report.pdf", "file_data": data } })
}

/// An image that the provider fetches.
fn image_at(url: &str) -> Value {
    json!({ "type": "image_url", "image_url": { "url": url } })
}

/// A file that was uploaded.
fn uploaded(id: &str) -> Value {
    json!({ "type": "file", "file": { "file_id": id } })
}

/// The question in the case `everything`, with its images.
fn which_city() -> Value {
    json!({ "role": "user", "content": [
        text("Which city?"),
        with_detail(png(), "low"),
        with_detail(image("jpeg", "picture.jpg"), "low"),
    ]})
}
