//! What figures and names of AWS come to, whichever source has them.

use watchkeeper_domain::capacity::DatabaseId;
use watchkeeper_domain::name::DatabaseName;

use super::arn::{Arn, last_part};
use super::facts::{AlarmFacts, AlarmSubject, DatabaseFacts, Facts, TargetGroup};

/// Keys of the tag that names an environment.
pub(crate) const ENVIRONMENT_TAGS: [&str; 6] = ["Environment", "environment", "Env", "env", "Stage", "stage"];

/// The environment that tags name.
pub fn environment_of<'a>(tags: impl IntoIterator<Item = (&'a str, &'a str)>) -> Option<String> {
    let tags: Vec<_> = tags.into_iter().collect();
    let named = |wanted: &&str| tags.iter().find(|(key, _)| key == wanted).map(|(_, value)| *value);
    ENVIRONMENT_TAGS.iter().find_map(named).filter(|tag| !tag.is_empty()).map(str::to_owned)
}

impl DatabaseFacts {
    /// An instance of RDS. `source` is what it replicates from: an identifier or an ARN.
    pub fn instance(name: DatabaseName, engine: Option<&str>, source: Option<&str>, multi_az: bool) -> Self {
        let sql_server = engine.is_some_and(|engine| engine.contains("sqlserver"));
        // "Stopping an Amazon RDS DB instance temporarily" (Amazon RDS user guide), limitations.
        let cannot_stop = match source {
            Some(source) => Some(format!("a read replica of {}", printable(last_part(source)))),
            None => (sql_server && multi_az).then(|| "a SQL Server in a Multi-AZ deployment".to_owned()),
        };
        Self {
            id: DatabaseId::Rds(name),
            engine: engine.map(printable),
            cannot_stop,
            replica_of: source.map(str::to_owned),
            global: None,
            kept_days: None,
            window: None,
        }
    }

    /// An Aurora cluster. `source` is what it replicates from, `global` the global database that it belongs to, and `mode` its engine
    /// mode, where it has one.
    pub fn cluster(
        name: DatabaseName,
        engine: &str,
        source: Option<&str>,
        global: Option<&str>,
        mode: Option<&str>,
    ) -> Self {
        let global = global.and_then(|name| name.parse().ok());
        // "AWS-StartStopAuroraCluster" (AWS Systems Manager Automation runbook reference) lists what cannot be stopped.
        let cannot_stop = match (mode, &global, source) {
            (Some("serverless"), ..) => Some("Aurora Serverless v1"),
            (Some("multimaster"), ..) => Some("a multi-master cluster"),
            (Some("parallelquery"), ..) => Some("a cluster with parallel query"),
            (_, Some(_), _) => Some("part of an Aurora global database"),
            (_, _, Some(_)) => Some("a replica of another cluster"),
            _ => None,
        };
        Self {
            id: DatabaseId::Aurora(name),
            engine: Some(printable(engine)),
            cannot_stop: cannot_stop.map(str::to_owned),
            replica_of: source.map(str::to_owned),
            global,
            kept_days: None,
            window: None,
        }
    }

    /// The same, with the days that RDS keeps its automated backups, and their window in UTC.
    #[must_use]
    pub fn backed_up(self, kept_days: Option<u32>, window: Option<&str>) -> Self {
        Self { kept_days, window: window.map(printable), ..self }
    }

    /// What a cluster is that RDS lists beside Aurora's and that nobody can put to sleep; nothing for Aurora's.
    pub fn foreign(engine: &str) -> Option<&'static str> {
        match engine {
            "docdb" => Some("DocumentDB, which is not stopped"),
            "neptune" => Some("Neptune, which is not stopped"),
            other if other.starts_with("aurora") => None,
            _ => Some("a Multi-AZ DB cluster, which RDS cannot stop"),
        }
    }
}

impl AlarmFacts {
    /// Namespace, metric and threshold, such as `AWS/ECS CPUUtilization above 80`; nothing where the names are no plain words.
    pub fn measure(namespace: &str, metric: &str, operator: Option<&str>, threshold: &str) -> Option<String> {
        let plain =
            |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '_' | '-' | '.' | ' '));
        // The four that compare with a number (Amazon CloudWatch API reference, PutMetricAlarm, ComparisonOperator).
        let compared = match operator {
            Some("GreaterThanOrEqualToThreshold") => format!(" at least {threshold}"),
            Some("GreaterThanThreshold") => format!(" above {threshold}"),
            Some("LessThanThreshold") => format!(" below {threshold}"),
            Some("LessThanOrEqualToThreshold") => format!(" at most {threshold}"),
            _ => String::new(),
        };
        (plain(namespace) && plain(metric)).then(|| format!("{namespace} {metric}{compared}"))
    }
}

impl AlarmSubject {
    /// The dimensions that name something by themselves ("Services that publish CloudWatch metrics", Amazon CloudWatch user guide,
    /// the page of each service); a service is named by two.
    pub const DIMENSIONS: [&str; 6] =
        ["DBInstanceIdentifier", "DBClusterIdentifier", "QueueName", "TableName", "TargetGroup", "LoadBalancer"];

    /// What one of [`AlarmSubject::DIMENSIONS`] names.
    pub fn of_dimension(dimension: &str, name: &str) -> Option<Self> {
        let own = name.to_owned();
        Some(match dimension {
            "DBInstanceIdentifier" | "DBClusterIdentifier" => Self::Database(name.to_ascii_lowercase()),
            "QueueName" => Self::Queue(own),
            "TableName" => Self::Table(own),
            "TargetGroup" => Self::TargetGroup(own),
            "LoadBalancer" => Self::Balancer(own),
            _ => return None,
        })
    }
}

impl TargetGroup {
    /// A group with the path of its health check, and the ARNs of its load balancers.
    pub fn new(path: Option<&str>, balancers: &[&str]) -> Self {
        // A query may hold a token.
        let path = path.and_then(|path| path.split(['?', '#']).next());
        let path =
            path.filter(|path| path.starts_with('/') && !path.contains(|c: char| c.is_control() || c.is_whitespace()));
        let balancers = balancers.iter().filter_map(|arn| balancer_of(arn)).collect();
        Self { path: path.map(str::to_owned), balancers }
    }
}

impl Facts {
    /// Notes the address of a load balancer.
    pub fn add_balancer(&mut self, arn: &str, address: &str) {
        let plain = address.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'));
        if let Some(balancer) = balancer_of(arn).filter(|_| plain) {
            self.balancers.insert(balancer, address.to_owned());
        }
    }
}

/// What CloudWatch calls a load balancer: the end of its ARN ("CloudWatch metrics for your Application Load Balancer", dimension
/// `LoadBalancer`).
fn balancer_of(arn: &str) -> Option<String> {
    Some(Arn::parse(arn)?.resource.strip_prefix("loadbalancer/")?.to_owned())
}

/// A word of AWS as a comment may show it: short, and of one line.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(63).collect()
}
