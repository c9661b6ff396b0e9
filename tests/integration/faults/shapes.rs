//! Answers with a status of success and the wrong content.

use connector_host::FailureKind::{self, InvalidOutput, TooLarge};
use serde_json::json;

use super::answers::{good, json as answer, whole};
use super::calls::{Ask, Call, IMAGE, IN_JSON, Image, Options, Speech, Test, Transcription};
use super::matrix::{Expected, Row, check, fails, works};

const WRONG: FailureKind = InvalidOutput;
const LISTS: &[Call] = &[Test, Options];

/// A provider that answers with this JSON.
fn row(name: &str, body: impl Into<String>, expected: Expected) -> Row {
    let body = body.into();
    Row::answer(name, move |_| answer("200 OK", &body), expected).only(IN_JSON)
}

#[test]
fn json_of_another_shape_is_no_answer() {
    check(vec![
        row("an empty object", "{}", fails(WRONG)),
        // The bare list is what some servers send.
        row("an empty list", "[]", fails(WRONG)).except(LISTS, works()),
        row("null", "null", fails(WRONG)),
        row("true", "true", fails(WRONG)),
        row("a number", "7", fails(WRONG)),
        row("a text", r#""Hello""#, fails(WRONG)),
        row("nothing", "", fails(WRONG)),
        row("white space", " \n", fails(WRONG)),
        row("half of it", r#"{"choices":[{"mess"#, fails(WRONG)),
        row("two of them", "{}{}", fails(WRONG)),
        row("a page", "<!doctype html><title>Log in</title>", fails(WRONG)),
        row("a byte order mark", "\u{feff}{}", fails(WRONG)),
        row("bytes that are no text", "\0\u{1}", fails(WRONG)),
        row("members that are null", r#"{"choices":null,"data":null,"text":null}"#, fails(WRONG)),
        row("members of other types", r#"{"choices":7,"data":"x","text":[]}"#, fails(WRONG)),
        row("empty lists", r#"{"choices":[],"data":[],"text":[]}"#, fails(WRONG))
            .except(LISTS, works()),
        row("deep nesting", "[".repeat(10_000) + &"]".repeat(10_000), fails(WRONG)),
        row("deep nesting in an object", nested(10_000), fails(WRONG)),
        row("nesting without an end", "[".repeat(1_000_000), fails(WRONG)),
        row(
            "a number too large for anybody",
            r#"{"choices":1e999,"data":1e999,"text":1e999}"#,
            fails(WRONG),
        ),
    ]);
}

fn nested(depth: usize) -> String {
    format!("{{\"data\":{}{}}}", "[".repeat(depth), "]".repeat(depth))
}

/// The good answer, with this in front of its members.
fn with_member(member: &'static str) -> impl Fn(Call) -> Vec<u8> {
    move |call| answer("200 OK", &good(call).1.replacen('{', &format!("{{{member},"), 1))
}

#[test]
fn what_nobody_asked_for_does_no_harm() {
    let row = |name: &str, member, expected| {
        Row::answer(name, with_member(member), expected).only(IN_JSON)
    };
    check(vec![
        row("an unknown member", r#""new":{"a":[null]}"#, works()),
        row("usage that is null", r#""usage":null"#, works()),
        row("usage that is a text", r#""usage":"much""#, works()),
        row("counts that are texts", r#""usage":{"total_tokens":"7"}"#, works()),
        row("negative counts", r#""usage":{"total_tokens":-7}"#, works()),
        row("counts beyond 64 bits", r#""usage":{"total_tokens":99999999999999999999}"#, works()),
        row("a model that is a number", r#""model":7"#, works()),
        row("an error that is null", r#""error":null"#, works()),
        // No reader of JSON would take it.
        row("a count too large for anybody", r#""usage":{"total_tokens":1e999}"#, fails(WRONG)),
        row("half a surrogate pair", r#""id":"\ud83d""#, fails(WRONG))
            .except(&[Ask, Transcription, Test, Options], works()),
    ]);
}

#[test]
fn a_member_that_stands_there_twice_is_the_last_or_a_failure() {
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
fn a_chat_without_a_text_has_no_answer() {
    let choice = |name: &str, choice: &str, expected| {
        row(name, format!(r#"{{"choices":[{choice}]}}"#), expected).only(&[Ask])
    };
    check(vec![
        choice("null", "null", fails(WRONG)),
        choice("a number", "7", fails(WRONG)),
        choice("no message", r#"{"finish_reason":"stop"}"#, fails(WRONG)),
        choice("a message that is a text", r#"{"message":"Hi"}"#, fails(WRONG)),
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
        choice("parts that are none", r#"{"message":{"content":[7,null,"x"]}}"#, works()),
        choice("half a surrogate pair", r#"{"message":{"content":"\ud83d"}}"#, works()),
        choice(
            "a reason that is a number",
            r#"{"message":{"content":"Hi"},"finish_reason":7}"#,
            works(),
        ),
        choice(
            "calls that are none",
            r#"{"message":{"content":"Hi","tool_calls":[7,{}]}}"#,
            works(),
        ),
    ]);
}

#[test]
fn images_are_images() {
    let data = |name: &str, data: String, expected| {
        row(name, format!(r#"{{"data":{data}}}"#), expected).only(&[Image])
    };
    let image = |text: &str| json!({"b64_json": text}).to_string();
    let good = image(IMAGE);
    check(vec![
        data("none", "[]".to_owned(), fails(WRONG)),
        data("empty", format!("[{}]", image("")), fails(WRONG)),
        data("not base64", format!("[{}]", image("???")), fails(WRONG)),
        data("base64 with line ends", format!("[{}]", image("aGVs\nbG8=")), works()),
        data("cut base64", format!("[{}]", image("aGVsb")), fails(WRONG)),
        data("a number", r#"[{"b64_json":7}]"#.to_owned(), fails(WRONG)),
        data("a URL", r#"[{"url":"https://example.com/a.png"}]"#.to_owned(), works()),
        data(
            "null and a URL",
            r#"[{"b64_json":null,"url":"https://a.example"}]"#.to_owned(),
            works(),
        ),
        data("neither", "[{}]".to_owned(), fails(WRONG)),
        data("texts", r#"["x"]"#.to_owned(), fails(WRONG)),
        data("1,000 images", format!("[{}]", vec![good.clone(); 1000].join(",")), works()),
        // Those in front of it are stored already.
        data("the last is not base64", format!("[{good},{good},{}]", image("?")), fails(WRONG)),
        data("a list that breaks off", format!("[{good},{good}"), fails(WRONG)),
        data(
            "larger than files may be",
            format!("[{}]", image(&"A".repeat(5 << 20))),
            fails(TooLarge),
        ),
    ]);
}

#[test]
fn a_recording_is_bytes_and_no_page() {
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
        body("a page", "Content-Type: text/html", b"<html>Log in</html>", fails(WRONG)),
        body("audio that calls itself a page", "Content-Type: text/html", b"ID3", works()),
        body("words", "Content-Type: audio/mpeg", b"Out of order", fails(WRONG)),
    ]);
}

#[test]
fn a_list_of_models_has_models() {
    let list = |name: &str, body: &str, expected| row(name, body, expected).only(LISTS);
    check(vec![
        list("items that are none", r#"{"data":[null,7,"x",{},{"id":7}]}"#, works()),
        list("a page", "<html>", fails(WRONG)),
        list("an object", r#"{"data":{"id":"m"}}"#, fails(WRONG)),
        list("created at infinity", r#"{"data":[{"id":"m","created":1e308},{"id":"n"}]}"#, works()),
        list(
            "10,000 models",
            &format!(r#"{{"data":[{}]}}"#, vec![r#"{"id":"m"}"#; 10_000].join(",")),
            works(),
        ),
    ]);
}
