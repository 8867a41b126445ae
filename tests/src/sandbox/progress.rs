//! How the sandbox tells what it is doing: a spinner for the drill, lines for tests.

use std::io::Write;
use std::time::Duration;

/// Hears of each step. Two of them may be under way at a time.
pub trait Progress: Send + Sync {
    /// A step begins, for example "installing the local AWS (first time only)".
    fn begin(&self, step: &str);
    /// A line that the step's program printed.
    fn line(&self, text: &str);
    /// The step has succeeded.
    fn end(&self, step: &str, took: Duration);
}

/// One line a step, on standard error.
#[derive(Debug, Clone, Copy)]
pub struct ProgressLines;

impl Progress for ProgressLines {
    fn begin(&self, step: &str) {
        print(&format!("  {step} …"));
    }

    fn line(&self, _text: &str) {}

    fn end(&self, step: &str, took: Duration) {
        print(&format!("  {step}: {:.1} s", took.as_secs_f64()));
    }
}

/// Says nothing.
#[derive(Debug, Clone, Copy)]
pub struct SilentProgress;

impl Progress for SilentProgress {
    fn begin(&self, _step: &str) {}
    fn line(&self, _text: &str) {}
    fn end(&self, _step: &str, _took: Duration) {}
}

/// A line on standard error; a closed one is no reason to fail.
pub(super) fn print(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}
