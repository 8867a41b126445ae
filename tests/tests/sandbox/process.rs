//! The process: it leaves nothing behind, and everything in it belongs to one account.

use crate::{REGION, boot, boot_with, machine};
use watchkeeper_tests::sandbox::SandboxOptions;

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_when_the_emulator_is_dropped() {
    let emulator = boot().await;
    let address = emulator.endpoint().strip_prefix("http://").unwrap().to_owned();
    let logs = emulator.logs();
    tokio::net::TcpStream::connect(&address).await.unwrap();
    emulator.succeeded().unwrap();
    tokio::net::TcpStream::connect(&address).await.unwrap_err();
    assert!(!logs.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_belongs_to_the_account_that_was_asked_for() {
    let options = SandboxOptions { account: "210987654321".into(), ..SandboxOptions::default() };
    let emulator = boot_with(&options).await;
    let sfn = aws_sdk_sfn::Client::new(&emulator.sdk_config(REGION));
    let arn = machine(&sfn, "idle", r#"{"StartAt": "End", "States": {"End": {"Type": "Succeed"}}}"#).await;
    assert_eq!(arn, "arn:aws:states:us-east-1:210987654321:stateMachine:idle");
    emulator.succeeded().unwrap();
}
