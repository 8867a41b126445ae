//! The command line of the drill.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::{ContextKind, ErrorKind};
use clap::{CommandFactory as _, Parser, Subcommand};
use tokio::signal::unix::{SignalKind, signal};

use super::figures::tables;
use super::output::DrillOutput;
use super::report::DrillReport;
use super::scene::chain;
use super::{all, backup, failover, sleep, surge, unblock, up, wake};
use crate::harness::HarnessError;
use crate::sandbox::CheckoutLayout;

/// The exit code of a program that was interrupted, as shells know it: 128 and the signal's number, which is 2.
const INTERRUPTED: u8 = 130;

/// What the drill can do.
#[derive(Debug, Clone, Parser)]
#[command(
    name = "cargo drill",
    about = "Plays Watchkeeper's runbooks in a local AWS: this repository's own template, deployed on loopback.\n\
             Without a runbook, all of them, each on the estate that needs it most.",
    after_help = "The first run installs a local AWS (about 450 MB) and compiles the functions, all under target/; \
                  later runs start in seconds. Nothing is left running."
)]
pub struct DrillArguments {
    /// What to play.
    #[command(subcommand)]
    pub runbook: Option<Runbook>,
    /// Of what.
    #[command(flatten)]
    pub selection: DrillSelection,
    /// Write what was found to this file, as JSON.
    #[arg(long, value_name = "FILE", global = true)]
    pub json: Option<PathBuf>,
}

/// A runbook, or the sandbox alone.
#[derive(Debug, Clone, Subcommand)]
pub enum Runbook {
    /// Environments sleep in the evening and wake in the morning, exactly as they were.
    Sleep,
    /// Environments that are found by tag wake in their order, by a page, a pipeline or the calendar, and sleep when idle.
    Wake,
    /// Alarms bring capacity and take it back; vetoes, approvals and a rollback.
    Surge,
    /// A region is lost, the other one takes over, and later it goes home again.
    Failover,
    /// A failover is rehearsed in production: certified, given back, and nothing written where it serves.
    Rehearse,
    /// A month of backups with missed and doubled ticks, pruned to the policy, and the drill that restores them.
    Backup,
    /// What is stuck is freed where that is proved, and named to a person where it is not.
    Unblock,
    /// Boot, deploy, build everything that the documents name, print the exports for the AWS CLI, and stay until Ctrl-C.
    Up(UpOptions),
}

/// How the sandbox stays.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct UpOptions {
    /// Let the schedules tick by themselves, as often as they do on AWS.
    #[arg(long)]
    pub tick: bool,
    /// The account that the sandbox plays; that of most environments, where there are several.
    #[arg(long, value_name = "ID")]
    pub account: Option<String>,
}

/// Which environments.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct DrillSelection {
    /// Only this estate.
    #[arg(long, value_name = "NAME", global = true)]
    pub estate: Option<String>,
    /// A folder of estate documents, instead of this repository's own: all that they provide for is played.
    #[arg(long, value_name = "DIR", global = true)]
    pub estates: Option<PathBuf>,
}

impl DrillSelection {
    /// Whether anything is asked for: otherwise the repository's own estates that need it most play.
    pub fn is_chosen(&self) -> bool {
        self.estate.is_some() || self.estates.is_some()
    }
}

impl DrillArguments {
    /// The command line of this process; where it is wrong, the process ends here and says what there is.
    pub fn read() -> Self {
        Self::try_parse().unwrap_or_else(|error| explained(error).exit())
    }
}

/// A runbook that is not there: which ones are.
fn explained(error: clap::Error) -> clap::Error {
    if error.kind() != ErrorKind::InvalidSubcommand {
        return error;
    }
    let command = DrillArguments::command();
    let known: Vec<&str> = command.get_subcommands().map(clap::Command::get_name).collect();
    let asked = error.get(ContextKind::InvalidSubcommand).map(ToString::to_string).unwrap_or_default();
    let text = format!("no runbook {asked:?}; there are: {}", known.join(", "));
    DrillArguments::command().error(ErrorKind::InvalidSubcommand, text)
}

