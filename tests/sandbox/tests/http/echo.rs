//! `/v1/echo/…`.

use serde_json::json;

use crate::client;

#[test]
fn the_response_is_the_request() {
    let sandbox = client::start();
    for method in ["GET", "POST", "PUT", "PATCH", "DELETE"] {
        let line = format!("{method} /v1/echo/a/b?c=d%20e");
        let headers = [("content-type", "application/json")];
        let answer = client::request(&sandbox, &line, &headers, br#"{"f": [1]}"#).json();
        let expected = json!({
            "method": method, "path": "/v1/echo/a/b", "query": "c=d%20e", "body": {"f": [1]},
        });
        assert_eq!(answer, expected);
    }
    let answer = client::get(&sandbox, "/v1/echo/a").json();
    assert_eq!((&answer["query"], &answer["body"]), (&json!(null), &json!(null)));
    for (content_type, body) in [("application/json", &b"{"[..]), ("text/plain", b"{}")] {
        let headers = [("content-type", content_type)];
        let answer = client::request(&sandbox, "POST /v1/echo/a", &headers, body);
        assert_eq!(answer.status, 400, "{content_type}");
    }
}

#[test]
fn the_response_describes_a_form() {
    let sandbox = client::start();
    let fields: [client::Field; 2] =
        [("a", None, b"x"), ("b", Some(("c.csv", "text/csv")), b"1,2")];
    let (body, content_type) = client::form(&fields);
    let headers = [("content-type", content_type.as_str())];
    let answer = client::request(&sandbox, "POST /v1/echo/a", &headers, &body).json();
    let file = json!({"name": "b", "filename": "c.csv", "type": "text/csv", "length": 3});
    assert_eq!(answer["body"], json!([["a", "x"], file]));
}
