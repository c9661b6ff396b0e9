//! The command's arguments. Their doc comments are the help text.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use connector_host::{
    AddressPolicy, Authorities, AuthoritiesError, BaseUrl, Host, HostError, HostOptions,
};

use connector_serve::Listen;
use connector_store::approval::is_of_host;

use super::components::Grants;
#[cfg(feature = "mcp")]
use super::mcp::McpArgs;
use super::new::Language;
#[cfg(feature = "worker")]
use super::worker::WorkerArgs;

/// Runs connectors: WebAssembly components that offer the actions of a service
///
/// A connector is given by its name (`openai`) or by the path of its file
/// (`./openai.wasm`). Names are looked up in the folder $CONNECTOR_COMPONENTS, or
/// if that is not set, in the user's data folder and in `../components`, relative
/// to this program. An action is given by its address: `openai/v1/ask`.
///
/// The connection is read from the environment variables that the connector
/// declares (`connector docs openai` lists them), or stored with `connector
/// connection add` and selected with --connection. A token is never an argument.
#[derive(Debug, Parser)]
#[command(name = "connector", version, max_term_width = 100, after_help = EXIT_STATUS)]
pub struct Cli {
    /// The subcommand
    #[command(subcommand)]
    pub command: Command,
    /// Print lists and failures as JSON
    #[arg(long, global = true)]
    pub json: bool,
}

const EXIT_STATUS: &str = "\
Exit status:
  0  done                        4  refused by the provider
  1  bug in connector or host    5  rate limited, or out of quota
  2  invalid usage or input      6  network, provider unavailable, timeout
  3  not authorized            130  cancelled";

/// The subcommands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Create a folder with a new connector: its source, a test and a README
    ///
    /// It builds with one command, and its tests need neither a provider nor the network. It
    /// includes the SDK's source.
    New {
        /// The name, such as `weather`: lowercase letters, digits and hyphens
        name: String,
        /// The language
        #[arg(long, value_enum, default_value_t = Language::Rust)]
        lang: Language,
    },
    /// List the connectors and their actions
    List,
    /// Show a connector's version, actions, imports, size and hash
    Inspect {
        /// A connector, such as `openai`
        connector: String,
    },
    /// Check a connector and report errors and warnings
    ///
    /// A connector with errors cannot be loaded. Warnings point out what is missing for forms,
    /// documentation or models. Fails if there are errors and, with --strict, if there are
    /// warnings.
    Check {
        /// A connector, such as `./weather.wasm`
        connector: String,
        /// Fail if there are warnings
        #[arg(long)]
        strict: bool,
    },
    /// Print a connector's descriptor: its property tables as JSON
    Describe {
        /// A connector, such as `openai`
        connector: String,
    },
    /// Print the JSON Schema or form description of an action or a connection
    Schema {
        /// An action, such as `openai/v1/ask`; with --connection, a connector
        #[arg(value_name = "ACTION|CONNECTOR")]
        of: String,
        /// Use the connection's properties instead of an action's
        #[arg(long)]
        connection: bool,
        /// The document to print
        #[arg(long, value_enum, default_value_t = Form::Schema)]
        form: Form,
        /// The input that the output depends on, for --form output: a JSON file or `-`
        #[arg(long, value_name = "FILE")]
        input: Option<PathBuf>,
    },
    /// Print the reference page of a connector, an action or a property as Markdown
    Docs {
        /// A connector, such as `openai`, or an action, such as `openai/v1/ask`
        #[arg(value_name = "CONNECTOR|ACTION")]
        of: String,
        /// A property of the action, such as `messages[0].role`, or of the connector's connection
        property: Option<String>,
    },
    /// Test the connection with a cheap authorized request
    Test {
        /// A connector, such as `openai`
        connector: String,
        #[command(flatten)]
        chosen: ConnectionArgs,
        #[command(flatten)]
        tape: TapeArgs,
    },
    /// Print the current values of a property with dynamic options
    ///
    /// Fails if they are not available, for example because the provider refuses the key or
    /// because they depend on a property that is not set.
    Options {
        /// An action, such as `openai/v1/ask`
        action: String,
        /// A property with dynamic options, such as `model`
        property: String,
        /// Only options that contain this text
        #[arg(long)]
        search: Option<String>,
        /// The input so far: a JSON file or `-`
        #[arg(long, value_name = "FILE")]
        input: Option<PathBuf>,
        /// Set a property that the options depend on, such as `project=web`
        #[arg(long, value_name = "PROPERTY=VALUE")]
        set: Vec<String>,
        #[command(flatten)]
        chosen: ConnectionArgs,
        #[command(flatten)]
        tape: TapeArgs,
    },
    /// Run an action and print its output
    Run(RunArgs),
    /// Serve the connectors over HTTP, with a web page that shows their forms
    Serve(ServeArgs),
    /// Offer the actions as Model Context Protocol (MCP) tools
    ///
    /// Uses standard input and output, as MCP clients expect, or, with --listen, streamable HTTP
    /// at `/mcp`.
    #[cfg(feature = "mcp")]
    Mcp(McpArgs),
    /// Process runs from a queue in NATS JetStream, alongside any number of other workers
    ///
    /// A run is a message with an id; its outcome is published once and stored. The first worker
    /// creates the queue and everything else in NATS. A run names a connection that was stored
    /// here with `connector connection add`. docs/workers.md describes the messages.
    #[cfg(feature = "worker")]
    Worker(WorkerArgs),
    /// Manage stored connections, which are encrypted
    ///
    /// They are stored in a folder that only this user can access, encrypted with a key
    /// from a file there or from $CONNECTOR_STORE_KEY (32 bytes in base64).
    #[command(subcommand)]
    Connection(ConnectionCommand),
    /// Approve a connector, so that it can be used by its name
    ///
    /// Shows the permissions that it asks for: where it sends requests, where the credential goes,
    /// which environment variables it reads. Connectors that are listed in a `connectors.lock` next
    /// to them are already approved. Also binds the connections stored for its address to the
    /// origin that it sends them to.
    Trust {
        /// A connector, such as `./weather.wasm`
        connector: String,
        /// Approve it without confirmation
        #[arg(long)]
        yes: bool,
        #[command(flatten)]
        data: DataDirArgs,
    },
    /// Write a `connectors.lock` file to a folder, which approves the connectors in it
    ///
    /// For those who build and ship connectors: users who install the folder do not have to
    /// approve them again.
    Lock {
        /// The folder
        folder: PathBuf,
    },
    /// Compile a component into the cache
    #[command(hide = true)]
    Compile {
        /// Its file
        file: PathBuf,
    },
    /// Write the manual pages of this command into a folder
    #[command(hide = true)]
    Man {
        /// The folder
        folder: PathBuf,
    },
    /// Print completions for a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
}

