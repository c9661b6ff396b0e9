use std::time::Duration;

use connector_sdk::{Choices, Properties};
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct Input {
    pause: Duration,
    pauses: Vec<Duration>,
}

#[derive(Deserialize, Properties)]
struct Generic<T> {
    value: T,
}

#[derive(Deserialize, Properties)]
struct Tuple(String);

#[derive(Deserialize, Properties)]
enum Kind {
    One,
}

#[derive(Deserialize, Choices)]
struct NotAnEnum {
    name: String,
}

#[derive(Deserialize, Choices)]
enum WithData {
    One(String),
}

#[derive(Deserialize, Choices)]
enum Labelled {
    #[choice(lable = "1")]
    One,
}

fn main() {}
