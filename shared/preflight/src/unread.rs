//! A call that failed, as a finding: what the caller needs in order to read it.

use std::error::Error;

use watchkeeper_control::ports::{AwsError, Fault};
use watchkeeper_domain::preflight::{Read, UnreadFact};

/// Operations of the engine's ports whose action has the prefix of another name than a reader would guess (service
/// authorization reference). Those read here say their action themselves.
const ACTIONS: [(&str, &str); 18] = [
    ("DescribeAccountAttributes", "rds"),
    ("DescribeContinuousBackups", "dynamodb"),
    ("DescribeDBClusters", "rds"),
    ("DescribeDBInstances", "rds"),
    ("DescribeDomain", "es"),
    ("DescribeGlobalClusters", "rds"),
    ("DescribeReplicationGroups", "elasticache"),
    ("DescribeRules", "elasticloadbalancing"),
    ("DescribeTable", "dynamodb"),
    ("DescribeTags", "elasticloadbalancing"),
    ("DescribeTaskDefinition", "ecs"),
    ("DescribeTimeToLive", "dynamodb"),
    ("GetAWSDefaultServiceQuota", "servicequotas"),
    ("GetMetricStatistics", "cloudwatch"),
    ("GetServiceQuota", "servicequotas"),
    ("ListTags", "backup"),
    ("ListTagsOfResource", "dynamodb"),
    ("HeadObject", "s3"),
];

/// What was read, or the finding that it was not.
pub(crate) fn read<T>(answer: Result<T, AwsError>) -> Read<T> {
    answer.map_err(|error| unread(&error))
}

/// A call that failed, as a finding.
pub(crate) fn unread(error: &AwsError) -> UnreadFact {
    let mut why = error.fault.to_string();
    let mut next = error.source();
    while let Some(source) = next {
        why = format!("{why}: {source}");
        next = source.source();
    }
    UnreadFact { action: action(error.operation), denied: error.fault == Fault::Denied, why }
}

/// The action that an operation needs, as policies write it.
fn action(operation: &str) -> String {
    match operation {
        "HeadObject" => "s3:GetObject".to_owned(),
        _ if operation.contains(':') => operation.to_owned(),
        _ => {
            let service = ACTIONS.iter().find(|(known, _)| *known == operation).map(|(_, service)| *service);
            service.map_or_else(|| operation.to_owned(), |service| format!("{service}:{operation}"))
        }
    }
}

/// What does not exist is no failure.
pub(crate) fn found<T>(answer: Result<T, AwsError>) -> Result<Option<T>, AwsError> {
    match answer {
        Ok(found) => Ok(Some(found)),
        Err(error) if error.fault == Fault::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_denial_names_the_action_and_anything_else_what_was_said() {
        let error =
            |operation, fault| AwsError { operation, subject: "x".to_owned(), fault, source: Some("no".into()) };
        let denied = unread(&error("DescribeDBInstances", Fault::Denied));
        assert_eq!(denied.to_string(), "cannot be read: needs rds:DescribeDBInstances");
        let own = unread(&error("sqs:ListQueueTags", Fault::Unavailable));
        assert_eq!(own.to_string(), "could not be read by sqs:ListQueueTags: unavailable: no");
        assert_eq!(action("HeadObject"), "s3:GetObject");
        assert!(found::<()>(Err(error("DescribeTable", Fault::NotFound))).is_ok_and(|it| it.is_none()));
        assert!(found::<()>(Err(error("DescribeTable", Fault::Denied))).is_err());
    }
}
