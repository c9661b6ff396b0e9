//! NATS: the server as Debian has it, `connector worker` beside it, and a
//! caller.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use async_nats::jetstream::context::Context;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::object_store::ObjectMetadata;
use async_nats::{Client, ConnectOptions};
use futures_util::StreamExt;
use openai_sandbox::Sandbox;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::runtime::Runtime;

use crate::process::Process;
use crate::server::kept;
use crate::{CANARY, HANG, command, ran, target_dir};

/// Between two looks.
const LOOK: Duration = Duration::from_millis(10);

/// A program that ends with the test that started it.
struct Kept(Child);

impl Kept {
    fn signal(&self, name: &str) {
        let mut keeper = self.0.stdin.as_ref().unwrap();
        writeln!(keeper, "{name}").unwrap();
    }

    /// Waits for its end.
    fn wait(&mut self) {
        until("a program ends", || self.0.try_wait().unwrap());
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It may have ended by itself.
        let _ = self.0.wait();
    }
}

/// Waits until there is something.
///
/// # Panics
/// If there is nothing for so long that it hangs.
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + HANG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "it does not come about that {what}");
        thread::sleep(LOOK);
    }
}

/// A running server with nothing in it.
pub struct Nats {
    server: Kept,
    port: u16,
    folder: TempDir,
}

impl Nats {
    /// Starts a server on a free port.
    ///
    /// # Panics
    /// If it is not there or does not start.
    pub fn start() -> Self {
        Self::with("")
    }

    /// The same with more in its configuration.
    ///
    /// # Panics
    /// If it is not there or does not start.
    pub fn with(configuration: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let store = folder.path().join("store");
        let configuration = format!("jetstream {{ store_dir: {store:?} }}\n{configuration}\n");
        fs::write(folder.path().join("nats.conf"), configuration).unwrap();
        let server = serve(folder.path(), -1);
        // It makes the file when it listens.
        let port = until("NATS says where it listens", || {
            let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
            let file =
                names.into_iter().find(|name| name.extension().is_some_and(|e| e == "ports"));
            let ports: Value = serde_json::from_str(&fs::read_to_string(file?).ok()?).ok()?;
            ports.pointer("/nats/0")?.as_str()?.rsplit(':').next()?.parse().ok()
        });
        Self { server, port, folder }
    }

    /// Where it is.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its process.
    ///
    /// # Panics
    /// If it does not run.
    pub fn process(&self) -> Process {
        Process::child_of(self.server.0.id(), Path::new("nats-server"))
    }

    /// Where its files are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it, and starts it again with what it has on disk.
    ///
    /// # Panics
    /// If it does not start.
    pub fn restart(&mut self) {
        self.server.signal("KILL");
        self.server.wait();
        self.server = serve(self.folder.path(), i32::from(self.port));
        until("NATS listens again", || TcpStream::connect(("127.0.0.1", self.port)).ok());
    }
}

fn serve(folder: &Path, port: i32) -> Kept {
    let places = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];
    let program = places.iter().map(Path::new).find(|place| place.is_file());
    let program = program.unwrap_or_else(|| panic!("no nats-server; see tests/nats/install.sh"));
    let mut command = kept(program);
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
    command.arg("--config").arg(folder.join("nats.conf"));
    command.arg("--ports_file_dir").arg(folder);
    command.arg("--log").arg(folder.join("log")).stdout(Stdio::null()).stderr(Stdio::null());
    Kept(command.spawn().unwrap())
}

/// A running worker. Dropping it kills it.
pub struct Worker {
    program: Kept,
    id: String,
    log: PathBuf,
}

impl Worker {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Ends it wherever it is.
    ///
    /// # Panics
    /// If it cannot be ended.
    pub fn kill(mut self) {
        self.program.signal("KILL");
        self.program.wait();
    }

