//! The sandbox alone: booted, deployed, every estate built, and left to the person.

use std::collections::BTreeSet;

use watchkeeper_domain::name::Region;

use super::command::{Documents, print};
use super::show::Show;
use super::sleep::build_all;
use crate::sandbox::{Options, Settings};
use crate::stage::{STACK, Stage, StageError, at_home, documents};

/// Boot, deploy, build, print what the AWS CLI needs, and stay until interrupted.
pub(super) async fn stay(selection: &Documents, show: &Show) -> Result<(), StageError> {
    let estates = documents(selection.estates.as_ref())?;
    let regions: BTreeSet<Region> = at_home(&estates).flat_map(|(_, environment)| environment.regions()).collect();
    let options = Options { estates: selection.estates.clone(), ..Options::default() };
    let stage = Stage::set(&options, &regions, show).await?;
    for stack in stage.stacks() {
        build_all(&stage, stack, show).await?;
    }
    // From now on the schedule ticks by itself, as it would in a real account.
    let settings = Settings { native_schedules: Some(true), ..Settings::default() };
    stage.sandbox().control().change(&settings).await?;
    for (name, value) in stage.sandbox().emulator().client_environment(first(&regions)) {
        print(&format!("export {name}={value}"));
    }
    show.say(&format!(
        "\n{STACK} is deployed in {}. For example, in another terminal with the exports above:",
        regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", ")
    ));
    for stack in stage.stacks().take(1) {
        let machine = stack.outputs().get("ReconcileMachineArn")?;
        show.say(&format!(
            "  aws stepfunctions start-execution --region {} --state-machine-arn {machine} \\\n    --input '{}'",
            stack.region(),
            example(stack)
        ));
    }
    show.say("Ctrl-C stops everything.");
    std::future::pending().await
}

fn first(regions: &BTreeSet<Region>) -> &str {
    regions.first().map_or("us-east-1", Region::as_str)
}

fn example(stack: &crate::stage::Stack) -> String {
    let scope = stack.watched().first();
    let (estate, environment) = scope
        .map_or(("ESTATE".to_owned(), "ENVIRONMENT".to_owned()), |s| (s.estate.to_string(), s.environment.to_string()));
    serde_json::json!({ "estate": estate, "environment": environment, "mode": "plan" }).to_string()
}
