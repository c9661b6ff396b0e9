//! `connector docs`: the whole reference page, one action, or one property.

use connector_tests::{command, component, ran};

fn docs(arguments: &[&str]) -> String {
    let ran = ran(command(None).arg("docs").args(arguments));
    assert_eq!((ran.status, ran.stderr.as_str()), (0, ""), "{arguments:?}");
    ran.stdout
}

#[test]
fn the_docs_of_an_action_are_a_section_of_the_page() {
    let page = docs(&["openai"]);
    for action in ["ask", "createImage", "createSpeech", "createTranscription"] {
        let address = format!("openai/v1/{action}");
        let part = docs(&[&address]);
        assert!(part.starts_with("### ") && page.contains(part.trim_end()), "{part}");
        assert!(part.contains(&format!("Address: `{address}`")), "{part}");
    }
    let path = component();
    assert_eq!(docs(&[path.to_str().unwrap()]), page);
}

#[test]
fn documents_a_single_property() {
    for (arguments, begin, line) in [
        (
            ["openai/v1/ask", "maxTokens"],
            "### Max Tokens\n\nType: INTEGER\nControl type: INTEGER\n\n`maxTokens`: ",
            "At least 1.",
        ),
        (
            ["openai/v1/ask", "messages[0].role"],
            "### Role\n\nType: STRING\nControl type: SELECT\n\n`messages[0].role`: ",
            "One of: `system` – ",
        ),
        (["openai/v1/ask", "messages"], "### Messages\n", "| Role | STRING | SELECT  |"),
        (
            ["openai/v1/ask", "responseSchema"],
            "### Response Schema\n",
            "Shown when Response Format is Object or List.",
        ),
        (["openai/v1/ask", "logitBias.50256"], "### `logitBias.50256`\n", "Between -100 and 100."),
        (
            ["openai", "token"],
            "### Token\n",
            "Required. Shown when Authorization is Bearer Token. Secret.",
        ),
    ] {
        let printed = docs(&arguments);
        assert!(printed.starts_with(begin) && printed.contains(line), "{arguments:?}: {printed}");
        assert!(printed.lines().count() < 30, "{arguments:?}: {printed}");
    }
}

/// The command that an input error suggests explains the property.
#[test]
fn the_hint_of_an_input_error_works() {
    let dir = tempfile::tempdir().unwrap();
    let input = dir.path().join("input.json").to_str().unwrap().to_owned();
    std::fs::write(&input, r#"{"messages":[{"role":"user","content":"Hi"}]}"#).unwrap();
    for (set, hint) in [
        ("n=0", "see `connector docs openai/v1/ask n`"),
        ("messages[0].role=boss", "see `connector docs openai/v1/ask 'messages[0].role'`"),
        ("nonsense=1", "see `connector docs openai/v1/ask`"),
    ] {
        let mut run = command(None);
        run.env("OPENAI_API_KEY", "sk-unused").args(["run", "openai/v1/ask", "--set", set]);
        run.args(["--input", &input]);
        let ran_wrong = ran(&mut run);
        assert_eq!(ran_wrong.status, 2, "{ran_wrong:?}");
        assert!(ran_wrong.stderr.contains(&format!("hint: {hint}\n")), "{ran_wrong:?}");
        let advised = hint.trim_start_matches("see `connector docs ").trim_end_matches('`');
        let arguments: Vec<&str> = advised.split(' ').map(|word| word.trim_matches('\'')).collect();
        docs(&arguments);
    }
}
