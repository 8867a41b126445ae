//! What our functions did to AWS, from the emulator's record of calls.

use watchkeeper_domain::name::Region;

use crate::sandbox::ApiCall;

/// The services whose writes change capacity.
const CAPACITY: [&str; 3] = ["ecs", "application-autoscaling", "rds"];

/// Calls of the stack's functions, oldest first.
#[derive(Debug, Clone)]
pub struct ApiCalls(Vec<ApiCall>);

impl ApiCalls {
    /// Those of `calls` that one of these functions made in this region.
    pub(super) fn of(calls: Vec<ApiCall>, functions: &[&str], region: &Region) -> Self {
        let ours = |call: &ApiCall| {
            // A caller's name is cut at fifty characters.
            let caller = call.caller.as_deref();
            caller.is_some_and(|caller| functions.iter().any(|function| function.starts_with(caller)))
                && call.region == region.as_str()
        };
        Self(calls.into_iter().filter(ours).collect())
    }

    /// All of them.
    pub fn all(&self) -> &[ApiCall] {
        &self.0
    }

    /// Writes that change capacity.
    pub fn capacity_writes(&self) -> Vec<&ApiCall> {
        self.0.iter().filter(|call| call.write && CAPACITY.contains(&call.service.as_str())).collect()
    }

    /// Every write but the start of an execution, which is how a tick asks for what is to be done, and what is reserved of
    /// the account's budget for its reads, which is forgotten in seconds.
    pub fn writes(&self) -> Vec<&ApiCall> {
        let reserves = |call: &ApiCall| {
            call.resources.get("pk").and_then(|pk| pk.as_str()).is_some_and(|pk| pk.starts_with("BUDGET#"))
        };
        self.0.iter().filter(|call| call.write && call.operation != "StartExecution" && !reserves(call)).collect()
    }

    /// How often an operation was called.
    pub fn count(&self, operation: &str) -> usize {
        self.0.iter().filter(|call| call.operation == operation).count()
    }

    /// The number of the last successful write whose resources mention `name`.
    pub fn last_write_to(&self, operation: &str, name: &str) -> Option<u64> {
        self.to(operation, name).max()
    }

    /// The number of the first such write.
    pub fn first_write_to(&self, operation: &str, name: &str) -> Option<u64> {
        self.to(operation, name).min()
    }

    fn to<'a>(&'a self, operation: &'a str, name: &'a str) -> impl Iterator<Item = u64> + 'a {
        let about = move |call: &&ApiCall| {
            call.operation == operation
                && call.error.is_none()
                && call.resources.values().any(|value| value.as_str().is_some_and(|text| text.ends_with(name)))
        };
        self.0.iter().filter(about).map(|call| call.number)
    }
}

/// Calls as a person reads them, for a check that failed.
pub fn listed(calls: &[&ApiCall]) -> String {
    let line = |call: &&ApiCall| {
        format!("{}:{} {}", call.service, call.operation, serde_json::Value::from(call.resources.clone()))
    };
    calls.iter().map(line).collect::<Vec<_>>().join("; ")
}
