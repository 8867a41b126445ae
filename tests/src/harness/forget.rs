//! A ledger that knows nothing of a scope any more: a test that failed, or a round of a benchmark, leaves nothing to the next.

use aws_sdk_dynamodb::types::AttributeValue;
use watchkeeper_domain::name::Scope;

use super::{DeployedStack, HarnessError};
use crate::estate::SiteError;

impl DeployedStack {
    /// Take everything out of the ledger that is known of a scope.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed. So below.
    pub async fn forget(&self, scope: &Scope) -> Result<(), HarnessError> {
        let Scope { estate, environment, region } = scope;
        self.forget_partitions([format!("SCOPE#{estate}#{environment}#{region}")]).await
    }

    /// Take whole partitions out of the ledger.
    ///
    /// # Errors
    /// As above.
    pub async fn forget_partitions(&self, partitions: impl IntoIterator<Item = String>) -> Result<(), HarnessError> {
        let table = self.outputs().get("LedgerTable")?;
        for partition in partitions {
            let what = format!("forget {partition}");
            let query = self.dynamo.query().table_name(table).key_condition_expression("pk = :pk");
            let key = AttributeValue::S(partition.clone());
            let found =
                query.expression_attribute_values(":pk", key).send().await.map_err(SiteError::aws(what.as_str()))?;
            for item in found.items() {
                let key = item.iter().filter(|(name, _)| ["pk", "sk"].contains(&name.as_str()));
                let key = key.map(|(name, value)| (name.clone(), value.clone())).collect();
                let delete = self.dynamo.delete_item().table_name(table).set_key(Some(key));
                delete.send().await.map_err(SiteError::aws(what.as_str()))?;
            }
        }
        Ok(())
    }
}
