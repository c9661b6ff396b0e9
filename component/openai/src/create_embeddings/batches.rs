//! Splits texts into requests.
//!
//! The limits are in the description of `input` at
//! <https://platform.openai.com/docs/api-reference/embeddings/create> (August
//! 2026).

/// The maximum number of texts in a request.
pub const MAX_TEXTS: usize = 2048;

/// The maximum number of tokens in a request.
const MAX_TOKENS: usize = 300_000;

/// The number of texts in the first request, at least one.
pub fn first(texts: &[String], max_texts: usize) -> usize {
    let mut tokens = 0;
    let fits = |text: &&String| {
        tokens += max_tokens(text);
        tokens <= MAX_TOKENS
    };
    texts.iter().take(max_texts).take_while(fits).count().max(1)
}

/// The maximum number of tokens in a text. Only the model's tokenizer can count
/// them, but each has at least one byte. English text averages about four bytes per
/// token.
fn max_tokens(text: &str) -> usize {
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The number of texts in each request, for texts of these lengths.
    fn counts(lengths: &[usize], max_texts: usize) -> Vec<usize> {
        let texts: Vec<_> = lengths.iter().map(|length| "x".repeat(*length)).collect();
        let (mut rest, mut counts) = (&texts[..], Vec::new());
        while !rest.is_empty() {
            let count = first(rest, max_texts);
            counts.push(count);
            rest = &rest[count..];
        }
        counts
    }

    #[test]
    fn a_request_is_within_both_limits() {
        for (lengths, max_texts, expected) in [
            (vec![1; 5], 2, vec![2, 2, 1]),
            (vec![1; 2049], MAX_TEXTS, vec![2048, 1]),
            (vec![150_000; 4], MAX_TEXTS, vec![2, 2]),
            (vec![150_001, 150_000, 150_000, 1], MAX_TEXTS, vec![1, 2, 1]),
            // The server decides whether a text is too long.
            (vec![1, 300_001, 1], MAX_TEXTS, vec![1, 1, 1]),
        ] {
            assert_eq!(counts(&lengths, max_texts), expected);
        }
    }

    #[test]
    fn characters_of_several_bytes_may_be_several_tokens() {
        let texts = vec!["語".repeat(50_000), "語".repeat(50_000), "a".to_owned()];
        assert_eq!(first(&texts, MAX_TEXTS), 2);
    }
}
