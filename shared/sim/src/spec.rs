//! What a simulation is built of.

use watchkeeper_domain::capacity::{
    DatabaseId, DatabaseState, EnvironmentTag, ObservedDatabase, ObservedRule, Rollout, RuleActions, ScalingState,
    ServiceId, Suspensions, TaskDefinition,
};
use watchkeeper_domain::failover::readiness::TargetGroupFacts;
use watchkeeper_domain::name::{EnvironmentName, EstateName, Region, Scope};
use watchkeeper_domain::value::{ListenerRuleArn, ResourceName, TargetGroupArn};

/// A service to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSpec {
    /// Its name, and where it is.
    pub id: ServiceId,
    /// Its desired count, in tasks; as many run.
    pub desired: u32,
    /// Its scalable target.
    pub scaling: Option<ScalingState>,
    /// Whether it carries the tag.
    pub managed: bool,
    /// Whether ECS places one task of it on each container instance: its count cannot be set.
    pub daemon: bool,
    /// How its newest deployment stands.
    pub rollout: Rollout,
    /// The task definitions that it has run, oldest first, each a deployment that completed; the last one runs now.
    pub releases: Vec<TaskDefinition>,
    /// What a task of it takes, in CPU units.
    pub cpu_units: Option<u32>,
    /// The images of each of its task definitions; empty for that of its family and revision, in the region's registry.
    pub images: Vec<String>,
    /// Its target groups.
    pub target_groups: Vec<TargetGroup>,
    /// Whether its deployments are remembered: those of `CodeDeploy` and of external controllers are not.
    pub keeps_history: bool,
}

/// A target group of a service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetGroup {
    /// Its name.
    pub name: String,
    /// The path of its health check; `None` where the group does not exist.
    pub health_path: Option<String>,
    /// The most of its targets that are healthy; `None` for all.
    pub healthy: Option<u32>,
}

impl TargetGroup {
    /// A group whose targets are all healthy.
    pub(crate) fn new(name: &str, health_path: Option<&str>) -> Self {
        Self { name: name.to_owned(), health_path: health_path.map(str::to_owned), healthy: None }
    }

    /// What AWS says of it while so many tasks run. A group that does not exist has no targets.
    pub(crate) fn facts(&self, running: u32) -> TargetGroupFacts {
        let targets = if self.health_path.is_some() { running } else { 0 };
        let healthy = self.healthy.map_or(targets, |most| most.min(targets));
        let (name, health_path) = (self.name.clone(), self.health_path.clone());
        TargetGroupFacts { name, health_path, healthy, unhealthy: targets - healthy }
    }
}

/// A database to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseSpec {
    /// Its name, and where it is.
    pub id: DatabaseId,
    /// What it is like.
    pub observed: ObservedDatabase,
    /// Whose it is by its tag `watchkeeper:environment`, if it has one.
    pub environment: Option<EnvironmentTag>,
}

/// A rule of a load balancer's listener to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RuleSpec {
    /// Its ARN.
    pub id: ListenerRuleArn,
    /// What it is like.
    pub observed: ObservedRule,
}

/// Anything to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SimResource {
    /// A service.
    Service(ServiceSpec),
    /// A database.
    Database(DatabaseSpec),
    /// A rule of a load balancer's listener.
    Rule(RuleSpec),
}

impl From<RuleSpec> for SimResource {
    fn from(spec: RuleSpec) -> Self {
        Self::Rule(spec)
    }
}

impl From<ServiceSpec> for SimResource {
    fn from(spec: ServiceSpec) -> Self {
        Self::Service(spec)
    }
}

impl From<DatabaseSpec> for SimResource {
    fn from(spec: DatabaseSpec) -> Self {
        Self::Database(spec)
    }
}

/// A managed service of one task, without a scalable target, written `cluster/service`.
///
/// # Panics
/// When that is no name of a service: a test that misspells should fail where it does.
pub fn service(name: &str) -> ServiceSpec {
    ServiceSpec::new(checked(ServiceId::try_from(name.to_owned())))
}

/// A managed, available Aurora cluster.
///
/// # Panics
/// When that is no name of a database.
pub fn aurora(name: &str) -> DatabaseSpec {
    DatabaseSpec::new(checked(DatabaseId::try_from(format!("aurora:{name}"))))
}

/// A managed, available RDS instance.
///
/// # Panics
/// When that is no name of a database.
pub fn rds(name: &str) -> DatabaseSpec {
    DatabaseSpec::new(checked(DatabaseId::try_from(format!("rds:{name}"))))
}

/// A rule of the load balancer of this name in `us-east-1`, such as `shop/1`.
///
/// # Panics
/// When that is no name.
pub fn rule_arn(name: &str) -> ListenerRuleArn {
    let (balancer, rule) = name.split_once('/').unwrap_or((name, "1"));
    let arn = format!(
        "arn:aws:elasticloadbalancing:us-east-1:123456789012:listener-rule/app/{balancer}/50dc6c495c0c9188/f2f7dc8efc522ab2/{rule}"
    );
    checked(arn.parse())
}

/// A target group of this name in `us-east-1`.
///
/// # Panics
/// When that is no name.
pub fn group_arn(name: &str) -> TargetGroupArn {
    checked(format!("arn:aws:elasticloadbalancing:us-east-1:123456789012:targetgroup/{name}/73e2d6bc24d8a067").parse())
}

