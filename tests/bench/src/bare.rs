//! The component in wasmtime alone, with HTTP stubbed: the cost of isolation.

#[allow(missing_docs, clippy::all, unused_qualifications, reason = "generated code")]
mod bindings {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "connector",
        imports: { default: trappable },
        with: {
            "workflow:connector/files.file": super::NoFile,
            "workflow:connector/http.response": super::Answer,
        },
    });
}

use bindings::workflow::connector::types::{Failure, FileEntry};
use bindings::workflow::connector::{
    events, files, functions, http, json_schema, lifecycle, log, types,
};
use bindings::{Connector, ConnectorPre};
use serde_json::json;
use wasmtime::component::{Component, HasSelf, Linker, Resource, ResourceTable};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Result, Store,
};

/// The state behind the stubbed imports.
#[derive(Default)]
pub struct Stub {
    answers: ResourceTable,
}

/// The only response of the provider.
pub struct Answer;

/// A file; none is ever created.
pub enum NoFile {}

const COMPLETION: &str = r#"{"id":"chatcmpl-1","object":"chat.completion","created":1795305600,"model":"gpt-5.4-2026-03-05","choices":[{"index":0,"message":{"role":"assistant","content":"2 + 2 = 4.","refusal":null,"annotations":[]},"logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":14,"completion_tokens":10,"total_tokens":24}}"#;

/// The result of a function of the contract.
type Outcome<T, E> = std::result::Result<T, E>;

fn unexpected<T>() -> Result<T> {
    Err(wasmtime::Error::msg("Ask was not expected to call this"))
}

impl types::Host for Stub {}

impl events::Host for Stub {
    fn streaming(&mut self) -> Result<bool> {
        Ok(false)
    }

    fn emit(&mut self, _: events::Event) -> Result<Outcome<(), lifecycle::StopReason>> {
        unexpected()
    }
}

impl lifecycle::Host for Stub {
    fn wait(&mut self, _: u64) -> Result<Outcome<(), lifecycle::StopReason>> {
        unexpected()
    }

    fn clean_up(&mut self) -> Result<u64> {
        unexpected()
    }
}

impl files::Host for Stub {
    fn open(&mut self, _: FileEntry) -> Result<Outcome<Resource<NoFile>, Failure>> {
        unexpected()
    }

    fn create(&mut self, _: String, _: String, _: Vec<u8>) -> Result<Outcome<FileEntry, Failure>> {
        unexpected()
    }
}

impl files::HostFile for Stub {
    fn entry(&mut self, _: Resource<NoFile>) -> Result<FileEntry> {
        unexpected()
    }

    fn size(&mut self, _: Resource<NoFile>) -> Result<u64> {
        unexpected()
    }

    fn read(&mut self, _: Resource<NoFile>, _: u64, _: u32) -> Result<Outcome<Vec<u8>, Failure>> {
        unexpected()
    }

    fn drop(&mut self, _: Resource<NoFile>) -> Result<()> {
        unexpected()
    }
}

impl functions::Host for Stub {
    fn describe(&mut self, _: Vec<String>) -> Result<Outcome<Vec<functions::Function>, Failure>> {
        unexpected()
    }

    fn call(&mut self, _: Vec<functions::Invocation>) -> Result<Vec<Outcome<String, Failure>>> {
        unexpected()
    }
}

impl json_schema::Host for Stub {
    fn validate(&mut self, _: String, _: String) -> Result<Outcome<(), json_schema::Invalid>> {
        unexpected()
    }
}

impl log::Host for Stub {
    fn write(&mut self, _: log::Level, _: String) -> Result<()> {
        unexpected()
    }
}

impl http::Host for Stub {
    fn send(&mut self, _: http::Request) -> Result<Outcome<Resource<Answer>, Failure>> {
        Ok(Ok(self.answers.push(Answer)?))
    }
}

impl http::HostResponse for Stub {
    fn status(&mut self, _: Resource<Answer>) -> Result<u16> {
        Ok(200)
    }

