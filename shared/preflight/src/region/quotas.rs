//! What the account may start, and whether Step Functions takes our machines.

use aws_sdk_sfn::types::{StateMachineType, ValidateStateMachineDefinitionSeverity};
use jiff::Timestamp;
use watchkeeper_aws::failed;
use watchkeeper_control::ports::{AccountQuotas as _, AwsError};
use watchkeeper_domain::preflight::{AccountQuotaFacts, DefinitionDiagnostic, FARGATE_VCPU, TASKS_PER_SERVICE};

use super::RegionClients;
use crate::unread::{found, read};

impl RegionClients {
    /// The quotas that starting tasks runs into, and what is used of them.
    pub(crate) async fn quota_facts(&self, now: Timestamp) -> AccountQuotaFacts {
        AccountQuotaFacts {
            vcpu: read(self.quota(FARGATE_VCPU).await),
            vcpu_used: read(self.aws.quotas(now).await.map(|quotas| quotas.vcpu_used)),
            tasks_per_service: read(self.quota(TASKS_PER_SERVICE).await),
        }
    }

    /// A quota: the one applied to the account, else the default of AWS, of which alone Service Quotas may know.
    async fn quota(&self, [service, code]: [&str; 2]) -> Result<Option<u32>, AwsError> {
        let call = self.quotas.get_service_quota().service_code(service).quota_code(code);
        let applied = call.send().await.map_err(|error| failed("servicequotas:GetServiceQuota", code, error));
        let applied = found(applied)?.and_then(|answer| answer.quota()?.value());
        if applied.is_some() {
            return Ok(applied.and_then(whole));
        }
        let call = self.quotas.get_aws_default_service_quota().service_code(service).quota_code(code);
        let default = call.send().await.map_err(|error| failed("servicequotas:GetAWSDefaultServiceQuota", code, error));
        Ok(found(default)?.and_then(|answer| answer.quota()?.value()).and_then(whole))
    }

    /// What Step Functions says of a definition.
    pub(crate) async fn definition(&self, name: &str, definition: &str) -> Result<Vec<DefinitionDiagnostic>, AwsError> {
        let call =
            self.sfn.validate_state_machine_definition().definition(definition).r#type(StateMachineType::Standard);
        let answer = call.severity(ValidateStateMachineDefinitionSeverity::Warning).send().await;
        let answer = answer.map_err(|error| failed("states:ValidateStateMachineDefinition", name, error))?;
        let diagnostic = |it: &aws_sdk_sfn::types::ValidateStateMachineDefinitionDiagnostic| DefinitionDiagnostic {
            severity: it.severity().as_str().to_owned(),
            code: it.code().to_owned(),
            text: it.message().to_owned(),
            place: it.location().unwrap_or_default().to_owned(),
        };
        Ok(answer.diagnostics().iter().map(diagnostic).collect())
    }
}

/// A figure without parts as a number; none for one that no quota has.
fn whole(figure: f64) -> Option<u32> {
    let fits = (0.0..=f64::from(u32::MAX)).contains(&figure);
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was just checked that it fits")]
    fits.then_some(figure.floor() as u32)
}
