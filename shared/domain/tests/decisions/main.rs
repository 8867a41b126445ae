//! All decisions, in one program: each of its modules would have to be compiled and linked with the library otherwise.

mod alarm_response;
mod assess;
mod backup_decisions;
mod backup_knowledge;
mod backup_prune;
mod backup_served;
mod budget;
mod calendar_table;
mod calendar_zones;
mod chat;
mod emergency_decisions;
mod emergency_layers;
mod failover;
mod failover_readiness;
mod guardrails;
mod idle;
mod order;
mod pipelines;
mod plan_properties;
mod preflight;
mod report;
mod restore_checks;
mod unblock;
