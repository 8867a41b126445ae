//! The calls that our functions make on what a document names, and what IAM's policy simulator says of each.

use super::wanted::is_changed;
use super::{
    Check, MANAGED, PolicyFinding, PreflightCase, PreflightFacts, Read, ReportRow, Tags, WantedResources, databases,
    places, queues, tables,
};
use crate::capacity::{DatabaseId, ResourceId};
use crate::estate::{Environment, EnvironmentKind};

/// Calls of one function on one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedCalls {
    /// The function, by its logical id in the template.
    pub function: &'static str,
    /// The actions, as policies write them.
    pub actions: Vec<&'static str>,
    /// The resource, as the table names it.
    pub subject: String,
    /// Its ARN.
    pub resource: String,
    /// The region that it is called in.
    pub region: String,
    /// Its tags.
    pub tags: Tags,
    /// Further keys that a condition may ask for.
    pub keys: Vec<(&'static str, &'static str)>,
}

/// What the simulator says of one action.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SimulatedAction {
    /// The action.
    pub action: String,
    /// The decision, in the words of AWS: `allowed`, `implicitDeny`, `explicitDeny`.
    pub decision: String,
    /// Keys that a statement asks for and that were not given.
    pub missing: Vec<String>,
}

/// Every call to simulate. What lacks its tag is left out: that is a finding already, and the denial would only repeat it.
pub fn calls(environment: &Environment, wanted: &WantedResources, facts: &PreflightFacts) -> Vec<SimulatedCalls> {
    let case = PreflightCase { environment, wanted, facts };
    let mut calls = Vec::new();
    if is_changed(environment) {
        of_services(case, &mut calls);
    }
    if environment.kind() != EnvironmentKind::Production {
        of_databases(case, &mut calls);
    }
    of_stores(case, &mut calls);
    calls
}

fn is_managed(tags: &Tags) -> bool {
    tags.get(MANAGED).is_some_and(|value| value == "true")
}

