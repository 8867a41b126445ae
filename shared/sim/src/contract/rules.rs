//! Cases about rules of load balancers' listeners.

use watchkeeper_control::ports::{Fault, ListenerRules};
use watchkeeper_domain::capacity::{ObservedRule, RuleActions};
use watchkeeper_domain::value::ListenerRuleArn;

use super::{CaseFailure, ContractBench, Passed, differs, equal, fails, there};

/// Hands the name of every case in this module to a macro.
#[macro_export]
macro_rules! rule_cases {
    ($test:ident) => {
        $test! {
            a_rule_is_described_as_it_was_made
            an_unknown_rule_is_none_and_cannot_be_set
            a_page_comes_and_goes_and_the_rule_is_what_it_was
        }
    };
}

async fn described<B: ContractBench>(bench: &B, rule: &ListenerRuleArn) -> Result<ObservedRule, CaseFailure> {
    there(rule.as_str(), bench.cloud().describe_rule(rule).await?)
}

/// Managed, and free to be changed.
pub async fn a_rule_is_described_as_it_was_made<B: ContractBench>(bench: &B) -> Passed {
    let (rule, [application, _]) = bench.make_rule().await?;
    let actions = RuleActions::forward_to(&application);
    equal("the rule", &described(bench, &rule).await?, &ObservedRule { actions, managed: true, cannot_change: None })
}

/// No error where it is asked for: whoever asks learns that nothing is there.
pub async fn an_unknown_rule_is_none_and_cannot_be_set<B: ContractBench>(bench: &B) -> Passed {
    let (rule, [application, _]) = bench.make_rule().await?;
    let unknown: ListenerRuleArn = match format!("{rule}0").parse() {
        Ok(unknown) => unknown,
        Err(error) => return Err(differs("the ARN", &error, "one that nothing has")),
    };
    equal("what is found", &bench.cloud().describe_rule(&unknown).await?, &None)?;
    let answer = bench.cloud().set_rule(&unknown, &RuleActions::forward_to(&application)).await;
    fails("the write", answer, Fault::NotFound)
}

/// All actions at once, whole.
pub async fn a_page_comes_and_goes_and_the_rule_is_what_it_was<B: ContractBench>(bench: &B) -> Passed {
    let (rule, [_, page]) = bench.make_rule().await?;
    let before = described(bench, &rule).await?;
    let shown = before.actions.with_page(&page).map_err(|why| differs("the page", &why, "that it can be shown"))?;
    bench.cloud().set_rule(&rule, &shown).await?;
    bench.settle().await;
    equal("the rule with its page", &described(bench, &rule).await?.actions, &shown)?;
    bench.cloud().set_rule(&rule, &before.actions).await?;
    bench.settle().await;
    let after = described(bench, &rule).await?;
    let text = |rule: &ObservedRule| format!("{:?}", rule.actions);
    equal("the rule afterwards, to the letter", &text(&after), &text(&before))
}
