//! An expression of JSONata, and what it sees of an execution.

use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use jiff::Timestamp;
use jsonata_core::ast::AstNode;
use jsonata_core::evaluator::{Context, Evaluator, EvaluatorError};
use jsonata_core::parser;
use jsonata_core::value::{JMap, JValue};

/// The variables of an execution.
pub(super) type Variables = BTreeMap<Arc<str>, JValue>;

/// Why a state fails.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct StateError {
    /// The name that Retry and Catch match.
    pub(super) error: String,
    /// What was said; a task token may be answered without.
    pub(super) cause: Option<String>,
}

impl StateError {
    pub(super) fn new(error: &str, cause: impl Into<String>) -> Self {
        Self { error: error.to_owned(), cause: Some(cause.into()) }
    }

    /// An expression has no value, or none that its field can have.
    pub(super) fn evaluation(cause: impl Into<String>) -> Self {
        Self::new("States.QueryEvaluationError", cause)
    }
}

/// What an expression sees.
pub(super) struct ExpressionInput<'a> {
    variables: &'a Variables,
    states: JValue,
    now: Timestamp,
}

impl<'a> ExpressionInput<'a> {
    /// Variables, and the parts of `$states` that there are.
    pub(super) fn new(variables: &'a Variables, states: JMap, now: Timestamp) -> Self {
        Self { variables, states: JValue::Object(Rc::new(states)), now }
    }
}

/// An expression that has been parsed.
#[derive(Debug)]
pub(super) struct Expression {
    code: String,
    syntax: AstNode,
    /// What it names after a `$`: more than that it cannot see.
    named: Vec<Arc<str>>,
    /// The fields after the first name, where there is nothing else.
    path: Option<Vec<String>>,
}

impl Expression {
    /// Reads the text between `{%` and `%}`.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(code: &str) -> Result<Self, String> {
        let syntax = parser::parse(code.trim()).map_err(|error| format!("{code}: {error}"))?;
        let is_name = |it: char| it.is_ascii_alphanumeric() || it == '_';
        let named = code.split('$').skip(1).map(|part| {
            let end = part.find(|it| !is_name(it)).unwrap_or(part.len());
            Arc::from(&part[..end])
        });
        let mut fields = code.trim().split('.').map(str::to_owned);
        let plain =
            fields.next().is_some_and(|first| first.strip_prefix('$').is_some_and(|name| name.chars().all(is_name)));
        let path: Vec<String> = fields.collect();
        let plain = plain && path.iter().all(|field| !field.is_empty() && field.chars().all(is_name));
        Ok(Self { code: code.to_owned(), named: named.collect(), syntax, path: plain.then_some(path) })
    }

    /// Its value. That there is none is an error of the machine, and so is a function.
    pub(super) fn evaluate(&self, seen: &ExpressionInput<'_>) -> Result<JValue, StateError> {
        if let Some(value) = self.at_hand(seen) {
            return Ok(value.clone());
        }
        let mut context = Context::new();
        for name in &self.named {
            if let Some(value) = seen.variables.get(name) {
                context.bind(name.to_string(), value.clone());
            }
        }
        context.bind("states".to_owned(), seen.states.clone());
        let mut evaluator = Evaluator::with_context(context);
        let value = self.with_ours(&mut evaluator, seen.now);
        match value.and_then(|()| evaluator.evaluate(&self.syntax, &JValue::Undefined)) {
            Ok(value) if value.is_undefined() || value.is_function() || value.is_regex() => {
                Err(StateError::evaluation(format!("the expression has no value: {}", self.code)))
            }
            Ok(value) => Ok(value),
            Err(error) => Err(StateError::evaluation(format!("{error}: {}", self.code))),
        }
    }

    /// What a path through objects leads to: most expressions are that, and need no engine. A list it may unwrap.
    fn at_hand<'s>(&self, seen: &'s ExpressionInput<'_>) -> Option<&'s JValue> {
        let (path, name) = (self.path.as_ref()?, self.named.first()?);
        let root = if &**name == "states" { &seen.states } else { seen.variables.get(name)? };
        let found = path.iter().try_fold(root, |value, field| value.as_object()?.get(field))?;
        found.as_array().is_none().then_some(found)
    }

    /// The functions that Step Functions adds, and the instant of the evaluation.
    fn with_ours(&self, evaluator: &mut Evaluator, now: Timestamp) -> Result<(), EvaluatorError> {
        for name in &self.named {
            match &**name {
                "parse" => evaluator.register_fn("parse", parsed)?,
                "now" => evaluator.register_fn_override("now", move |_: &[JValue]| Ok(JValue::from(iso(now))))?,
                _ => {}
            }
        }
        Ok(())
    }
}

/// `$parse`, which Step Functions adds.
fn parsed(arguments: &[JValue]) -> Result<JValue, EvaluatorError> {
    let text = arguments.first().and_then(JValue::as_str);
    let text = text.ok_or_else(|| EvaluatorError::TypeError("T0410: $parse takes a text".to_owned()))?;
    JValue::from_json_str(text).map_err(|error| EvaluatorError::EvaluationError(error.to_string()))
}

/// An instant as Step Functions and JSONata write it.
pub(super) fn iso(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string()
}
