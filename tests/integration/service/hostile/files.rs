//! Other users' files, names that escape the folder, and invalid ranges.

use std::fs;

use super::*;

const CONTENT: &[u8] = b"0123456789abcdefghij";

fn upload(service: &Service, query: &str, kind: &str, content: &[u8]) -> Answer {
    let path = format!("{API}/files{query}");
    answer(send(service, "POST", &path, &[("content-type", kind)], content))
}

/// Uploads a file, and returns its path.
fn uploaded(service: &Service) -> String {
    let file = upload(service, "?name=a.txt", "text/plain", CONTENT).expect(201).json();
    file["url"].as_str().unwrap().to_owned()
}

#[test]
fn no_spelling_of_an_id_reaches_another_file() {
    let service = Service::start();
    let url = uploaded(&service);
    let id = url.rsplit('/').next().unwrap();
    let digits = id.strip_prefix("file_").unwrap();
    fs::write(service.data().join("outside.txt"), "outside").unwrap();
    let ids = [
        format!("file_{}", "0".repeat(32)),
        format!("FILE_{digits}"),
        digits.to_owned(),
        id[..id.len() - 1].to_owned(),
        format!("{id}0"),
        format!("{id}%00"),
        format!("{id}%2f"),
        format!("{id}%2fa.txt"),
        format!("{id}/a.txt"),
        format!("{id}/../{id}"),
        format!("%2e%2e%2ffiles%2f{id}"),
        format!("..%2f..%2f{id}"),
        format!("..%5c{id}"),
        format!("%252e%252e%252f{id}"),
        format!("file_%2e%2e%2f{digits}"),
        format!(".%2f{id}"),
        format!("{id}%20"),
        format!("%20{id}"),
        format!("{id};x"),
        format!("{id}%3fx"),
        format!("file%5f{}", "%2e".repeat(32)),
        "..%2foutside.txt".to_owned(),
        "..%2fstore.sqlite".to_owned(),
        "%2e%2e".to_owned(),
        ".".to_owned(),
        "%2fetc%2fpasswd".to_owned(),
        "%ff%fe".to_owned(),
        "*".to_owned(),
        "a".repeat(30_000),
    ];
    for id in &ids {
        for method in ["GET", "DELETE"] {
            let head = format!(
                "{method} {API}/files/{id} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
            );
            let received = raw(&service, head.as_bytes());
            assert!(matches!(statuses(&received)[..], [400 | 404]), "{method} {id}: {received}");
            assert!(received.contains("application/problem+json"), "{method} {id}: {received}");
        }
    }
    assert_eq!(get(&service, &url).expect(200).text.as_bytes(), CONTENT);
    assert!(service.data().join("store.sqlite").is_file());
}

#[test]
fn a_file_name_stays_in_its_own_folder() {
    let service = Service::start();
    let long = "a".repeat(5000);
    let names = [
        "..%2f..%2f..%2fetc%2fpasswd",
        "%2fetc%2fpasswd",
        "..",
        ".",
        "",
        "%00",
        "a%00.png",
        "C:%5Cautoexec.bat",
        "..%5c..%5cevil.exe",
        "a%0d%0aset-cookie:%20x=y.txt",
        "%22a%22;filename=evil.html",
        "'%3bx=%22",
        ".htaccess",
        "CON",
        "a.txt%2f",
        "%f0%9f%98%80.png",
        "%e2%80%aegnp.exe",
        "-rf",
        "$(id).txt",
        long.as_str(),
    ];
    for name in names {
        let stored = upload(&service, &format!("?name={name}"), "text/plain", b"x").expect(201);
        let shown = stored.json()["name"].as_str().unwrap().to_owned();
        assert!(!shown.contains(['/', '\\', '\r', '\n', '\0', '"']), "{name}: {shown}");
        assert!(!shown.starts_with('.') && !shown.is_empty(), "{name}: {shown}");
        let fetched = get(&service, stored.json()["url"].as_str().unwrap()).expect(200);
        assert_eq!(fetched.header("set-cookie"), None);
        let called = fetched.header("content-disposition").unwrap();
        assert_eq!(called.matches("filename*=").count(), 1, "{called}");
        assert!(!called.contains(['"', '\r', '\n']), "{called}");
    }
    assert_eq!(service.files().len(), names.len());
    let odd = ["?name=%ff", "?name=a&name=b", "?name"];
    for query in odd {
        let received = upload(&service, query, "text/plain", b"x");
        assert!(matches!(received.status, 201 | 400), "{query}: {}", received.text);
    }
}

