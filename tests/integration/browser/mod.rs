//! The web page in a browser: the page served by the built command, with the
//! sandbox as the provider. Screenshots are in `TARGET/screenshots/`.

mod journeys;

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use connector_tests::browser::{Browser, Screen};
use connector_tests::prefix::PrefixProxy;
use connector_tests::service::Service;
use connector_tests::{CANARY, in_repository, sandbox};
use openai_sandbox::{Fault, Options, Sandbox};
use serde_json::json;

/// An action of a service, open in a browser.
struct Page {
    browser: Browser,
    sandbox: Sandbox,
    service: Service,
    /// Lets one test at a time use a browser.
    _turn: MutexGuard<'static, ()>,
}

impl Page {
    fn open(action: &str, screen: Screen) -> Self {
        Self::with(sandbox(), action, screen)
    }

    fn with(sandbox: Sandbox, action: &str, screen: Screen) -> Self {
        Self::of(Service::start, sandbox, action, screen)
    }

    fn of(
        service: impl FnOnce() -> Service,
        sandbox: Sandbox,
        action: &str,
        screen: Screen,
    ) -> Self {
        static TURN: Mutex<()> = Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let service = service();
        let browser = Browser::start(screen);
        browser.open(&format!("{}/#openai/v1/{action}", service.url()));
        Self { browser, sandbox, service, _turn: turn }
    }

    /// Fills in the dialog for a connection to the sandbox, without closing it.
    fn fill_in_connection(&self, token: &str) {
        let browser = &self.browser;
        browser.press("All options");
        browser.fill("Token", token);
        browser.press("Advanced");
        browser.fill("Base URL", self.sandbox.base_url().as_str());
    }

    fn connect(&self) {
        self.fill_in_connection(CANARY);
        self.browser.press("Save");
        self.browser.until("!document.querySelector('dialog')");
        self.browser.sees("My OpenAI");
    }

    /// Runs the action and waits for its end.
    fn run(&self) {
        self.browser.press("Run");
        self.browser.sees("Finished");
    }

    /// Asserts that the browser blocked nothing and the page logged no errors.
    fn assert_no_browser_errors(self) {
        assert_eq!(self.browser.complaints(), Vec::<String>::new());
    }
}

