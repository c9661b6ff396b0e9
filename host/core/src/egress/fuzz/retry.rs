//! `Retry-After`: the pause is limited, whatever the header contains.

use std::time::{Duration, Instant, SystemTime};

use fuzzing::{mutated_text, try_all};
use proptest::option;
use proptest::prelude::{Just, Strategy, any};
use proptest::prop_oneof;

use crate::egress::retry::{MAX_PAUSE, Retries, requested_pause};

const SEEDS: &[&str] = &[
    "0",
    "120",
    " 7 ",
    "18446744073709551615",
    "99999999999999999999",
    "-1",
    "+5",
    "1.5",
    "1e9",
    "Sun, 06 Nov 1994 08:49:37 GMT",
    "Sunday, 06-Nov-94 08:49:37 GMT",
    "Sun Nov  6 08:49:37 1994",
    "Fri, 31 Dec 9999 23:59:59 GMT",
];

const WORDS: &[&str] = &["0", "9", "-", "+", " ", "GMT", "9999", "\t", ":", "٣"];

fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => "[0-9]{1,24}",
        2 => mutated_text(SEEDS, WORDS),
        1 => any::<String>(),
    ]
}

#[test]
fn every_pause_is_limited() {
    let seconds = 0..253_402_300_799_u64;
    let inputs = (option::of(texts()), option::of(texts()), seconds, any::<u32>());
    try_all(file!(), 20_000, &inputs, |(header, milliseconds, now, attempts)| {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now);
        let given = |name: &str| match name {
            "retry-after" => header.clone(),
            "retry-after-ms" => milliseconds.clone(),
            other => panic!("unexpected header `{other}`"),
        };
        let asked = requested_pause(given, now);
        let digits = |text: &Option<String>| {
            let text = text.as_deref().unwrap_or_default().trim();
            let plain = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            plain.then(|| text.parse::<u64>().unwrap_or(u64::MAX))
        };
        // Numbers are used as given, up to the maximum.
        let expected = match (digits(&milliseconds), digits(&header)) {
            (Some(milliseconds), _) => Some(Duration::from_millis(milliseconds)),
            (None, Some(seconds)) => Some(Duration::from_secs(seconds)),
            (None, None) => None,
        };
        if let Some(expected) = expected {
            assert_eq!(asked, Some(expected.min(MAX_PAUSE)));
        }
        let pause = Retries::default().pause_after(attempts, asked);
        assert!(pause <= MAX_PAUSE, "{pause:?}");
        assert!(Instant::now().checked_add(pause).is_some());
        assert!(u64::try_from(pause.as_millis()).is_ok());
    });
}

#[test]
fn every_policy_limits_its_pauses() {
    let durations = || {
        prop_oneof![
            any::<Duration>(),
            Just(Duration::MAX),
            (0..100_000_u64).prop_map(Duration::from_millis)
        ]
    };
    let inputs = (any::<u32>(), durations(), durations());
    try_all(file!(), 8_000, &inputs, |(attempts, pause, longest)| {
        let retries = Retries { attempts: 4, pause, longest, ..Retries::default() };
        let made = retries.pause_after(attempts, None);
        assert!(made <= longest && made <= MAX_PAUSE, "{made:?}");
    });
}
