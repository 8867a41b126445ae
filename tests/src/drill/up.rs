//! The sandbox alone: booted, deployed, every estate built, and left to the person.

use std::collections::BTreeSet;

use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::AlarmName;

use super::build::build_all;
use super::command::{DocumentFolder, print};
use super::output::DrillOutput;
use crate::harness::{DeployedStack, STACK, SandboxHarness, StageError, at_home, documents};
use crate::sandbox::SandboxOptions;

/// Boot, deploy, build, print what the AWS CLI needs, and stay until interrupted.
pub(super) async fn stay(selection: &DocumentFolder, show: &DrillOutput) -> Result<(), StageError> {
    let estates = documents(selection.estates.as_ref())?;
    let options = SandboxOptions { estates: selection.estates.clone(), ..SandboxOptions::default() };
    let home = at_home(&estates, &options.account);
    let regions: BTreeSet<Region> = home.flat_map(|(_, environment)| environment.regions()).collect();
    let stage = SandboxHarness::set(&options, &regions, show).await?;
    for stack in stage.stacks() {
        build_all(&stage, stack, show).await?;
        for (_, environment) in stage.at_home().filter(|(_, e)| e.has_resources(stack.region())) {
            stack.site().furnish(environment).await?;
        }
    }
    // Where something sleeps, there is something to try.
    let watching = stage.stacks().find(|stack| !stack.watched().is_empty()).or_else(|| stage.stacks().next());
    let home = watching.map_or("us-east-1", |stack| stack.region().as_str());
    for (name, value) in stage.sandbox().emulator().client_environment(home) {
        print(&format!("export {name}={value}"));
    }
    show.say(&format!(
        "\n{STACK} is deployed in {}. For example, in another terminal with the exports above:",
        regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", ")
    ));
    if let Some(stack) = watching {
        let machine = stack.outputs().get("ReconcileMachineArn")?;
        show.say(&format!(
            "  aws stepfunctions start-execution --region {} --state-machine-arn {machine} \\\n    --input '{}'",
            stack.region(),
            example(stack)
        ));
    }
    for (stack, alarm) in answered(&stage) {
        show.say(&format!(
            "  aws cloudwatch set-alarm-state --region {} --alarm-name {alarm} \\\n    --state-value ALARM --state-reason drill",
            stack.region()
        ));
    }
    show.say("The schedules do not tick by themselves here. Ctrl-C stops everything.");
    std::future::pending().await
}

/// For each region, an alarm that something there answers to.
fn answered(stage: &SandboxHarness) -> impl Iterator<Item = (&DeployedStack, &AlarmName)> {
    stage.stacks().filter_map(|stack| {
        let mut here =
            stage.at_home().filter(|(_, environment)| environment.document().regions.primary == *stack.region());
        let alarm = here.find_map(|(_, environment)| environment.document().emergency.as_ref()?.responses.first());
        alarm.map(|response| (stack, &response.alarm))
    })
}

fn example(stack: &DeployedStack) -> String {
    let scope = stack.watched().first();
    let (estate, environment) = scope
        .map_or(("ESTATE".to_owned(), "ENVIRONMENT".to_owned()), |s| (s.estate.to_string(), s.environment.to_string()));
    serde_json::json!({ "estate": estate, "environment": environment, "mode": "plan" }).to_string()
}
