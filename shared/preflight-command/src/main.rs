//! `cargo preflight`: looks, with the caller's own credentials, whether an account is as the estate documents need it.

use std::process::ExitCode;

use clap::Parser as _;
use watchkeeper_preflight::{PreflightArguments, play};

mod account;

#[tokio::main]
async fn main() -> ExitCode {
    play(&PreflightArguments::parse(), account::Account::new).await
}