/// The options for recording and replaying requests.
#[derive(Clone, Debug, clap::Args)]
pub struct TapeArgs {
    /// Record requests and responses in a JSON file, and binary bodies in files next to it
    ///
    /// A recording contains no secrets. Requests made by functions are not recorded.
    #[arg(long, value_name = "FILE", conflicts_with = "replay")]
    pub record: Option<PathBuf>,
    /// Replay a recording instead of sending requests; no secret is needed
    #[arg(long, value_name = "FILE")]
    pub replay: Option<PathBuf>,
}

/// The subcommands of `connection`.
#[derive(Debug, Subcommand)]
pub enum ConnectionCommand {
    /// Store a connection and print its id
    ///
    /// Prompts for its secrets on a terminal. Otherwise reads them from stdin, one per line, or
    /// from files: `connector connection add openai --name work <token.txt`.
    Add(AddConnectionArgs),
    /// List the stored connections
    List {
        #[command(flatten)]
        data: DataDirArgs,
    },
    /// Show a connection, without the values of its secrets
    Show {
        /// The connection's id or name
        #[arg(value_name = "ID|NAME")]
        connection: String,
        #[command(flatten)]
        data: DataDirArgs,
    },
    /// Remove a connection permanently
    Remove {
        /// The connection's id or name
        #[arg(value_name = "ID|NAME")]
        connection: String,
        #[command(flatten)]
        data: DataDirArgs,
    },
    /// Encrypt all connections with a new key
    ///
    /// A new key file replaces the old one. If the key is in
    /// $CONNECTOR_STORE_KEY, the new one must be in $CONNECTOR_NEW_STORE_KEY, which
    /// may also be set to move the key out of its file.
    RotateKey {
        #[command(flatten)]
        data: DataDirArgs,
    },
}

/// The arguments of `connection add`.
#[derive(Debug, clap::Args)]
pub struct AddConnectionArgs {
    /// A connector, such as `openai`
    pub connector: String,
    /// The connection's name, unique within the connector
    #[arg(long)]
    pub name: String,
    /// Set a property that is not a secret, such as `baseUrl=http://127.0.0.1:8080/v1`
    #[arg(long, value_name = "PROPERTY=VALUE")]
    pub set: Vec<String>,
    /// Read a secret from a file, such as `token=token.txt`
    #[arg(long, value_name = "PROPERTY=FILE")]
    pub secret_file: Vec<String>,
    /// Whether private addresses are allowed.
    #[command(flatten)]
    pub private: PrivateAddressArgs,
    /// The folder for connections.
    #[command(flatten)]
    pub data: DataDirArgs,
}

