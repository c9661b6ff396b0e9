//! Headless Chromium, driven the way a user would use it: it finds controls by
//! their labels and buttons by their text, and waits for things to appear.
//! `tests/browser/install.sh` installs it.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use fantoccini::actions::{InputSource, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::elements::Element;
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tokio::runtime::{Builder, Runtime};

use crate::server::{Server, exchange};
use crate::{HANG, target_dir};

/// The duration of a mouse movement.
const STEP: Duration = Duration::from_millis(100);
const DOWN: PointerAction = PointerAction::Down { button: MOUSE_BUTTON_LEFT };
const UP: PointerAction = PointerAction::Up { button: MOUSE_BUTTON_LEFT };

/// Finds a usable element by name, in the dialog if one is open.
const FIND: &str = r#"
    const [what, name] = arguments;
    const kinds = { control: "input, select, textarea", button: "button, summary, a, [role=tab]" };
    const nameOf = (element) =>
        (element.getAttribute("aria-label") ?? element.labels?.[0]?.textContent ?? element.textContent)
            .replace(/\s*\*$/, "").trim();
    // These have an explanation or a count after their name.
    const isLonger = (element) => element.matches("summary, [type=radio], [type=checkbox]");
    const isMatch = (element) => nameOf(element) === name
        || (isLonger(element) && nameOf(element).startsWith(name));
    const place = document.querySelector("dialog[open]") ?? document;
    const found = [...place.querySelectorAll(kinds[what])]
        .find((element) => element.checkVisibility() && isMatch(element));
    found?.scrollIntoView({ block: "center" });
    return found ?? null;
"#;

/// The screen of a browser.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Screen {
    /// A wide window.
    Desktop,
    /// A wide window with a dark color scheme.
    Dark,
    /// A narrow window.
    Phone,
}

/// Whether another element may cover the mouse's target.
#[derive(Clone, Copy, PartialEq)]
enum Reach {
    Uncovered,
    PossiblyCovered,
}

/// A browser with one page. It is closed when dropped.
pub struct Browser {
    client: Option<Client>,
    runtime: Runtime,
    session: String,
    driver: Server,
}

