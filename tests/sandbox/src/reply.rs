//! The sandbox's answers, for both APIs.

use serde_json::Value;
use serde_json::json;

/// The sentence that answers a question, or that quotes the results of the
/// functions called for it. `number` distinguishes several answers.
pub(crate) fn sentence(question: &str, results: &[String], number: Option<usize>) -> String {
    let number = number.map(|number| format!(" {number}")).unwrap_or_default();
    if !results.is_empty() {
        let results: Vec<String> = results.iter().map(|result| format!("\"{result}\"")).collect();
        return format!("Sandbox answer{number} from tool results: {}.", results.join(", "));
    }
    format!(
        "Sandbox answer{number} to \"{question}\": no model was asked; this text comes from the \
         sandbox."
    )
}

/// An object with the answer; it contains a list if the messages mention
/// `items`, the usual way to request one.
pub(crate) fn json_object(mentions_items: bool, sentence: String) -> Value {
    if mentions_items {
        json!({"items": ["first sandbox item", "second sandbox item"], "answer": sentence})
    } else {
        json!({"answer": sentence})
    }
}

/// The log probability of a token with probability 1, and those of other tokens.
pub(crate) fn logprob(token: &str, alternatives: usize) -> Value {
    let logprob = |token: &str, logprob: f64| json!({"token": token, "logprob": logprob, "bytes": token.as_bytes()});
    let others = (1..alternatives).map(|rank| logprob(&format!("other{rank}"), -9999.0));
    let top = std::iter::once(logprob(token, 0.0)).chain(others).take(alternatives);
    let mut chosen = logprob(token, 0.0);
    chosen["top_logprobs"] = top.collect();
    chosen
}
