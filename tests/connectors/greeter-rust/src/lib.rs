//! Greets people.
use connector_sdk::prelude::*;
connector_sdk::export!(Connector {
    connection: Connection {
        environment: &[("token", "GREETER_TOKEN")],
        ..Connection::bearer("https://greeter.example")
    },
    actions: &[Action::of::<Greet>()],
    ..Connector::new("greeter", "Greeter", "Greets people.")
});

/// Greets a person.
#[derive(Deserialize, Properties)]
struct Greet {
    /// The name of the person to greet.
    name: String,
}

#[derive(Deserialize, Serialize, Properties)]
struct Greeting {
    /// The greeting.
    text: String,
}

impl Run for Greet {
    type Output = Greeting;
    fn run(self, _: &Settings) -> Result<Outcome<Greeting>> {
        http::get("/greet").query("name", &self.name).send()?.outcome()
    }
}
