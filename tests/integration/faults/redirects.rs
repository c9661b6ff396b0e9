//! Redirects are never followed.

use std::io::ErrorKind::WouldBlock;
use std::net::TcpListener;

use connector_host::FailureKind::Refused;

use super::answers::whole;
use super::matrix::{Row, check, fails};

#[test]
fn no_redirect_is_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let origin = elsewhere.local_addr().unwrap();
    let mut rows = Vec::new();
    for status in [300, 301, 302, 303, 307, 308] {
        for (what, location) in [
            ("another origin", format!("http://{origin}/v1/models")),
            ("https", format!("https://{origin}/v1/models")),
            ("the same server", "/v1/models".to_owned()),
            ("a relative path", "models".to_owned()),
            ("another host", format!("//{origin}/v1/models")),
            ("a URL with a user", format!("http://user:word@{origin}/v1/models")),
            ("a file", "file:///etc/passwd".to_owned()),
            ("nowhere", String::new()),
            ("not a URL", "http://[::1\\@x".to_owned()),
        ] {
            let header = format!("Location: {location}");
            let answer = move |_| whole(&format!("{status} Elsewhere"), &[&header], b"");
            rows.push(Row::answer(format!("{status} to {what}"), answer, fails(Refused)));
        }
    }
    check(rows);
    assert_eq!(elsewhere.accept().unwrap_err().kind(), WouldBlock);
}
