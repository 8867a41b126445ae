//! The page of an environment that sleeps: whether its rule can show it.

use super::row::existing;
use super::services::of_tag;
use super::{Check, MANAGED, PreflightCase, ReportRow, Tags};

pub(super) fn judge(case: PreflightCase<'_>, rows: &mut Vec<ReportRow>) {
    let Some(page) = &case.wanted.page else { return };
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