impl Browser {
    /// Starts a browser with an empty profile.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub fn start(screen: Screen) -> Self {
        let driver = Server::start(&installed("chromedriver"), "/status", |command, address| {
            command.arg(format!("--port={}", address.port()));
        });
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(screen).as_object().unwrap().clone());
        let client = runtime.block_on(builder.connect(&format!("http://{}", driver.address())));
        let client = client.unwrap_or_else(|error| panic!("cannot start Chromium: {error}"));
        let session = runtime.block_on(client.session_id()).unwrap().unwrap();
        Self { client: Some(client), runtime, session, driver }
    }

    fn client(&self) -> &Client {
        self.client.as_ref().unwrap()
    }

    /// Opens a URL.
    ///
    /// # Panics
    /// If that fails.
    pub fn open(&self, url: &str) {
        self.runtime.block_on(self.client().goto(url)).unwrap();
    }

    /// Reloads the page.
    ///
    /// # Panics
    /// If that fails.
    pub fn reload(&self) {
        self.runtime.block_on(self.client().refresh()).unwrap();
    }

    /// Types into a field, replacing its content.
    ///
    /// # Panics
    /// If there is no such field.
    pub fn fill(&self, label: &str, text: &str) {
        let all = format!("{}a{}", char::from(Key::Control), char::from(Key::Null));
        let element = self.find("control", label);
        self.runtime.block_on(element.send_keys(&format!("{all}{text}"))).unwrap();
    }

    /// Sends keys to the focused element.
    ///
    /// # Panics
    /// If that fails.
    pub fn type_keys(&self, keys: &str) {
        let typed = async { self.client().active_element().await?.send_keys(keys).await };
        self.runtime.block_on(typed).unwrap();
    }

    /// Chooses an option from a list.
    ///
    /// # Panics
    /// If there is no such list or option.
    pub fn choose(&self, label: &str, option: &str) {
        let element = self.find("control", label);
        self.runtime.block_on(element.select_by_label(option)).unwrap();
    }

    /// Selects a file in a file input.
    ///
    /// # Panics
    /// If there is no such control.
    pub fn upload(&self, label: &str, file: &Path) {
        let file = fs::canonicalize(file).unwrap();
        let element = self.find("control", label);
        self.runtime.block_on(element.send_keys(file.to_str().unwrap())).unwrap();
    }

    /// Clicks a control.
    ///
    /// # Panics
    /// If there is no such control.
    pub fn tick(&self, label: &str) {
        self.runtime.block_on(self.find("control", label).click()).unwrap();
    }

    /// Clicks a button, a tab, a link, or the summary of details.
    ///
    /// # Panics
    /// If there is no such element.
    pub fn press(&self, name: &str) {
        self.runtime.block_on(self.find("button", name).click()).unwrap();
    }

    /// Clicks the element that matches a CSS selector.
    ///
    /// # Panics
    /// If there is no such element.
    pub fn click(&self, selector: &str) {
        self.mouse(vec![self.over(selector, Reach::Uncovered), DOWN, UP]);
    }

    /// Double-clicks the element that matches a CSS selector.
    ///
    /// # Panics
    /// If there is no such element.
    pub fn double_click(&self, selector: &str) {
        self.mouse(vec![self.over(selector, Reach::Uncovered), DOWN, UP, DOWN, UP]);
    }

    /// Drags one element to the middle of another.
    ///
    /// # Panics
    /// If one of them does not exist.
    pub fn drag(&self, from: &str, to: &str) {
        let from = self.over(from, Reach::Uncovered);
        // The page must see the drag start and reach its target.
        let away = PointerAction::MoveBy { duration: Some(STEP), x: 30.0, y: 10.0 };
        let near = PointerAction::MoveBy { duration: Some(STEP), x: -2.0, y: 0.0 };
        let there = self.over(to, Reach::PossiblyCovered);
        self.mouse(vec![from, DOWN, away, there.clone(), near, there, UP]);
    }

    /// A movement of the mouse to the middle of the element that matches a
    /// selector.
    fn over(&self, selector: &str, reach: Reach) -> PointerAction {
        let script = "
            const [selector, mustBeSeen] = arguments;
            const found = document.querySelector(selector);
            if (!found) return null;
            found.scrollIntoView({ block: 'nearest' });
            const { x, y, width, height } = found.getBoundingClientRect();
            const place = [Math.round(x + width / 2), Math.round(y + height / 2)];
            return !mustBeSeen || found.contains(document.elementFromPoint(...place)) ? place : null;";
        let arguments = vec![json!(selector), json!(reach == Reach::Uncovered)];
        let mut place = Value::Null;
        self.wait(selector, || {
            // Wait for animations: an element that slides in is ready when it
            // stops moving.
            let before = std::mem::replace(&mut place, self.ask(script, arguments.clone()));
            !place.is_null() && place == before
        });
        let [x, y] = [0, 1].map(|axis| place.get(axis).and_then(Value::as_f64).unwrap());
        PointerAction::MoveTo { duration: Some(STEP), x, y }
    }

    fn mouse(&self, actions: Vec<PointerAction>) {
        let mouse = MouseActions::new("mouse".to_owned());
        let mouse = actions.into_iter().fold(mouse, InputSource::then);
        self.runtime.block_on(self.client().perform_actions(mouse)).unwrap();
    }

    /// Whether there is a control with this label now.
    ///
    /// # Panics
    /// If the query fails.
    pub fn has(&self, label: &str) -> bool {
        !self.ask(FIND, vec![json!("control"), json!(label)]).is_null()
    }

    /// Waits until the page contains this text.
    ///
    /// # Panics
    /// If it never does.
    pub fn sees(&self, text: &str) {
        let script = "return document.body.innerText.includes(arguments[0])";
        self.wait(text, || self.ask(script, vec![json!(text)]) == true);
    }

    /// Waits until an expression is `true`.
    ///
    /// # Panics
    /// If it never is.
    pub fn until(&self, expression: &str) {
        let script = format!("return Boolean({expression})");
        self.wait(expression, || self.ask(&script, Vec::new()) == true);
    }

    /// The value of an expression on the page.
    ///
    /// # Panics
    /// If it throws.
    pub fn value(&self, expression: &str) -> Value {
        self.ask(&format!("return {expression}"), Vec::new())
    }

    /// Saves a screenshot as `TARGET/screenshots/NAME.png`.
    ///
    /// # Panics
    /// If that fails.
    pub fn screenshot(&self, name: &str) {
        let folder = target_dir().join("screenshots");
        fs::create_dir_all(&folder).unwrap();
        let image = self.runtime.block_on(self.client().screenshot()).unwrap();
        fs::write(folder.join(format!("{name}.png")), image).unwrap();
    }

    /// The errors that the browser logged: exceptions, and violations of the
    /// page's Content-Security-Policy. Failed requests do not count.
    ///
    /// # Panics
    /// If the query fails.
    pub fn complaints(&self) -> Vec<String> {
        let path = format!("/session/{}/se/log", self.session);
        let headers = [("Content-Type", "application/json")];
        let body = json!({ "type": "browser" }).to_string();
        let answer = exchange(self.driver.address(), "POST", &path, &headers, &body).unwrap();
        let mut answer: Value = serde_json::from_str(&answer.body).unwrap();
        let entries = answer.get_mut("value").unwrap().as_array_mut().unwrap();
        entries.retain(|entry| entry.get("source") != Some(&json!("network")));
        entries.iter().map(Value::to_string).collect()
    }

    fn find(&self, what: &str, name: &str) -> Element {
        const PLACE: &str = "
            const { x, y, width, height } = arguments[0].getBoundingClientRect();
            return [x, y, width, height];";
        let (mut found, mut place) = (Value::Null, Value::Null);
        self.wait(name, || {
            found = self.ask(FIND, vec![json!(what), json!(name)]);
            if found.is_null() {
                return false;
            }
            // Wait for animations: an element that unfolds or slides in is
            // ready when it stops moving.
            let now = self.ask(PLACE, vec![found.clone()]);
            now == std::mem::replace(&mut place, now.clone())
        });
        // An object with a single member, whose name the standard defines.
        let id = found.as_object().unwrap().values().find_map(Value::as_str).unwrap();
        Element::from_element_id(self.client().clone(), id.to_owned().into())
    }

    fn ask(&self, script: &str, arguments: Vec<Value>) -> Value {
        self.runtime.block_on(self.client().execute(script, arguments)).unwrap()
    }

    fn wait(&self, what: &str, mut is_there: impl FnMut() -> bool) {
        let deadline = Instant::now() + HANG;
        while !is_there() {
            if Instant::now() > deadline {
                self.screenshot("failed");
                let seen = self.value("document.body.innerText");
                panic!(
                    "timed out waiting for {what:?} (screenshots/failed.png); the page:\n{seen}"
                );
            }
            thread::sleep(Duration::from_millis(20));
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if let Some(client) = self.client.take() {
            // The driver stops the browser anyway.
            let _ = self.runtime.block_on(client.close());
        }
    }
}

