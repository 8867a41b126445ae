//! Schedules of somebody else: looked for before the first night, and where a person looks. They veto nothing.

use watchkeeper_domain::capacity::Schedules;
use watchkeeper_domain::intent::{DesiredState, Layer};
use watchkeeper_domain::reconcile::assess::Assessment;
use watchkeeper_domain::request::{RunMode, RunRequest};
use watchkeeper_domain::violation::{GuardrailCode, Severity, Violation};

use super::Reconciler;
use crate::pacing::ApiBucket;
use crate::platform::Platform;
use crate::ports::ScheduledActions;

/// How many pages of scheduled actions are read: fifty a page (Application Auto Scaling API reference,
/// `DescribeScheduledActions`), which is a thousand of an account and region.
const PAGES: usize = 20;

/// Whether a look asks for schedules: where it is about to remember something as the baseline of a night, or a person looks.
pub(super) fn asks(request: &RunRequest, assessment: &Assessment) -> bool {
    let asleep = assessment.deciding.iter().any(|intent| intent.want == DesiredState::Asleep);
    request.mode == RunMode::Plan || (assessment.learnt && asleep)
}

impl<P: Platform> Reconciler<P> {
    /// The scheduled actions of this region, as far as they can be read, and what is said of those that cannot.
    pub(super) async fn schedules(&self, layer: Layer) -> (Schedules, Option<Violation>) {
        let mut all = Schedules::new();
        let mut after = None;
        for _ in 0..PAGES {
            let call = self.cloud.scheduled_actions(after.as_deref());
            match self.pace(layer).call(ApiBucket::ScalingRead, 1, call).await {
                Ok((page, next)) => {
                    for (service, actions) in page {
                        all.entry(service).or_default().extend(actions);
                    }
                    if next.is_none() {
                        return (all, None);
                    }
                    after = next;
                }
                Err(error) => return (all, Some(unread(&error.to_string()))),
            }
        }
        let more = format!("there are more than {PAGES} pages of them");
        (all, Some(unread(&more)))
    }
}

fn unread(why: &str) -> Violation {
    let found = format!("whether scheduled actions of somebody else move these services is not known: {why}");
    let advice = "Nothing waits for it; allow application-autoscaling:DescribeScheduledActions in the function's role to be told";
    Violation::new(GuardrailCode::ForeignSchedule, Severity::Warn, found, advice)
}
