use connector_sdk::{FileEntry, Properties};
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct Input {
    #[property(minimum = 1)]
    text: String,
    #[property(minimum = 1)]
    numbers: Vec<u32>,
    #[property(max_length = 9)]
    count: Option<u32>,
    #[property(max_items = 9)]
    flag: bool,
    #[property(item(label = "One"))]
    single: String,
    #[property(accept("mp3"))]
    recording: String,
    #[property(pattern = "[a-z]+")]
    file: FileEntry,
    #[property(label = 3)]
    label: String,
    #[property(minimum = "one")]
    number: u32,
}

#[derive(Deserialize, Properties)]
#[property(connection)]
struct Connection {
    #[property(secret)]
    number: u32,
}

#[derive(Deserialize, Properties)]
struct NoConnection {
    #[property(secret)]
    token: String,
}

fn main() {}
