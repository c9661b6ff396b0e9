use connector_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct Input {
    #[property(minimum = 2, maximum = 1)]
    number: f64,
    #[property(min_length = 9, max_length = 3)]
    text: String,
    #[property(item(minimum = 1, maximum = -1))]
    numbers: Vec<i32>,
    #[property(live, choices("a", "b"))]
    model: String,
    #[serde(skip)]
    #[property(label = "Skipped")]
    skipped: String,
}

fn main() {}
