//! The sandbox alone: booted, deployed, every estate built, and left to the person.

use std::collections::BTreeSet;

use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::AlarmName;

use super::build::build_all;
use super::command::{Documents, print};
use super::show::Show;
use crate::sandbox::Options;
use crate::stage::{STACK, Stack, Stage, StageError, at_home, documents};

/// Boot, deploy, build, print what the AWS CLI needs, and stay until interrupted.
pub(super) async fn stay(selection: &Documents, show: &Show) -> Result<(), StageError> {
    let estates = documents(selection.estates.as_ref())?;
    let options = Options { estates: selection.estates.clone(), ..Options::default() };
    let home = at_home(&estates, &options.account);
    let regions: BTreeSet<Region> = home.flat_map(|(_, environment)| environment.regions()).collect();
    let stage = Stage::set(&options, &regions, show).await?;
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
fn answered(stage: &Stage) -> impl Iterator<Item = (&Stack, &AlarmName)> {
    stage.stacks().filter_map(|stack| {
        let mut here =
            stage.at_home().filter(|(_, environment)| environment.document().regions.primary == *stack.region());
        let alarm = here.find_map(|(_, environment)| environment.document().emergency.as_ref()?.responses.first());
        alarm.map(|response| (stack, &response.alarm))
    })
}

fn example(stack: &Stack) -> String {
    let scope = stack.watched().first();
    let (estate, environment) = scope
        .map_or(("ESTATE".to_owned(), "ENVIRONMENT".to_owned()), |s| (s.estate.to_string(), s.environment.to_string()));
    serde_json::json!({ "estate": estate, "environment": environment, "mode": "plan" }).to_string()
}
