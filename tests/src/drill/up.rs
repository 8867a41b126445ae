//! The sandbox alone: booted, deployed, everything built that the documents name, and left to the person.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use watchkeeper_domain::estate::{Environment, Estate};
use watchkeeper_domain::name::Region;
use watchkeeper_domain::value::AlarmName;
use watchkeeper_estates::EstateFolder;

use super::build::build_all;
use super::command::{DrillSelection, UpOptions, print};
use super::output::DrillOutput;
use crate::harness::{DeployedStack, HarnessError, STACK, SandboxHarness, at_home, documents};
use crate::sandbox::SandboxOptions;

/// The schedules that tick each minute, and those that tick each fifth, as the template has them; by output.
const EACH_MINUTE: [&str; 1] = ["WatchSchedule"];
const EACH_FIFTH: [&str; 1] = ["TickSchedule"];
/// A minute.
const MINUTE: Duration = Duration::from_mins(1);

/// Boot, deploy, build, print what the AWS CLI needs, and stay until interrupted.
pub(super) async fn stay(selection: &DrillSelection, up: &UpOptions, show: &DrillOutput) -> Result<(), HarnessError> {
    let estates = documents(selection.estates.as_ref())?;
    if let Some(name) = &selection.estate {
        estates.estate(name).map_err(|unknown| HarnessError::Unknown(unknown.to_string()))?;
    }
    let account = up.account.clone().unwrap_or_else(|| account_of(&estates, selection));
    let options = SandboxOptions { estates: selection.estates.clone(), account, ..SandboxOptions::default() };
    let wanted = |estate: &Estate| selection.estate.as_ref().is_none_or(|name| estate.name().as_str() == name);
    let home = at_home(&estates, &options.account).filter(|(estate, _)| wanted(estate));
    let regions: BTreeSet<Region> = home.flat_map(|(_, environment)| environment.regions()).collect();
    if regions.is_empty() {
        return Err(HarnessError::Unknown(format!(
            "no environment of account {}: name one with --account",
            options.account
        )));
    }
    let harness = SandboxHarness::set(&options, &regions, show).await?;
    for stack in harness.stacks() {
        build_all(&harness, stack, show).await?;
        for (_, environment) in harness.at_home() {
            stack.site().furnish(environment).await?;
        }
    }
    // Where something sleeps, there is something to try.
    let watching = harness.stacks().find(|stack| !stack.watched().is_empty()).or_else(|| harness.stacks().next());
    let home = watching.map_or("us-east-1", |stack| stack.region().as_str());
    for (name, value) in harness.sandbox().emulator().client_environment(home) {
        print(&format!("export {name}={value}"));
    }
    show.say(&format!(
        "\n{STACK} is deployed in {}, with everything of account {} that the documents name: clusters, services, databases, \
         alarms, tables, queues, buses, buckets, caches.",
        regions.iter().map(Region::as_str).collect::<Vec<_>>().join(", "),
        options.account
    ));
    for (estate, environment, account) in elsewhere(&estates, selection, &options.account) {
        show.say(&format!(
            "  Not built: {estate} {environment}, of another account: cargo drill up --account {account}"
        ));
    }
    for stack in harness.stacks() {
        let page = harness.sandbox().control().window(&function_arn(stack, &options.account)?);
        show.say(&format!("The operator's window in {}, for a browser on this machine:\n  {page}", stack.region()));
    }
    show.say("For example, in another terminal with the exports above:");
    if let Some(stack) = watching {
        let machine = stack.outputs().get("ReconcileMachineArn")?;
        show.say(&format!(
            "  aws stepfunctions start-execution --region {} --state-machine-arn {machine} \\\n    --input '{}'",
            stack.region(),
            example(stack)
        ));
    }
    for (stack, alarm) in answered(&harness) {
        show.say(&format!(
            "  aws cloudwatch set-alarm-state --region {} --alarm-name {alarm} \\\n    --state-value ALARM --state-reason drill",
            stack.region()
        ));
    }
    for stack in harness.stacks() {
        listen(stack, show);
    }
    tick_by_hand(&harness, watching, show)?;
    if !up.tick {
        show.say(
            "The schedules do not tick by themselves here: start it with --tick for that. Ctrl-C stops everything.",
        );
        std::future::pending::<()>().await;
    }
    show.say("The schedules tick by themselves, as often as on AWS. Ctrl-C stops everything.");
    tick(&harness, show).await
}

