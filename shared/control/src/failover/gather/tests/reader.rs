//! A region in memory.

use watchkeeper_domain::estate::EventSource;
use watchkeeper_domain::failover::SourceState;
use watchkeeper_domain::failover::rehearsal::TaskStart;

use super::*;

/// A region in memory: two services, a table and a replica, and no stream. It counts its calls, and refuses some.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) refused: BTreeSet<&'static str>,
    pub(super) without: BTreeSet<&'static str>,
    pub(super) calls: RefCell<Vec<String>>,
}

impl Memory {
    pub(super) fn refusing(operations: &[&'static str]) -> Self {
        Self { refused: operations.iter().copied().collect(), ..Self::default() }
    }

    #[expect(clippy::needless_pass_by_value, reason = "it makes the calls below short")]
    fn call<T>(&self, operation: &'static str, subject: impl ToString, answer: T) -> Result<T, AwsError> {
        let subject = subject.to_string();
        self.calls.borrow_mut().push(format!("{operation} {subject}"));
        if self.refused.contains(operation) {
            return Err(AwsError { operation, subject, fault: Fault::Denied, source: None });
        }
        Ok(answer)
    }

    pub(super) fn count(&self, operation: &str) -> usize {
        self.calls.borrow().iter().filter(|call| call.starts_with(operation)).count()
    }

    fn has(&self, name: &str) -> bool {
        !self.without.contains(name)
    }
}

impl Services for Memory {
    async fn describe_services(
        &self,
        cluster: &ClusterName,
        services: &[ServiceName],
    ) -> Result<BTreeMap<ServiceId, ObservedService>, AwsError> {
        let described = |service: &ServiceName| {
            let definition = format!("arn:aws:ecs:us-west-1:123456789012:task-definition/{service}:7");
            let observed = ObservedService {
                capacity: ServiceCapacity { desired: 0, scaling: None },
                running: 0,
                pending: 0,
                managed: true,
                rollout: Rollout::Completed,
                rollout_since: None,
                deployed: None,
                task_definition: Some(TaskDefinition::new(definition)),
                daemon: false,
                target_groups: Vec::new(),
                scheduler: None,
            };
            (ServiceId { cluster: cluster.clone(), service: service.clone() }, observed)
        };
        let known = services.iter().filter(|service| self.has(service.as_str()));
        self.call("DescribeServices", cluster, known.map(described).collect())
    }
}

impl ScalableTargets for Memory {
    async fn describe_targets(&self, services: &[ServiceId]) -> Result<BTreeMap<ServiceId, ScalingState>, AwsError> {
        let scaling = ScalingState { min: 0, max: 4, suspended: Suspensions::NONE };
        let scaled = services.iter().filter(|id| id.service.as_str() == FLEET);
        self.call("DescribeScalableTargets", services.len(), scaled.map(|id| (id.clone(), scaling)).collect())
    }
}

impl TargetTags for Memory {
    async fn target_is_managed(&self, service: &ServiceId) -> Result<bool, AwsError> {
        self.call("ListTagsForResource", service, self.has("tag"))
    }
}

impl RegionTasks for Memory {
    async fn tasks_alive(&self, service: &ServiceId) -> Result<u32, AwsError> {
        self.call("ListTasks", service, 0)
    }

    async fn slowest_start(&self, service: &ServiceId) -> Result<Option<TaskStart>, AwsError> {
        self.call("ListTasks", service, None)
    }

    async fn task_images(&self, definition: &TaskDefinition) -> Result<Vec<String>, AwsError> {
        let family = definition.to_string().replace(":7", "");
        self.call("DescribeTaskDefinition", definition, vec![image("us-west-1", &family, "1.4.2")])
    }

    async fn target_groups(&self, service: &ServiceId) -> Result<Vec<TargetGroupFacts>, AwsError> {
        let path = Some("/fleet/health".to_owned());
        let group = TargetGroupFacts { name: "fleet".to_owned(), health_path: path, healthy: 0, unhealthy: 0 };
        let groups = if service.service.as_str() == FLEET { vec![group] } else { vec![] };
        self.call("DescribeTargetGroups", service, groups)
    }
}

impl ReplicatedStores for Memory {
    async fn table(&self, table: &ResourceName) -> Result<Option<TableFacts>, AwsError> {
        let replicas = [region("us-west-1"), region("us-west-2")].map(|region| (region, "ACTIVE".to_owned())).into();
        let facts = TableFacts { replicas, indexes: ["region-status-index".to_owned()].into() };
        self.call("DescribeTable", table, Some(facts).filter(|_| self.has(table.as_str())))
    }

    async fn lag(&self, table: &ResourceName, to: &Region, _: Timestamp) -> Result<Option<SignedDuration>, AwsError> {
        let lag = self.has("lag").then(|| SignedDuration::from_millis(420));
        self.call("GetMetricData", format!("{table} to {to}"), lag)
    }

    async fn stream(&self, stream: &ResourceName) -> Result<Option<StreamFacts>, AwsError> {
        self.call("DescribeStreamSummary", stream, None)
    }

    async fn has_image(&self, repository: &ResourceName, reference: &str) -> Result<Option<bool>, AwsError> {
        let there = self.has(repository.as_str()).then(|| self.has(reference));
        self.call("DescribeImages", format!("{repository}:{reference}"), there)
    }
}

impl AccountQuotas for Memory {
    async fn quotas(&self, at: Timestamp) -> Result<CapacityQuotas, AwsError> {
        self.call(
            "GetServiceQuota",
            at,
            CapacityQuotas { vcpu: Some(16), vcpu_used: Some(2), ..CapacityQuotas::default() },
        )
    }

    async fn cpu_units(&self, release: &TaskDefinition) -> Result<Option<u32>, AwsError> {
        self.call("DescribeTaskSize", release, Some(512))
    }
}

impl Alarms for Memory {
    async fn alarm_states(&self, names: &BTreeSet<AlarmName>) -> Result<AlarmStates, AwsError> {
        self.call("DescribeAlarms", names.len(), AlarmStates::default())
    }
}

impl DatabasePromotions for Memory {
    async fn role(&self, database: &PairDatabase) -> Result<Option<DatabaseRole>, AwsError> {
        self.call("DescribeDBInstances", database, Some(DatabaseRole::Follower))
    }

    async fn promote_replica(&self, database: &ResourceName) -> Result<(), AwsError> {
        self.call("PromoteReadReplica", database, ())
    }

    async fn move_writer(&self, global: &ResourceName, _: &Region, _: bool) -> Result<(), AwsError> {
        self.call("FailoverGlobalCluster", global, ())
    }
}

impl EventSources for Memory {
    async fn source(&self, source: &EventSource) -> Result<Option<SourceState>, AwsError> {
        self.call("GetSchedule", source, Some(SourceState::Off))
    }

    async fn switch_source(&self, source: &EventSource, _: bool) -> Result<(), AwsError> {
        self.call("UpdateSchedule", source, ())
    }
}
