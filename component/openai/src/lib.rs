//! The OpenAI connector: it asks OpenAI's models, or those of any server that
//! has the same API.
//!
//! Each action is a file or a folder. What they have in common: the
//! `connection`, `errors` and what they are about, `models` and the
//! `rules` for what they take, `parameters` that go out as they came in,
//! `stream`s of events and the token counts (`usage`).

mod ask;
mod connection;
mod create_image;
mod create_speech;
mod create_transcription;
mod errors;
mod lenient;
mod models;
mod parameters;
mod rules;
mod stream;
mod usage;

use connector_sdk::{Action, Connector};

connector_sdk::export!(Connector {
    icon: Some(include_str!("icon.svg")),
    categories: &["artificial-intelligence"],
    help: include_str!("help.md"),
    connection: connection::CONNECTION,
    actions: &[
        Action::of::<ask::Ask>(),
        Action::of::<create_image::CreateImage>(),
        Action::of::<create_speech::CreateSpeech>(),
        Action::of::<create_transcription::CreateTranscription>(),
    ],
    errors: errors::read,
    ..Connector::new(
        "openai",
        "OpenAI",
        "Answers questions, makes images, speaks texts and transcribes recordings with OpenAI's \
         models, or those of any server that speaks its protocol.",
    )
});

#[cfg(test)]
mod tests {
    use connector_sdk::testing;

    use super::CONNECTOR;

    #[test]
    fn the_connector_is_declared_without_faults() {
        assert_eq!(testing::faults(&CONNECTOR), [""; 0]);
    }
}
