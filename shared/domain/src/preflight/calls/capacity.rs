//! Capacity: what `reconcile` changes.

use super::is_managed;
use crate::capacity::{DatabaseId, ResourceId};
use crate::estate::EnvironmentKind;
use crate::preflight::wanted::is_changed;
use crate::preflight::{PreflightCase, SimulatedCalls, databases, pages};

const FUNCTION: &str = "Reconcile";

pub(super) fn add(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    if is_changed(case.environment) {
        of_services(case, calls);
    }
    if case.environment.kind() != EnvironmentKind::Production {
        of_databases(case, calls);
    }
    of_rules(case, calls);
}

fn of_rules(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    for (id, found) in &case.facts.rules {
        let Ok(Some(rule)) = found else { continue };
        if rule.managed {
            let subject = format!("rule {}", id.short());
            let call = case.call(FUNCTION, &["elasticloadbalancing:ModifyRule"], subject, id.as_str());
            calls.push(call.tagged(&pages::tags(true)));
        }
    }
}

fn of_services(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    for (id, found) in &case.facts.services {
        let Ok(Some(service)) = found else { continue };
        if service.daemon || case.environment.protects(&ResourceId::Service(id.clone())) {
            continue;
        }
        if is_managed(&service.tags) {
            let call = case.call(FUNCTION, &["ecs:UpdateService"], format!("service {id}"), &service.arn);
            calls.push(call.tagged(&service.tags));
        }
        let Ok(Some(target)) = &service.target else { continue };
        let (Some(arn), Ok(tags)) = (&target.arn, &target.tags) else { continue };
        if is_managed(tags) {
            let action = ["application-autoscaling:RegisterScalableTarget"];
            let call = case.call(FUNCTION, &action, format!("scalable target service/{id}"), arn).tagged(tags);
            let call = call.with("application-autoscaling:service-namespace", "ecs");
            calls.push(call.with("application-autoscaling:scalable-dimension", "ecs:service:DesiredCount"));
        }
    }
}

fn of_databases(case: PreflightCase<'_>, calls: &mut Vec<SimulatedCalls>) {
    for (id, found) in &case.facts.databases {
        let Ok(Some(database)) = found else { continue };
        let Ok(tags) = &database.tags else { continue };
        let left_alone =
            database.observed.cannot_stop.is_some() || case.environment.protects(&ResourceId::Database(id.clone()));
        if left_alone || !is_managed(tags) {
            continue;
        }
        let actions = match id {
            DatabaseId::Aurora(_) => ["rds:StopDBCluster", "rds:StartDBCluster"],
            DatabaseId::Rds(_) => ["rds:StopDBInstance", "rds:StartDBInstance"],
        };
        let call = case.call(FUNCTION, &actions, format!("database {id}"), databases::arn(case, id));
        calls.push(call.tagged(tags));
    }
}