/// The ARN of the function that shows the window.
fn function_arn(stack: &DeployedStack, account: &str) -> Result<String, HarnessError> {
    let name = stack.outputs().get("WindowFunction")?;
    Ok(format!("arn:aws:lambda:{}:{account}:function:{name}", stack.region()))
}

/// The account of most environments that name one; the sandbox's own where none does.
fn account_of(estates: &EstateFolder, selection: &DrillSelection) -> String {
    let wanted = |estate: &&Estate| selection.estate.as_ref().is_none_or(|name| estate.name().as_str() == name);
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for account in estates.iter().filter(wanted).flat_map(Estate::environments).filter_map(Environment::account) {
        *found.entry(account.to_string()).or_default() += 1;
    }
    let own = SandboxOptions::default().account;
    // Of two with as many, the sandbox's own.
    let most = found.into_iter().max_by_key(|(account, number)| (*number, *account == own));
    most.map_or(own, |(account, _)| account)
}

/// The environments of other accounts.
fn elsewhere<'a>(
    estates: &'a EstateFolder,
    selection: &'a DrillSelection,
    account: &'a str,
) -> impl Iterator<Item = (&'a str, &'a str, String)> {
    let wanted = |estate: &&Estate| selection.estate.as_ref().is_none_or(|name| estate.name().as_str() == name);
    let all = estates.iter().filter(wanted);
    let all = all.flat_map(|estate| estate.environments().map(move |environment| (estate, environment)));
    all.filter_map(move |(estate, environment)| {
        let other = environment.account().map(ToString::to_string).filter(|other| other != account)?;
        Some((estate.name().as_str(), environment.name().as_str(), other))
    })
}

/// Where messages and events are to be read.
fn listen(stack: &DeployedStack, show: &DrillOutput) {
    for (what, queue) in
        [("Messages to people", stack.notifications().messages_url()), ("Events", stack.notifications().events_url())]
    {
        show.say(&format!(
            "{what} in {} lie in a queue:\n  aws sqs receive-message --region {} --queue-url {queue} --max-number-of-messages 10",
            stack.region(),
            stack.region()
        ));
    }
}

/// How a person lets a schedule tick, and moves the clock.
fn tick_by_hand(
    harness: &SandboxHarness,
    watching: Option<&DeployedStack>,
    show: &DrillOutput,
) -> Result<(), HarnessError> {
    let Some(stack) = watching else { return Ok(()) };
    let endpoint = harness.sandbox().emulator().endpoint();
    let schedule = stack.outputs().get("TickSchedule")?;
    show.say(&format!(
        "Let the schedule tick, as if an instant had come:\n  curl -X POST {endpoint}/_watchkeeper/schedules \
         \\\n    -d '{{\"region\": \"{}\", \"name\": \"{schedule}\", \"instant\": \"2027-01-11T20:00:00Z\"}}'\n\
         The watch: {}. Move the clock first, for what is older than 15 minutes is refused:\n  \
         curl -X PUT {endpoint}/_watchkeeper/clock -d '{{\"now\": \"2027-01-11T20:00:00Z\"}}'",
        stack.region(),
        EACH_MINUTE.iter().filter_map(|name| stack.outputs().get(name).ok()).collect::<Vec<_>>().join(", "),
    ));
    Ok(())
}

/// Every schedule of every region, as often as on AWS.
#[allow(clippy::disallowed_methods, reason = "a person watches the real clock")]
async fn tick(harness: &SandboxHarness, show: &DrillOutput) -> Result<(), HarnessError> {
    let mut minutes = tokio::time::interval(MINUTE);
    let mut minute = 0_u32;
    loop {
        minutes.tick().await;
        let fifth = minute.is_multiple_of(5);
        let due: Vec<&str> = EACH_MINUTE.iter().chain(EACH_FIFTH.iter().filter(|_| fifth)).copied().collect();
        for stack in harness.stacks() {
            for schedule in &due {
                stack.fire(schedule).await?;
            }
        }
        if fifth {
            show.say(&format!("ticked: {}", harness.sandbox().control().now().await?));
        }
        minute += 1;
    }
}

/// For each region, an alarm that something there answers to.
fn answered(harness: &SandboxHarness) -> impl Iterator<Item = (&DeployedStack, &AlarmName)> {
    harness.stacks().filter_map(|stack| {
        let mut here =
            harness.at_home().filter(|(_, environment)| environment.document().regions.primary == *stack.region());
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