fn capabilities(screen: Screen) -> Value {
    let size = if screen == Screen::Phone { "360,740" } else { "1360,900" };
    let mut arguments = vec![
        "--headless=new".to_owned(),
        // Chromium's own sandbox does not work for root, nor in most
        // containers.
        "--no-sandbox".to_owned(),
        "--disable-gpu".to_owned(),
        "--disable-dev-shm-usage".to_owned(),
        format!("--window-size={size}"),
    ];
    if screen == Screen::Dark {
        arguments.push("--force-dark-mode".to_owned());
    }
    let emulation = (screen == Screen::Phone)
        .then(|| json!({ "deviceMetrics": { "width": 360, "height": 740, "pixelRatio": 2 } }));
    let mut options = serde_json::Map::new();
    options.insert("binary".to_owned(), json!(installed("chromium")));
    options.insert("args".to_owned(), json!(arguments));
    options.extend(emulation.map(|emulation| ("mobileEmulation".to_owned(), emulation)));
    json!({
        "browserName": "chrome",
        "goog:chromeOptions": options,
        "goog:loggingPrefs": { "browser": "WARNING" },
    })
}

/// The path of a program installed from Debian.
fn installed(name: &str) -> PathBuf {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    let found = std::env::split_paths(&paths).map(|path| path.join(name)).find(|at| at.is_file());
    found.unwrap_or_else(|| {
        panic!("{name} is missing; install it with `make test` or `tests/browser/install.sh`")
    })
}
