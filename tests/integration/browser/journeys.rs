//! What a user does on the page from one part to the next: first steps, links, JSON,
//! history, the palette.

use connector_tests::CANARY;
use connector_tests::browser::{Browser, Screen};
use serde_json::json;

use super::Page;

/// Runs JavaScript that pastes text into the focused element. A headless browser has
/// no clipboard.
fn paste(browser: &Browser, text: &str) {
    browser.value(&format!(
        "(() => {{
            const clipboardData = new DataTransfer();
            clipboardData.setData('text', {});
            const paste = {{ clipboardData, bubbles: true, cancelable: true }};
            document.activeElement.dispatchEvent(new ClipboardEvent('paste', paste));
        }})()",
        json!(text)
    ));
}

/// Chooses a view whose radio button is hidden behind its label.
fn choose_view(browser: &Browser, label: &str) {
    browser.value(&format!(
        "[...document.querySelectorAll('.segment')]
            .find((segment) => segment.textContent === {}).click()",
        json!(label)
    ));
}

#[test]
fn the_first_answer_takes_three_clicks_and_one_paste() {
    let page = Page::open("ask", Screen::Desktop);
    let browser = &page.browser;
    browser.until("document.activeElement.matches('.connect input')");
    let base_url = page.sandbox.base_url();
    paste(browser, &format!("export OPENAI_API_KEY={CANARY}\nOPENAI_BASE_URL={base_url}"));
    browser.screenshot("connect");
    browser.press("Connect");
    browser.sees("Reached the API");
    browser.press("Categorize an email");
    browser.press("Run");
    browser.sees("Finished");
    browser.sees("Total tokens");
    page.assert_no_browser_errors();
}

#[test]
fn a_link_carries_the_input() {
    let page = Page::open("ask", Screen::Desktop);
    let browser = &page.browser;
    browser.fill("Content 1", "Sent to a colleague");
    browser.until("location.hash.includes('colleague')");
    let link = browser.value("location.href");
    browser.open("about:blank");
    browser.open(&format!("{}/#openai/v1/ask", page.service.url()));
    browser.value("(localStorage.clear(), sessionStorage.clear())");
    browser.open("about:blank");
    browser.open(link.as_str().unwrap());
    browser.sees("Filled in from the link");
    browser.until("document.querySelector('#root_messages_0_content').value.includes('colleague')");

    browser.open(&format!("{}/#openai/v1/nothing", page.service.url()));
    browser.sees("This service has no action openai/v1/nothing");
    browser.screenshot("not-found");
    page.assert_no_browser_errors();
}

#[test]
fn a_link_with_values_of_the_wrong_shape_does_no_harm() {
    let page = Page::open("ask", Screen::Desktop);
    let browser = &page.browser;
    let hostile = json!({
        "messages": "<img src=x onerror=alert(1)>",
        "model": { "a": [1] },
        "stop": {},
        "unknown": true,
    });
    browser.open("about:blank");
    browser.open(&format!("{}/#openai/v1/ask?input={hostile}", page.service.url()));
    browser.sees("Left out:");
    browser.sees("Add message");
    assert_eq!(browser.value("document.querySelectorAll('main img').length"), 0);
    page.assert_no_browser_errors();
}

#[test]
fn the_input_is_edited_as_json() {
    let page = Page::open("ask", Screen::Desktop);
    let browser = &page.browser;
    page.connect();
    choose_view(browser, "JSON");
    browser.fill("Input as JSON", r#"{ "messages": 1, "temperature": 3 }"#);
    browser.sees("must be at most 2");
    browser.screenshot("json-errors");
    browser.fill("Input as JSON", r#"{ "messages": [{ "content": "From JSON" }] }"#);
    browser.sees("Valid input");
    page.run();
    browser.sees("From JSON");
    let requests = page.sandbox.requests();
    let request = requests.last().unwrap().json().unwrap();
    assert_eq!(request["messages"][0]["content"], "From JSON");

    // The form shows the same input.
    choose_view(browser, "Form");
    browser.until("document.querySelector('#root_messages_0_content').value === 'From JSON'");
    page.assert_no_browser_errors();
}

#[test]
fn a_curl_command_fills_in_the_form() {
    let page = Page::open("ask", Screen::Desktop);
    let browser = &page.browser;
    browser.press("Paste JSON or curl");
    browser.value("document.querySelector('#pasted').focus()");
    browser.type_keys(
        r#"curl https://api.example/v1/chat -H 'Authorization: Bearer sk-pasted-key' -d '{"max_tokens": 5, "messages": [{"role": "user", "content": "Hi"}]}'"#,
    );
    browser.press("Fill in the form");
    browser.until("document.querySelector('#root_messages_0_content').value === 'Hi'");
    browser.until("location.hash.includes('maxTokens')");
    let kept = browser.value("JSON.stringify([{ ...localStorage }, location.href])");
    assert!(!kept.as_str().unwrap().contains("sk-pasted"), "{kept}");
    page.assert_no_browser_errors();
}

#[test]
fn runs_are_kept_compared_and_cleared() {
    let page = Page::open("ask", Screen::Desktop);
    let browser = &page.browser;
    page.connect();
    browser.fill("Content 1", "First question");
    page.run();
    browser.press("Continue conversation");
    browser.until("document.activeElement.id === 'root_messages_2_content'");
    browser.type_keys("Second question");
    browser.press("Run");
    browser.sees("Sandbox answer to \"Second question\"");

    browser.reload();
    browser.press("History");
    browser.until("document.querySelectorAll('.run').length === 2");
    browser.value("document.querySelectorAll('.run-select').forEach((box) => box.click())");
    browser.press("Compare");
    browser.sees("What differs in the input");
    browser.screenshot("compare");
    browser.press("Close");
    browser.press("Clear all");
    browser.sees("History cleared");
    browser.reload();
    browser.press("History");
    browser.sees("No runs of this action yet");
    page.assert_no_browser_errors();
}

#[test]
fn the_palette_finds_actions_and_fields() {
    let page = Page::open("ask", Screen::Desktop);
    let browser = &page.browser;
    browser.until("document.querySelector('#root_model')");
    browser.type_keys("\u{E009}k\u{E000}");
    browser.until("document.activeElement.matches('.palette-input')");
    browser.type_keys("speech");
    browser.screenshot("palette");
    browser.type_keys("\u{E007}");
    browser.sees("The text to read aloud");
    browser.type_keys("\u{E009}k\u{E000}");
    browser.until("document.activeElement.matches('.palette-input')");
    browser.type_keys("speed\u{E007}");
    browser.until("document.activeElement.id === 'root_speed'");
    page.assert_no_browser_errors();
}
