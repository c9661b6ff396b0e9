//! Pages from other sites in the browser of a user who runs the service.

use connector_tests::sandbox;

use super::super::question;
use super::*;

#[test]
fn no_page_from_another_site_starts_a_run() {
    let (service, sandbox) = (Service::start(), sandbox());
    let path = format!("{OPENAI}/actions/ask/run");
    let body = question(&sandbox).to_string();
    // The content types that a page may send without a preflight
    // (CORS-safelisted).
    let kinds = ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"];
    let sources = [
        ("origin", "http://evil.example"),
        ("origin", "null"),
        ("origin", "file://"),
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("host", "evil.example"),
    ];
    for source in sources {
        let refused = answer(send(&service, "POST", &path, &[JSON, source], body.clone()));
        assert_eq!(refused.problem(403), "not-from-here", "{source:?}");
    }
    for kind in kinds {
        let kind = ("content-type", kind);
        let refused = answer(send(&service, "POST", &path, &[kind], body.clone()));
        assert_eq!(refused.problem(415), "unsupported-media-type", "{kind:?}");
    }
    assert!(sandbox.requests().is_empty());
}

#[test]
fn no_response_permits_another_site() {
    let service = Service::start();
    let paths = ["/", "/metrics", &format!("{API}/files"), &format!("{OPENAI}/actions/ask/run")];
    for path in paths {
        for method in ["OPTIONS", "GET"] {
            let asked = [
                ("origin", "http://evil.example"),
                ("access-control-request-method", "POST"),
                ("access-control-request-headers", "content-type, authorization"),
                ("access-control-request-private-network", "true"),
            ];
            let refused = answer(send(&service, method, path, &asked, ""));
            assert_eq!(refused.problem(403), "not-from-here", "{method} {path}");
            let mut names = refused.head.keys().map(|name| name.as_str());
            assert!(names.all(|name| !name.starts_with("access-control-")), "{:?}", refused.head);
        }
        let own = answer(send(&service, "OPTIONS", path, &[], ""));
        assert_eq!(own.problem(405), "method-not-allowed", "{path}");
    }
}

/// The name of another site that resolves to this machine.
#[test]
fn requests_for_foreign_host_names_are_rejected() {
    let service = Service::start();
    let port = service.url().rsplit(':').next().unwrap().to_owned();
    let path = format!("{API}/components");
    let hosts = [
        "evil.example",
        &format!("evil.example:{port}"),
        &format!("127.0.0.1.evil.example:{port}"),
        &format!("localhost.:{port}"),
        &format!("localhost@evil.example:{port}"),
        &format!("evil.example@localhost:{port}"),
        "127.1",
        "2130706433",
        "0x7f000001",
        "0",
        "[::]",
        "[::ffff:127.0.0.1]",
        "",
        "/",
        "localhost, evil.example",
        "localhost:80:80",
    ];
    for host in hosts {
        let head = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n");
        let received = raw(&service, head.as_bytes());
        assert_eq!(statuses(&received), [403], "{host}: {received}");
    }
    let heads = [
        // The host in the request target takes precedence.
        format!("GET http://evil.example{path} HTTP/1.1\r\nhost: localhost\r\n"),
        format!("GET {path} HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n"),
        format!("GET {path} HTTP/1.1\r\n"),
        format!("GET {path} HTTP/1.0\r\n"),
        "GET evil.example HTTP/1.1\r\nhost: localhost\r\n".to_owned(),
        "CONNECT evil.example:443 HTTP/1.1\r\nhost: localhost\r\n".to_owned(),
    ];
    for head in &heads {
        let received = raw(&service, format!("{head}connection: close\r\n\r\n").as_bytes());
        assert!(matches!(statuses(&received)[..], [400 | 403]), "{head}: {received}");
        assert!(!received.contains("openai"), "{head}: {received}");
    }
    assert_serves(&service);
}
