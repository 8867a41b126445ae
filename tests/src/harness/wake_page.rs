//! A load balancer in front of an environment, with the page that is shown while it sleeps; and what that page starts.

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::sync::LazyLock;

use aws_sdk_sfn::error::DisplayErrorContext;
use jiff::Timestamp;
use watchkeeper_domain::estate::Environment;
use watchkeeper_domain::name::Scope;

use super::{DeployedStack, EndedExecution, HarnessError, name_prefix};
use crate::estate::SiteError;
use crate::sandbox::LoadBalancerOrder;

/// What the application says.
pub const APPLICATION: &str = "the application";

/// An application for all load balancers of this process: it answers every request alike.
static LISTENER: LazyLock<std::io::Result<SocketAddr>> = LazyLock::new(|| {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            // Whoever has gone is not waited for.
            let _ = stream.read(&mut [0; 4096]);
            let (length, head) =
                (APPLICATION.len(), "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close");
            let _ = write!(stream, "{head}\r\nContent-Length: {length}\r\n\r\n{APPLICATION}");
        }
    });
    Ok(address)
});

impl DeployedStack {
    /// Put a load balancer in front of an environment, with its rule and its page as the document names them; the rule forwards
    /// to the application. Returns the host at which it answers.
    ///
    /// # Errors
    /// [`HarnessError`] where the document has no page, and says what failed. So below.
    pub async fn put_load_balancer(&self, environment: &Environment) -> Result<String, HarnessError> {
        let page = environment.page(&self.region);
        let page = page.ok_or_else(|| HarnessError::Unknown(format!("no `wake-page` of {}", environment.name())))?;
        let address = LISTENER.as_ref().map_err(|error| HarnessError::Unknown(format!("no application: {error}")))?;
        let order = LoadBalancerOrder {
            region: self.region.to_string(),
            rule: page.rule.to_string(),
            page: page.target_group.to_string(),
            function: self.outputs.get("WakePageFunctionArn")?.to_owned(),
            host: address.ip().to_string(),
            port: address.port(),
        };
        Ok(self.control.put_load_balancer(&order).await?)
    }

    /// The executions that an environment's page has started, once they have ended, but for those that are known.
    ///
    /// # Errors
    /// [`HarnessError`] says what failed.
    pub async fn woken(&self, scope: &Scope, known: &BTreeSet<String>) -> Result<Vec<EndedExecution>, HarnessError> {
        let machine = self.outputs.get("ReconcileMachineArn")?;
        let prefix = name_prefix(&["wake-page", scope.estate.as_str(), scope.environment.as_str()]);
        let all = self.sfn.list_executions().state_machine_arn(machine).into_paginator().items().send().try_collect();
        let all = all.await.map_err(|error| SiteError::new("list executions", DisplayErrorContext(error)))?;
        let mut ended = Vec::new();
        for execution in all.iter().filter(|it| it.name().starts_with(&prefix) && !known.contains(it.name())) {
            let began = Timestamp::from_millisecond(execution.start_date().to_millis().unwrap_or_default());
            ended.push(self.ended(execution.execution_arn(), began.unwrap_or_default()).await?);
        }
        Ok(ended)
    }
}