/// A managed rule of a listener that forwards to a target group.
///
/// # Panics
/// When these are no names.
pub fn rule(name: &str, group: &str) -> RuleSpec {
    let actions = RuleActions::forward_to(&group_arn(group));
    RuleSpec { id: rule_arn(name), observed: ObservedRule { actions, managed: true, cannot_change: None } }
}

/// A task definition as AWS writes it, of a family and revision such as `h2o-backend:124`.
pub fn task_definition(name: &str) -> TaskDefinition {
    TaskDefinition::new(format!("arn:aws:ecs:us-east-1:123456789012:task-definition/{name}"))
}

/// A scope.
///
/// # Panics
/// When one of them is no name.
pub fn scope(estate: &str, environment: &str, region: &str) -> Scope {
    Scope {
        estate: checked(EstateName::new(estate)),
        environment: checked(EnvironmentName::new(environment)),
        region: checked(Region::new(region)),
    }
}

/// The name, or the end of the test.
pub(crate) fn checked<T, E: std::fmt::Display>(name: Result<T, E>) -> T {
    name.unwrap_or_else(|error| panic!("{error}"))
}

/// The name of a resource.
pub(crate) fn resource(name: &str) -> ResourceName {
    checked(name.parse())
}

impl ServiceSpec {
    /// A managed service of one task of a quarter of a vCPU, without a scalable target. It runs the first revision of a
    /// family of its own name.
    pub fn new(id: ServiceId) -> Self {
        Self {
            id,
            desired: 1,
            scaling: None,
            managed: true,
            daemon: false,
            rollout: Rollout::Completed,
            releases: Vec::new(),
            cpu_units: Some(256),
            images: Vec::new(),
            target_groups: Vec::new(),
            keeps_history: true,
        }
    }

    /// After another deployment that completed: that of this task definition, such as `h2o-backend:124`.
    #[must_use]
    pub fn released(mut self, name: &str) -> Self {
        self.releases.push(task_definition(name));
        self
    }

    /// With tasks that take this, in CPU units; `None` where the task as a whole has no figure.
    #[must_use]
    pub fn cpu_units(mut self, units: Option<u32>) -> Self {
        self.cpu_units = units;
        self
    }

    /// With task definitions of these images.
    #[must_use]
    pub fn images(mut self, images: &[&str]) -> Self {
        self.images = images.iter().map(|image| (*image).to_owned()).collect();
        self
    }

    /// With a target group of this health check; as many of its targets are healthy as tasks run.
    #[must_use]
    pub fn target_group(mut self, name: &str, health_path: &str) -> Self {
        self.target_groups.push(TargetGroup::new(name, Some(health_path)));
        self
    }

    /// With a target group that does not exist any more.
    #[must_use]
    pub fn missing_target_group(mut self, name: &str) -> Self {
        self.target_groups.push(TargetGroup::new(name, None));
        self
    }

    /// With a controller whose deployments ECS neither remembers nor begins.
    #[must_use]
    pub fn deployed_elsewhere(mut self) -> Self {
        self.keeps_history = false;
        self
    }

    /// With this many tasks, desired and running.
    #[must_use]
    pub fn desired(mut self, desired: u32) -> Self {
        self.desired = desired;
        self
    }

    /// With a scalable target of these bounds, in tasks, nothing suspended.
    #[must_use]
    pub fn scaling(self, min: u32, max: u32) -> Self {
        self.with_scaling(Some(ScalingState { min, max, suspended: Suspensions::NONE }))
    }

    /// With this scalable target, or none.
    #[must_use]
    pub fn with_scaling(mut self, scaling: Option<ScalingState>) -> Self {
        self.scaling = scaling;
        self
    }

    /// With these suspensions of the scalable target that it has; without one, nothing changes.
    #[must_use]
    pub fn suspended(mut self, suspended: Suspensions) -> Self {
        self.scaling = self.scaling.map(|scaling| ScalingState { suspended, ..scaling });
        self
    }

    /// Without the tag.
    #[must_use]
    pub fn unmanaged(mut self) -> Self {
        self.managed = false;
        self
    }

    /// As a daemon.
    #[must_use]
    pub fn daemon(mut self) -> Self {
        self.daemon = true;
        self
    }

    /// With its newest deployment like this.
    #[must_use]
    pub fn rollout(mut self, rollout: Rollout) -> Self {
        self.rollout = rollout;
        self
    }
}

impl DatabaseSpec {
    /// A managed, available database.
    pub fn new(id: DatabaseId) -> Self {
        let observed =
            ObservedDatabase { state: DatabaseState::Available, managed: true, cannot_stop: None, scheduler: None };
        Self { id, observed, environment: None }
    }

    /// In this state.
    #[must_use]
    pub fn state(mut self, state: DatabaseState) -> Self {
        self.observed.state = state;
        self
    }

    /// Stopped.
    #[must_use]
    pub fn stopped(self) -> Self {
        self.state(DatabaseState::Stopped)
    }

    /// Without the tag.
    #[must_use]
    pub fn unmanaged(mut self) -> Self {
        self.observed.managed = false;
        self
    }

    /// With the tag of an environment, such as `shop/dev`.
    #[must_use]
    pub fn of_environment(mut self, tag: &str) -> Self {
        self.environment = Some(EnvironmentTag::found(tag));
        self
    }

    /// One that AWS refuses to stop, and why.
    #[must_use]
    pub fn cannot_stop(mut self, why: &str) -> Self {
        self.observed.cannot_stop = Some(why.to_owned());
        self
    }
}