#[test]
fn ask_streams_the_answer() {
    let slow = Options {
        token: Some(CANARY.to_owned()),
        chunk_pause: Duration::from_millis(150),
        ..Options::default()
    };
    let page = Page::with(Sandbox::start(slow).unwrap(), "ask", Screen::Desktop);
    let browser = &page.browser;
    page.connect();

    // A condition shows and hides a field.
    assert!(!browser.has("Response Schema"));
    browser.choose("Response Format", "Object");
    browser.fill("Response Schema", r#"{ "type": "objet" }"#);
    browser.sees("Not a JSON Schema");
    browser.screenshot("ask-schema");
    browser.choose("Response Format", "Text");
    browser.until("!document.querySelector('.json')");

    browser.fill("Content 1", "Why is the sky blue?");
    browser.press("Add message");
    browser.fill("Content 2", "Air scatters blue light.");
    browser.press("Add message");
    browser.choose("Role 3", "user");
    browser.fill("Content 3", "And at dusk?");

    browser.press("Run");
    // Part of the answer is visible before all of it has arrived.
    browser.until("document.querySelector('.caret')?.parentElement.innerText.length > 5");
    browser.screenshot("ask-streaming");
    browser.sees("Finished");
    browser.sees("And at dusk?");
    browser.sees("Total tokens");
    browser.screenshot("ask-answered");

    let request = page.sandbox.requests().pop().unwrap();
    let sent = request.json().unwrap();
    let roles: Vec<_> = sent["messages"].as_array().unwrap().iter().map(|m| &m["role"]).collect();
    assert_eq!(roles, ["user", "assistant", "user"]);
    assert_eq!(sent["messages"][2]["content"], "And at dusk?");
    assert_eq!((&sent["stream"], sent.get("temperature")), (&json!(true), None));

    // Start a run with the keyboard, and cancel it.
    browser.fill("Content 3", "Again");
    browser.type_keys("\u{E009}\u{E007}\u{E000}");
    browser.until("document.querySelector('.caret')");
    browser.press("Cancel");
    browser.sees("The run was cancelled");

    browser.press("Code");
    browser.sees("/api/v1/components/openai/v1/actions/ask/run");
    browser.screenshot("ask-code");
    page.assert_no_browser_errors();
}

#[test]
fn an_answer_is_rendered_and_never_executed() {
    let page = Page::open("ask", Screen::Desktop);
    let browser = &page.browser;
    page.connect();
    // The sandbox repeats the question.
    browser.fill(
        "Content 1",
        "**Bold** [link](javascript:document.title='x') ![image](https://image.example/a.png) \
         <img src=x onerror=\"document.title='x'\"><script>document.title = 'x'</script>",
    );
    page.run();
    browser.until("document.querySelector('.result .markdown strong')?.innerText === 'Bold'");
    browser.sees("<script>");
    assert_eq!(browser.value("document.querySelectorAll('.result :is(a, img, script)').length"), 0);
    assert_ne!(browser.value("document.title"), "x");
    browser.screenshot("ask-markdown");
    browser.tick("Raw");
    browser.sees("**Bold**");
    page.assert_no_browser_errors();
}

#[test]
fn models_come_from_the_connection() {
    let page = Page::open("ask", Screen::Desktop);
    let browser = &page.browser;
    // Without a connection there is no list. The page explains why, and typing
    // still works.
    browser.fill("Model", "my-own");
    browser.sees("you can still enter a value");
    browser.screenshot("model-disabled");

    page.connect();
    browser.fill("Model", "mini");
    browser.until("document.querySelector('[role=option]')?.innerText.includes('mini')");
    browser.screenshot("model-list");
    browser.type_keys("\u{E015}\u{E007}");
    browser.until("!document.querySelector('[role=listbox]:not([hidden])')");
    let chosen = browser.value("document.querySelector('[role=combobox]').value");
    assert!(chosen.as_str().unwrap().contains("mini"), "{chosen}");
    page.assert_no_browser_errors();
}

#[test]
fn images_are_shown() {
    let page = Page::open("createImage", Screen::Desktop);
    page.connect();
    page.browser.fill("Content 1", "A lighthouse at dusk");
    page.browser.fill("Weight 1", "2");
    page.run();
    page.browser.until("document.querySelector('.result img')?.naturalWidth > 0");
    page.browser.screenshot("image");
    page.browser.press("Enlarge image.png");
    page.browser.until("document.querySelector('dialog img')?.naturalWidth > 0");
    page.browser.screenshot("image-enlarged");
    page.browser.press("Close");
    page.browser.until("!document.querySelector('dialog')");
    page.assert_no_browser_errors();
}

#[test]
fn speech_is_played() {
    let page = Page::open("createSpeech", Screen::Desktop);
    page.connect();
    page.browser.fill("Input", "Good morning");
    page.browser.fill("Voice", "alloy");
    page.run();
    page.browser.until("document.querySelector('.result audio')?.duration > 0");
    page.browser.screenshot("speech");
    page.assert_no_browser_errors();
}

#[test]
fn recordings_are_uploaded_and_transcribed() {
    let page = Page::open("createTranscription", Screen::Dark);
    let browser = &page.browser;
    page.connect();
    browser.upload("File", &in_repository("README.md"));
    browser.sees("README.md has the wrong type; expected flac, mp3");
    browser.upload("File", &in_repository("tests/sandbox/samples/speech.mp3"));
    browser.until("document.querySelector('.chosen-file audio')");
    browser.fill("Model", "whisper-1");
    browser.choose("Response format", "verbose_json");
    page.run();
    browser.until("document.querySelector('.parts .time')");
    browser.sees("0:00 – 0:0");
    browser.screenshot("transcript");
    // A timestamp plays the recording, and the transcript can be downloaded.
    browser.click(".parts button.time");
    browser.until("document.querySelector('.parts [aria-current]')");
    for extension in ["txt", "srt", "vtt"] {
        browser
            .until(&format!("document.querySelector('.downloads [download$=\".{extension}\"]')"));
    }
    page.assert_no_browser_errors();
}

#[test]
fn errors_are_shown_at_their_field() {
    let page = Page::open("createSpeech", Screen::Desktop);
    let browser = &page.browser;
    page.connect();
    let message = |property: &str| {
        format!("(document.querySelector('#root_{property}__error')?.innerText ?? '')")
    };

    // Errors that the form finds itself. Nothing is sent.
    browser.fill("Voice", "alloy");
    browser.fill("Speed", "9");
    browser.until(&format!("{}.includes('at most 4')", message("speed")));
    browser.press("Run");
    browser.until(&format!("{}.includes('is required')", message("input")));
    browser.until("document.activeElement.id === 'root_input'");
    browser.screenshot("form-error");
    assert!(page.sandbox.requests().is_empty());

    // An error that only the connector can find: this model takes no
    // instructions.
    browser.fill("Speed", "2");
    browser.fill("Input", "Good morning");
    browser.fill("Model", "tts-1");
    browser.press("Advanced");
    browser.fill("Instructions", "Calm");
    browser.press("Advanced");
    browser.press("Run");
    browser.until(&format!("{}.includes('tts-1')", message("instructions")));
    browser.until("document.activeElement.id === 'root_instructions'");
    browser.screenshot("model-error");
    page.assert_no_browser_errors();
}

#[test]
fn a_wrong_token_is_shown_at_the_connection() {
    let page = Page::open("ask", Screen::Desktop);
    let browser = &page.browser;
    page.fill_in_connection("sk-wrong-token-0123456789");
    browser.tick("Only for this session");
    browser.press("Test");
    browser.until("document.querySelector('dialog .notice-bad')?.innerText");
    browser.screenshot("wrong-token-tested");
    browser.press("Use");

    browser.fill("Content 1", "Hi");
    browser.press("Run");
    browser.until("document.querySelector('#connection-error')?.innerText");
    browser.until("document.activeElement.id === 'connection-edit'");
    browser.screenshot("wrong-token");

    // The token is not in any of the browser's storage, and nothing on the page
    // contains it.
    let kept = browser.value(
        "JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie]) \
         + document.documentElement.outerHTML",
    );
    assert!(!kept.as_str().unwrap().contains("sk-wrong"), "{kept}");

    browser.press("Edit");
    browser.fill("Token", CANARY);
    browser.press("Test");
    browser.until("document.querySelector('dialog .notice-good')?.innerText");
    browser.press("Use");
    page.run();
    page.assert_no_browser_errors();
}

#[test]
fn attempts_are_shown() {
    let page = Page::open("ask", Screen::Desktop);
    page.connect();
    page.sandbox.script(Fault::error(503, "overloaded", "Busy"));
    page.browser.fill("Content 1", "Hi");
    page.run();
    page.browser.sees("Attempt 1 failed");
    page.assert_no_browser_errors();
}

#[test]
fn drafts_survive_a_reload() {
    let page = Page::open("ask", Screen::Phone);
    let browser = &page.browser;
    page.connect();
    browser.fill("Content 1", "Remember this");
    browser.press("Sampling");
    browser.press("Add to Logit Bias");
    browser.fill("Logit Bias 1, key", "50256");
    browser.fill("Logit Bias 1, value", "-100");
    browser.screenshot("phone");
    browser.reload();
    browser.until("document.querySelector('#root_messages_0_content')?.value === 'Remember this'");
    let draft =
        browser.value("JSON.parse(localStorage['connector:draft:openai/v1/ask']).logitBias");
    assert_eq!(draft, json!({ "50256": -100 }));
    page.run();
    browser.sees("Remember this");
    browser.screenshot("phone-answered");
    // Nothing is wider than the screen.
    assert_eq!(browser.value("document.documentElement.scrollWidth"), 360);
    let kept = browser.value("JSON.stringify([{ ...localStorage }, { ...sessionStorage }])");
    assert!(!kept.as_str().unwrap().contains(CANARY), "{kept}");
    page.assert_no_browser_errors();
}

#[test]
fn asks_for_the_key_if_the_service_requires_one() {
    const KEY: &str = "0123456789abcdef-service-key";
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("key");
    std::fs::write(&file, KEY).unwrap();
    let keyed = || Service::start_with(&["--api-key-file", file.to_str().unwrap()]);
    let page = Page::of(keyed, sandbox(), "createImage", Screen::Desktop);
    let browser = &page.browser;
    browser.sees("Enter the API key");
    browser.fill("API key", KEY);
    browser.screenshot("key");
    browser.press("Continue");
    page.connect();

    // Requests for images carry the key too, so the image loads.
    browser.fill("Content 1", "A lighthouse");
    page.run();
    browser.until("document.querySelector('.result img')?.naturalWidth > 0");
}

/// The page requests nothing outside its own path.
#[test]
fn works_under_a_path_prefix_behind_a_proxy() {
    let page = Page::open("createImage", Screen::Desktop);
    let upstream = page.service.url().strip_prefix("http://").unwrap();
    let proxy = PrefixProxy::start(upstream, "/tools/connectors");
    page.browser.open(&format!("{}#openai/v1/createImage", proxy.url()));
    page.connect();
    page.browser.fill("Content 1", "A lighthouse");
    page.run();
    page.browser.until("document.querySelector('.result img')?.naturalWidth > 0");
    page.browser.open(&format!("{}#openai/v1/ask", proxy.url()));
    page.browser.reload();
    page.browser.sees("My OpenAI");
    assert_eq!(proxy.outside(), Vec::<String>::new());
    page.assert_no_browser_errors();
}
