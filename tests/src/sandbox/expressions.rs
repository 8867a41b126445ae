//! The expressions of machines, held against JSONata's reference implementation; and the engine that plays them in memory, held
//! against both.

use serde::Deserialize;
use serde_json::{Value, json};
use watchkeeper_sim::machine::RecordedEvaluation;

use super::{EmulatorControl, SandboxError};

/// What was judged, and where the two engines differ.
#[derive(Debug, Clone, Deserialize)]
pub struct JudgedExpressions {
    /// Evaluations in machines: an expression with what it saw.
    pub evaluated: u64,
    /// Variations of them, with something in it that is awkward.
    pub awkward: u64,
    /// Where the engines differ, or a machine was given nothing.
    pub differences: Vec<EvaluationDifference>,
    lines: Vec<RecordedEvaluation>,
}

/// An evaluation that Step Functions may not make as the sandbox made it.
#[derive(Debug, Clone, Deserialize)]
pub struct EvaluationDifference {
    /// The machine.
    pub machine: String,
    /// Its state.
    pub state: String,
    /// The expression.
    pub expression: String,
    /// What it saw, as JSON that may be cut.
    pub seen: String,
    /// What the sandbox's engine gave.
    pub sandbox: String,
    /// What another engine gave.
    #[serde(rename = "reference")]
    pub other: String,
    /// Which: the reference implementation, or the one in memory.
    #[serde(skip, default = "reference")]
    pub engine: &'static str,
}

fn reference() -> &'static str {
    "the reference"
}

impl EmulatorControl {
    /// Judge the expressions that were evaluated since the last time.
    ///
    /// # Errors
    /// [`SandboxError::Expressions`] with those that Step Functions may evaluate otherwise.
    pub async fn judge_expressions(&self) -> Result<JudgedExpressions, SandboxError> {
        let mut judged: JudgedExpressions = self.send("POST", "expressions", &Value::Null).await?;
        judged.differences.extend(judged.lines.iter().filter_map(in_memory));
        if judged.differences.is_empty() { Ok(judged) } else { Err(SandboxError::Expressions(judged.differences)) }
    }
}

/// Where the engine in memory gives something else than the sandbox.
fn in_memory(line: &RecordedEvaluation) -> Option<EvaluationDifference> {
    let other = line.otherwise_in_memory()?;
    Some(EvaluationDifference {
        machine: line.machine.clone(),
        state: line.state.clone(),
        expression: line.expression.clone(),
        seen: json!({ "variables": line.variables, "states": line.states }).to_string(),
        sandbox: line.error.clone().unwrap_or_else(|| line.value.to_string()),
        other,
        engine: "the engine in memory",
    })
}

impl std::fmt::Display for EvaluationDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { machine, state, expression, seen, sandbox, other, engine } = self;
        write!(f, "{machine}, {state}: {expression}\n    saw {seen}\n    gave {sandbox}, and to {engine} {other}")
    }
}
