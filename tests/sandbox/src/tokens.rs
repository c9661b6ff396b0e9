//! The sandbox's tokens: four characters each, except that the last one may be
//! shorter.

/// The number of characters in a token.
const CHARACTERS: usize = 4;

/// The number of tokens in a string.
pub(crate) fn count(text: &str) -> u64 {
    text.chars().count().div_ceil(CHARACTERS) as u64
}

/// The tokens of a string, in order.
pub(crate) fn split(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let (token, tail) = rest.split_at(prefix_length(rest, CHARACTERS));
        rest = tail;
        (!token.is_empty()).then_some(token)
    })
}

/// The first tokens of a string.
pub(crate) fn head(text: &str, tokens: u64) -> &str {
    let characters = usize::try_from(tokens).unwrap_or(usize::MAX).saturating_mul(CHARACTERS);
    text.split_at(prefix_length(text, characters)).0
}

/// The number of bytes in the first characters of a string.
fn prefix_length(text: &str, characters: usize) -> usize {
    text.char_indices().nth(characters).map_or(text.len(), |(index, _)| index)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_four_characters() {
        for (text, tokens) in [
            ("", vec![]),
            ("abc", vec!["abc"]),
            ("abcdé", vec!["abcd", "é"]),
            ("éééé", vec!["éééé"]),
        ] {
            assert_eq!(split(text).collect::<Vec<_>>(), tokens);
            assert_eq!(count(text), tokens.len() as u64);
        }
        assert_eq!(head("éééééé", 1), "éééé");
        assert_eq!(head("ab", 9), "ab");
        assert_eq!(head("ab", 0), "");
    }
}
