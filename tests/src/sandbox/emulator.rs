//! The emulator's process: booted on a free port, told apart from the user's own AWS settings, ended with this process.

use super::control::EmulatorControl;
use super::run::RunDirectory;
use super::{CheckoutLayout, Progress, PythonEnvironment, SandboxError};
use aws_config::{AppName, BehaviorVersion, Region, SdkConfig};
use aws_sdk_ecs::config::{Credentials, SharedCredentialsProvider};
use rustix::process::{Pid, Signal, kill_process_group};
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

pub(crate) const ACCESS_KEY: &str = "root";
const SECRET_KEY: &str = "rootsecret";
/// How long the emulator may take to answer: seconds on an idle machine, more on one that compiles.
const BOOT_LIMIT: Duration = Duration::from_mins(2);
/// How long to wait for killed processes to be gone.
const END_LIMIT: Duration = Duration::from_secs(5);

/// What may differ between runs of the sandbox.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// The folder of estate documents that the functions read; this repository's own when `None`.
    pub estates: Option<PathBuf>,
    /// What a second of a short Wait state takes in seconds. The sandbox's databases stop in one second, not in minutes.
    /// Waits of 45 s and more end by the emulated clock instead ([`super::EmulatorSettings::wait_scaled_below_seconds`]).
    pub wait_scale: f64,
    /// The account that everything belongs to: twelve digits.
    pub account: String,
    /// More environment variables for the emulator and, through it, for the functions.
    pub environment: Vec<(String, String)>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self { estates: None, wait_scale: 0.05, account: "123456789012".into(), environment: Vec::new() }
    }
}

/// A running emulator. It is killed on drop, with all function processes.
#[derive(Debug)]
pub struct Emulator {
    // Fields drop in this order: the processes end before their folder goes.
    processes: Processes,
    run: RunDirectory,
    control: EmulatorControl,
}

#[derive(Debug)]
struct Processes(Child);

#[derive(serde::Deserialize)]
struct Announcement {
    endpoint: String,
}

impl Emulator {
    /// Start the emulator and wait until it answers.
    ///
    /// # Errors
    /// [`SandboxError::Boot`] when it ends or stays silent; the error names its log, which is kept.
    pub async fn boot(
        layout: &CheckoutLayout,
        venv: &PythonEnvironment,
        options: &SandboxOptions,
        progress: &dyn Progress,
    ) -> Result<Self, SandboxError> {
        const STEP: &str = "booting the local AWS";
        let began = Instant::now();
        progress.begin(STEP);
        let run = RunDirectory::make(layout)?;
        let log = run.log("emulator.log");
        let mut processes = Processes(spawn(layout, venv, options, &run, &log)?);
        let endpoint = match tokio::time::timeout(BOOT_LIMIT, processes.announced()).await {
            Ok(Ok(endpoint)) => endpoint,
            Ok(Err(why)) => return Err(SandboxError::Boot { why, log }),
            Err(_) => {
                let why = format!("it said nothing for {} s", BOOT_LIMIT.as_secs());
                return Err(SandboxError::Boot { why, log });
            }
        };
        let control = EmulatorControl::new(endpoint);
        control.now().await?;
        progress.end(STEP, began.elapsed());
        Ok(Self { processes, run, control })
    }

    /// Where the emulated AWS listens, for example `http://127.0.0.1:40123`.
    pub fn endpoint(&self) -> &str {
        self.control.endpoint()
    }

    /// Clock, schedules, record and faults.
    pub fn control(&self) -> &EmulatorControl {
        &self.control
    }

    /// The folder of this run's logs: the emulator's, the deployment's, and one for each function.
    pub fn logs(&self) -> PathBuf {
        self.run.path().join("logs")
    }

    /// The emulator's process id, which is also the id of its process group.
    pub fn process_id(&self) -> Option<u32> {
        self.processes.0.id()
    }

    /// The configuration of SDK clients that talk to the emulated `region`. Their calls are recorded as made by `test`,
    /// and look into a region that is lost as if it were not.
    pub fn sdk_config(&self, region: &str) -> SdkConfig {
        self.sdk_config_as("test", region)
    }