    /// Tells it to stop.
    ///
    /// # Panics
    /// If it cannot be told.
    pub fn terminate(&self) {
        self.program.signal("TERM");
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// If it does not end.
    pub fn wait(&mut self) {
        self.program.wait();
    }

    /// Its process.
    ///
    /// # Panics
    /// If it does not run.
    pub fn process(&self) -> Process {
        Process::child_of(self.program.0.id(), Path::new("connector"))
    }

    /// What it has logged.
    ///
    /// # Panics
    /// If that cannot be read.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

/// A server, what workers need to work for it, and a caller. Workers have a
/// connection `sandbox`.
pub struct Fleet {
    /// The server.
    pub nats: Nats,
    /// The provider.
    pub sandbox: Sandbox,
    /// Where the workers store connections.
    data: TempDir,
}

impl Fleet {
    /// A server and a sandbox, and no worker yet.
    ///
    /// # Panics
    /// If something cannot be started.
    pub fn new(nats: Nats, sandbox: Sandbox) -> Self {
        let fleet = Self { nats, sandbox, data: TempDir::new().unwrap() };
        fleet.store("sandbox", &fleet.sandbox.base_url());
        fleet
    }

    /// Stores a connection.
    ///
    /// # Panics
    /// If that does not work.
    pub fn store(&self, name: &str, base_url: &str) {
        let token = self.data.path().join("token");
        fs::write(&token, CANARY).unwrap();
        let mut add = command(None);
        add.args(["connection", "add", "openai", "--name", name]);
        add.args(["--set", &format!("baseUrl={base_url}")]);
        add.arg("--secret-file").arg(format!("token={}", token.display()));
        let added = ran(add.arg("--data-dir").arg(self.data.path().join("data")));
        assert_eq!(added.status, 0, "{}", added.stderr);
    }

    /// Starts a worker that takes over what is silent for two seconds.
    ///
    /// # Panics
    /// If it does not start.
    pub fn worker(&self, arguments: &[&str]) -> Worker {
        self.worker_with(arguments, &[])
    }

    /// The same in another environment.
    ///
    /// # Panics
    /// If it does not start.
    pub fn worker_with(&self, arguments: &[&str], environment: &[(&str, &str)]) -> Worker {
        let mut command = kept(&target_dir().join("release/connector"));
        command.args(["worker", "--allow-private-addresses", "--ack-wait", "2s"]);
        if !arguments.contains(&"--nats") {
            command.args(["--nats", &self.nats.url()]);
        }
        command.args(arguments).arg("--data-dir").arg(self.data.path().join("data"));
        command.env("CONNECTOR_COMPONENTS", target_dir().join("components"));
        command.env("XDG_CACHE_HOME", target_dir().join("test-cache"));
        command.env("RUST_LOG", "connector=debug").envs(environment.iter().copied());
        let count = fs::read_dir(self.data.path()).unwrap().count();
        let log = self.data.path().join(format!("log-{count}"));
        command.stdout(Stdio::piped()).stderr(fs::File::create(&log).unwrap());
        let mut program = Kept(command.spawn().unwrap());
        let mut line = String::new();
        BufReader::new(program.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let id = line.split_once(" works on ").map(|(id, _)| id.to_owned());
        let id = id.unwrap_or_else(|| {
            panic!("the worker said {line:?} first: {}", fs::read_to_string(&log).unwrap())
        });
        Worker { program, id, log }
    }

    /// Files that workers have on their disks for runs.
    ///
    /// # Panics
    /// If the folder cannot be read.
    pub fn files(&self) -> usize {
        let folder = self.data.path().join("data/worker");
        fs::read_dir(folder).map_or(0, Iterator::count)
    }

    /// A caller.
    ///
    /// # Panics
    /// If it does not reach the server.
    pub fn caller(&self) -> Caller {
        Caller::new(&self.nats.url(), ConnectOptions::new())
    }

    /// How often an Ask with this text was asked.
    pub fn asked(&self, text: &str) -> usize {
        let requests = self.sandbox.requests();
        let bodies = requests.iter().filter_map(|request| request.json());
        let content =
            |body: &Value| body.pointer("/messages/0/content")?.as_str().map(str::to_owned);
        bodies.filter(|body| content(body).as_deref() == Some(text)).count()
    }
}

/// A run of Ask.
pub fn ask(text: &str) -> Value {
    json!({
        "action": "openai/v1/ask",
        "connection": "sandbox",
        "input": { "messages": [{ "role": "user", "content": text }] },
    })
}

/// A program that has runs made: what it hears it remembers.
pub struct Caller {
    runtime: Runtime,
    client: Client,
    context: Context,
    heard: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Caller {
    /// A caller that listens to everything.
    ///
    /// # Panics
    /// If it does not reach the server.
    pub fn new(url: &str, options: ConnectOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (client, context) = runtime.block_on(async {
            let client = options.connect(url).await.unwrap();
            for subject in ["connector.replies.>", "connector.events.>"] {
                let mut told = client.subscribe(subject).await.unwrap();
                let heard = Arc::clone(&heard);
                tokio::spawn(async move {
                    while let Some(message) = told.next().await {
                        let said = serde_json::from_slice(&message.payload).unwrap();
                        heard.lock().unwrap().push((message.subject.to_string(), said));
                    }
                });
            }
            client.flush().await.unwrap();
            let context = async_nats::jetstream::new(client.clone());
            (client, context)
        });
        Self { runtime, client, context, heard }
    }

    /// JetStream, for what only one test needs.
    pub fn jetstream(&self) -> &Context {
        &self.context
    }

    /// Waits for a future.
    pub fn wait_for<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Publishes a run; says whether the queue took it for one that it has.
    ///
    /// # Panics
    /// If the queue does not take it.
    pub fn publish(&self, id: &str, run: &Value) -> bool {
        self.publish_raw(PublishMessage::build().message_id(id).payload(run.to_string().into()))
    }

    /// Publishes many runs, without waiting for each.
    ///
    /// # Panics
    /// If the queue does not take them.
    pub fn publish_all(&self, runs: &[(String, Value)]) {
        self.wait_for(async {
            for some in runs.chunks(500) {
                let mut sent = Vec::new();
                for (id, run) in some {
                    let message = PublishMessage::build().message_id(id);
                    let message = message.payload(run.to_string().into());
                    sent.push(self.context.send_publish("connector.runs", message).await.unwrap());
                }
                for ack in sent {
                    ack.await.unwrap();
                }
            }
        });
    }

    /// Publishes anything.
    ///
    /// # Panics
    /// If the queue does not take it.
    pub fn publish_raw(&self, message: PublishMessage) -> bool {
        self.wait_for(async {
            let sent = self.context.send_publish("connector.runs", message).await.unwrap();
            sent.await.unwrap().duplicate
        })
    }

    /// What was heard on a subject.
    ///
    /// # Panics
    /// Never.
    pub fn heard(&self, subject: &str) -> Vec<Value> {
        let heard = self.heard.lock().unwrap();
        let here = heard.iter().filter(|(on, _)| on == subject);
        here.map(|(_, said)| said.clone()).collect()
    }

    /// All replies, by id.
    ///
    /// # Panics
    /// Never.
    pub fn replies(&self) -> Vec<(String, Value)> {
        let heard = self.heard.lock().unwrap();
        let reply = |(on, said): &(String, Value)| {
            Some((on.strip_prefix("connector.replies.")?.to_owned(), said.clone()))
        };
        heard.iter().filter_map(reply).collect()
    }

    /// Waits for a run's reply.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn reply(&self, id: &str) -> Value {
        let subject = format!("connector.replies.{id}");
        until(&format!("{id} is replied to"), || self.heard(&subject).pop())
    }

    /// Has a run made.
    ///
    /// # Panics
    /// If it does not end.
    #[track_caller]
    pub fn run(&self, id: &str, run: &Value) -> Value {
        assert!(!self.publish(id, run), "{id} is there already");
        self.reply(id)
    }

    /// The outcome that is kept of a run.
    ///
    /// # Panics
    /// If there is no bucket.
    pub fn kept(&self, id: &str) -> Option<Value> {
        self.wait_for(async {
            let bucket = self.context.get_key_value("connector-outcomes").await.unwrap();
            let value = bucket.get(id).await.unwrap()?;
            Some(serde_json::from_slice(&value).unwrap())
        })
    }

    /// Waits for a message among the dead.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn dead(&self, id: &str) -> Value {
        let subject = format!("connector.dead.{id}");
        until(&format!("{id} is dead"), || {
            self.wait_for(async {
                let stream = self.context.get_stream("connector-dead").await.unwrap();
                let found = stream.get_last_raw_message_by_subject(&subject).await.ok()?;
                Some(serde_json::from_slice(&found.payload).unwrap())
            })
        })
    }

    /// How many messages a stream holds.
    ///
    /// # Panics
    /// If there is no such stream.
    pub fn messages(&self, stream: &str) -> u64 {
        self.wait_for(async {
            let mut stream = self.context.get_stream(stream).await.unwrap();
            stream.info().await.unwrap().state.messages
        })
    }

    /// How many bytes a stream holds.
    ///
    /// # Panics
    /// If there is no such stream.
    pub fn bytes(&self, stream: &str) -> u64 {
        self.wait_for(async {
            let mut stream = self.context.get_stream(stream).await.unwrap();
            stream.info().await.unwrap().state.bytes
        })
    }

    /// Waits until no run is left, begun or not.
    ///
    /// # Panics
    /// If that does not happen.
    #[track_caller]
    pub fn is_done(&self) {
        for stream in ["connector-runs", "connector-begun"] {
            until(&format!("{stream} is empty"), || (self.messages(stream) == 0).then_some(()));
        }
    }

    /// Puts a file into the Object Store; gives its handle.
    ///
    /// # Panics
    /// If that does not work.
    pub fn put(&self, name: &str, content: &[u8]) -> Value {
        self.wait_for(async {
            let bucket = self.context.get_object_store("connector-files").await.unwrap();
            let object = ObjectMetadata { name: name.to_owned(), ..ObjectMetadata::default() };
            bucket.put(object, &mut { content }).await.unwrap();
        });
        json!({ "url": format!("nats://connector-files/{name}") })
    }

    /// Gets the file that a handle names.
    ///
    /// # Panics
    /// If it is not there.
    pub fn get(&self, url: &Value) -> Vec<u8> {
        let name = url.as_str().unwrap().strip_prefix("nats://connector-files/").unwrap();
        self.wait_for(async {
            let bucket = self.context.get_object_store("connector-files").await.unwrap();
            let mut content = Vec::new();
            bucket.get(name).await.unwrap().read_to_end(&mut content).await.unwrap();
            content
        })
    }

    /// The connection itself.
    pub fn client(&self) -> &Client {
        &self.client
    }
}