/// The folder for connections.
#[derive(Debug, clap::Args)]
pub struct DataDirArgs {
    /// Where connections are stored [default: a folder in the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
}

/// The connection that a command uses.
#[derive(Debug, clap::Args)]
pub struct ConnectionArgs {
    /// Use a stored connection instead of environment variables
    #[arg(long, value_name = "ID|NAME")]
    pub connection: Option<String>,
    /// Where connections and approvals are stored [default: a folder in the user's data folder]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// The permissions granted to the component.
    #[command(flatten)]
    pub granted: GrantArgs,
    /// The servers that connections may reach.
    #[command(flatten)]
    pub reach: LocalReachArgs,
}

/// The permissions granted to components in addition to approvals.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct GrantArgs {
    /// Let the component read this environment variable; may be given several times
    ///
    /// An approved component can also read the variables in its approval. A component that is run
    /// by its path can read only these.
    #[arg(long, value_name = "NAME", value_parser = variable)]
    pub env: Vec<String>,
    /// Use only the exact files that were approved, not rebuilt ones that ask for the same
    /// permissions
    #[arg(long)]
    pub locked: bool,
}

impl GrantArgs {
    /// Returns these permissions, together with the approvals in this data folder.
    pub fn grants(&self, data_dir: Option<&Path>) -> Grants {
        Grants {
            environment: self.env.iter().cloned().collect(),
            locked: self.locked,
            data_dir: data_dir.map(Path::to_owned),
        }
    }
}

/// Parses the name of a variable that is not reserved for the host.
fn variable(text: &str) -> Result<String, String> {
    if is_of_host(text) {
        return Err("the variable is reserved for the host".to_owned());
    }
    Ok(text.to_owned())
}

/// Whether private addresses are allowed.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub struct PrivateAddressArgs {
    /// Allow private addresses, including over http://, such as your own model server
    ///
    /// For servers on this machine, on the local network and in containers: 127.0.0.0/8,
    /// 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 100.64.0.0/10, ::1, fc00::/7 and fe80::/10. All
    /// addresses of a host such as `ollama` or `studio.local` must be in these ranges. A public
    /// address still requires https://. Without this option, `serve` and `worker` connect only to
    /// public addresses over https://, and the other commands connect to any address over https://
    /// and to this machine over http://.
    #[arg(long, env = "CONNECTOR_ALLOW_PRIVATE_ADDRESSES", value_parser = switch)]
    pub allow_private_addresses: bool,
}

impl PrivateAddressArgs {
    /// Returns the policy for private addresses if they are allowed, otherwise
    /// `policy`.
    pub fn or(self, policy: AddressPolicy) -> AddressPolicy {
        if self.allow_private_addresses { AddressPolicy::PrivateHttp } else { policy }
    }
}

/// The servers that connections may reach.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct ReachArgs {
    /// Whether private addresses are allowed.
    #[command(flatten)]
    pub private: PrivateAddressArgs,
    /// Allow connections only to this server, such as `https://api.openai.com`; may be given
    /// several times
    #[arg(long, value_name = "URL", value_parser = BaseUrl::parse)]
    pub origin: Vec<BaseUrl>,
    /// The certificate authorities that connections trust.
    #[command(flatten)]
    pub trust: AuthorityArgs,
}

/// The servers that the local user's connections may reach.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct LocalReachArgs {
    #[command(flatten)]
    reach: ReachArgs,
    /// Connect only to public addresses over https://, as `serve` does
    #[arg(long, conflicts_with = "allow_private_addresses")]
    public_addresses: bool,
}

impl ReachArgs {
    /// Creates a host for callers that may be on other machines, which allows `runs`
    /// simultaneous runs.
    pub fn host(&self, runs: u32) -> Result<Host, HostError> {
        Host::new(HostOptions {
            // Leaves room for queries from forms while all runs are active.
            concurrent_runs: runs.saturating_add(16),
            ..self.options(AddressPolicy::Public)
        })
    }

    fn options(&self, policy: AddressPolicy) -> HostOptions {
        HostOptions {
            addresses: self.private.or(policy),
            origins: (!self.origin.is_empty()).then(|| self.origin.clone()),
            authorities: self.trust.ca_file.clone(),
            ..HostOptions::default()
        }
    }
}

impl LocalReachArgs {
    /// Returns the options of a host that allows `runs` simultaneous runs.
    pub fn options(&self, runs: u32) -> HostOptions {
        let policy = if self.public_addresses { AddressPolicy::Public } else { AddressPolicy::Any };
        HostOptions { concurrent_runs: runs, ..self.reach.options(policy) }
    }
}

