//! The page of an environment that sleeps: whether its rule can show it, and its target group answers with it.

use super::row::existing;
use super::services::of_tag;
use super::{Check, MANAGED, PreflightCase, ReportRow, Tags};
use crate::capacity::PagePlace;

/// How the name of the function ends that answers with the page, whatever its stack is called.
const FUNCTION: &str = "-wake-page";

pub(super) fn judge(case: PreflightCase<'_>, rows: &mut Vec<ReportRow>) {
    let Some(page) = &case.wanted.page else { return };
    of_rule(case, page, rows);
    of_group(case, page, rows);
}

fn of_group(case: PreflightCase<'_>, page: &PagePlace, rows: &mut Vec<ReportRow>) {
    let (group, subject) = (page.target_group.as_str(), format!("target group {}", page.target_group.name()));
    let describe = || case.aws(&["elbv2", "describe-target-groups", "--target-group-arns", group]);
    let missing = || ReportRow::missing(Check::Exists, subject.as_str(), describe());
    let found = match existing(case.facts.page_groups.get(&page.target_group), &subject, missing) {
        Ok(found) => found,
        Err(row) => return rows.push(row),
    };
    if found.kind != "lambda" {
        let kind = format!("of the type {}", found.kind);
        rows.push(ReportRow::bad(Check::AnswersWithPage, subject, kind, "one of the type lambda", describe()));
        return;
    }
    // A function's ARN, perhaps with an alias after its name.
    let ours = |target: &&String| target.split(':').nth(6).is_some_and(|name| name.ends_with(FUNCTION));
    if let Some(target) = found.targets.iter().find(ours) {
        rows.push(ReportRow::good(Check::AnswersWithPage, subject, format!("calls {target}")));
        return;
    }
    let seen = if found.targets.is_empty() { "no target".to_owned() } else { found.targets.join(", ") };
    let expected = "the function of the stack's output WakePageFunctionArn";
    let target = "Id=WAKE-PAGE-FUNCTION-ARN";
    let register = case.aws(&["elbv2", "register-targets", "--target-group-arn", group, "--targets", target]);
    rows.push(ReportRow::bad(Check::AnswersWithPage, subject, seen, expected, register));
}

fn of_rule(case: PreflightCase<'_>, page: &PagePlace, rows: &mut Vec<ReportRow>) {
    let (rule, subject) = (page.rule.as_str(), format!("rule {}", page.rule.short()));
    let describe = || case.aws(&["elbv2", "describe-rules", "--rule-arns", rule]);
    let missing = || ReportRow::missing(Check::Exists, subject.as_str(), describe());
    let found = match existing(case.facts.rules.get(&page.rule), &subject, missing) {
        Ok(found) => found,
        Err(row) => return rows.push(row),
    };
    rows.push(ReportRow::good(Check::Exists, subject.as_str(), found.actions.to_string()));
    rows.push(of_tag(&subject, &tags(found.managed), || {
        let tag = format!("Key={MANAGED},Value=true");
        case.aws(&["elbv2", "add-tags", "--resource-arns", rule, "--tags", &tag])
    }));
    // Where it sleeps, the page is there.
    let shown = found.actions.shows(&page.target_group);
    let refusal = found.cannot_change.clone().or_else(|| found.actions.with_page(&page.target_group).err());
    rows.push(match refusal.filter(|_| !shown || found.cannot_change.is_some()) {
        None => ReportRow::good(Check::ShowsPage, subject, format!("can show {}", page.target_group.name())),
        Some(why) => {
            let expected = "a rule that is not the default one, and forwards to at most four target groups";
            ReportRow::bad(Check::ShowsPage, subject, why, expected, describe())
        }
    });
}

/// The tags of a rule, as far as they matter.
pub(super) fn tags(managed: bool) -> Tags {
    if managed { Tags::from([(MANAGED.to_owned(), "true".to_owned())]) } else { Tags::new() }
}
