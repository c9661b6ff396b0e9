//! The OpenAI connector, for OpenAI and for any server with a compatible API.
//!
//! Each action is a module, or is in one with related actions. They share the
//! `connection`, the mapping of `errors`, the list of `models` and their
//! `purposes`, the `rules` for what each model supports, the `parameters` that are
//! sent unchanged, lists of `texts`, `ids` and `urls` in inputs, lists in `pages`,
//! `stream`s of events, `transcript`s of audio, `citations`, the `metadata` of
//! objects and token counts (`usage`).

mod ask;
mod batch;
mod call_api;
mod citations;
mod connection;
mod conversations;
mod create_embeddings;
mod create_moderation;
mod create_speech;
mod create_transcription;
mod create_translation;
mod errors;
mod files;
mod ids;
mod images;
mod lenient;
mod metadata;
mod models;
mod pages;
mod parameters;
mod purposes;
mod responses;
mod rules;
mod stream;
mod texts;
mod transcript;
mod urls;
mod usage;

use connector_sdk::{Action, Connector};

connector_sdk::export!(Connector {
    icon: Some(include_str!("icon.svg")),
    categories: &["artificial-intelligence"],
    help: include_str!("help.md"),
    connection: connection::CONNECTION,
    actions: &[
        Action::of::<ask::Ask>(),
        Action::of::<images::CreateImage>(),
        Action::of::<create_speech::CreateSpeech>(),
        Action::of::<create_transcription::CreateTranscription>(),
        Action::of::<images::EditImage>(),
        Action::of::<create_translation::CreateTranslation>(),
        Action::of::<create_embeddings::CreateEmbeddings>(),
        Action::of::<create_moderation::CreateModeration>(),
        Action::of::<responses::GetResponse>(),
        Action::of::<responses::CancelResponse>(),
        Action::of::<responses::DeleteResponse>(),
        Action::of::<conversations::CreateConversation>(),
        Action::of::<conversations::GetConversation>(),
        Action::of::<conversations::UpdateConversation>(),
        Action::of::<conversations::DeleteConversation>(),
        Action::of::<files::UploadFile>(),
        Action::of::<files::ListFiles>(),
        Action::of::<files::DeleteFile>(),
        Action::of::<batch::CreateBatch>(),
        Action::of::<batch::GetBatch>(),
        Action::of::<batch::CancelBatch>(),
        Action::of::<batch::ListBatches>(),
        Action::of::<call_api::CallApi>(),
    ],
    errors: errors::read,
    ..Connector::new(
        "openai",
        "OpenAI",
        "Answers questions, creates and edits images, generates speech, and transcribes and \
         translates audio with models from OpenAI or any server with an OpenAI-compatible API.",
    )
});

#[cfg(test)]
mod tests {
    use connector_sdk::testing;

    use super::CONNECTOR;

    #[test]
    fn the_declaration_has_no_faults() {
        assert_eq!(testing::faults(&CONNECTOR), [""; 0]);
    }
}
