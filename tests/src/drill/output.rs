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
pub struct DrillOutput {
    terminal: bool,
    /// The steps that are under way, and what turns meanwhile.
    spinner: Mutex<Option<(ProgressBar, Vec<String>)>>,
    /// What was said before its turn to be heard came.
    held: Mutex<Option<Vec<String>>>,
}

impl Default for DrillOutput {
    fn default() -> Self {
        Self::new()
    }
}

impl DrillOutput {
    /// For the terminal that is there, or is not.
    pub fn new() -> Self {
        Self { terminal: std::io::stderr().is_terminal(), spinner: Mutex::new(None), held: Mutex::new(None) }
    }

    /// The same for what plays beside something else: nothing is heard of it before [`DrillOutput::release`].
    pub(super) fn held() -> Self {
        let mut output = Self::new();
        output.held = Mutex::new(Some(Vec::new()));
        output
    }

    /// Say everything that was held, and whatever comes next at once.
    pub(super) fn release(&self) {
        let held = self.held.lock().unwrap_or_else(PoisonError::into_inner).take();
        held.into_iter().flatten().for_each(|text| print(&text));
    }

    /// Whether what it says is heard at once.
    #[cfg(test)]
    pub(super) fn is_heard(&self) -> bool {
        self.held.lock().unwrap_or_else(PoisonError::into_inner).is_none()
    }

    /// Hold a line, if it is not its turn.
    fn hold(&self, text: &str) -> bool {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        held.as_mut().map(|lines| lines.push(text.to_owned())).is_some()
    }

    /// A line of text, above the spinner if one turns.
    pub(super) fn say(&self, text: &str) {
        if self.hold(text) {
            return;
        }
        match &*self.spinner.lock().unwrap_or_else(PoisonError::into_inner) {
            Some((spinner, _)) => spinner.suspend(|| print(text)),
            None => print(text),
        }
    }

    /// A check, with what was seen.
    pub(super) fn check(&self, check: &Check) {
        let mark = if check.ok { '✓' } else { '✗' };
        self.say(&format!("    {mark} {}: {}", check.name, check.detail));
    }

    /// A step is not under way any more; nothing turns when none is.
    fn forget(&self, step: &str) {
        let mut turning = self.spinner.lock().unwrap_or_else(PoisonError::into_inner);
        let Some((spinner, steps)) = turning.as_mut() else { return };
        steps.retain(|other| other != step);
        spinner.set_message(steps.join(", "));
        if steps.is_empty() {
            spinner.finish_and_clear();
            *turning = None;
        }
    }

    /// No spinner any more: whatever comes next is written plainly.
    pub(super) fn stop(&self) {
        if let Some((spinner, _)) = self.spinner.lock().unwrap_or_else(PoisonError::into_inner).take() {
            spinner.finish_and_clear();
        }
    }
}

impl Drop for DrillOutput {
    fn drop(&mut self) {
        self.stop();
    }
}

impl Progress for DrillOutput {
    fn begin(&self, step: &str) {
        let text = format!("  {step} …");
        if self.hold(&text) {
            return;
        }
        if !self.terminal {
            print(&text);
            return;
        }
        let mut turning = self.spinner.lock().unwrap_or_else(PoisonError::into_inner);
        let (spinner, steps) = turning.get_or_insert_with(|| (spinner(), Vec::new()));
        steps.push(step.to_owned());
        spinner.set_message(steps.join(", "));
    }

    fn line(&self, text: &str) {
        if let Some((spinner, _)) = &*self.spinner.lock().unwrap_or_else(PoisonError::into_inner) {
            spinner.set_prefix(text.trim().chars().take(LINE).collect::<String>());
        }
    }

    fn end(&self, step: &str, took: Duration) {
        self.forget(step);
        self.say(&format!("  {step}: {:.1} s", took.as_secs_f64()));
    }
}

fn spinner() -> ProgressBar {
    let spinner = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("  {spinner} {msg} {elapsed:.dim} {prefix:.dim}") {
        spinner.set_style(style);
    }
    spinner.enable_steady_tick(TURN);
    spinner
}

#[allow(clippy::print_stderr, reason = "the drill talks to a person")]
fn print(text: &str) {
    eprintln!("{text}");
}
