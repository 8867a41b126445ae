//! The page that is shown in the place of an environment that sleeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capacity::PagePlace;
use crate::value::{ListenerRuleArn, TargetGroupArn};

/// A page on the load balancer's rule while the environment sleeps, so that nobody meets an error there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct WakePage {
    /// The rule of an Application Load Balancer's listener that forwards to the application: not the listener's default rule,
    /// which AWS changes otherwise. It needs the tag `watchkeeper:managed = true`.
    pub listener_rule: ListenerRuleArn,
    /// The target group, of the type lambda, that answers while the environment sleeps: one of this environment alone, for AWS lets
    /// a target group belong to one load balancer.
    pub target_group: TargetGroupArn,
}

impl WakePage {
    /// Where the page is shown.
    pub fn place(&self) -> PagePlace {
        PagePlace { rule: self.listener_rule.clone(), target_group: self.target_group.clone() }
    }
}
