use connector_sdk::Properties;
use serde::Deserialize;

#[derive(Deserialize, Properties)]
struct Input {
    #[property(placehlder = "Ada")]
    name: String,
    #[property(colour = "red")]
    paint: String,
    #[property(control = textarea)]
    text: String,
    #[property(label = "One", label = "Two")]
    twice: String,
    #[property(item(default = 1))]
    items: Vec<u32>,
}

#[derive(Deserialize, Properties)]
#[property(placeholder = "of a field")]
struct Container {
    name: String,
}

fn main() {}
