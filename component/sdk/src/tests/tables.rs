//! Tests of the tables that the derive macros generate.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Number, Value, json};

use crate::property::Choice;
use crate::testing::describe;
use crate::{
    Action, Authorization, BearerToken, Choices, Connection, Connector, Date, DateTime, FileEntry,
    Options, OptionsRequest, Outcome, Output, Properties, Result, Run, Settings, Shape, Time, http,
    property, testing,
};

/// Checks the table of an action whose input has this type.
#[track_caller]
fn check<T: Properties>(expected: Value) {
    let action = Action { properties: T::PROPERTIES, ..Action::of::<Empty>() };
    let actions: &'static [Action] = Box::leak(Box::new([action]));
    let connector = Connector { actions, ..Connector::new("test", "Test", "Tests.") };
    assert_eq!(describe(&connector)["actions"][0]["properties"], expected);
}

/// Does nothing.
///
/// This paragraph is not part of the description.
#[derive(Deserialize, Properties)]
struct Empty {}

impl Run for Empty {
    type Output = Value;

    fn run(self, _: &Settings) -> Result<Outcome<Value>> {
        Ok(Value::Null.into())
    }
}

#[test]
fn names_an_action_after_its_struct() {
    let action = Action::of::<Empty>();
    assert_eq!((action.name, action.title), ("empty", "Empty"));
    assert_eq!(action.description, "Does nothing.");
}

#[test]
fn each_type_has_a_default_kind_and_control() {
    #[derive(Properties)]
    #[property(connection)]
    struct Types {
        string: String,
        flag: bool,
        integer: Option<u8>,
        float: f64,
        number: Number,
        any: Value,
        file: FileEntry,
        date: Date,
        date_time: DateTime,
        time: Time,
        list: Vec<i64>,
        map: BTreeMap<String, bool>,
    }

    let kinds = Types::PROPERTIES.iter().map(|row| {
        format!("{} {:?} {:?} {}", row.label, row.kind, row.control, row.required)
            .replace("PropertyType::", "")
            .replace("ControlType::", "")
    });
    assert_eq!(
        kinds.collect::<Vec<_>>(),
        [
            "String String Text true",
            "Flag Boolean Select true",
            "Integer Integer Integer false",
            "Float Number Number true",
            "Number Number Number true",
            "Any Any TextArea true",
            "File FileEntry FileEntry true",
            "Date Date Date true",
            "Date Time DateTime DateTime true",
            "Time Time Time true",
            "List Array ArrayBuilder true",
            "Map Object ObjectBuilder true",
        ]
    );
    let row = |at: usize| Types::PROPERTIES[at];
    assert_eq!(row(10).children[0].kind, property::Type::Integer);
    assert_eq!(row(11).values.unwrap().kind, property::Type::Boolean);
}

#[test]
fn uses_the_keys_that_serde_reads_or_writes() {
    #[derive(Serialize, Deserialize, Properties)]
    #[serde(rename_all(deserialize = "camelCase", serialize = "SCREAMING-KEBAB-CASE"))]
    struct Read {
        max_tokens: u32,
        #[serde(rename(deserialize = "in", serialize = "out"))]
        renamed: String,
        r#type: String,
        #[serde(default, alias = "x")]
        defaulted: bool,
        #[serde(skip_deserializing, default = "String::new")]
        skipped: String,
        #[serde(flatten)]
        inner: Inner,
        #[property(optional)]
        last: String,
    }

    #[derive(Serialize, Deserialize, Properties)]
    struct Inner {
        a_b: Option<String>,
        #[property(required)]
        c: Option<String>,
    }

    #[derive(Serialize, Properties)]
    #[serde(rename_all(deserialize = "camelCase", serialize = "kebab-case"))]
    #[property(output)]
    struct Written {
        max_tokens: u32,
        #[serde(skip_serializing)]
        _hidden: String,
        #[serde(skip_serializing_if = "Option::is_none", rename(serialize = "x"))]
        maybe: Option<u32>,
    }

    let keys = |table: &[crate::Property]| {
        table.iter().map(|row| (row.name, row.required)).collect::<Vec<_>>()
    };
    assert_eq!(
        keys(Read::PROPERTIES),
        [
            ("maxTokens", true),
            ("in", true),
            ("type", true),
            ("defaulted", false),
            ("a_b", false),
            ("c", true),
            ("last", false),
        ]
    );
    assert_eq!(keys(Written::PROPERTIES), [("max-tokens", true), ("x", false)]);
}

