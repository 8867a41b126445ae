//! A machine as it is written, without what no state of ours has: an unknown field is an error.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::language::{Arguments, Catcher, ChoiceRule, JsonataOnly, ProcessorSettings, Resource, Retrier};
use super::template::Template;

/// A machine.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub struct Machine {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    #[serde(rename = "QueryLanguage")]
    _query_language: JsonataOnly,
    /// How long an execution may take.
    pub(super) timeout_seconds: u32,
    start_at: String,
    states: BTreeMap<String, State>,
}

/// What a Map does with each item.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ItemProcessor {
    #[serde(rename = "ProcessorConfig")]
    _settings: ProcessorSettings,
    start_at: String,
    states: BTreeMap<String, State>,
}

/// States that hand on to each other.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'m> {
    pub(super) start_at: &'m str,
    states: &'m BTreeMap<String, State>,
}

impl<'m> Scope<'m> {
    /// A state of this name.
    pub(super) fn state(&self, name: &str) -> &'m State {
        self.states.get(name).unwrap_or_else(|| panic!("there is no state {name}"))
    }
}

impl Machine {
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope { start_at: &self.start_at, states: &self.states }
    }
}

impl ItemProcessor {
    pub(super) fn scope(&self) -> Scope<'_> {
        Scope { start_at: &self.start_at, states: &self.states }
    }
}

/// A state.
#[derive(Debug, Deserialize)]
#[serde(tag = "Type")]
pub(super) enum State {
    Task(Box<TaskState>),
    Choice(ChoiceState),
    Wait(WaitState),
    Map(MapState),
    Pass(PassState),
    Fail(FailState),
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct TaskState {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(super) resource: Resource,
    pub(super) arguments: Arguments,
    pub(super) assign: Option<Template>,
    pub(super) output: Template,
    pub(super) timeout_seconds: Template,
    pub(super) retry: Vec<Retrier>,
    pub(super) catch: Vec<Catcher>,
    pub(super) next: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct ChoiceState {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(super) choices: Vec<ChoiceRule>,
    pub(super) default: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct WaitState {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(super) seconds: Template,
    pub(super) assign: Option<Template>,
    pub(super) output: Template,
    pub(super) next: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct MapState {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(super) items: Template,
    pub(super) item_selector: Template,
    pub(super) max_concurrency: usize,
    pub(super) item_processor: ItemProcessor,
    pub(super) output: Template,
    pub(super) next: String,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct PassState {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(super) assign: Option<Template>,
    pub(super) output: Template,
    pub(super) next: Option<String>,
    #[serde(default)]
    pub(super) end: bool,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "PascalCase", deny_unknown_fields)]
pub(super) struct FailState {
    #[serde(rename = "Comment")]
    _comment: Option<String>,
    pub(super) error: Template,
    pub(super) cause: Template,
}
