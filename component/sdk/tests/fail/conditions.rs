use connector_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct Input {
    format: String,
    count: u32,
    #[property(when(formt = "text"))]
    unknown: String,
    #[property(when(present(fromat)))]
    absent: String,
    #[property(when(count = "1"))]
    other_type: String,
    #[property(when(not count in [1, "2"]))]
    mixed: String,
    #[property(when(itself = "a"))]
    itself: String,
    #[property(when(format))]
    incomplete: String,
    #[property(when(given(format)))]
    unknown_test: String,
    #[property(live("modle"), live(modle))]
    twice: String,
    #[property(live(modle))]
    live: String,
}

fn main() {}