/// The certificate authorities that connections trust in addition to the public
/// ones.
#[derive(Clone, Debug, Default, clap::Args)]
pub struct AuthorityArgs {
    /// Additional certificate authorities to trust, such as your own: a PEM file
    #[arg(long, value_name = "FILE", env = "CONNECTOR_CA_FILE", value_parser = authorities)]
    pub ca_file: Option<Authorities>,
}

impl Command {
    /// Whether the command runs until it is stopped. Such commands log more.
    pub fn is_daemon(&self) -> bool {
        match self {
            Self::Serve(_) => true,
            #[cfg(feature = "worker")]
            Self::Worker(_) => true,
            _ => false,
        }
    }

    /// The host options of a command that is not a daemon.
    pub fn host_options(&self) -> HostOptions {
        match self {
            Self::Test { chosen, .. }
            | Self::Options { chosen, .. }
            | Self::Run(RunArgs { chosen, .. }) => chosen.reach.options(1),
            Self::Connection(ConnectionCommand::Add(add)) => HostOptions {
                concurrent_runs: 1,
                addresses: add.private.or(AddressPolicy::Any),
                ..HostOptions::default()
            },
            _ => HostOptions { concurrent_runs: 1, ..HostOptions::default() },
        }
    }

    /// The permissions granted to components in a command that is not a daemon.
    pub fn grants(&self) -> Grants {
        match self {
            Self::Test { chosen, .. }
            | Self::Options { chosen, .. }
            | Self::Run(RunArgs { chosen, .. }) => {
                chosen.granted.grants(chosen.data_dir.as_deref())
            }
            Self::Connection(ConnectionCommand::Add(add)) => {
                Grants { data_dir: add.data.data_dir.clone(), ..Grants::default() }
            }
            _ => Grants::default(),
        }
    }
}

/// The arguments of `run`.
#[derive(Debug, clap::Args)]
pub struct RunArgs {
    /// An action, such as `openai/v1/ask`
    pub action: String,
    /// The text of the action's main property, such as a question; `-` for standard input
    pub text: Option<String>,
    /// The input: a JSON file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    pub input: Option<PathBuf>,
    /// Set a property, such as `n=2` or `messages[0].content=Hello`; overrides --input
    ///
    /// The value is a number, `true` or `false`, a choice's value or label, text, or JSON for a
    /// list or an object. A single value for a list becomes a list with one item.
    #[arg(long, value_name = "PATH=VALUE")]
    pub set: Vec<String>,
    /// Set a property to a file, such as `file=talk.mp3`
    #[arg(long, value_name = "PROPERTY=FILE")]
    pub file: Vec<String>,
    /// Functions that the model may call, declared in a JSON file
    ///
    /// A list of HTTP functions and addresses of actions. An HTTP function is {name, description,
    /// parameters, method, url} and, if it needs one, header: {name, environment}, whose value is
    /// read from that environment variable. An address such as "anthropic/v1/ask" lets the run
    /// call another connector's action. Actions of the run's own connector need no declaration.
    /// A run calls only the functions that its input names.
    #[arg(long, value_name = "FILE")]
    pub functions: Option<PathBuf>,
    /// Print text as it arrives; to stderr when the output isn't text
    #[arg(long)]
    pub stream: bool,
    /// Print `{"output", "metadata"}`, with usage, model, request ID, attempts and duration
    #[arg(long)]
    pub envelope: bool,
    /// Whether requests are recorded or replayed.
    #[command(flatten)]
    pub tape: TapeArgs,
    /// Fail if the output does not have the shape that the action declares
    #[arg(long)]
    pub check_output: bool,
    /// Print text output unchanged, without JSON quotes
    #[arg(long, conflicts_with = "envelope")]
    pub raw: bool,
    /// The folder for files that the action creates [default: the current folder]
    #[arg(long, value_name = "DIR")]
    pub output_dir: Option<PathBuf>,
    /// Maximum attempts per request, if the provider is overloaded or unreachable
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=20))]
    pub attempts: u32,
    /// Maximum time for the run: `500ms`, `60s`, `10m` [default: 10m, or longer if the action
    /// declares it]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub timeout: Option<Duration>,
    /// Maximum wait between sending a request and the start of its response
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub first_byte: Duration,
    /// The connection.
    #[command(flatten)]
    pub chosen: ConnectionArgs,
}

