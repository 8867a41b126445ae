//! The expressions of machines, held against JSONata's reference implementation.

use serde::Deserialize;
use serde_json::Value;

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
    /// What the reference implementation gave.
    pub reference: String,
}

impl EmulatorControl {
    /// Judge the expressions that were evaluated since the last time.
    ///
    /// # Errors
    /// [`SandboxError::Expressions`] with those that Step Functions may evaluate otherwise.
    pub async fn judge_expressions(&self) -> Result<JudgedExpressions, SandboxError> {
        let judged: JudgedExpressions = self.send("POST", "expressions", &Value::Null).await?;
        if judged.differences.is_empty() { Ok(judged) } else { Err(SandboxError::Expressions(judged.differences)) }
    }
}

impl std::fmt::Display for EvaluationDifference {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Self { machine, state, expression, seen, sandbox, reference } = self;
        write!(
            f,
            "{machine}, {state}: {expression}\n    saw {seen}\n    gave {sandbox}, and to the reference {reference}"
        )
    }
}
