//! Asking an address from outside, with the HTTP client that the SDK brings along.

use std::error::Error;
use std::sync::LazyLock;
use std::time::Duration;

use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::HttpConnector;
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use watchkeeper_control::failover::ports::HealthProber;

/// Made by the first question, because it reads the certificates that the machine trusts. It keeps no connection.
static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| {
    let builder = Connector::builder().pool_max_idle_per_host(0);
    builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build()
});

/// An HTTP client for `http` and `https` that only wants the status. It opens a connection for each question, because one that is
/// still open says nothing of whether somebody else could open one; it follows no redirect, and reads no body.
#[derive(Debug, Clone, Copy, Default)]
pub struct HttpProber;

async fn status(address: &str) -> Result<u16, String> {
    let mut request = HttpRequest::get(address).map_err(|flaw| text(&flaw))?;
    request.headers_mut().insert("user-agent", "Watchkeeper");
    request.headers_mut().insert("connection", "close");
    let answer = CONNECTOR.call(request).await.map_err(|error| text(&error))?;
    Ok(answer.status().as_u16())
}

impl HealthProber for HttpProber {
    async fn get(&self, address: &str, timeout: Duration) -> Result<u16, String> {
        if !["http://", "https://"].iter().any(|scheme| address.starts_with(scheme)) {
            return Err(format!("found {address:?}, expected an address with http:// or https://"));
        }
        match tokio::time::timeout(timeout, status(address)).await {
            Ok(answer) => answer,
            Err(_) => Err(format!("no answer within {} ms", timeout.as_millis())),
        }
    }
}

/// An error with its causes, each once: the client repeats some of them.
fn text(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text = format!("{text}: {cause_text}");
        }
        next = cause.source();
    }
    text
}

#[cfg(test)]
#[path = "probe_tests.rs"]
mod tests;
