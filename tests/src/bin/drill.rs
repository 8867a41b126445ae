//! `cargo drill`: the runbooks, played in a local AWS.

use std::process::ExitCode;

use watchkeeper_tests::drill::{DrillArguments, run};

fn main() -> ExitCode {
    let arguments = DrillArguments::read();
    match tokio::runtime::Runtime::new() {
        Ok(runtime) => {
            let code = runtime.block_on(run(arguments));
            // A thread may still wait for a lock or an answer; it holds nothing that has to be ended.
            runtime.shutdown_background();
            code
        }
        Err(_) => ExitCode::FAILURE,
    }
}