    /// The same for clients whose calls are recorded as made by `caller`: a lost region strikes them.
    pub fn sdk_config_as(&self, caller: &'static str, region: &str) -> SdkConfig {
        let credentials = Credentials::new(ACCESS_KEY, SECRET_KEY, None, None, "sandbox");
        let mut config = SdkConfig::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(region.to_owned()))
            .endpoint_url(self.endpoint())
            .credentials_provider(SharedCredentialsProvider::new(credentials));
        config.set_app_name(AppName::new(caller).ok());
        config.build()
    }

    /// What a client outside of this process needs in its environment to talk to the emulated AWS.
    pub fn client_environment(&self, region: &str) -> Vec<(&'static str, String)> {
        vec![
            ("AWS_ENDPOINT_URL", self.endpoint().to_owned()),
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY.to_owned()),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY.to_owned()),
            ("AWS_DEFAULT_REGION", region.to_owned()),
            ("AWS_REGION", region.to_owned()),
        ]
    }

    /// Stop it, and remove the run's folder.
    ///
    /// # Errors
    /// [`SandboxError::Requests`] when AWS would have refused a request, [`SandboxError::Denied`] when it would have denied a call,
    /// [`SandboxError::Throttled`] when it would have throttled one; the folder is kept then.
    pub fn succeeded(mut self) -> Result<(), SandboxError> {
        self.control.judge_requests_now()?;
        self.control.judge_permissions_now()?;
        self.control.judge_throttled_now()?;
        self.run.succeeded();
        Ok(())
    }

    pub(super) fn run(&self) -> &RunDirectory {
        &self.run
    }
}

impl Processes {
    async fn announced(&mut self) -> Result<String, String> {
        let stdout = self.0.stdout.take().ok_or("its standard output is missing")?;
        let line = BufReader::new(stdout).lines().next_line().await.map_err(|error| error.to_string())?;
        let line = line.ok_or("it ended before it was ready")?;
        let announcement: Announcement =
            serde_json::from_str(&line).map_err(|_| format!("its first line is not an endpoint: {line:?}"))?;
        Ok(announcement.endpoint)
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        if let Some(group) = self.0.id().and_then(|id| Pid::from_raw(id.cast_signed())) {
            // An error means that the group has gone already.
            let _ = kill_process_group(group, Signal::KILL);
        }
        let began = Instant::now();
        while matches!(self.0.try_wait(), Ok(None)) && began.elapsed() < END_LIMIT {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn spawn(
    layout: &CheckoutLayout,
    venv: &PythonEnvironment,
    options: &SandboxOptions,
    run: &RunDirectory,
    log: &Path,
) -> Result<Child, SandboxError> {
    let output = std::fs::File::create(log).map_err(SandboxError::io("write", log))?;
    let estates = options.estates.clone().unwrap_or_else(|| layout.root().join("shared/estates"));
    let mut command = Command::new(venv.python());
    // The functions inherit this environment: nothing of the user's own AWS settings may be in it.
    command
        .args(["-m", "emulator"])
        .env_clear()
        .envs(base_environment(layout, run))
        .env("WATCHKEEPER_LOGS", run.path().join("logs"))
        .env("WATCHKEEPER_JUDGE", venv.judge(layout)?)
        .env("WATCHKEEPER_REFERENCE", venv.reference(layout)?)
        .env("ESTATES_DIR", estates)
        .env("SFN_WAIT_SCALE", options.wait_scale.to_string())
        .env("MINISTACK_ACCOUNT_ID", &options.account)
        .envs(MINISTACK.iter().copied())
        .envs(options.environment.iter().map(|(name, value)| (name, value)))
        .current_dir(run.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(output)
        .process_group(0)
        .kill_on_drop(true);
    // Its last words, when this process has ended without it: what the tests came to. A duplicate, for it is handed on.
    let ear = rustix::io::dup(std::io::stderr()).map_err(std::io::Error::from);
    let ear = ear.map_err(SandboxError::io("share the standard error with", &venv.python()))?;
    command.env("WATCHKEEPER_EAR", ear.as_raw_fd().to_string());
    command.spawn().map_err(SandboxError::io("start", &venv.python()))
}

/// Settings of ministack: no other listener than ours, no Docker, nothing on disk, no signatures checked.
const MINISTACK: &[(&str, &str)] = &[
    ("AUTH", "false"),
    ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
    ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
    ("MINISTACK_REGION", "us-east-1"),
    ("PERSIST_STATE", "0"),
    ("SFTP_ENABLED", "0"),
    ("IOT_MTLS_ENABLED", "0"),
    ("LAMBDA_EXECUTOR", "local"),
    ("DOCKER_HOST", "unix:///nonexistent.sock"),
];

/// The environment of a Python program of the sandbox, to be used after `env_clear`.
pub(super) fn base_environment(layout: &CheckoutLayout, run: &RunDirectory) -> Vec<(&'static str, PathBuf)> {
    vec![
        ("PATH", std::env::var_os("PATH").map(PathBuf::from).unwrap_or_default()),
        ("HOME", run.path().join("home")),
        ("TMPDIR", run.path().join("tmp")),
        ("TZ", PathBuf::from("UTC")),
        ("PYTHONPATH", layout.python_path()),
        ("PYTHONPYCACHEPREFIX", layout.python_cache()),
    ]
}
