//! From Terraform to facts: a state file of version 4, or what `terraform show -json` prints of a state.
//!
//! Of each type of resource, only the attributes of the table in `allowed` are looked at. What Terraform marks as sensitive is not
//! looked at either, so no secret of a state can get any further.

mod alarms;
mod allowed;
mod attributes;
mod cursor;
mod data;
mod databases;
mod locate;
mod services;
mod shape;

use crate::draft::arn::Arn;
use crate::draft::facts::{Facts, Found};
use crate::draft::problem::StateProblem;
use attributes::Attributes;
use cursor::StateMistake;
use watchkeeper_domain::finding::FieldPath;

/// Reads a file into facts. `file` is its number, and `name` what messages call it.
///
/// # Errors
/// Every mistake of the file at once; if it is no JSON, that one.
pub(crate) fn read(file: usize, name: &str, bytes: &[u8], facts: &mut Facts) -> Result<(), Vec<StateProblem>> {
    let problem = |line, column, path, found, expected| StateProblem {
        file: name.to_owned(),
        line,
        column,
        path,
        found,
        expected,
    };
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
        Err(error) => {
            let (line, column) = locate::at(bytes.get(..error.valid_up_to()).unwrap_or_default());
            let expected = "JSON in UTF-8; PowerShell 5 writes UTF-16 unless it is told".to_owned();
            return Err(vec![problem(line, column, FieldPath::root(), "bytes that are no UTF-8".to_owned(), expected)]);
        }
    };
    let mut mistakes = Vec::new();
    let root = locate::parse(text).map_err(|error| {
        vec![problem(error.line, error.column, error.path, error.found, "the JSON of a state".to_owned())]
    })?;
    let resources = shape::resources(&root, &mut mistakes);
    let mut reader = StateReader { file, facts };
    for resource in resources {
        match Attributes::of(&resource) {
            Ok(Some(attributes)) => mistakes.extend(reader.take(&attributes).err()),
            Ok(None) => reader.facts.others += 1,
            Err(mistake) => mistakes.push(mistake),
        }
    }
    if mistakes.is_empty() {
        return Ok(());
    }
    Err(mistakes
        .into_iter()
        .map(|StateMistake { path, found, expected }| {
            let (line, column) = locate::of(text, path.steps());
            problem(line, column, path, found, expected)
        })
        .collect())
}

/// Turns resources into facts.
struct StateReader<'a> {
    file: usize,
    facts: &'a mut Facts,
}

impl StateReader<'_> {
    fn take(&mut self, resource: &Attributes<'_>) -> Result<(), StateMistake> {
        match resource.kind() {
            "aws_ecs_cluster" => self.cluster(resource),
            "aws_ecs_service" => self.service(resource),
            "aws_appautoscaling_target" => self.target(resource),
            "aws_appautoscaling_scheduled_action" => self.scheduled_action(resource),
            "aws_lb_target_group" | "aws_alb_target_group" => self.target_group(resource),
            "aws_lb" | "aws_alb" => self.balancer(resource),
            "aws_db_instance" => self.instance(resource),
            "aws_rds_cluster" => self.database_cluster(resource),
            "aws_docdb_cluster" => self.not_looked_after(resource, "DocumentDB, which is not stopped"),
            "aws_neptune_cluster" => self.not_looked_after(resource, "Neptune, which is not stopped"),
            "aws_cloudwatch_metric_alarm" => self.metric_alarm(resource),
            "aws_cloudwatch_composite_alarm" => self.composite_alarm(resource),
            "aws_dynamodb_table" => self.table(resource),
            "aws_dynamodb_table_replica" => self.replica(resource),
            "aws_sqs_queue" => self.queue(resource),
            "aws_sqs_queue_redrive_policy" => self.redrive(resource),
            "aws_kinesis_stream" => self.stream(resource),
            "aws_ecr_repository" => self.plain(resource, "name", "image repository", |facts| &mut facts.images),
            "aws_elasticache_replication_group" => {
                self.plain(resource, "replication_group_id", "cache", |facts| &mut facts.caches)
            }
            "aws_opensearch_domain" | "aws_elasticsearch_domain" => {
                self.plain(resource, "domain_name", "search domain", |facts| &mut facts.domains)
            }
            _ => Ok(()),
        }
    }

    /// A resource with its place, or a word on why it has none.
    fn found<T>(
        &mut self,
        resource: &Attributes<'_>,
        arn: Option<&Arn>,
        item: Option<T>,
    ) -> Result<Option<Found<T>>, StateMistake> {
        let why = match (arn, &item) {
            (None, _) => "the state has no ARN of it, so its region is not known",
            (_, None) => "the state has no name of it, marks the name as sensitive, or has one that AWS does not take",
            _ => "",
        };
        let (Some(arn), Some(item)) = (arn, item) else {
            self.facts.leave_out(resource.address(), why);
            return Ok(None);
        };
        let tag = resource.environment_tag()?;
        Ok(Some(Found { account: arn.account.clone(), region: arn.region.clone(), file: self.file, tag, item }))
    }
}
