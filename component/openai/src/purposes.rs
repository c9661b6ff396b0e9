//! What a model is for, according to its name. The API's list does not say.
//!
//! The names are those of <https://platform.openai.com/docs/models>, as of November
//! 2026. Other servers use many of the same words.

/// Parts of names and what they stand for. The first match wins.
const PURPOSES: &[(&[&str], &str)] = &[
    (&["embed"], "Embeddings."),
    (&["moderation", "guard"], "Moderation."),
    (&["image", "dall-e", "flux", "diffusion"], "Images."),
    (&["sora", "video"], "Videos."),
    (&["diarize"], "Transcription with speaker labels."),
    (&["transcribe", "whisper"], "Transcription."),
    (&["tts"], "Speech."),
    (&["realtime"], "Spoken conversations."),
    (&["audio"], "Text and speech."),
    (&["deep-research"], "Research on the web."),
    (&["search"], "Answers from the web."),
    (&["computer-use"], "Using a computer."),
    (&["codex"], "Programming."),
    (&["instruct", "davinci", "babbage"], "Text completion."),
    (&["-nano"], "Text, fastest and cheapest."),
    (&["-mini"], "Text, faster and cheaper."),
    (&["-pro"], "Text, most thorough and most expensive."),
    (&["gpt-"], "Text."),
];

/// Returns what a model is for, or `None` if its name does not say.
pub fn purpose(id: &str) -> Option<&'static str> {
    let id = id.to_lowercase();
    // Providers put their own names first, as in `openai/gpt-4o`.
    let name = id.rsplit('/').next().unwrap_or_default();
    let is_match = |part: &&str| name.contains(*part);
    let found = PURPOSES.iter().find(|(parts, _)| parts.iter().any(is_match));
    let is_o_series = ["o1", "o3", "o4"].iter().any(|start| name.starts_with(start));
    found.map(|(_, purpose)| *purpose).or(is_o_series.then_some("Text."))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_indicates_the_purpose() {
        for (id, expected) in [
            ("gpt-5.4", Some("Text.")),
            ("gpt-5.4-mini-2026-03-01", Some("Text, faster and cheaper.")),
            ("gpt-5.4-nano", Some("Text, fastest and cheapest.")),
            ("openai/gpt-4o", Some("Text.")),
            ("o3", Some("Text.")),
            ("o4-mini-deep-research", Some("Research on the web.")),
            ("gpt-4o-mini-tts", Some("Speech.")),
            ("gpt-4o-transcribe-diarize", Some("Transcription with speaker labels.")),
            ("whisper-1", Some("Transcription.")),
            ("gpt-image-2", Some("Images.")),
            ("gpt-4o-mini-realtime-preview", Some("Spoken conversations.")),
            ("text-embedding-3-small", Some("Embeddings.")),
            ("omni-moderation-latest", Some("Moderation.")),
            ("foo3", None),
            ("mistral-large", None),
            ("", None),
        ] {
            assert_eq!(purpose(id), expected, "{id}");
        }
    }
}
