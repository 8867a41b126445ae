//! Customer managed keys: for each alias that a document names for copies, one at home and one in the region of the copies; and
//! one for the messages of each stack.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use watchkeeper_domain::estate::Environment;

use super::HarnessError;
use crate::estate::SiteError;
use crate::sandbox::Sandbox;

/// Makes them, and returns their ARNs.
pub(super) async fn make<'e>(
    sandbox: &Sandbox,
    environments: impl Iterator<Item = &'e Environment>,
) -> Result<Vec<String>, HarnessError> {
    let mut wanted = BTreeSet::new();
    for environment in environments {
        let document = environment.document();
        for copy in document.backups.iter().flat_map(|backups| &backups.jobs).filter_map(|job| job.copy.as_ref()) {
            if let Some(key) = &copy.key {
                wanted
                    .extend([&document.regions.primary, &copy.region].map(|region| (region.clone(), key.to_string())));
            }
        }
    }
    let mut made = Vec::new();
    for (region, alias) in wanted {
        let key = call(sandbox, region.as_str(), "CreateKey", json!({})).await?;
        let request = json!({ "AliasName": alias, "TargetKeyId": key["KeyMetadata"]["KeyId"] });
        call(sandbox, region.as_str(), "CreateAlias", request).await?;
        made.extend(key["KeyMetadata"]["Arn"].as_str().map(str::to_owned));
    }
    Ok(made)
}

/// A key for the messages of a region's stack, so that the rights to use it are used.
pub(super) async fn topic_key(sandbox: &Sandbox, region: &str) -> Result<String, HarnessError> {
    let key = call(sandbox, region, "CreateKey", json!({})).await?;
    Ok(key["KeyMetadata"]["Arn"].as_str().unwrap_or_default().to_owned())
}

/// The ARN of a key by its alias.
///
/// # Errors
/// [`HarnessError`] where there is none.
pub async fn key_of(sandbox: &Sandbox, region: &str, alias: &str) -> Result<String, HarnessError> {
    let found = call(sandbox, region, "DescribeKey", json!({ "KeyId": alias })).await?;
    Ok(found["KeyMetadata"]["Arn"].as_str().unwrap_or_default().to_owned())
}

/// One call of AWS KMS, for which this package has no client.
async fn call(sandbox: &Sandbox, region: &str, operation: &str, request: Value) -> Result<Value, HarnessError> {
    let failed = |why: &dyn std::fmt::Display| SiteError::new(format!("call {operation} of KMS"), why);
    let scope = format!("AWS4-HMAC-SHA256 Credential=root/20261120/{region}/kms/aws4_request");
    let call = ureq::http::Request::post(sandbox.emulator().endpoint()).header("authorization", scope);
    let call = call.header("content-type", "application/x-amz-json-1.1").header("user-agent", "app/test");
    let call = call.header("x-amz-target", format!("TrentService.{operation}")).body(request.to_string());
    let call = call.map_err(|error| failed(&error))?;
    let answer = tokio::task::spawn_blocking(move || {
        let config = ureq::Agent::config_builder().http_status_as_error(false).proxy(None).build();
        let mut answer = ureq::Agent::from(config).run(call)?;
        Ok::<_, ureq::Error>((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    });
    match answer.await.map_err(|error| failed(&error))?.map_err(|error| failed(&error))? {
        (200, text) if text.is_empty() => Ok(Value::Null),
        (200, text) => Ok(serde_json::from_str(&text).map_err(|error| failed(&error))?),
        (status, text) => Err(failed(&format!("{status}: {text}")).into()),
    }
}
