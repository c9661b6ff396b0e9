//! NATS: the server from Debian, `connector worker`, and a caller.

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

/// The polling interval.
const POLL_INTERVAL: Duration = Duration::from_millis(10);

/// A program that is killed with the test that started it.
struct KillOnDrop(Child);

impl KillOnDrop {
    fn signal(&self, name: &str) {
        let mut keeper = self.0.stdin.as_ref().unwrap();
        writeln!(keeper, "{name}").unwrap();
    }

    /// Waits until it exits.
    fn wait(&mut self) {
        until("a program ends", || self.0.try_wait().unwrap());
    }
}

impl Drop for KillOnDrop {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        // It may have exited on its own.
        let _ = self.0.wait();
    }
}

/// Waits until a value is available.
///
/// # Panics
/// If that takes longer than [`HANG`].
#[track_caller]
pub fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let deadline = Instant::now() + HANG;
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(Instant::now() < deadline, "timed out waiting until {what}");
        thread::sleep(POLL_INTERVAL);
    }
}

/// A running server without data.
pub struct Nats {
    server: KillOnDrop,
    port: u16,
    folder: TempDir,
}

impl Nats {
    /// Starts a server on a free port.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub fn start() -> Self {
        Self::with("")
    }

    /// Like [`Nats::start`], with additional configuration.
    ///
    /// # Panics
    /// If it is not installed or does not start.
    pub fn with(configuration: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let store = folder.path().join("store");
        let configuration = format!("jetstream {{ store_dir: {store:?} }}\n{configuration}\n");
        fs::write(folder.path().join("nats.conf"), configuration).unwrap();
        let server = serve(folder.path(), -1);
        // The server creates the file when it listens.
        let port = until("NATS reports its port", || {
            let names = fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path());
            let file =
                names.into_iter().find(|name| name.extension().is_some_and(|e| e == "ports"));
            let ports: Value = serde_json::from_str(&fs::read_to_string(file?).ok()?).ok()?;
            ports.pointer("/nats/0")?.as_str()?.rsplit(':').next()?.parse().ok()
        });
        Self { server, port, folder }
    }

    /// Its URL.
    pub fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port)
    }

    /// Its process.
    ///
    /// # Panics
    /// If it is not running.
    pub fn process(&self) -> Process {
        Process::child_of(self.server.0.id(), Path::new("nats-server"))
    }

    /// The folder with its files.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it, and restarts it with the data on disk.
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

fn serve(folder: &Path, port: i32) -> KillOnDrop {
    let paths = ["/usr/sbin/nats-server", "/usr/bin/nats-server", "/usr/local/bin/nats-server"];
    let program = paths.iter().map(Path::new).find(|path| path.is_file());
    let program = program.unwrap_or_else(|| panic!("no nats-server; see tests/nats/install.sh"));
    let mut command = kept(program);
    command.args(["--addr", "127.0.0.1", "--port", &port.to_string()]);
    command.arg("--config").arg(folder.join("nats.conf"));
    command.arg("--ports_file_dir").arg(folder);
    command.arg("--log").arg(folder.join("log")).stdout(Stdio::null()).stderr(Stdio::null());
    KillOnDrop(command.spawn().unwrap())
}

/// A running worker. It is killed when dropped.
pub struct Worker {
    program: KillOnDrop,
    id: String,
    log: PathBuf,
}

impl Worker {
    /// Its id.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Kills it, whatever it is doing.
    ///
    /// # Panics
    /// If it cannot be killed.
    pub fn kill(mut self) {
        self.program.signal("KILL");
        self.program.wait();
    }

    /// Asks it to stop.
    ///
    /// # Panics
    /// If it cannot be signalled.
    pub fn terminate(&self) {
        self.program.signal("TERM");
    }

    /// Waits until it exits.
    ///
    /// # Panics
    /// If it does not exit.
    pub fn wait(&mut self) {
        self.program.wait();
    }

    /// Its process.
    ///
    /// # Panics
    /// If it is not running.
    pub fn process(&self) -> Process {
        Process::child_of(self.program.0.id(), Path::new("connector"))
    }

    /// Its log.
    ///
    /// # Panics
    /// If the log cannot be read.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }
}

/// A server, everything that workers need, and a caller. The workers have a
/// connection named `sandbox`.
pub struct Fleet {
    /// The server.
    pub nats: Nats,
    /// The provider.
    pub sandbox: Sandbox,
    /// The folder with the workers' stored connections.
    data: TempDir,
}

impl Fleet {
    /// Creates a server and a sandbox, without workers.
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
    /// If that fails.
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

    /// Starts a worker that takes over runs after two seconds without a
    /// heartbeat.
    ///
    /// # Panics
    /// If it does not start.
    pub fn worker(&self, arguments: &[&str]) -> Worker {
        self.worker_with(arguments, &[])
    }

    /// Like [`Fleet::worker`], with additional environment variables.
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
        let mut program = KillOnDrop(command.spawn().unwrap());
        let mut line = String::new();
        BufReader::new(program.0.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let id = line.split_once(" connected to ").map(|(id, _)| id.to_owned());
        let id = id.unwrap_or_else(|| {
            panic!(
                "unexpected first line of the worker: {line:?}: {}",
                fs::read_to_string(&log).unwrap()
            )
        });
        Worker { program, id, log }
    }

    /// The number of files that workers keep on disk for runs.
    ///
    /// # Panics
    /// If the folder cannot be read.
    pub fn files(&self) -> usize {
        let folder = self.data.path().join("data/worker");
        fs::read_dir(folder).map_or(0, Iterator::count)
    }

