//! The page that is shown in the place of an environment that sleeps.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::capacity::PagePlace;
use crate::value::{Duration, ListenerRuleArn, Sha256, TargetGroupArn};

/// For how long the button of a page wakes, and how often a day, unless the document says otherwise.
const LASTS: Duration = Duration::minutes(120);
/// See [`LASTS`].
const AT_MOST: u32 = 3;

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
    /// For how long the page's button wakes the environment: 15m to 12h. Default: 2h.
    #[serde(default, rename = "for", skip_serializing_if = "Option::is_none")]
    pub lasts: Option<Duration>,
    /// How often a day, by the calendar's zone, the button wakes it: 1 to 24. Default: 3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<u32>,
    /// The SHA-256 digest of a word that whoever presses the button has to type: `printf %s WORD | sha256sum`. Without it
    /// whoever reaches the page may wake the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_sha256: Option<Sha256>,
}

impl WakePage {
    /// Where the page is shown.
    pub fn place(&self) -> PagePlace {
        PagePlace { rule: self.listener_rule.clone(), target_group: self.target_group.clone() }
    }

    /// For how long its button wakes.
    pub fn lasts(&self) -> Duration {
        self.lasts.unwrap_or(LASTS)
    }

    /// How often a day its button wakes.
    pub fn at_most(&self) -> u32 {
        self.at_most.unwrap_or(AT_MOST)
    }
}
