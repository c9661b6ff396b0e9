//! What a process takes of the machine, and how much it may take.

use std::fs;
use std::path::Path;
use std::time::Duration;

use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit, setrlimit};

/// A running process.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Process(u32);

/// What it takes.
#[derive(Clone, Copy, Debug)]
pub struct Figures {
    /// Memory that is in use, in KiB.
    pub memory: u64,
    /// The part of it that is this process's alone, in KiB: pages of files
    /// are there once, however often they are mapped.
    pub own_memory: u64,
    /// Open files, sockets included.
    pub descriptors: u64,
    /// Threads.
    pub threads: u64,
}

impl Process {
    /// This one.
    pub fn own() -> Self {
        Self(std::process::id())
    }

    /// The child of a process that runs this program, or a copy of it.
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
        Self(children.find(runs).unwrap_or_else(|| panic!("{} does not run", program.display())))
    }

    /// Its number.
    pub fn id(self) -> u32 {
        self.0
    }

    /// Ends it as nothing else does.
    ///
    /// # Panics
    /// If it is no more, or belongs to somebody else.
    pub fn kill(self) {
        let pid = Pid::from_raw(i32::try_from(self.0).unwrap()).unwrap();
        kill_process(pid, Signal::KILL).unwrap();
    }

    /// How long it has used a processor, for itself and in the kernel.
    ///
    /// # Panics
    /// If it is no more.
    pub fn processor_time(self) -> Duration {
        /// Linux counts in hundredths of a second.
        const TICK: Duration = Duration::from_millis(10);
        let text = fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap();
        // The name before it may hold blanks.
        let (_, fields) = text.rsplit_once(") ").unwrap();
        let ticks = fields.split(' ').skip(11).take(2).map(|ticks| ticks.parse::<u32>().unwrap());
        TICK * ticks.sum::<u32>()
    }

    /// What it takes now.
    ///
    /// # Panics
    /// If it is no more.
    pub fn figures(self) -> Figures {
        self.try_figures().unwrap()
    }

    /// What it takes now; nothing if it is no more.
    pub fn try_figures(self) -> Option<Figures> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.0)).ok()?;
        let figure = |name: &str| {
            let line = status.lines().find_map(|line| line.strip_prefix(name))?;
            line.trim_start_matches(':').trim().trim_end_matches(" kB").parse().ok()
        };
        let descriptors = fs::read_dir(format!("/proc/{}/fd", self.0)).ok()?.count();
        Some(Figures {
            memory: figure("VmRSS")?,
            own_memory: figure("RssAnon")?,
            descriptors: descriptors as u64,
            threads: figure("Threads")?,
        })
    }

    /// Lets it have no more than so much of something; without a number, as
    /// much as this process may have, whose child it is.
    ///
    /// # Panics
    /// If it is no more, or belongs to somebody else.
    pub fn limit(self, resource: Resource, most: Option<u64>) {
        let pid = Pid::from_raw(i32::try_from(self.0).unwrap());
        let maximum = getrlimit(resource).maximum;
        let current = most.or(maximum);
        prlimit(pid, resource, Rlimit { current, maximum }).unwrap();
    }
}

/// Lets this process open as many files as it may, and says how many.
pub fn raise_open_files() -> u64 {
    let Rlimit { current, maximum } = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: maximum, maximum };
    let files = setrlimit(Resource::Nofile, raised).map_or(current, |()| maximum);
    files.unwrap_or(u64::MAX)
}