    /// Creates a caller.
    ///
    /// # Panics
    /// If it cannot connect to the server.
    pub fn caller(&self) -> Caller {
        Caller::new(&self.nats.url(), ConnectOptions::new())
    }

    /// The number of requests that contain this text.
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

/// A program that requests runs, and remembers every message it receives.
pub struct Caller {
    runtime: Runtime,
    client: Client,
    context: Context,
    received: Arc<Mutex<Vec<(String, Value)>>>,
}

impl Caller {
    /// A caller that subscribes to everything.
    ///
    /// # Panics
    /// If it cannot connect to the server.
    pub fn new(url: &str, options: ConnectOptions) -> Self {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let received = Arc::new(Mutex::new(Vec::new()));
        let (client, context) = runtime.block_on(async {
            let client = options.connect(url).await.unwrap();
            for subject in ["connector.replies.>", "connector.events.>"] {
                let mut subscription = client.subscribe(subject).await.unwrap();
                let received = Arc::clone(&received);
                tokio::spawn(async move {
                    while let Some(message) = subscription.next().await {
                        let payload = serde_json::from_slice(&message.payload).unwrap();
                        received.lock().unwrap().push((message.subject.to_string(), payload));
                    }
                });
            }
            client.flush().await.unwrap();
            let context = async_nats::jetstream::new(client.clone());
            (client, context)
        });
        Self { runtime, client, context, received }
    }

    /// JetStream, for special cases.
    pub fn jetstream(&self) -> &Context {
        &self.context
    }

    /// Waits for a future.
    pub fn wait_for<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    /// Publishes a run; returns whether the queue recognized it as a duplicate.
    ///
    /// # Panics
    /// If the queue rejects it.
    pub fn publish(&self, id: &str, run: &Value) -> bool {
        self.publish_raw(PublishMessage::build().message_id(id).payload(run.to_string().into()))
    }

    /// Publishes many runs, without waiting for each.
    ///
    /// # Panics
    /// If the queue rejects one.
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

    /// Publishes any message; returns whether the queue recognized it as a
    /// duplicate.
    ///
    /// # Panics
    /// If the queue rejects it.
    pub fn publish_raw(&self, message: PublishMessage) -> bool {
        self.wait_for(async {
            let sent = self.context.send_publish("connector.runs", message).await.unwrap();
            sent.await.unwrap().duplicate
        })
    }

    /// The messages received on a subject.
    ///
    /// # Panics
    /// Never.
    pub fn received(&self, subject: &str) -> Vec<Value> {
        let received = self.received.lock().unwrap();
        let here = received.iter().filter(|(on, _)| on == subject);
        here.map(|(_, payload)| payload.clone()).collect()
    }

    /// All replies, by id.
    ///
    /// # Panics
    /// Never.
    pub fn replies(&self) -> Vec<(String, Value)> {
        let received = self.received.lock().unwrap();
        let reply = |(on, payload): &(String, Value)| {
            Some((on.strip_prefix("connector.replies.")?.to_owned(), payload.clone()))
        };
        received.iter().filter_map(reply).collect()
    }

    /// Waits for a run's reply.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn reply(&self, id: &str) -> Value {
        let subject = format!("connector.replies.{id}");
        until(&format!("the reply to {id} arrives"), || self.received(&subject).pop())
    }

    /// Publishes a run and waits for its reply.
    ///
    /// # Panics
    /// If the run does not end.
    #[track_caller]
    pub fn run(&self, id: &str, run: &Value) -> Value {
        assert!(!self.publish(id, run), "{id} already exists");
        self.reply(id)
    }

    /// The stored outcome of a run.
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

    /// Waits for a dead letter.
    ///
    /// # Panics
    /// If there is none.
    #[track_caller]
    pub fn dead(&self, id: &str) -> Value {
        let subject = format!("connector.dead.{id}");
        until(&format!("there is a dead letter for {id}"), || {
            self.wait_for(async {
                let stream = self.context.get_stream("connector-dead").await.unwrap();
                let found = stream.get_last_raw_message_by_subject(&subject).await.ok()?;
                Some(serde_json::from_slice(&found.payload).unwrap())
            })
        })
    }

    /// The number of messages in a stream.
    ///
    /// # Panics
    /// If there is no such stream.
    pub fn messages(&self, stream: &str) -> u64 {
        self.wait_for(async {
            let mut stream = self.context.get_stream(stream).await.unwrap();
            stream.info().await.unwrap().state.messages
        })
    }

    /// The number of bytes in a stream.
    ///
    /// # Panics
    /// If there is no such stream.
    pub fn bytes(&self, stream: &str) -> u64 {
        self.wait_for(async {
            let mut stream = self.context.get_stream(stream).await.unwrap();
            stream.info().await.unwrap().state.bytes
        })
    }

    /// Waits until no run is left, started or not.
    ///
    /// # Panics
    /// If that never happens.
    #[track_caller]
    pub fn wait_until_done(&self) {
        for stream in ["connector-runs", "connector-begun"] {
            until(&format!("{stream} is empty"), || (self.messages(stream) == 0).then_some(()));
        }
    }

    /// Puts a file into the Object Store; returns its handle.
    ///
    /// # Panics
    /// If that fails.
    pub fn put(&self, name: &str, content: &[u8]) -> Value {
        self.wait_for(async {
            let bucket = self.context.get_object_store("connector-files").await.unwrap();
            let object = ObjectMetadata { name: name.to_owned(), ..ObjectMetadata::default() };
            bucket.put(object, &mut { content }).await.unwrap();
        });
        json!({ "url": format!("nats://connector-files/{name}") })
    }

    /// Returns the content of the file that a handle names.
    ///
    /// # Panics
    /// If it does not exist.
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
