//! What needs an SDK that nothing else here has: IAM, Access Analyzer, KMS.

use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::preflight::{KeyFacts, PolicyFinding, SimulatedAction, SimulatedCalls};

/// Asking about keys and policies. It only reads.
pub trait PolicyJudge {
    /// A key of the region, by id, ARN or alias; `None` when there is none.
    async fn key(&self, key: &str) -> Result<Option<KeyFacts>, AwsError>;

    /// What Access Analyzer says of a policy document.
    async fn validate(&self, policy: &str) -> Result<Vec<PolicyFinding>, AwsError>;

    /// What IAM's simulator says of a call under these policy documents.
    async fn simulate(&self, policies: &[String], call: &SimulatedCalls) -> Result<Vec<SimulatedAction>, AwsError>;
}
