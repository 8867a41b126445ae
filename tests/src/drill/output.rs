//! What a person sees while the drill works: a spinner where there is a terminal, plain lines elsewhere.

use std::io::IsTerminal as _;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::report::Check;
use crate::sandbox::Progress;

/// How often a spinner turns.
const TURN: Duration = Duration::from_millis(100);
/// How much of a program's line is shown beside the spinner, in characters.
const LINE: usize = 60;

/// Tells what is going on. Text goes to standard error; the results alone go to standard output.
#[derive(Debug)]
pub(super) struct DrillOutput {
    terminal: bool,
    spinner: Mutex<Option<ProgressBar>>,
}

impl DrillOutput {
    /// For the terminal that is there, or is not.
    pub(super) fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), spinner: Mutex::new(None) }
    }

    /// A line of text, above the spinner if one turns.
    pub(super) fn say(&self, text: &str) {
        match &*self.spinner.lock().unwrap_or_else(PoisonError::into_inner) {
            Some(spinner) => spinner.suspend(|| print(text)),
            None => print(text),
        }
    }

    /// A check, with what was seen.
    pub(super) fn check(&self, check: &Check) {
        let mark = if check.ok { '✓' } else { '✗' };
        self.say(&format!("    {mark} {}: {}", check.name, check.detail));
    }

    /// No spinner any more: whatever comes next is written plainly.
    pub(super) fn stop(&self) {
        if let Some(spinner) = self.spinner.lock().unwrap_or_else(PoisonError::into_inner).take() {
            spinner.finish_and_clear();
        }
    }
}

impl Default for DrillOutput {
    fn default() -> Self {
        Self::new()
    }
}

impl Progress for DrillOutput {
    fn begin(&self, step: &str) {
        if !self.terminal {
            print(&format!("  {step} …"));
            return;
        }
        let spinner = ProgressBar::new_spinner();
        if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} {elapsed:.dim} {prefix:.dim}") {
            spinner.set_style(style);
        }
        spinner.set_message(step.to_owned());
        spinner.enable_steady_tick(TURN);
        *self.spinner.lock().unwrap_or_else(PoisonError::into_inner) = Some(spinner);
    }

    fn line(&self, text: &str) {
        if let Some(spinner) = &*self.spinner.lock().unwrap_or_else(PoisonError::into_inner) {
            spinner.set_prefix(text.trim().chars().take(LINE).collect::<String>());
        }
    }

    fn end(&self, step: &str, took: Duration) {
        self.stop();
        print(&format!("  {step}: {:.1} s", took.as_secs_f64()));
    }
}

#[allow(clippy::print_stderr, reason = "the drill talks to a person")]
fn print(text: &str) {
    eprintln!("{text}");
}
