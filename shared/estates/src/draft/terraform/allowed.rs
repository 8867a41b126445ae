//! Which attributes of which resources are looked at. Whatever is not in this table stays in the state.
//!
//! Names of types and attributes: documentation of the Terraform AWS provider, one page a type
//! (`website/docs/r/TYPE.html.markdown` of hashicorp/terraform-provider-aws, "Argument Reference" and "Attribute Reference").
//! A block of the configuration is a list of maps in the state; a dotted name goes through it.

/// Keys of the tag that names an environment.
pub(super) const ENVIRONMENT_TAGS: [&str; 6] = ["Environment", "environment", "Env", "env", "Stage", "stage"];

/// The attributes of a type of resource, and the tags `ENVIRONMENT_TAGS` of all of them; nothing for types that no document has a
/// place for.
pub(super) fn allowed(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "aws_ecs_cluster" => &["arn", "name"],
        // `id` is the ARN in provider versions before `arn` was added.
        "aws_ecs_service" => &[
            "arn",
            "id",
            "name",
            "cluster",
            "desired_count",
            "scheduling_strategy",
            "deployment_controller.type",
            "load_balancer.target_group_arn",
        ],
        "aws_appautoscaling_target" => &["arn", "service_namespace", "resource_id", "min_capacity", "max_capacity"],
        "aws_lb_target_group" | "aws_alb_target_group" => &["arn", "health_check.path", "load_balancer_arns"],
        "aws_lb" | "aws_alb" => &["arn", "dns_name"],
        "aws_db_instance" => &[
            "arn",
            "identifier",
            "engine",
            "multi_az",
            "replicate_source_db",
            "backup_retention_period",
            "backup_window",
        ],
        "aws_rds_cluster" => &[
            "arn",
            "cluster_identifier",
            "engine",
            "engine_mode",
            "global_cluster_identifier",
            "replication_source_identifier",
            "backup_retention_period",
            "preferred_backup_window",
        ],
        "aws_docdb_cluster" | "aws_neptune_cluster" => &["cluster_identifier"],
        "aws_cloudwatch_metric_alarm" => &[
            "arn",
            "alarm_name",
            "namespace",
            "metric_name",
            "comparison_operator",
            "threshold",
            "dimensions.ClusterName",
            "dimensions.ServiceName",
            "dimensions.DBInstanceIdentifier",
            "dimensions.DBClusterIdentifier",
            "dimensions.QueueName",
            "dimensions.TableName",
            "dimensions.TargetGroup",
            "dimensions.LoadBalancer",
            "metric_query.metric.dimensions.ClusterName",
            "metric_query.metric.dimensions.ServiceName",
            "metric_query.metric.dimensions.DBInstanceIdentifier",
            "metric_query.metric.dimensions.DBClusterIdentifier",
            "metric_query.metric.dimensions.QueueName",
            "metric_query.metric.dimensions.TableName",
            "metric_query.metric.dimensions.TargetGroup",
            "metric_query.metric.dimensions.LoadBalancer",
        ],
        "aws_cloudwatch_composite_alarm" => &["arn", "alarm_name"],
        "aws_dynamodb_table" => &[
            "arn",
            "name",
            "hash_key",
            "global_secondary_index.name",
            "local_secondary_index.name",
            "replica.region_name",
            "point_in_time_recovery.enabled",
        ],
        "aws_sqs_queue" => &["arn", "name", "redrive_policy"],
        "aws_kinesis_stream" => &["arn", "name", "shard_count", "retention_period"],
        "aws_ecr_repository" => &["arn", "name"],
        "aws_elasticache_replication_group" => &["arn", "replication_group_id"],
        "aws_opensearch_domain" | "aws_elasticsearch_domain" => &["arn", "domain_name"],
        _ => return None,
    })
}
