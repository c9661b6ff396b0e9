//! Responses with a success status and the wrong content.

use connector_host::FailureKind::{self, InvalidOutput, TooLarge};
use serde_json::json;

use super::answers::{good, json as answer, whole};
use super::calls::{Ask, Call, IMAGE, IN_JSON, Image, Options, Speech, Test, Transcription};
use super::matrix::{Expected, Row, check, fails, works};

const WRONG: FailureKind = InvalidOutput;
const LISTS: &[Call] = &[Test, Options];

/// A provider that responds with this JSON.
fn row(name: &str, body: impl Into<String>, expected: Expected) -> Row {
    let body = body.into();
    Row::answer(name, move |_| answer("200 OK", &body), expected).only(IN_JSON)
}

#[test]
fn json_of_another_shape_fails() {
    check(vec![
        row("an empty object", "{}", fails(WRONG)),
        // Some servers send the bare list.
        row("an empty list", "[]", fails(WRONG)).except(LISTS, works()),
        row("null", "null", fails(WRONG)),
        row("true", "true", fails(WRONG)),
        row("a number", "7", fails(WRONG)),
        row("a string", r#""Hello""#, fails(WRONG)),
        row("nothing", "", fails(WRONG)),
        row("whitespace", " \n", fails(WRONG)),
        row("a truncated object", r#"{"choices":[{"mess"#, fails(WRONG)),
        row("two objects", "{}{}", fails(WRONG)),
        row("an HTML page", "<!doctype html><title>Log in</title>", fails(WRONG)),
        row("a byte order mark", "\u{feff}{}", fails(WRONG)),
        row("binary data", "\0\u{1}", fails(WRONG)),
        row("members that are null", r#"{"choices":null,"data":null,"text":null}"#, fails(WRONG)),
        row("members of the wrong type", r#"{"choices":7,"data":"x","text":[]}"#, fails(WRONG)),
        row("empty lists", r#"{"choices":[],"data":[],"text":[]}"#, fails(WRONG))
            .except(LISTS, works()),
        row("deep nesting", "[".repeat(10_000) + &"]".repeat(10_000), fails(WRONG)),
        row("deep nesting in an object", nested(10_000), fails(WRONG)),
        row("endless nesting", "[".repeat(1_000_000), fails(WRONG)),
        row(
            "a number that is too large",
            r#"{"choices":1e999,"data":1e999,"text":1e999}"#,
            fails(WRONG),
        ),
    ]);
}

fn nested(depth: usize) -> String {
    format!("{{\"data\":{}{}}}", "[".repeat(depth), "]".repeat(depth))
}

/// The good response, with this member added in front.
fn with_member(member: &'static str) -> impl Fn(Call) -> Vec<u8> {
    move |call| answer("200 OK", &good(call).1.replacen('{', &format!("{{{member},"), 1))
}

#[test]
fn unknown_and_odd_members_are_ignored() {
    let row = |name: &str, member, expected| {
        Row::answer(name, with_member(member), expected).only(IN_JSON)
    };
    check(vec![
        row("an unknown member", r#""new":{"a":[null]}"#, works()),
        row("usage that is null", r#""usage":null"#, works()),
        row("usage that is a string", r#""usage":"much""#, works()),
        row("counts that are strings", r#""usage":{"total_tokens":"7"}"#, works()),
        row("negative counts", r#""usage":{"total_tokens":-7}"#, works()),
        row("counts beyond 64 bits", r#""usage":{"total_tokens":99999999999999999999}"#, works()),
        row("a model that is a number", r#""model":7"#, works()),
        row("an error that is null", r#""error":null"#, works()),
        // The number overflows, so the parser rejects the whole response.
        row("a count that is too large", r#""usage":{"total_tokens":1e999}"#, fails(WRONG)),
        row("half a surrogate pair", r#""id":"\ud83d""#, fails(WRONG))
            .except(&[Ask, Transcription, Test, Options], works()),
    ]);
}

#[test]
fn the_last_duplicate_member_wins_or_the_run_fails() {
    check(vec![
        row(
            "the answers",
            r#"{"choices":[],"choices":[{"message":{"content":"a"}}],
            "text":1,"text":"a","data":[],"data":[]}"#,
            works(),
        )
        .except(&[Image], fails(WRONG)),
    ]);
}

#[test]
fn a_chat_response_without_text_fails() {
    let choice = |name: &str, choice: &str, expected| {
        row(name, format!(r#"{{"choices":[{choice}]}}"#), expected).only(&[Ask])
    };
    check(vec![
        choice("null", "null", fails(WRONG)),
        choice("a number", "7", fails(WRONG)),
        choice("no message", r#"{"finish_reason":"stop"}"#, fails(WRONG)),
        choice("a message that is a string", r#"{"message":"Hi"}"#, fails(WRONG)),
        choice("content that is null", r#"{"message":{"content":null}}"#, fails(WRONG)),
        choice("content that is a number", r#"{"message":{"content":7}}"#, fails(WRONG)),
        choice(
            "content that is an object",
            r#"{"message":{"content":{"text":"Hi"}}}"#,
            fails(WRONG),
        ),
        choice(
            "content in parts",
            r#"{"message":{"content":[{"type":"text","text":"Hi"}]}}"#,
            works(),
        ),
        choice("invalid parts", r#"{"message":{"content":[7,null,"x"]}}"#, works()),
        choice("half a surrogate pair", r#"{"message":{"content":"\ud83d"}}"#, works()),
        choice(
            "a reason that is a number",
            r#"{"message":{"content":"Hi"},"finish_reason":7}"#,
            works(),
        ),
        choice("invalid calls", r#"{"message":{"content":"Hi","tool_calls":[7,{}]}}"#, works()),
    ]);
}

#[test]
fn invalid_images_fail() {
    let data = |name: &str, data: String, expected| {
        row(name, format!(r#"{{"data":{data}}}"#), expected).only(&[Image])
    };
    let image = |text: &str| json!({"b64_json": text}).to_string();
    let good = image(IMAGE);
    check(vec![
        data("none", "[]".to_owned(), fails(WRONG)),
        data("empty", format!("[{}]", image("")), fails(WRONG)),
        data("not base64", format!("[{}]", image("???")), fails(WRONG)),
        data("base64 with line breaks", format!("[{}]", image("aGVs\nbG8=")), works()),
        data("truncated base64", format!("[{}]", image("aGVsb")), fails(WRONG)),
        data("a number", r#"[{"b64_json":7}]"#.to_owned(), fails(WRONG)),
        data("a URL", r#"[{"url":"https://example.com/a.png"}]"#.to_owned(), works()),
        data(
            "null and a URL",
            r#"[{"b64_json":null,"url":"https://a.example"}]"#.to_owned(),
            works(),
        ),
        data("neither", "[{}]".to_owned(), fails(WRONG)),
        data("strings", r#"["x"]"#.to_owned(), fails(WRONG)),
        data("1,000 images", format!("[{}]", vec![good.clone(); 1000].join(",")), works()),
        // The images before it are already stored.
        data("the last is not base64", format!("[{good},{good},{}]", image("?")), fails(WRONG)),
        data("an incomplete list", format!("[{good},{good}"), fails(WRONG)),
        data(
            "larger than the file limit",
            format!("[{}]", image(&"A".repeat(5 << 20))),
            fails(TooLarge),
        ),
    ]);
}

#[test]
fn speech_must_be_audio() {
    let body = |name: &str, media_type: &'static str, body: &'static [u8], expected| {
        let answer = move |_| whole("200 OK", &[media_type], body);
        Row::answer(name, answer, expected).only(&[Speech])
    };
    check(vec![
        body("audio", "Content-Type: audio/mpeg", b"ID3", works()),
        body("audio of another kind", "Content-Type: audio/x-flac", b"fLaC", works()),
        body("audio without a type", "X: 1", b"ID3", works()),
        body("bytes", "Content-Type: application/octet-stream", b"ID3", works()),
        body("nothing", "Content-Type: audio/mpeg", b"", fails(WRONG)),
        body("JSON", "Content-Type: application/json", b"{}", fails(WRONG)),
        body(
            "JSON with a character set",
            "content-type: Application/JSON; charset=utf-8",
            b"[1]",
            fails(WRONG),
        ),
        body("an HTML page", "Content-Type: text/html", b"<html>Log in</html>", fails(WRONG)),
        body("audio labeled as HTML", "Content-Type: text/html", b"ID3", works()),
        body("plain text", "Content-Type: audio/mpeg", b"Out of order", fails(WRONG)),
    ]);
}

#[test]
fn a_list_of_models_must_be_readable() {
    let list = |name: &str, body: &str, expected| row(name, body, expected).only(LISTS);
    check(vec![
        list("invalid items", r#"{"data":[null,7,"x",{},{"id":7}]}"#, works()),
        list("an HTML page", "<html>", fails(WRONG)),
        list("an object", r#"{"data":{"id":"m"}}"#, fails(WRONG)),
        list(
            "a huge creation time",
            r#"{"data":[{"id":"m","created":1e308},{"id":"n"}]}"#,
            works(),
        ),
        list(
            "10,000 models",
            &format!(r#"{{"data":[{}]}}"#, vec![r#"{"id":"m"}"#; 10_000].join(",")),
            works(),
        ),
    ]);
}
