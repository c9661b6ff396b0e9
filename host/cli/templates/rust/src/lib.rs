//! The {{Title}} connector.

use connector_sdk::prelude::*;

connector_sdk::export!(Connector {
    connection: Connection {
        environment: &[("token", "{{NAME}}_TOKEN"), ("baseUrl", "{{NAME}}_BASE_URL")],
        properties: BaseUrl::PROPERTIES,
        base_url_property: Some("baseUrl"),
        ..Connection::bearer("https://api.example.com/v1")
    },
    actions: &[Action::of::<GetItem>()],
    ..Connector::new("{{name}}", "{{Title}}", "Gets items from {{Title}}.")
});

/// Gets an item.
#[derive(Deserialize, Properties)]
struct GetItem {
    /// The ID of the item.
    #[property(placeholder = "17")]
    id: String,
}

#[derive(Deserialize, Serialize, Properties)]
struct Item {
    /// The ID.
    id: String,
    /// The name.
    name: String,
}

impl Run for GetItem {
    const EFFECTS: Effects = Effects::READ_ONLY;
    const TEXT_PROPERTY: &str = "id";
    const EXAMPLES: &[Example] = &[Example { title: "Item 17", input: r#"{"id": "17"}"# }];

    type Output = Item;

    fn run(self, _: &Settings) -> Result<Outcome<Item>> {
        http::get(format!("/items/{}", http::segment(&self.id))).send()?.outcome()
    }
}
