//! Base URLs and paths: all parsers interpret an accepted one the same way.

use fuzzing::{mutated_text, try_all};
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;
use ureq::http::Uri;
use url::{Host, Url};

use crate::contract::{AddressPolicy, BaseUrl};
use crate::egress::target;

const BASE_URLS: &[&str] = &[
    "https://api.openai.com/v1",
    "https://API.example.com:443/v1/",
    "https://example.com:8443/a/b;c=d/v1",
    "http://127.0.0.1:8080/v1",
    "http://[::1]:8080/v1",
    "http://[::ffff:127.0.0.1]/v1",
    "http://localhost",
    "http://0x7f.1/v1",
    "http://192.168.0.1:11434/v1",
    "http://169.254.169.254/latest",
    "http://host.docker.internal:1234/v1",
    "https://bücher.example/v1",
    "https://xn--bcher-kva.example/ä/%C3%A4",
    "https://api.example.com@evil.test/v1",
    "https://a.test\\@b.test/",
    "https://example.com/v1/../v2",
    "https://example.com/%2e%2e/v1",
    "https:///example.com/v1",
];

const URL_WORDS: &[&str] = &[
    "/",
    "//",
    "\\",
    "@",
    ":",
    ":443",
    "?",
    "#",
    "..",
    ".",
    "%2e",
    "%2F",
    "%00",
    "%",
    ";",
    "[",
    "]",
    "::1",
    "http://",
    "https://",
    "user:pass@",
    "．",
    "／",
    "ß",
    "\u{200d}",
    "\t",
    "\r\n",
    "|",
    "^",
    "{",
    "}",
    "`",
    "\"",
    "<",
    " ",
    "\u{feff}",
    "0",
    "127.1",
    "xn--",
    "localhost",
    "!",
    "*",
    "_",
    "~",
    "'",
    "$",
    "&",
];

const PATHS: &[&str] = &[
    "/models",
    "/models/ft:gpt@x y",
    "/models/a%20b",
    "/ä/€/😀",
    "/a;b=c/d,e/f=g",
    "/../v2",
    "/a/%2e%2E/b",
    "//evil.test/v1",
    "/a\\b",
    "/a?b#c",
];

/// A URL assembled from ordinary and unusual parts.
fn assembled() -> impl Strategy<Value = String> {
    let scheme = prop_oneof![
        4 => Just("https://".to_owned()),
        2 => Just("http://".to_owned()),
        1 => "[a-z]{1,6}:/{0,3}",
    ];
    let host = prop_oneof![
        3 => "[a-zA-Z0-9-]{1,12}(\\.[a-z0-9]{1,5}){0,3}",
        1 => any::<std::net::IpAddr>().prop_map(|address| match address {
            std::net::IpAddr::V4(address) => address.to_string(),
            std::net::IpAddr::V6(address) => format!("[{address}]"),
        }),
        1 => Just("localhost".to_owned()),
        1 => "\\PC{1,10}",
        1 => "[!-~]{1,10}",
    ];
    let port = prop_oneof![Just(String::new()), any::<u16>().prop_map(|port| format!(":{port}"))];
    let path = "(/[!-~ä€]{0,6}){0,4}";
    (scheme, host, port, path)
        .prop_map(|(scheme, host, port, path)| format!("{scheme}{host}{port}{path}"))
}

fn base_urls() -> impl Strategy<Value = String> {
    prop_oneof![3 => assembled(), 3 => mutated_text(BASE_URLS, URL_WORDS), 1 => any::<String>()]
}

fn paths() -> impl Strategy<Value = String> {
    let segments = "(/[ -~äß€😀]{1,8}){1,4}";
    let plain = "(/[a-z0-9:;=@._~-]{1,8}){1,4}";
    prop_oneof![
        2 => plain,
        2 => segments,
        2 => mutated_text(PATHS, URL_WORDS),
        1 => any::<String>(),
    ]
}

#[test]
fn every_parser_agrees_on_an_accepted_base_url() {
    try_all(file!(), 20_000, &base_urls(), |text| {
        let Ok(base) = BaseUrl::parse(&text) else { return };
        let written = base.as_str();
        assert_eq!(
            BaseUrl::parse(written).as_ref(),
            Ok(&base),
            "parsing it again changes {written}"
        );
        let uri = Uri::try_from(written).unwrap_or_else(|error| panic!("{written}: {error}"));
        let (scheme, authority) = (uri.scheme_str().unwrap(), uri.authority().unwrap());
        assert_eq!(format!("{scheme}://{authority}"), base.origin());
        assert!(scheme == "https" || scheme == "http", "{written}");
        let is_loopback = match Url::parse(written).unwrap().host().unwrap() {
            Host::Domain(name) => name == "localhost",
            Host::Ipv4(address) => address.is_loopback(),
            Host::Ipv6(address) => address.to_canonical().is_loopback(),
        };
        if scheme == "http" && AddressPolicy::Any.check_url(&base).is_ok() {
            assert!(is_loopback, "{written}");
        }
        if scheme == "http" {
            assert!(AddressPolicy::Public.check_url(&base).is_err(), "{written}");
        }
        assert!(!written.contains(['@', '?', '#', '\\']) || uri.path().contains('@'), "{written}");
        assert!(!authority.as_str().contains('@') && uri.query().is_none(), "{written}");
        assert!(!written.ends_with('/'), "{written}");
    });
}

#[test]
fn an_accepted_path_stays_under_its_base_url() {
    let inputs = (base_urls(), paths(), "[ -~ä]{0,6}");
    try_all(file!(), 20_000, &inputs, |(base, path, word)| {
        let fallback = || BaseUrl::parse("https://api.example.com/v1").unwrap();
        let base = BaseUrl::parse(&base).unwrap_or_else(|_| fallback());
        let Ok(path) = target::path(&path) else { return };
        let query = target::query([(word.as_str(), word.as_str())].into_iter());
        let joined = base.join(&path, query.as_deref());
        let (url, uri) = (Url::parse(&joined).unwrap(), Uri::try_from(&joined).unwrap());

        assert_eq!(url.origin().ascii_serialization(), base.origin());
        let authority = uri.authority().unwrap();
        assert_eq!(format!("{}://{authority}", uri.scheme_str().unwrap()), base.origin());

        let below = Uri::try_from(base.as_str()).unwrap();
        let base_path = below.path().trim_end_matches('/');
        for found in [url.path(), uri.path()] {
            assert_eq!(found.trim_end_matches('/'), format!("{base_path}{path}"));
            assert!(path.is_empty() || path.starts_with('/') && path.len() > 1, "{path}");
        }
        let pairs: Vec<_> = url.query_pairs().into_owned().collect();
        assert_eq!(pairs, [(word.clone(), word)]);
        assert_eq!(url.fragment(), None);
        assert_eq!(uri.query(), url.query());
    });
}
