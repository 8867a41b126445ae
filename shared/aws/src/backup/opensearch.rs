//! Search domains: snapshots into a repository that is registered beforehand, over the domain's own HTTP API, signed.

use std::collections::BTreeMap;

use aws_config::SdkConfig;
use jiff::Timestamp;
use serde_json::{Value, json};
use watchkeeper_control::ports::AwsError;
use watchkeeper_domain::backup::{
    BACKUP_TAG, BackupMemory, CopyName, CopyState, JobPolicy, ObservedCopy, ObservedSource, SourceState,
};
use watchkeeper_domain::name::Region;

use super::BackupClients;
use super::engine::{BackupEngine, CopyEngine, RegionalResource};
use crate::fault::invalid;
use crate::signed::{HttpCall, send};

/// The service under which calls of search domains are signed.
const SERVICE: &str = "es";

/// `OpenSearch` domains.
#[derive(Debug)]
pub(super) struct Opensearch;

impl CopyEngine for Opensearch {
    async fn copies(&self, resource: &RegionalResource<'_>, _: &BackupMemory) -> Result<Vec<ObservedCopy>, AwsError> {
        let url = format!(
            "{}/{}*?ignore_unavailable=true",
            resource.clients.repository(resource.policy).await?,
            resource.policy.subject.series()
        );
        let asked =
            HttpCall { service: SERVICE, operation: "ESHttpGet", method: "GET", url: &url, target: None, body: None };
        let answer = send(&resource.clients.sdk, &asked).await?.unwrap_or_default();
        Ok(answer["snapshots"].as_array().into_iter().flatten().filter_map(snapshot).collect())
    }

    async fn start(&self, resource: &RegionalResource<'_>, name: &CopyName) -> Result<Option<String>, AwsError> {
        let url = format!("{}/{name}?wait_for_completion=false", resource.clients.repository(resource.policy).await?);
        // Indices whose names begin with a dot are the domain's own, and cannot be restored over themselves.
        let body = json!({
            "indices": "*,-.*",
            "include_global_state": false,
            "metadata": { BACKUP_TAG: resource.policy.subject.identity() },
        });
        let asked = HttpCall {
            service: SERVICE,
            operation: "ESHttpPut",
            method: "PUT",
            url: &url,
            target: None,
            body: Some(body),
        };
        let answer = send(&resource.clients.sdk, &asked).await?;
        answer
            .map(|_| None)
            .ok_or_else(|| invalid("ESHttpPut", &resource.policy.subject.source, "found no such repository".to_owned()))
    }

    async fn delete(&self, resource: &RegionalResource<'_>, copy: &ObservedCopy) -> Result<(), AwsError> {
        let url = format!("{}/{}", resource.clients.repository(resource.policy).await?, copy.name);
        let asked = HttpCall {
            service: SERVICE,
            operation: "ESHttpDelete",
            method: "DELETE",
            url: &url,
            target: None,
            body: None,
        };
        send(&resource.clients.sdk, &asked).await.map(drop)
    }
}

impl BackupEngine for Opensearch {
    async fn source(&self, resource: &RegionalResource<'_>) -> Result<Option<ObservedSource>, AwsError> {
        Ok(resource.clients.domain(resource.policy).await?.as_ref().map(source))
    }
}

/// The names of the search domains of a region (Amazon `OpenSearch` Service API reference, `ListDomainNames`).
///
/// # Errors
/// [`AwsError`] as the service answered.
pub async fn domain_names(sdk: &SdkConfig, region: &Region) -> Result<Vec<String>, AwsError> {
    let url = format!("{}/2021-01-01/domain", service_url(sdk, region));
    let asked = HttpCall {
        service: SERVICE,
        operation: "es:ListDomainNames",
        method: "GET",
        url: &url,
        target: None,
        body: None,
    };
    let answer = send(sdk, &asked).await?.unwrap_or_default();
    let names = answer["DomainNames"].as_array().into_iter().flatten();
    Ok(names.filter_map(|it| Some(it["DomainName"].as_str()?.to_owned())).collect())
}

fn service_url(sdk: &SdkConfig, region: &Region) -> String {
    sdk.endpoint_url().map_or_else(|| format!("https://es.{region}.amazonaws.com"), str::to_owned)
}

impl BackupClients {
    /// What the service says of the domain.
    async fn domain(&self, policy: &JobPolicy) -> Result<Option<Value>, AwsError> {
        let base = service_url(&self.sdk, &policy.region);
        let url = format!("{base}/2021-01-01/opensearch/domain/{}", policy.subject.source.name);
        let asked = HttpCall {
            service: SERVICE,
            operation: "DescribeDomain",
            method: "GET",
            url: &url,
            target: None,
            body: None,
        };
        Ok(send(&self.sdk, &asked).await?.map(|answer| answer["DomainStatus"].clone()))
    }