fn call(
    case: PreflightCase<'_>,
    function: &'static str,
    actions: &[&'static str],
    subject: String,
    resource: String,
    tags: &Tags,
) -> SimulatedCalls {
    let region = case.region().to_owned();
    SimulatedCalls {
        function,
        actions: actions.to_vec(),
        subject,
        resource,
        region,
        tags: tags.clone(),
        keys: Vec::new(),
    }
}

fn of_services(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    for (id, found) in &case.facts.services {
        let Ok(Some(service)) = found else { continue };
        if service.daemon || case.environment.protects(&ResourceId::Service(id.clone())) {
            continue;
        }
        if is_managed(&service.tags) {
            let (subject, arn) = (format!("service {id}"), service.arn.clone());
            calls.push(call(case, "Reconcile", &["ecs:UpdateService"], subject, arn, &service.tags));
        }
        let Ok(Some(target)) = &service.target else { continue };
        let (Some(arn), Ok(tags)) = (&target.arn, &target.tags) else { continue };
        if is_managed(tags) {
            let subject = format!("scalable target service/{id}");
            let action = ["application-autoscaling:RegisterScalableTarget"];
            let keys = vec![
                ("application-autoscaling:service-namespace", "ecs"),
                ("application-autoscaling:scalable-dimension", "ecs:service:DesiredCount"),
            ];
            calls.push(SimulatedCalls { keys, ..call(case, "Reconcile", &action, subject, arn.clone(), tags) });
        }
    }
}

fn of_databases(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    for (id, found) in &case.facts.databases {
        let Ok(Some(database)) = found else { continue };
        let Ok(tags) = &database.tags else { continue };
        let left_alone =
            database.observed.cannot_stop.is_some() || case.environment.protects(&ResourceId::Database(id.clone()));
        if left_alone || !is_managed(tags) {
            continue;
        }
        let actions = match id {
            DatabaseId::Aurora(_) => ["rds:StopDBCluster", "rds:StartDBCluster"],
            DatabaseId::Rds(_) => ["rds:StopDBInstance", "rds:StartDBInstance"],
        };
        calls.push(call(case, "Reconcile", &actions, format!("database {id}"), databases::arn(case, id), tags));
    }
}

fn of_stores(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    for (name, need) in case.wanted.tables.iter().filter(|(_, need)| need.tagged) {
        let Some(Ok(Some(table))) = case.facts.tables.get(name) else { continue };
        if let Some(tags) = table.tags.as_ref().ok().filter(|tags| need.tagged && is_managed(tags)) {
            let actions = ["dynamodb:Scan", "dynamodb:GetItem", "dynamodb:UpdateItem"];
            calls.push(call(case, "DailyUnblock", &actions, format!("table {name}"), tables::arn(case, name), tags));
        }
    }
    for bus in &case.wanted.buses {
        let Some(Ok(Some(Ok(tags)))) = case.facts.buses.get(bus) else { continue };
        if is_managed(tags) {
            let (subject, arn) = (format!("event bus {bus}"), places::bus_arn(case, bus));
            calls.push(call(case, "DailyUnblock", &["events:PutEvents"], subject, arn, tags));
        }
    }
    for name in case.wanted.queues.keys() {
        let Some(Ok(Some(queue))) = case.facts.queues.get(name) else { continue };
        if let Some(tags) = queue.tags.as_ref().ok().filter(|tags| is_managed(tags)) {
            let actions = ["sqs:GetQueueAttributes", "sqs:ReceiveMessage", "sqs:SendMessage", "sqs:DeleteMessage"];
            calls.push(call(case, "DailyUnblock", &actions, format!("queue {name}"), queues::arn(case, name), tags));
        }
    }
}

/// What the simulator says of a call.
pub fn simulated(call: &SimulatedCalls, answer: &Read<Vec<SimulatedAction>>) -> ReportRow {
    let subject = call.subject.as_str();
    let decisions = match answer {
        Err(unread) => return ReportRow::unread(Check::Allowed, subject, unread),
        Ok(decisions) => decisions,
    };
    // An action that the simulator does not speak of is not allowed by it.
    let silent = call.actions.iter().filter(|action| !decisions.iter().any(|decision| decision.action == **action));
    let denied = decisions.iter().filter(|decision| decision.decision != "allowed").map(|decision| {
        let missing = decision.missing.join(", ");
        let why = if missing.is_empty() { String::new() } else { format!(" (without {missing})") };
        format!("{} {}{why}", decision.action, decision.decision)
    });
    let denied: Vec<String> = denied.chain(silent.map(|action| format!("{action} not answered"))).collect();
    if denied.is_empty() {
        return ReportRow::good(Check::Allowed, subject, format!("{} by {}", call.actions.join(", "), call.function));
    }
    let tags: Vec<String> =
        call.tags.iter().map(|(key, value)| context(&format!("aws:ResourceTag/{key}"), value)).collect();
    let keys = call.keys.iter().map(|(key, value)| context(key, value));
    let file = format!("file://{}.json", call.function);
    let mut words = vec!["iam", "simulate-custom-policy", "--policy-input-list", &file, "--action-names"];
    words.extend(call.actions.iter().copied());
    words.extend(["--resource-arns", &call.resource]);
    let entries: Vec<String> = tags.into_iter().chain(keys).collect();
    if !entries.is_empty() {
        words.push("--context-entries");
        words.extend(entries.iter().map(String::as_str));
    }
    let expected = format!("allowed to {} by the template; `--write FOLDER` writes {file}", call.function);
    ReportRow::bad(Check::Allowed, subject, denied.join("; "), expected, super::command::aws(&words, &call.region))
}

fn context(key: &str, value: &str) -> String {
    format!("ContextKeyName={key},ContextKeyValues={value},ContextKeyType=string")
}

/// What Access Analyzer says of a role's policy: errors and warnings about security are bad, the rest is told.
pub fn policies(function: &str, answer: &Read<Vec<PolicyFinding>>, region: &str) -> Vec<ReportRow> {
    let subject = format!("policy of {function}");
    let findings = match answer {
        Err(unread) => return vec![ReportRow::unread(Check::Policy, subject, unread)],
        Ok(findings) => findings,
    };
    let bad = |finding: &&PolicyFinding| matches!(finding.kind.as_str(), "ERROR" | "SECURITY_WARNING");
    let (bad, mild): (Vec<_>, Vec<_>) = findings.iter().partition(bad);
    if bad.is_empty() {
        let told = if mild.is_empty() { "clean".to_owned() } else { format!("clean, but for {}", codes(&mild)) };
        return vec![ReportRow::good(Check::Policy, subject, told)];
    }
    let file = format!("file://{function}.json");
    let words = ["accessanalyzer", "validate-policy", "--policy-type", "IDENTITY_POLICY", "--policy-document", &file];
    let command = super::command::aws(&words, region);
    let expected = format!("no error and no security warning; `--write FOLDER` writes {file}");
    let row = |finding: &PolicyFinding| {
        let found = format!("{} {}: {}", finding.kind, finding.code, finding.text);
        ReportRow::bad(Check::Policy, subject.as_str(), found, expected.as_str(), command.clone())
    };
    bad.into_iter().map(row).collect()
}

fn codes(findings: &[&PolicyFinding]) -> String {
    findings.iter().map(|finding| finding.code.as_str()).collect::<Vec<_>>().join(", ")
}