#[test]
fn ranges_follow_the_rfc_and_multiple_ranges_are_ignored() {
    let service = Service::start();
    let url = uploaded(&service);
    let with = |range: &str| answer(send(&service, "GET", &url, &[("range", range)], ""));
    let parts: &[(&str, &str, &[u8])] = &[
        ("bytes=0-0", "bytes 0-0/20", b"0"),
        ("bytes=5-", "bytes 5-19/20", &CONTENT[5..]),
        ("bytes=-3", "bytes 17-19/20", &CONTENT[17..]),
        ("bytes=-99999999999999999999", "bytes 0-19/20", CONTENT),
        ("bytes=0-18446744073709551616", "bytes 0-19/20", CONTENT),
        ("bytes=0-18446744073709551615", "bytes 0-19/20", CONTENT),
        ("BYTES=01-02", "bytes 1-2/20", b"12"),
    ];
    for (range, received, content) in parts {
        let part = with(range).expect(206);
        assert_eq!(part.header("content-range"), Some(*received), "{range}");
        assert_eq!(part.text.as_bytes(), *content, "{range}");
    }
    let outside = ["bytes=20-", "bytes=-0", "bytes=18446744073709551615-", "bytes=99-100"];
    for range in outside {
        let refused = with(range);
        assert_eq!(refused.problem(416), "outside", "{range}");
        assert_eq!(refused.header("content-range"), Some("bytes */20"), "{range}");
    }
    let many = format!("bytes={}", vec!["0-"; 1300].join(","));
    let overlapping = format!("bytes={}", vec!["0-19,5-,-1"; 1000].join(","));
    let ignored = [
        many.as_str(),
        overlapping.as_str(),
        "bytes=0-0,2-2",
        "bytes=9-1",
        "bytes=",
        "bytes=-",
        "bytes=a-z",
        "bytes=--1",
        "bytes=0-0-0",
        "items=0-1",
        "0-1",
        "bytes",
        "bytes=0x0-0x1",
    ];
    for range in ignored {
        let whole = with(range).expect(200);
        assert_eq!((whole.text.as_bytes(), whole.header("content-range")), (CONTENT, None));
    }
    let changed = [("range", "bytes=0-0"), ("if-range", "\"other\"")];
    assert_eq!(answer(send(&service, "GET", &url, &changed, "")).expect(200).text.len(), 20);
}

/// The service stores uploads unchanged. It does not parse forms, so a
/// malicious form does no harm.
#[test]
fn forms_are_rejected_as_uploads() {
    let service = Service::start();
    let part = |name: &str| {
        format!("--b\r\ncontent-disposition: form-data; name=\"f\"; filename={name}\r\n\r\nx\r\n")
    };
    let many: String = (0..10_000).map(|number| part(&number.to_string())).collect();
    let huge = format!("--b\r\nx: {}\r\n\r\nx\r\n--b--", "a".repeat(1 << 20));
    let forms = [
        many + "--b--",
        huge,
        part("a"),
        part("\"../../evil\"") + "--b--",
        part("\"a\r\nset-cookie: x\"") + "--b--",
        part("\"a\\\"; filename=\\\"b\"") + "--b--",
        String::new(),
    ];
    let kinds = ["multipart/form-data; boundary=b", "Multipart/Form-Data", "multipart/form-data;"];
    for form in &forms {
        for kind in kinds {
            for path in [format!("{API}/files"), format!("{OPENAI}/actions/ask/run")] {
                let request = format!(
                    "POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: {kind}\r\n\
                     connection: close\r\ncontent-length: {}\r\n\r\n{form}",
                    form.len()
                );
                let received = raw(&service, request.as_bytes());
                // The response to a large form may be lost, because the form is
                // not read.
                assert!(matches!(statuses(&received)[..], [] | [415]), "{received}");
            }
        }
    }
    assert_eq!(service.files(), [""; 0]);
}
