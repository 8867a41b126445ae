//! Which attributes of which resources are looked at. Whatever is not in this table stays in the state.
//!
//! Names of types and attributes: documentation of the Terraform AWS provider, one page a type
//! (`website/docs/r/TYPE.html.markdown` of hashicorp/terraform-provider-aws, "Argument Reference" and "Attribute Reference").
//! A block of the configuration is a list of maps in the state; a dotted name goes through it.

/// The attributes of a type of resource, and the tags `ENVIRONMENT_TAGS` of all of them; nothing for types that no document has a
/// place for.
pub(super) fn allowed(kind: &str) -> Option<&'static [&'static str]> {
    Some(match kind {
        "aws_ecs_cluster" | "aws_ecr_repository" => &["arn", "name"],
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
        "aws_appautoscaling_scheduled_action" => &["service_namespace", "resource_id"],
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
        "aws_dynamodb_table_replica" => &["arn", "global_table_arn"],
        "aws_sqs_queue" => &["arn", "name", "redrive_policy"],
        "aws_sqs_queue_redrive_policy" => &["queue_url", "redrive_policy"],
        "aws_kinesis_stream" => &["arn", "name", "shard_count", "retention_period"],
        "aws_elasticache_replication_group" => &["arn", "replication_group_id"],
        "aws_opensearch_domain" | "aws_elasticsearch_domain" => &["arn", "domain_name"],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_attribute_that_may_hold_a_secret_is_looked_at() {
        // The sensitive attributes of these types, and those in which people put secrets.
        let secrets =
            ["password", "secret", "username", "token", "definition", "environment", "triggers", "description"];
        let types = [
            "aws_ecs_service",
            "aws_db_instance",
            "aws_rds_cluster",
            "aws_docdb_cluster",
            "aws_elasticache_replication_group",
            "aws_opensearch_domain",
            "aws_lb_target_group",
            "aws_sqs_queue",
            "aws_cloudwatch_metric_alarm",
        ];
        for kind in types {
            let allowed = allowed(kind).unwrap_or_default();
            assert!(!allowed.is_empty(), "{kind}");
            let told = allowed.iter().find(|name| secrets.iter().any(|secret| name.contains(secret)));
            assert_eq!(told, None, "{kind}");
        }
        for kind in
            ["aws_ecs_task_definition", "aws_secretsmanager_secret_version", "aws_ssm_parameter", "aws_lambda_function"]
        {
            assert_eq!(allowed(kind), None);
        }
    }
}
