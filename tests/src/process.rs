//! The resources that a process uses, and their limits.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit, setrlimit};

/// A running process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Process(u32);

/// The resources in use.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Memory in use, in KiB.
    pub memory: u64,
    /// The part of it that is private to the process, in KiB. File pages exist
    /// only once, however often they are mapped.
    pub own_memory: u64,
    /// Open files, including sockets.
    pub descriptors: u64,
    /// Threads.
    pub threads: u64,
}

impl Process {
    /// This process.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// A child of this process.
    pub fn of(child: &std::process::Child) -> Self {
        Self(child.id())
    }

    /// The child of a process that runs this program or a copy of it.
    ///
    /// # Panics
    /// If there is none.
    pub fn child_of(parent: u32, program: &Path) -> Self {
        let path = format!("/proc/{parent}/task/{parent}/children");
        let children = fs::read_to_string(path).unwrap();
        let runs = |child: &u32| {
            let name = fs::read_to_string(format!("/proc/{child}/comm"));
            name.is_ok_and(|name| Path::new(name.trim()).file_name() == program.file_name())
        };
        let mut children = children.split_whitespace().map(|child| child.parse().unwrap());
        Self(children.find(runs).unwrap_or_else(|| panic!("{} is not running", program.display())))
    }

    /// Its id.
    pub fn id(self) -> u32 {
        self.0
    }

    /// Kills it.
    ///
    /// # Panics
    /// If it no longer exists, or belongs to another user.
    pub fn kill(self) {
        let pid = Pid::from_raw(i32::try_from(self.0).unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
    }

    /// The CPU time it has used, in user and kernel mode.
    ///
    /// # Panics
    /// If it no longer exists.
    pub fn cpu_time(self) -> Duration {
        /// Linux counts in hundredths of a second.
        const TICK: Duration = Duration::from_millis(10);
        let text = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap();
        // The name before it may contain spaces.
        let (_, fields) = text.rsplit_once(") ").unwrap();
        let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u32>().unwrap());
        TICK * ticks.sum::<u32>()
    }

    /// The resources it uses now.
    ///
    /// # Panics
    /// If it no longer exists.
    pub fn figures(self) -> Figures {
        self.try_figures().unwrap()
    }

    /// The resources it uses now; `None` if it no longer exists.
    pub fn try_figures(self) -> Option<Figures> {
        let status = self.status()?;
        let figure = |name: &str| figure(&status, name);
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.0)).ok()?.count();
        Some(Figures {
            memory: figure("VmRSS")?,
            own_memory: figure("RssAnon")?,
            descriptors: descriptors as u64,
            threads: figure("Threads")?,
        })
    }

    /// The most memory that it has used so far, in KiB; `None` if it no longer exists.
    pub fn peak_memory(self) -> Option<u64> {
        figure(&self.status()?, "VmHWM")
    }

    fn status(self) -> Option<String> {
        fs::read_to_string(format!("/proc/{}/status", self.0)).ok()
    }

    /// Limits a resource. Without a number, the limit of this process, its
    /// parent, applies.
    ///
    /// # Panics
    /// If it no longer exists, or belongs to another user.
    pub fn limit(self, resource: Resource, max: Option<u64>) {
        let pid = Pid::from_raw(i32::try_from(self.0).unwrap());
        let maximum = getrlimit(resource).maximum;
        let current = max.or(maximum);
        prlimit(pid, resource, Rlimit { current, maximum }).unwrap();
    }
}

/// A figure in the status of a process.
fn figure(status: &str, name: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().ok()
}

/// Raises the limit on open files of this process to its maximum, and returns
/// it.
pub fn raise_open_files() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let files = setrlimit(Resource::Nofile, raised).map_or(current, |()| maximum);
    files.unwrap_or(u64::MAX)
}
