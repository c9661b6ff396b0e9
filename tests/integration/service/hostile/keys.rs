//! Callers that try to get in without the service's key.

use std::fs;

use connector_tests::service::Setup;

use super::*;

const KEY: &str = "K7-qGv0pZ1mXc4Wd9RbT2sYhN";

#[test]
fn wrong_keys_are_indistinguishable_and_are_not_logged() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    fs::write(&file, KEY).unwrap();
    let args = ["--api-key-file", file.to_str().unwrap()];
    let service = Service::set_up(&Setup { args: &args, logs: true, ..Setup::default() });
    let path = format!("{API}/components");
    let given = |value: &str| answer(send(&service, "GET", &path, &[("authorization", value)], ""));

    let mut guesses: Vec<String> =
        (0..KEY.len()).map(|length| format!("Bearer {}", &KEY[..length])).collect();
    let long = KEY.repeat(1000);
    guesses.extend([
        format!("Bearer {KEY}x"),
        format!("Bearer {KEY} {KEY}"),
        format!("Bearer {}", KEY.to_lowercase()),
        format!("Bearer {long}"),
        format!("Bearer \"{KEY}\""),
        format!("Bearer {KEY},"),
        format!("Bearer\t{KEY}"),
        format!("Bearer{KEY}"),
        format!("Basic {KEY}"),
        KEY.to_owned(),
        "Bearer ".to_owned(),
        "null".to_owned(),
    ]);
    let first = given("Bearer no");
    assert_eq!(first.problem(401), "key-required");
    for guess in &guesses {
        let refused = given(guess);
        let same = (refused.status, &refused.text, refused.header("www-authenticate"));
        assert_eq!(same, (401, &first.text, Some("Bearer")), "{guess}");
    }
    let right = format!("Bearer {KEY}");
    let twice = ["Bearer no", &right].map(|value| ("authorization", value));
    assert_eq!(answer(send(&service, "GET", &path, &twice, "")).text, first.text);
    // Places where other services accept a key, but this one does not.
    let elsewhere = [
        format!("{path}?key={KEY}"),
        format!("{path}?access_token={KEY}"),
        "/assets/../api/v1/components".to_owned(),
        "/health/../metrics".to_owned(),
        "//metrics".to_owned(),
        "/%61pi/v1/components".to_owned(),
    ];
    for target in &elsewhere {
        let head = format!("GET {target} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let received = raw(&service, head.as_bytes());
        assert!(matches!(statuses(&received)[..], [401 | 404]), "{target}: {received}");
        assert!(!received.contains("openai"), "{target}: {received}");
    }
    assert_eq!(given(&right).status, 200);

    let log = service.log();
    assert!(log.contains("response sent"), "the log is empty");
    for secret in [&KEY[..12], &KEY[12..], &KEY.to_lowercase()[..12]] {
        assert!(!log.contains(secret), "a key is in the log");
    }
}

/// The body of a rejected request is not read.
#[test]
fn a_body_without_a_key_is_not_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    fs::write(&file, KEY).unwrap();
    let service = Service::start_with(&["--api-key-file", file.to_str().unwrap()]);
    let paths = [format!("{API}/files"), format!("{OPENAI}/actions/ask/run")];
    for path in &paths {
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n\
             content-length: 1000000000\r\n\r\n"
        );
        assert_eq!(statuses(&raw(&service, head.as_bytes())), [401]);
    }
    assert_eq!(service.files(), [""; 0]);
}