#[test]
fn passes_parameters_through_and_omits_unset_ones() {
    #[serde_with::skip_serializing_none]
    #[derive(Deserialize, Serialize, Properties)]
    #[serde(rename_all(deserialize = "camelCase", serialize = "snake_case"))]
    struct Ask {
        /// The randomness of the answer.
        #[property(minimum = 0, maximum = 1)]
        temperature: Option<Number>,
        top_p: Option<Number>,
        #[serde(skip_serializing)]
        #[property(max_length = 9)]
        own: Option<String>,
    }

    #[derive(Serialize)]
    struct Body<'a> {
        #[serde(flatten)]
        ask: &'a Ask,
        stream: bool,
    }

    let ask: Ask = serde_json::from_str(r#"{"topP":1,"own":"a"}"#).unwrap();
    assert_eq!(ask.own.as_deref(), Some("a"));
    assert_eq!(json!(Body { ask: &ask, stream: true }).to_string(), r#"{"top_p":1,"stream":true}"#);
    check::<Ask>(json!([
        {
            "name": "temperature", "label": "Temperature",
            "description": "The randomness of the answer.", "type": "NUMBER", "control": "NUMBER",
            "limits": { "minimum": 0, "maximum": 1 },
        },
        { "name": "topP", "label": "Top P", "description": "", "type": "NUMBER", "control": "NUMBER" },
        {
            "name": "own", "label": "Own", "description": "", "type": "STRING", "control": "TEXT",
            "limits": { "maxLength": 9 },
        },
    ]));
}

const BASE_URL: &str = "https://a.example";
const MEGABYTES: u64 = 1 << 20;
const SIZES: &[&str] = &["png", "webp"];
const LANGUAGES: &[Choice] = &[Choice::labelled("German", "de")];

#[test]
fn attributes_set_the_members_of_a_property() {
    #[derive(Deserialize, Properties)]
    #[expect(dead_code, reason = "only the table is used")]
    struct Attributes {
        /// Two lines
        /// of one paragraph.
        ///
        /// And another.
        #[property(label = "Text", placeholder = "…", control = text_area, group = "Words", advanced)]
        #[property(deprecated, display = "markdown", media_type = "text/markdown", min_length = 0)]
        text: String,
        #[property(provider_default = BASE_URL, pattern = "https:.*")]
        url: Option<String>,
        #[property(default = -1, minimum = -1, maximum = 10)]
        number: f64,
        #[property(max_bytes = 4 * MEGABYTES, accept("mp3", "wav"))]
        sound: FileEntry,
        #[property(accept = SIZES)]
        image: FileEntry,
        #[property(min_items = 1, max_items = 4, item(max_bytes = MEGABYTES, label = "Photo"))]
        photos: Vec<FileEntry>,
        #[property(pattern = "[0-9]+", item(minimum = -100, maximum = 100))]
        bias: BTreeMap<String, i32>,
    }

    check::<Attributes>(json!([
        {
            "name": "text", "label": "Text",
            "description": "Two lines of one paragraph. And another.", "placeholder": "…",
            "type": "STRING", "control": "TEXT_AREA", "required": true, "group": "Words",
            "advanced": true, "deprecated": true, "mediaType": "text/markdown",
            "display": "markdown", "limits": { "minLength": 0 },
        },
        {
            "name": "url", "label": "URL", "description": "", "type": "STRING", "control": "TEXT",
            "providerDefault": "https://a.example", "limits": { "pattern": "https:.*" },
        },
        {
            "name": "number", "label": "Number", "description": "", "type": "NUMBER",
            "control": "NUMBER", "required": true, "default": -1,
            "limits": { "minimum": -1, "maximum": 10 },
        },
        {
            "name": "sound", "label": "Sound", "description": "", "type": "FILE_ENTRY",
            "control": "FILE_ENTRY", "required": true,
            "limits": { "maxBytes": 4_194_304, "accept": ["mp3", "wav"] },
        },
        {
            "name": "image", "label": "Image", "description": "", "type": "FILE_ENTRY",
            "control": "FILE_ENTRY", "required": true, "limits": { "accept": ["png", "webp"] },
        },
        {
            "name": "photos", "label": "Photos", "description": "", "type": "ARRAY",
            "control": "ARRAY_BUILDER", "required": true,
            "limits": { "minItems": 1, "maxItems": 4 },
            "children": [{
                "label": "Photo", "description": "", "type": "FILE_ENTRY",
                "control": "FILE_ENTRY", "limits": { "maxBytes": 1_048_576 },
            }],
        },
        {
            "name": "bias", "label": "Bias", "description": "", "type": "OBJECT",
            "control": "OBJECT_BUILDER", "required": true, "limits": { "pattern": "[0-9]+" },
            "values": {
                "label": "", "description": "", "type": "INTEGER", "control": "INTEGER",
                "limits": { "minimum": -100, "maximum": 100 },
            },
        },
    ]));
}

/// Checks the control, the choices and the condition of each row.
#[track_caller]
fn check_choices<T: Properties>(expected: Value) {
    let action = Action { properties: T::PROPERTIES, ..Action::of::<Empty>() };
    let actions: &'static [Action] = Box::leak(Box::new([action]));
    let connector = Connector { actions, ..Connector::new("test", "Test", "Tests.") };
    let mut described = describe(&connector);
    let rows = described["actions"][0]["properties"].as_array_mut().unwrap();
    let rows = rows
        .iter_mut()
        .map(|row| json!([row["control"].take(), row["choices"].take(), row["condition"].take()]));
    assert_eq!(rows.collect::<Value>(), expected);
}

#[test]
fn choices_have_values_labels_and_descriptions() {
    #[derive(Deserialize, Properties)]
    #[expect(dead_code, reason = "only the table is used")]
    struct Chosen {
        #[property(choices("mp3", "flac": "Lossless."))]
        format: String,
        #[property(choices(0 as "Text", -1 as "Object": "A JSON object."))]
        shape: i64,
        #[property(open_choices("auto", 7, true))]
        any: Value,
        #[property(choices("a", "b"))]
        several: Vec<String>,
        #[property(open_choices = LANGUAGES)]
        language: String,
        #[property(live)]
        model: String,
        #[property(live(model, "other"), open_choices("nova"))]
        voice: String,
        effort: Option<Effort>,
    }

    #[derive(Deserialize, Choices)]
    #[serde(rename_all = "kebab-case")]
    enum Effort {
        /// Fast.
        VeryLow,
        #[choice(label = "XHigh")]
        #[serde(rename = "xhigh")]
        ExtraHigh,
        #[serde(skip)]
        _Never,
    }

    let effort: Effort = serde_json::from_str("\"very-low\"").unwrap();
    assert!(matches!(effort, Effort::VeryLow));
    check_choices::<Chosen>(json!([
        ["SELECT", { "known": [
            { "label": "mp3", "value": "mp3" },
            { "label": "flac", "value": "flac", "description": "Lossless." },
        ], "open": false }, null],
        ["SELECT", { "known": [
            { "label": "Text", "value": 0 },
            { "label": "Object", "value": -1, "description": "A JSON object." },
        ], "open": false }, null],
        ["SELECT", { "known": [
            { "label": "auto", "value": "auto" },
            { "label": "7", "value": 7 },
            { "label": "true", "value": true },
        ], "open": true }, null],
        ["MULTI_SELECT", { "known": [
            { "label": "a", "value": "a" }, { "label": "b", "value": "b" },
        ], "open": false }, null],
        ["SELECT", { "known": [{ "label": "German", "value": "de" }], "open": true }, null],
        ["SELECT", { "known": [], "open": true, "dynamic": [] }, null],
        ["SELECT", {
            "known": [{ "label": "nova", "value": "nova" }], "open": true,
            "dynamic": ["model", "other"],
        }, null],
        ["SELECT", { "known": [
            { "label": "Very Low", "value": "very-low", "description": "Fast." },
            { "label": "XHigh", "value": "xhigh" },
        ], "open": false }, null],
    ]));
}

#[test]
fn conditions_name_the_key_of_a_field() {
    #[derive(Deserialize, Properties)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only the table is used")]
    struct Conditions {
        the_format: String,
        #[property(when(the_format = "text"))]
        one: String,
        #[property(when(not the_format = "text"))]
        not_one: String,
        #[property(when(the_format in ["text", "html"]))]
        some: String,
        #[property(when(not the_format in ["text"]))]
        not_some: String,
        #[property(when(present(the_format)))]
        present: String,
        #[property(when(absent("elsewhere")))]
        absent: String,
    }

    let condition = |property: &str, matches: &str, values: Value| {
        let condition = json!({ "property": property, "matches": matches, "values": values });
        json!(["TEXT", null, condition])
    };
    check_choices::<Conditions>(json!([
        ["TEXT", null, null],
        condition("theFormat", "one-of", json!(["text"])),
        condition("theFormat", "none-of", json!(["text"])),
        condition("theFormat", "one-of", json!(["text", "html"])),
        condition("theFormat", "none-of", json!(["text"])),
        condition("theFormat", "present", json!([])),
        condition("elsewhere", "absent", json!([])),
    ]));
}

/// A tree of three levels.
#[derive(Deserialize, Serialize, Properties)]
#[property(label = "Outer")]
struct Outer {
    items: Vec<Inner>,
    #[property(default = "up")]
    last: Direction,
}

#[derive(Deserialize, Serialize, Choices)]
enum Direction {
    Down,
}

/// An inner one.
#[derive(Deserialize, Serialize, Properties)]
struct Inner {
    /// Its name.
    name: String,
}

#[test]
fn flattens_trees_with_descendants_after_their_ancestors() {
    static CONNECTOR: Connector = Connector {
        connection: Connection::bearer("https://a.example"),
        actions: &[Action {
            properties: Outer::PROPERTIES,
            output: Output::Fixed(&Outer::SHAPE),
            ..Action::of::<Empty>()
        }],
        ..Connector::new("test", "Test", "Tests.")
    };
    let component = crate::describe::describe(&CONNECTOR);
    let rows = component.properties.iter().map(|row| {
        let name = if row.name.is_empty() { &row.label } else { &row.name };
        (name.as_str(), row.children.as_slice(), row.description.as_str())
    });
    let token = "The secret API key. It is sent to the base URL and nowhere else.";
    let expected: [(&str, &[u32], &str); 10] = [
        ("token", &[], token),
        ("items", &[2], ""),
        ("", &[3], "An inner one."),
        ("name", &[], "Its name."),
        ("last", &[], ""),
        ("Outer", &[6, 9], "A tree of three levels."),
        ("items", &[7], ""),
        ("", &[8], "An inner one."),
        ("name", &[], "Its name."),
        ("last", &[], ""),
    ];
    assert_eq!(rows.collect::<Vec<_>>(), expected);
    assert_eq!(component.actions[0].properties, [1, 4]);
}

#[test]
fn lists_the_faults_in_a_declaration() {
    #[derive(Properties)]
    #[property(connection)]
    struct Key {
        /// The key.
        token: String,
    }
    #[derive(Deserialize, Properties)]
    #[expect(dead_code, reason = "only the table is used")]
    struct Odd {
        /// The model.
        #[property(live("provider"))]
        model: String,
        /// The count.
        #[property(maximum = 9)]
        count: u64,
        /// The parts.
        parts: Vec<Part>,
    }
    #[derive(Deserialize, Properties)]
    #[expect(dead_code, reason = "only the table is used")]
    struct Part {
        /// The name.
        name: Option<String>,
    }

    const fn example(title: &'static str, input: &'static str) -> crate::Example {
        crate::Example { title, input }
    }

    static CONNECTOR: Connector = Connector {
        connection: Connection {
            authorizations: &[
                Authorization::basic::<BearerToken>("user", "token"),
                Authorization::header::<Key>("x key", "token"),
            ],
            properties: BearerToken::PROPERTIES,
            environment: &[("tokn", "A_TOKEN")],
            ..Connection::new("a.example")
        },
        actions: &[
            Action {
                properties: Outer::PROPERTIES,
                text_property: "text[0]",
                examples: &[example("Odd", r#"{"last":"Down","x":1}"#)],
                ..Action::of::<Empty>()
            },
            Action {
                name: "odd",
                properties: Odd::PROPERTIES,
                examples: &[
                    example("Types", r#"{"model":1,"count":-1,"parts":[{"x":1}]}"#),
                    example("Limits", r#"{"model":"m","count":10,"parts":[]}"#),
                    example("Half", r#"{"model":"m","#),
                    example("Less", r#"{"model":"m","parts":[]}"#),
                ],
                ..Action::of::<Empty>()
            },
            Action { properties: &[], ..Action::of::<Empty>() },
        ],
        ..Connector::new("a b", "Test", "")
    };
    assert_eq!(
        testing::faults(&CONNECTOR),
        [
            "invalid connector name `a b`: expected a letter, then letters, digits, `_` or `-`",
            "the connector has no description",
            "invalid base URL `a.example`: expected `https://` or `http://`, and no query",
            "duplicate connection property `token`",
            "authorization `basic` has no property `user`",
            "duplicate connection property `token`",
            "`token` is a credential but not marked `secret`",
            "invalid header name `x key`",
            "the connection has no property `tokn`",
            "duplicate action `empty`",
            "empty.items has no description",
            "empty.last has no description",
            "the default of empty.last is not one of the choices: \"up\"",
            "empty: text property `text[0]` is not a string property of the input",
            "empty: example `Odd` sets unknown property `x`",
            "empty: example `Odd` does not set required property `items`",
            "the choices of odd.model depend on `provider`, which is not in the same object",
            "odd: `options` does not handle the live property `model`",
            "odd: example `Types`: `model` has the wrong type: 1",
            "odd: example `Types`: `count` is outside the limits: -1",
            "odd: example `Types` sets unknown property `parts[0].x`",
            "odd: example `Limits`: `count` is outside the limits: 10",
            "odd: example `Half` is not JSON: EOF while parsing a value at line 1 column 13",
            "odd: example `Less` does not set required property `count`",
        ]
    );
}

#[test]
fn finds_outputs_with_the_keys_that_serde_reads() {
    #[derive(Deserialize, Serialize, Properties)]
    #[serde(rename_all(serialize = "camelCase"))]
    struct Part {
        due_at: String,
        id: String,
    }
    #[derive(Serialize, Properties)]
    #[serde(rename_all(serialize = "camelCase"))]
    #[property(output)]
    struct Whole {
        #[serde(rename(serialize = "all"))]
        all_parts: Vec<Part>,
    }
    static CONNECTOR: Connector = Connector {
        connection: Connection::new("https://a.example"),
        actions: &[Action { output: Output::Fixed(&Whole::SHAPE), ..Action::of::<Empty>() }],
        ..Connector::new("test", "Test", "Tests.")
    };
    assert_eq!(
        testing::faults(&CONNECTOR),
        ["empty: the output's member `due_at` is written as `dueAt`: mark its struct \
          `#[property(output)]`"]
    );
}

#[test]
fn finds_live_properties_without_choices() {
    #[derive(Deserialize, Properties)]
    struct Ask {
        /// The model.
        #[property(live)]
        model: Option<String>,
        /// The options.
        more: Option<More>,
    }
    #[derive(Deserialize, Properties)]
    struct More {
        /// The voice.
        #[property(live)]
        voice: Option<String>,
    }
    impl Run for Ask {
        type Output = String;

        fn run(self, _: &Settings) -> Result<Outcome<String>> {
            let voice = self.more.and_then(|more| more.voice);
            Ok(self.model.or(voice).unwrap_or_default().into())
        }

        fn options(request: &OptionsRequest) -> Result<Options> {
            match request.property {
                "model" => {
                    Ok(Options::from_list(http::get("/models").send()?.json::<Vec<String>>()?))
                }
                other => Err(crate::action::no_options(other)),
            }
        }
    }
    static CONNECTOR: Connector = Connector {
        connection: Connection::new("https://a.example"),
        actions: &[Action { description: "Asks.", ..Action::of::<Ask>() }],
        ..Connector::new("test", "Test", "Tests.")
    };
    assert_eq!(
        testing::faults(&CONNECTOR),
        ["ask: `options` does not handle the live property `more.voice`"]
    );
}

#[test]
fn finds_the_property_for_a_parameter() {
    #[derive(Deserialize, Properties)]
    #[serde(rename_all = "camelCase")]
    #[expect(dead_code, reason = "only the table is used")]
    struct Input {
        top_p: f64,
        messages: Vec<Message>,
        logit_bias: BTreeMap<String, i32>,
        stop: Vec<String>,
    }

    #[derive(Deserialize, Properties)]
    #[expect(dead_code, reason = "only the table is used")]
    struct Message {
        content: String,
    }

    for (param, expected) in [
        ("top_p", Some("topP")),
        ("messages", Some("messages")),
        ("messages[0].content", Some("messages[0].content")),
        ("messages.[0].content", Some("messages[0].content")),
        ("messages.0.content", Some("messages[0].content")),
        ("/messages/0/content", Some("messages[0].content")),
        ("stop[3]", Some("stop[3]")),
        ("logit_bias.50256", Some("logitBias.50256")),
        ("input.top_p", Some("topP")),
        ("body.messages[1].content", Some("messages[1].content")),
        // A path ends where the table ends.
        ("messages[2].content[1].text", Some("messages[2].content")),
        ("messages[2].tool_calls", Some("messages[2]")),
        ("messages.content", Some("messages")),
        ("top_p.x", Some("topP")),
        ("seed", None),
        ("", None),
    ] {
        let path = property::property_path(Input::PROPERTIES, param);
        assert_eq!(path.as_deref(), expected, "{param}");
    }
}
