//! Schedules of EventBridge Scheduler that call, by the clock, what stops, starts or scales something of ours.

use serde_json::Value;

use super::{Check, PreflightCase, ReportRow};
use crate::capacity::{DatabaseId, ResourceId, ServiceId};

/// A schedule that calls an operation by itself, as a universal target (EventBridge Scheduler user guide, "Using universal
/// targets"). What a function or a machine does that it calls instead, no API tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScheduledCall {
    /// Its group.
    pub group: String,
    /// Its name.
    pub name: String,
    /// Service and operation, as the target's ARN has them: `ecs:updateService`.
    pub operation: String,
    /// The parameters of the call, as JSON.
    pub input: String,
}

/// The operations that move what we look after, and the parameter that names it.
const MOVES: [(&str, &str); 6] = [
    ("ecs:updateService", "service"),
    ("applicationautoscaling:registerScalableTarget", "resourceid"),
    ("rds:stopDBCluster", "dbclusteridentifier"),
    ("rds:startDBCluster", "dbclusteridentifier"),
    ("rds:stopDBInstance", "dbinstanceidentifier"),
    ("rds:startDBInstance", "dbinstanceidentifier"),
];

/// ECS takes this cluster where a call names none (Amazon ECS API reference, `UpdateService`).
const DEFAULT_CLUSTER: &str = "default";

impl ScheduledCall {
    /// The operation of a universal target, if it is one that moves what we look after.
    pub fn operation_of(target: &str) -> Option<&'static str> {
        let (_, operation) = target.split_once(":scheduler:::aws-sdk:")?;
        MOVES.iter().map(|(known, _)| *known).find(|known| known.eq_ignore_ascii_case(operation))
    }

    /// Whether the call is about a resource.
    pub fn moves(&self, resource: &ResourceId) -> bool {
        let Some((operation, parameter)) = MOVES.iter().find(|(known, _)| *known == self.operation) else {
            return false;
        };
        let input: Value = serde_json::from_str(&self.input).unwrap_or_default();
        let Some(named) = parameter_of(&input, parameter) else { return false };
        match resource {
            ResourceId::Service(id) => match *operation {
                "ecs:updateService" => {
                    let cluster = parameter_of(&input, "cluster").unwrap_or(DEFAULT_CLUSTER);
                    last(named) == id.service.as_str() && last(cluster) == id.cluster.as_str()
                }
                _ => named.strip_prefix("service/").is_some_and(|name| name == id.to_string()),
            },
            ResourceId::Database(id) => {
                let kind = if matches!(id, DatabaseId::Aurora(_)) { "DBCluster" } else { "DBInstance" };
                operation.ends_with(kind) && id.is_called(last(named))
            }
            ResourceId::Rule(_) => false,
        }
    }
}

/// A parameter by its name, in whatever case: the console and the SDKs write it differently.
fn parameter_of<'v>(input: &'v Value, name: &str) -> Option<&'v str> {
    input.as_object()?.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?.1.as_str()
}

/// The name at the end of an ARN, or the name itself.
fn last(name: &str) -> &str {
    name.rsplit(['/', ':']).next().unwrap_or(name)
}

pub(super) fn judge(case: PreflightCase<'_>, rows: &mut Vec<ReportRow>) {
    let schedules = match &case.facts.schedules {
        _ if case.environment.calendar().is_none() => return,
        Err(unread) => return rows.push(ReportRow::unread(Check::MovedByUsAlone, "schedules of EventBridge", unread)),
        Ok(schedules) => schedules,
    };
    let services = case.wanted.services.iter().map(|id: &ServiceId| ResourceId::Service(id.clone()));
    let databases = case.wanted.databases.iter().map(|id| ResourceId::Database(id.clone()));
    for resource in services.chain(databases).filter(|resource| !case.environment.protects(resource)) {
        for schedule in schedules.iter().filter(|schedule| schedule.moves(&resource)) {
            rows.push(of_schedule(case, &resource, schedule));
        }
    }
}

fn of_schedule(case: PreflightCase<'_>, resource: &ResourceId, schedule: &ScheduledCall) -> ReportRow {
    let subject = match resource {
        ResourceId::Service(id) => format!("service {id}"),
        ResourceId::Database(id) => format!("database {id}"),
        ResourceId::Rule(id) => format!("rule {id}"),
    };
    let ScheduledCall { group, name, operation, .. } = schedule;
    let found = format!("the schedule {group}/{name} calls {operation} on it");
    let delete = case.aws(&["scheduler", "delete-schedule", "--group-name", group, "--name", name]);
    ReportRow::bad(Check::MovedByUsAlone, subject, found, "none beside the calendar of the document", delete)
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn service(name: &str) -> ResourceId {
        ResourceId::Service(ServiceId::try_from(name.to_owned()).unwrap())
    }

    fn database(name: &str) -> ResourceId {
        ResourceId::Database(DatabaseId::try_from(name.to_owned()).unwrap())
    }

    #[rstest]
    #[case("ecs:updateService", r#"{"Cluster": "shop", "Service": "api", "DesiredCount": 0}"#, &["shop/api"])]
    #[case(
        "ecs:updateService",
        r#"{"cluster": "arn:aws:ecs:eu-west-1:1:cluster/shop", "service": "arn:aws:ecs:eu-west-1:1:service/shop/api"}"#,
        &["shop/api"]
    )]
    #[case("ecs:updateService", r#"{"Service": "api"}"#, &["default/api"])]
    #[case("ecs:updateService", r#"{"Cluster": "shop"}"#, &[])]
    #[case("ecs:updateService", "text", &[])]
    #[case("applicationautoscaling:registerScalableTarget", r#"{"ResourceId": "service/shop/api"}"#, &["shop/api"])]
    #[case("rds:stopDBInstance", r#"{"DbInstanceIdentifier": "Shop-DB"}"#, &["rds:shop-db"])]
    #[case("rds:startDBCluster", r#"{"DBClusterIdentifier": "shop-db"}"#, &["aurora:shop-db"])]
    #[case("rds:rebootDBInstance", r#"{"DbInstanceIdentifier": "shop-db"}"#, &[])]
    fn a_schedule_moves_what_its_parameters_name(
        #[case] operation: &str,
        #[case] input: &str,
        #[case] expected: &[&str],
    ) {
        let call = ScheduledCall {
            group: "default".to_owned(),
            name: "night".to_owned(),
            operation: operation.to_owned(),
            input: input.to_owned(),
        };
        let services = ["shop/api", "shop/web", "default/api"];
        let databases = ["rds:shop-db", "aurora:shop-db", "rds:other"];
        let mut moved: Vec<&str> = services.into_iter().filter(|name| call.moves(&service(name))).collect();
        moved.extend(databases.into_iter().filter(|name| call.moves(&database(name))));
        assert_eq!(moved, expected);
    }

    #[test]
    fn a_universal_target_names_its_operation() {
        let operation = |target: &str| ScheduledCall::operation_of(target);
        assert_eq!(operation("arn:aws:scheduler:::aws-sdk:ecs:updateService"), Some("ecs:updateService"));
        assert_eq!(operation("arn:aws-cn:scheduler:::aws-sdk:rds:stopDbInstance"), Some("rds:stopDBInstance"));
        assert_eq!(operation("arn:aws:scheduler:::aws-sdk:sqs:sendMessage"), None);
        assert_eq!(operation("arn:aws:lambda:eu-west-1:123456789012:function:stop"), None);
    }
}