    async fn repository(&self, policy: &JobPolicy) -> Result<String, AwsError> {
        let subject = &policy.subject.source;
        let domain = self.domain(policy).await?.unwrap_or_default();
        let found = endpoint(&domain).map_err(|why| invalid("DescribeDomain", subject, why.to_owned()))?;
        let repository = policy.repository.as_deref();
        let repository =
            repository.ok_or_else(|| invalid("ESHttpGet", subject, "the document names no repository".to_owned()))?;
        let given = self.sdk.endpoint_url().and_then(|url| url.split_once("://"));
        let scheme = given.map_or("https", |(scheme, _)| scheme);
        Ok(format!("{scheme}://{found}/_snapshot/{repository}"))
    }
}

/// Where the domain answers to everybody who may sign. `Err` says why nowhere.
fn endpoint(domain: &Value) -> Result<&str, &'static str> {
    match (domain["Endpoint"].as_str(), domain["Endpoints"].as_object()) {
        (Some(endpoint), _) => Ok(endpoint),
        (None, Some(all)) if all.keys().any(|key| key.starts_with("vpc")) => Err(
            "the domain answers within its VPC only, and this function is in none: take its snapshots with a policy of Index State \
             Management, and leave the job out of the document",
        ),
        (None, _) => Err("found no endpoint of the domain, expected a public one"),
    }
}

/// A domain of which AWS does not say that it is made is not made.
fn source(domain: &Value) -> ObservedSource {
    let is = |what: &str| domain[what] == json!(true);
    let busy = ["Processing", "UpgradeProcessing", "Deleted"].into_iter().find(|it| is(it));
    let state = match busy {
        Some(busy) => SourceState::Busy(busy.to_ascii_lowercase()),
        None if is("Created") => SourceState::Available,
        None => SourceState::Busy("not created yet".to_owned()),
    };
    ObservedSource {
        state,
        encrypted: domain["EncryptionAtRestOptions"]["Enabled"] == json!(true),
        window: None,
        settings: BTreeMap::from([(
            "engine version".to_owned(),
            domain["EngineVersion"].as_str().unwrap_or("none").to_owned(),
        )]),
    }
}

fn snapshot(found: &Value) -> Option<ObservedCopy> {
    let name = found["snapshot"].as_str()?.to_owned();
    Some(ObservedCopy {
        id: found["uuid"].as_str().unwrap_or(&name).to_owned(),
        state: match found["state"].as_str() {
            Some("SUCCESS") => CopyState::Available,
            Some("IN_PROGRESS") => CopyState::Creating,
            other => CopyState::Failed(other.unwrap_or("unknown").to_ascii_lowercase()),
        },
        created: found["start_time_in_millis"].as_i64().and_then(|at| Timestamp::from_millisecond(at).ok()),
        // Snapshots share what has not changed: the size of one says nothing.
        bytes: None,
        // They lie in a bucket, and S3 encrypts every object.
        encrypted: true,
        mark: found["metadata"][BACKUP_TAG].as_str().map(str::to_owned),
        name,
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_snapshot_is_read_with_the_mark_in_its_metadata() {
        let found = json!({"snapshot": "wk-a", "uuid": "u", "state": "SUCCESS", "start_time_in_millis": 1_795_000_000_000_i64,
            "metadata": {BACKUP_TAG: "a/b"}});
        let read = snapshot(&found).unwrap();
        assert_eq!((read.id.as_str(), read.state, read.mark.as_deref()), ("u", CopyState::Available, Some("a/b")));
        let partial = json!({"snapshot": "wk-a", "state": "PARTIAL"});
        assert_eq!(snapshot(&partial).unwrap().state, CopyState::Failed("partial".to_owned()));
        assert_eq!(snapshot(&json!({})), None);
    }

    #[test]
    fn a_domain_that_changes_or_is_not_made_yet_is_busy() {
        let domain = json!({"Created": true, "Processing": true, "EncryptionAtRestOptions": {"Enabled": true}});
        assert_eq!(
            (source(&domain).state, source(&domain).encrypted),
            (SourceState::Busy("processing".to_owned()), true)
        );
        assert_eq!(source(&json!({"Created": true})).state, SourceState::Available);
        for unmade in [json!({"Created": false}), json!({})] {
            assert_eq!(source(&unmade).state, SourceState::Busy("not created yet".to_owned()), "{unmade}");
        }
    }

    #[test]
    fn a_domain_within_a_network_is_refused_by_name() {
        assert_eq!(endpoint(&json!({"Endpoint": "x"})), Ok("x"));
        assert!(endpoint(&json!({"Endpoints": {"vpc": "vpc-x"}})).unwrap_err().contains("within its VPC only"));
        assert!(endpoint(&json!({})).unwrap_err().contains("found no endpoint"));
    }
}
