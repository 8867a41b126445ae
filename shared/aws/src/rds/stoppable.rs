//! Why AWS would refuse to stop a database, from what its description says.
//!
//! Sources: "Stopping an Amazon RDS DB instance temporarily" and "Limitations of Multi-AZ DB clusters" of the Amazon RDS
//! user guide; "Stopping and starting an Amazon Aurora DB cluster" and "Limitations and considerations for blue/green
//! deployments" of the Amazon Aurora user guide. A blue/green deployment is seen where its green side shows as a replica;
//! where it does not, AWS refuses the stop with a conflict, which is reported as such.

/// What decides for an RDS instance.
#[derive(Debug, Clone, Default)]
pub(crate) struct InstanceFacts<'a> {
    /// The engine, such as `postgres` or `sqlserver-se`.
    pub(crate) engine: &'a str,
    /// Whether it has a standby in another zone.
    pub(crate) multi_az: bool,
    /// The cluster that it is a member of.
    pub(crate) cluster: Option<&'a str>,
    /// What it replicates from.
    pub(crate) replica_of: Option<&'a str>,
    /// What replicates from it.
    pub(crate) replicas: Vec<&'a str>,
}

/// Engines that RDS describes too and that are not looked after: documents name only RDS and Aurora.
fn another_service(engine: &str) -> Option<&'static str> {
    match engine {
        "docdb" => Some("DocumentDB"),
        "neptune" => Some("Neptune"),
        _ => None,
    }
}

impl InstanceFacts<'_> {
    /// The reason, or `None` when it can be stopped.
    pub(crate) fn cannot_stop(&self) -> Option<String> {
        if let Some(service) = another_service(self.engine) {
            return Some(format!("it is an instance of {service}, which is not looked after"));
        }
        if let Some(cluster) = self.cluster {
            return Some(format!(
                "it is a member of cluster {cluster}, which stops as a whole: name `aurora: {cluster}`"
            ));
        }
        if let Some(source) = self.replica_of {
            return Some(format!("it is a read replica of {source}"));
        }
        if !self.replicas.is_empty() {
            return Some(format!("it has read replicas: {}", self.replicas.join(", ")));
        }
        let sql_server = self.engine.starts_with("sqlserver") || self.engine.starts_with("custom-sqlserver");
        (sql_server && self.multi_az).then(|| "it is a SQL Server in a Multi-AZ deployment".to_owned())
    }
}

/// What decides for an Aurora cluster.
#[derive(Debug, Clone, Default)]
pub(crate) struct ClusterFacts<'a> {
    /// The engine: `aurora-mysql` or `aurora-postgresql`; a Multi-AZ DB cluster has `mysql` or `postgres`.
    pub(crate) engine: &'a str,
    /// The engine's mode: `provisioned` (also with Serverless v2), `serverless` (v1), `multimaster`, `parallelquery`.
    pub(crate) mode: &'a str,
    /// What it replicates from, in another region.
    pub(crate) replica_of: Option<&'a str>,
    /// What replicates from it, in other regions.
    pub(crate) replicas: Vec<&'a str>,
    /// How many clusters its global database has; 0 when it belongs to none.
    pub(crate) global_members: usize,
}

impl ClusterFacts<'_> {
    /// The reason, or `None` when it can be stopped.
    pub(crate) fn cannot_stop(&self) -> Option<String> {
        if let Some(service) = another_service(self.engine) {
            return Some(format!("it is a cluster of {service}, which is not looked after"));
        }
        if !self.engine.is_empty() && !self.engine.starts_with("aurora") {
            return Some(format!("it is a Multi-AZ DB cluster of {}, which cannot be stopped", self.engine));
        }
        let mode = match self.mode {
            "serverless" => Some("it is an Aurora Serverless v1 cluster"),
            "multimaster" => Some("it is a multi-master cluster"),
            _ => None,
        };
        if let Some(mode) = mode {
            return Some(mode.to_owned());
        }
        if let Some(source) = self.replica_of {
            return Some(format!("it is a replica of {source}"));
        }
        if !self.replicas.is_empty() {
            return Some(format!("it has replicas in other regions: {}", self.replicas.join(", ")));
        }
        let members = self.global_members;
        (members > 1).then(|| format!("it belongs to a global database of {members} clusters"))
    }
}

#[cfg(test)]
mod tests {
    use rstest::rstest;

    use super::*;

    fn instance() -> InstanceFacts<'static> {
        InstanceFacts { engine: "postgres", ..InstanceFacts::default() }
    }

    #[rstest]
    #[case::plain(instance(), None)]
    #[case::multi_az(InstanceFacts { multi_az: true, ..instance() }, None)]
    #[case::sql_server(InstanceFacts { engine: "sqlserver-se", ..instance() }, None)]
    #[case::sql_server_multi_az(
        InstanceFacts { engine: "sqlserver-ee", multi_az: true, ..instance() },
        Some("it is a SQL Server in a Multi-AZ deployment")
    )]
    #[case::custom_sql_server_multi_az(
        InstanceFacts { engine: "custom-sqlserver-web", multi_az: true, ..instance() },
        Some("it is a SQL Server in a Multi-AZ deployment")
    )]
    #[case::replica(InstanceFacts { replica_of: Some("origin"), ..instance() }, Some("it is a read replica of origin"))]
    #[case::has_replicas(InstanceFacts { replicas: vec!["a", "b"], ..instance() }, Some("it has read replicas: a, b"))]
    #[case::member(
        InstanceFacts { cluster: Some("whole"), ..instance() },
        Some("it is a member of cluster whole, which stops as a whole: name `aurora: whole`")
    )]
    #[case::documentdb(
        InstanceFacts { engine: "docdb", cluster: Some("whole"), ..instance() },
        Some("it is an instance of DocumentDB, which is not looked after")
    )]
    fn an_instance_stops_or_says_why_not(#[case] facts: InstanceFacts<'_>, #[case] reason: Option<&str>) {
        assert_eq!(facts.cannot_stop().as_deref(), reason);
    }

    fn cluster() -> ClusterFacts<'static> {
        ClusterFacts { engine: "aurora-postgresql", mode: "provisioned", ..ClusterFacts::default() }
    }

    #[rstest]
    #[case::plain(cluster(), None)]
    #[case::only_member(ClusterFacts { global_members: 1, ..cluster() }, None)]
    #[case::serverless_v1(
        ClusterFacts { mode: "serverless", ..cluster() },
        Some("it is an Aurora Serverless v1 cluster")
    )]
    #[case::multi_master(ClusterFacts { mode: "multimaster", ..cluster() }, Some("it is a multi-master cluster"))]
    #[case::multi_az_cluster(
        ClusterFacts { engine: "postgres", ..cluster() },
        Some("it is a Multi-AZ DB cluster of postgres, which cannot be stopped")
    )]
    #[case::neptune(
        ClusterFacts { engine: "neptune", ..cluster() },
        Some("it is a cluster of Neptune, which is not looked after")
    )]
    #[case::replica(ClusterFacts { replica_of: Some("arn:x"), ..cluster() }, Some("it is a replica of arn:x"))]
    #[case::has_replicas(
        ClusterFacts { replicas: vec!["arn:y"], ..cluster() },
        Some("it has replicas in other regions: arn:y")
    )]
    #[case::global(
        ClusterFacts { global_members: 2, ..cluster() },
        Some("it belongs to a global database of 2 clusters")
    )]
    fn a_cluster_stops_or_says_why_not(#[case] facts: ClusterFacts<'_>, #[case] reason: Option<&str>) {
        assert_eq!(facts.cannot_stop().as_deref(), reason);
    }
}