/// The arguments of `serve`.
#[derive(Debug, clap::Args)]
pub struct ServeArgs {
    /// Where to listen: an IP address and a port, or `unix:PATH`
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080")]
    pub listen: Listen,
    /// A file with the key that callers send as `Authorization: Bearer …`
    ///
    /// Without it, the service accepts requests only from this machine and from its own pages.
    #[arg(long, value_name = "FILE")]
    pub api_key_file: Option<PathBuf>,
    /// Where connections, files and outcomes are stored [default: a folder in the user's data
    /// folder]
    #[arg(long, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// Maximum number of runs at the same time
    #[arg(long, value_name = "N", default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub runs: u32,
    /// Maximum number of waiting runs; further requests get a 503 response
    #[arg(long, value_name = "N", default_value_t = 256)]
    pub queue: u32,
    /// Maximum time for a run
    #[arg(long, value_name = "TIME", default_value = "10m", value_parser = duration)]
    pub timeout: Duration,
    /// How long runs may continue after Ctrl-C or SIGTERM
    #[arg(long, value_name = "TIME", default_value = "30s", value_parser = duration)]
    pub drain: Duration,
    /// Stop when standard input ends, that is, when the program that started the service exits
    #[arg(long)]
    pub until_stdin_closes: bool,
    /// How long files and outcomes are kept
    #[arg(long, value_name = "TIME", default_value = "24h", value_parser = duration)]
    pub keep: Duration,
    /// Maximum size of an uploaded file, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 1024, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_file_size: u32,
    /// Maximum total size of files and outcomes, in MiB
    #[arg(long, value_name = "MIB", default_value_t = 10_240, value_parser = clap::value_parser!(u32).range(1..))]
    pub max_storage: u32,
    /// Use only the exact files that were approved, not rebuilt ones that ask for the same
    /// permissions
    #[arg(long)]
    pub locked: bool,
    /// The servers that connections may reach.
    #[command(flatten)]
    pub reach: ReachArgs,
    /// HTTP functions that a model may call, declared in a JSON file as for `run`
    #[arg(long, value_name = "FILE")]
    pub functions: Option<PathBuf>,
}

/// The documents of `schema`.
#[derive(Clone, Copy, Debug, Eq, PartialEq, ValueEnum)]
pub enum Form {
    /// JSON Schema of the input
    Schema,
    /// uiSchema for react-jsonschema-form
    UiSchema,
    /// UI schema for JSON Forms
    JsonForms,
    /// JSON Schema of the output
    Output,
}

/// Parses a boolean. An empty variable counts as false.
fn switch(text: &str) -> Result<bool, String> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" => Ok(true),
        "" | "0" | "false" | "no" | "off" => Ok(false),
        _ => Err("must be `true` or `false`".to_owned()),
    }
}

fn authorities(path: &str) -> Result<Authorities, String> {
    let text =
        fs::read_to_string(path).map_err(|error| format!("cannot read the file: {error}"))?;
    text.parse().map_err(|error: AuthoritiesError| format!("the file {error}"))
}

/// Parses a duration with its unit.
pub fn duration(text: &str) -> Result<Duration, String> {
    let digits = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = text.get(digits.len()..).unwrap_or_default();
    let number: u64 =
        digits.parse().map_err(|_| "must be a number and a unit, such as `60s`".to_owned())?;
    let duration = match unit {
        "ms" => Duration::from_millis(number),
        "s" => Duration::from_secs(number),
        "m" => Duration::from_secs(number.saturating_mul(60)),
        "h" => Duration::from_secs(number.saturating_mul(3600)),
        _ => return Err("the unit must be ms, s, m or h".to_owned()),
    };
    let max = Duration::from_secs(24 * 3600);
    if duration.is_zero() || duration > max {
        return Err("must be more than 0 and at most 24h".to_owned());
    }
    Ok(duration)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_arguments_are_consistent() {
        use clap::CommandFactory;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_switch_accepts_common_spellings_of_booleans() {
        for on in ["1", "true", "TRUE", "yes", "on"] {
            assert_eq!(switch(on), Ok(true), "{on}");
        }
        for off in ["", "0", "false", "No", "off"] {
            assert_eq!(switch(off), Ok(false), "{off}");
        }
        for invalid in ["perhaps", "none", "2"] {
            assert!(switch(invalid).is_err(), "{invalid}");
        }
    }

    #[test]
    fn durations_have_a_unit_and_a_maximum() {
        assert_eq!(duration("500ms"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("10m"), Ok(Duration::from_secs(600)));
        for invalid in ["", "60", "s", "0s", "-1s", "25h", "1.5s", "5d", "99999999999999999999s"] {
            assert!(duration(invalid).is_err(), "{invalid}");
        }
    }
}
