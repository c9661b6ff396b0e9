use connector_sdk::Properties;
use serde::Deserialize;

const SIZES: &[&str] = &["small"];

#[derive(Deserialize, Properties)]
struct Input {
    #[property(default = "4096")]
    count: u32,
    #[property(default = 1.5)]
    whole: u32,
    #[property(default = 1)]
    flag: bool,
    #[property(provider_default = true)]
    text: String,
    #[property(default = "a")]
    list: Vec<String>,
    #[property(default = SIZES)]
    sizes: Vec<String>,
    #[property(default = "xl", choices("s", "m", "l"))]
    size: String,
    #[property(choices("s", 1))]
    other: String,
    #[property(default = 5, maximum = 4)]
    high: u32,
    #[property(default = -1, minimum = 0)]
    low: i32,
}

fn main() {}
