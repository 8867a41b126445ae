//! What IAM's policy simulator says of a call that one of our functions makes, and Access Analyzer of a role's policy.

use super::{Check, PolicyFinding, Read, ReportRow, Tags};
use crate::name::Region;

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
    /// The region of the stack whose function calls: a copy is called for from home.
    pub stack: Region,
    /// Its tags.
    pub tags: Tags,
    /// Further keys that a condition may ask for.
    pub keys: Vec<(String, String)>,
}

impl SimulatedCalls {
    /// Everything that a condition may ask for, beside the region: key, value, and the type of the value in the words of AWS.
    pub fn context(&self) -> impl Iterator<Item = (String, &str, &'static str)> {
        let tags = self.tags.iter().map(|(key, value)| (format!("aws:ResourceTag/{key}"), value.as_str()));
        let keys = self.keys.iter().map(|(key, value)| (key.clone(), value.as_str()));
        let kind = |key: &str| if key == FOR_RESOURCES { "boolean" } else { "string" };
        tags.chain(keys).map(move |(key, value)| {
            let kind = kind(&key);
            (key, value, kind)
        })
    }
}

/// The only condition key of ours that is no text (service authorization reference, AWS KMS).
pub(super) const FOR_RESOURCES: &str = "kms:GrantIsForAWSResource";

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
    let file = format!("file://{}.json", call.function);
    let mut words = vec!["iam", "simulate-custom-policy", "--policy-input-list", &file, "--action-names"];
    words.extend(call.actions.iter().copied());
    words.extend(["--resource-arns", &call.resource]);
    let entry = |(key, value, kind)| format!("ContextKeyName={key},ContextKeyValues={value},ContextKeyType={kind}");
    let entries: Vec<String> = call.context().map(entry).collect();
    if !entries.is_empty() {
        words.push("--context-entries");
        words.extend(entries.iter().map(String::as_str));
    }
    let expected = format!("allowed to {} by the template; `--write FOLDER` writes {file}", call.function);
    ReportRow::bad(Check::Allowed, subject, denied.join("; "), expected, super::command::aws(&words, &call.region))
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
