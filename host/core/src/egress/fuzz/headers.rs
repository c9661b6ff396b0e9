//! Request headers: no accepted header can forge another one.

use fuzzing::try_all;
use proptest::collection::vec;
use proptest::prelude::{Strategy, any};
use proptest::prop_oneof;
use proptest::sample::select;
use ureq::http::{HeaderMap, HeaderValue};

use crate::egress::headers;

/// Header names, a third of them with unusual characters.
fn names() -> impl Strategy<Value = String> {
    let known = select(&["accept", "Host", "AUTHORIZATION", "x-team", "Proxy-X", "Cookie"][..]);
    prop_oneof![
        2 => "[a-zA-Z0-9!#$%&'*+.^_`|~-]{1,12}",
        2 => known.prop_map(str::to_owned),
        1 => "[a-z]{0,4}[\r\n\0: \t\u{7f}ä][a-z]{0,4}",
        1 => any::<String>(),
    ]
}

fn values() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[ -~\t]{0,20}",
        1 => "[ -~]{0,8}[\r\n\0\u{1b}\u{7f}\u{85}\u{2028}][ -~]{0,8}",
        1 => any::<String>(),
    ]
}

#[test]
fn no_accepted_header_forges_another() {
    let mut of_connection = HeaderMap::new();
    of_connection.insert("x-team", HeaderValue::from_static("red"));
    try_all(file!(), 20_000, &vec((names(), values()), 0..4), |given| {
        let Ok(checked) = headers::checked(&given, &of_connection) else {
            let fine = |(name, value): &(String, String)| {
                name.bytes().all(|byte| byte.is_ascii_alphabetic())
                    && name.starts_with("Y")
                    && value.bytes().all(|byte| byte.is_ascii_graphic())
            };
            assert!(given.is_empty() || !given.iter().all(fine), "{given:?}");
            return;
        };
        assert_eq!(checked.len(), given.len());
        for (name, value) in &given {
            let sent: Vec<&[u8]> =
                checked.get_all(name).iter().map(HeaderValue::as_bytes).collect();
            assert!(sent.contains(&value.as_bytes()), "{name:?} became {sent:?}");
        }
        for (name, value) in &checked {
            let forges = |byte: &u8| matches!(byte, b'\r' | b'\n' | 0);
            assert!(!value.as_bytes().iter().any(forges), "{value:?}");
            let token =
                |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            assert!(name.as_str().bytes().all(token), "{name:?}");
            assert!(!headers::is_forbidden(name) && name != "x-team", "{name:?}");
        }
    });
}