/// Do what the command line says; whatever happens, nothing is left running.
pub async fn run(arguments: DrillArguments) -> ExitCode {
    let show = DrillOutput::new();
    // Dropping the work ends every process that it started.
    let done = tokio::select! {
        done = work(&arguments, &show) => Some(done),
        () = interrupted() => None,
    };
    show.stop();
    match done {
        None => {
            show.say("interrupted; everything that was started has been stopped");
            ExitCode::from(INTERRUPTED)
        }
        Some(Err(error)) => {
            show.say(&format!("the drill could not go on: {}", chain(&error)));
            ExitCode::FAILURE
        }
        Some(Ok(passed)) => ExitCode::from(u8::from(!passed)),
    }
}

async fn work(arguments: &DrillArguments, show: &DrillOutput) -> Result<bool, HarnessError> {
    announce(show)?;
    let selection = &arguments.selection;
    let results = match &arguments.runbook {
        Some(Runbook::Up(options)) => return Box::pin(up::stay(selection, options, show)).await.map(|()| true),
        // In boxes: the plays' own futures are large.
        Some(Runbook::Sleep) => Box::pin(sleep::play(selection, show)).await?,
        Some(Runbook::Wake) => Box::pin(wake::play(selection, show)).await?,
        Some(Runbook::Surge) => Box::pin(surge::play(selection, show)).await?,
        Some(Runbook::Backup) => Box::pin(backup::play(selection, show)).await?,
        Some(Runbook::Unblock) => Box::pin(unblock::play(selection, show)).await?,
        Some(Runbook::Rehearse) => Box::pin(failover::rehearse(selection, show)).await?,
        Some(Runbook::Failover) => Box::pin(failover::play(selection, show)).await?,
        None => all::play(selection).await?,
    };
    if !results.reports.is_empty() {
        print(&tables(&results.reports));
    }
    print(&results.summary());
    if let Some(file) = &arguments.json {
        write(file, &results.reports)?;
    }
    Ok(results.are_good())
}

/// Says why the first run takes long.
fn announce(show: &DrillOutput) -> Result<(), HarnessError> {
    if !CheckoutLayout::find()?.sandbox().exists() {
        show.say("The first run installs the local AWS and compiles the functions with the AWS SDKs: some minutes.");
        show.say("Everything goes under target/; later runs begin within seconds.\n");
    }
    Ok(())
}

fn write(file: &Path, reports: &[DrillReport]) -> Result<(), HarnessError> {
    let failed = |why: &dyn std::fmt::Display| HarnessError::Unknown(format!("cannot write {}: {why}", file.display()));
    let text = serde_json::to_string_pretty(reports).map_err(|error| failed(&error))?;
    std::fs::write(file, text + "\n").map_err(|error| failed(&error))
}

/// Ctrl-C, the end of the terminal, or a polite kill.
async fn interrupted() {
    let heard = |kind| async move {
        match signal(kind) {
            Ok(mut signal) => drop(signal.recv().await),
            // No handler: the signal ends this process as ever, and what it started with it.
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        () = heard(SignalKind::interrupt()) => {}
        () = heard(SignalKind::terminate()) => {}
        () = heard(SignalKind::hangup()) => {}
    }
}

/// A result, on standard output.
#[allow(clippy::print_stdout, reason = "this is what the drill was asked for")]
pub(super) fn print(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn read(line: &str) -> Result<DrillArguments, clap::Error> {
        DrillArguments::try_parse_from(line.split(' '))
    }

    #[test]
    fn without_a_runbook_it_is_all_of_them() {
        assert!(read("drill").unwrap().runbook.is_none());
        let json = read("drill sleep --estate clos-v2 --json report.json").unwrap().json;
        assert_eq!(json.as_deref(), Some(Path::new("report.json")));
        for line in ["drill --estates own", "drill failover --estates own", "drill --estates own up --tick"] {
            assert_eq!(read(line).unwrap().selection.estates.as_deref(), Some(Path::new("own")), "{line}");
        }
    }

    #[test]
    fn a_runbook_that_is_not_there_is_told_with_those_that_are() {
        let text = explained(read("drill restore").unwrap_err()).to_string();
        let all = "sleep, wake, surge, failover, rehearse, backup, unblock, up";
        assert!(text.contains(&format!("no runbook \"restore\"; there are: {all}")), "{text}");
    }
}
