//! What `cargo bench` runs: the program `benches`, compiled as the tests are, with the same arguments.

use std::env;
use std::os::unix::process::CommandExt as _;
use std::process::{Command, ExitCode};

/// What cargo says to each benchmark by itself.
const OF_CARGO: &str = "--bench";
/// Variables that cargo sets for this package; the nested one must not see them.
const OF_THE_OUTER_CARGO: [&str; 4] = ["CARGO_PKG_", "CARGO_MANIFEST_", "CARGO_BIN_", "CARGO_CRATE_"];

#[allow(clippy::disallowed_methods, clippy::print_stderr, reason = "it is a command that hands its environment on")]
fn main() -> ExitCode {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    // Cargo runs a benchmark in its package's folder; there it would know this package alone.
    cargo.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/../../.."));
    cargo.args(["run", "--quiet", "--bin", "benches", "--"]);
    cargo.args(env::args_os().skip(1).filter(|argument| argument != OF_CARGO));
    for (name, _) in env::vars_os() {
        if OF_THE_OUTER_CARGO.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)) {
            cargo.env_remove(name);
        }
    }
    // In its place: an interruption reaches what measures, and nothing waits beside it.
    let error = cargo.exec();
    eprintln!("cannot start cargo: {error}");
    ExitCode::FAILURE
}