    fn header(&mut self, _: Resource<Answer>, _: String) -> Result<Option<String>> {
        Ok(None)
    }

    fn read(&mut self, _: Resource<Answer>, _: u32) -> Result<Outcome<Option<Vec<u8>>, Failure>> {
        unexpected()
    }

    fn text(&mut self, _: Resource<Answer>) -> Result<Outcome<String, Failure>> {
        Ok(Ok(COMPLETION.to_owned()))
    }

    fn json(
        &mut self,
        _: Resource<Answer>,
        _: Option<http::EmbeddedFiles>,
    ) -> Result<Outcome<String, Failure>> {
        Ok(Ok(COMPLETION.to_owned()))
    }

    fn next_event(
        &mut self,
        _: Resource<Answer>,
        _: Option<http::EmbeddedFiles>,
    ) -> Result<Outcome<Option<http::ServerSentEvent>, Failure>> {
        unexpected()
    }

    fn save(
        &mut self,
        _: Resource<Answer>,
        _: String,
        _: String,
    ) -> Result<Outcome<FileEntry, Failure>> {
        unexpected()
    }

    fn drop(&mut self, answer: Resource<Answer>) -> Result<()> {
        self.answers.delete(answer)?;
        Ok(())
    }
}

/// The component, compiled.
pub struct Bare {
    pre: ConnectorPre<Stub>,
}

impl Bare {
    /// Compiles the component.
    ///
    /// # Panics
    /// If it cannot be compiled.
    pub fn new(wasm: &[u8]) -> Self {
        let engine = engine();
        let component = Component::from_binary(&engine, wasm).unwrap();
        Self::of(&engine, &component)
    }

    /// Uses a compiled component.
    ///
    /// # Panics
    /// If it has other imports.
    pub fn of(engine: &Engine, component: &Component) -> Self {
        let mut linker = Linker::new(engine);
        Connector::add_to_linker::<_, HasSelf<_>>(&mut linker, |stub: &mut Stub| stub).unwrap();
        Self { pre: ConnectorPre::new(linker.instantiate_pre(component).unwrap()).unwrap() }
    }

    fn store(&self) -> Store<Stub> {
        let mut store = Store::new(self.pre.engine(), Stub::default());
        store.set_epoch_deadline(u64::MAX / 2);
        store
    }

    /// Creates a fresh instance.
    ///
    /// # Panics
    /// If it cannot be created.
    pub fn instantiate(&self) -> Connector {
        self.pre.instantiate(self.store()).unwrap()
    }

    /// Runs an Ask in a fresh instance; the answer is immediate.
    ///
    /// # Panics
    /// If the answer is wrong.
    pub fn ask(&self, input: &Input) {
        let mut store = self.store();
        let connector = self.pre.instantiate(&mut store).unwrap();
        let actions = connector.workflow_connector_actions();
        let outcome = actions.call_run(&mut store, "ask", &input.0, &input.1).unwrap().unwrap();
        assert_eq!(outcome.output, r#""2 + 2 = 4.""#);
    }
}

/// The input and the connection's settings, as the host passes them.
pub struct Input(String, String);

/// An Ask with this many messages.
pub fn input(messages: usize) -> Input {
    let message = json!({ "role": "user", "content": "What is 2 + 2?" });
    let input = json!({ "model": "gpt-5.4", "messages": vec![message; messages] });
    Input(input.to_string(), "{}".to_owned())
}

/// Creates an engine with the host's settings.
///
/// # Panics
/// If it cannot be created.
pub fn engine() -> Engine {
    let mut pool = PoolingAllocationConfig::new();
    pool.max_memory_size(64 << 20)
        .linear_memory_keep_resident(256 << 10)
        .table_keep_resident(256 << 10)
        .pagemap_scan(Enabled::Auto);
    let mut config = Config::new();
    config
        .concurrency_support(false)
        .epoch_interruption(true)
        .allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config).unwrap()
}
