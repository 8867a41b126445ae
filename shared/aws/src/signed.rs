//! Signed calls of HTTP APIs for which there is no client here: those of a search domain, of CloudWatch Logs, and the call of a
//! function.

use std::sync::LazyLock;

use aws_config::SdkConfig;
use aws_credential_types::provider::ProvideCredentials as _;
use aws_runtime::user_agent::{ApiMetadata, AwsUserAgent};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use aws_smithy_http_client::Connector;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime_api::client::http::{HttpConnector as _, HttpConnectorSettings};
use aws_smithy_runtime_api::client::orchestrator::HttpRequest;
use aws_smithy_types::body::SdkBody;
use aws_types::os_shim_internal::Env;
use serde_json::Value;
use watchkeeper_control::ports::{AwsError, Fault};

use crate::clients::{ATTEMPT, ATTEMPTS, CONNECT, OPERATION};
use crate::fault::classify;

/// What stands in the place of the version of a service's client.
const API: &str = "0";

/// Made by the first call, because it reads the certificates that the machine trusts. It keeps no connection: calls are rare.
static CONNECTOR: LazyLock<Connector> = LazyLock::new(|| {
    let times = HttpConnectorSettings::builder().connect_timeout(CONNECT).read_timeout(ATTEMPT).build();
    let builder = Connector::builder().connector_settings(times).pool_max_idle_per_host(0);
    builder.tls_provider(Provider::Rustls(CryptoMode::AwsLc)).build()
});

/// A call.
#[derive(Debug)]
pub(crate) struct HttpCall<'a> {
    /// The service under which it is signed.
    pub(crate) service: &'static str,
    pub(crate) operation: &'static str,
    pub(crate) method: &'static str,
    pub(crate) url: &'a str,
    /// The operation as the protocol AWS JSON 1.1 names it in a header; nothing where the path says it.
    pub(crate) target: Option<&'static str>,
    pub(crate) body: Option<Value>,
}

fn wrong(asked: &HttpCall<'_>, fault: Fault, why: String) -> AwsError {
    AwsError { operation: asked.operation, subject: asked.url.to_owned(), fault, source: Some(why.into()) }
}

/// Sends a call, and reads the JSON that comes back. What is not there is `None`. What may be asked twice is, where no answer
/// came; the whole of it, bodies too, takes at most [`OPERATION`].
pub(crate) async fn send(sdk: &SdkConfig, asked: &HttpCall<'_>) -> Result<Option<Value>, AwsError> {
    let tries = async {
        let mut attempt = 1;
        loop {
            match once(sdk, asked).await {
                Err(error) if asked.method != "PUT" && attempt < ATTEMPTS && passes(error.fault) => attempt += 1,
                answer => return answer,
            }
        }
    };
    let late = |_| wrong(asked, Fault::Unavailable, format!("no whole answer came within {OPERATION:?}"));
    tokio::time::timeout(OPERATION, tries).await.map_err(late)?
}

fn passes(fault: Fault) -> bool {
    matches!(fault, Fault::Unavailable | Fault::Throttled)
}

async fn once(sdk: &SdkConfig, asked: &HttpCall<'_>) -> Result<Option<Value>, AwsError> {
    let request = signed(sdk, asked).await.map_err(|why| wrong(asked, Fault::Invalid, why))?;
    let answer = CONNECTOR.call(request).await;
    let answer = answer.map_err(|error| wrong(asked, Fault::Unavailable, error.to_string()))?;
    let status = answer.status().as_u16();
    let named = answer.headers().get(ERROR_TYPE).map(str::to_owned);
    let body = aws_smithy_types::byte_stream::ByteStream::new(answer.into_body()).collect().await;
    let body = body.map_err(|error| wrong(asked, Fault::Unavailable, error.to_string()))?.into_bytes();
    read(asked, status, named.as_deref(), &body)
}

/// The header with the name of an operation (Smithy, AWS JSON 1.1 protocol).
const TARGET: &str = "x-amz-target";

/// The header with the name of an error (Smithy, `restJson1` protocol); the body has it too.
const ERROR_TYPE: &str = "x-amzn-errortype";

/// What a domain says of a snapshot whose name is taken, with status 400 (`OpenSearch`, snapshot management).
const NAME_TAKEN: &str = "invalid_snapshot_name_exception";

fn read(asked: &HttpCall<'_>, status: u16, named: Option<&str>, body: &[u8]) -> Result<Option<Value>, AwsError> {
    if (200..300).contains(&status) {
        if body.is_empty() {
            return Ok(Some(Value::Null));
        }
        let read = serde_json::from_slice(body);
        return read.map(Some).map_err(|error| wrong(asked, Fault::Invalid, format!("the answer is no JSON: {error}")));
    }
    let text: String = String::from_utf8_lossy(body).chars().take(500).collect();
    let said: Value = serde_json::from_slice(body).unwrap_or_default();
    let code = named.or_else(|| said["__type"].as_str()).or_else(|| said["code"].as_str());
    // A name may come with a namespace before it and an address behind it.
    let code =
        code.map(|code| code.split(':').next().unwrap_or(code)).map(|code| code.rsplit('#').next().unwrap_or(code));
    let taken = said["error"]["type"] == NAME_TAKEN && text.contains("already exists");
    match classify(code, Some(status)) {
        Fault::NotFound => Ok(None),
        _ if taken => Err(wrong(asked, Fault::Conflict, text)),
        fault => Err(wrong(asked, fault, text)),
    }
}

async fn signed(sdk: &SdkConfig, asked: &HttpCall<'_>) -> Result<HttpRequest, String> {
    let provider = sdk.credentials_provider().ok_or("there are no credentials to sign with")?;
    let credentials = provider.provide_credentials().await.map_err(|error| error.to_string())?;
    let region = sdk.region().map(ToString::to_string).unwrap_or_default();
    // The SDK's own source of time, which signs every other request.
    let time = sdk.time_source().ok_or("there is no time to sign with")?.now();
    let identity = credentials.into();
    let params = v4::SigningParams::builder().identity(&identity).region(&region).name(asked.service).time(time);
    let params = params.settings(SigningSettings::default()).build().map_err(|error| error.to_string())?;
    let body = asked.body.as_ref().map(Value::to_string).unwrap_or_default();
    let target = asked.target.map(|target| (TARGET, target));
    let content = if target.is_some() { "application/x-amz-json-1.1" } else { "application/json" };
    let headers = std::iter::once(("content-type", content)).chain(target);
    let signable = SignableBody::Bytes(body.as_bytes());
    let signable = SignableRequest::new(asked.method, asked.url, headers.clone(), signable);
    let signable = signable.map_err(|error| error.to_string())?;
    let (instructions, _) = sign(signable, &params.into()).map_err(|error| error.to_string())?.into_parts();
    let mut request = HttpRequest::new(SdkBody::from(body));
    request.set_method(asked.method).map_err(|error| error.to_string())?;
    request.set_uri(asked.url).map_err(|error| error.to_string())?;
    for (name, value) in headers {
        request.headers_mut().insert(name, value);
    }
    // Who calls, as the SDK's own requests say it.
    let mut caller = AwsUserAgent::new_from_environment(Env::real(), ApiMetadata::new(asked.service, API));
    if let Some(app) = sdk.app_name() {
        caller.set_app_name(app.clone());
    }
    request.headers_mut().insert("user-agent", caller.aws_ua_header());
    for (name, value) in instructions.headers() {
        request.headers_mut().insert(name.to_owned(), value.to_owned());
    }
    Ok(request)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const ASKED: HttpCall<'static> = HttpCall {
        service: "es",
        operation: "ESHttpGet",
        method: "GET",
        url: "https://domain/_snapshot/r/wk",
        target: None,
        body: None,
    };

    #[test]
    fn an_answer_is_json_or_nothing_or_a_fault() {
        let read = |status: u16, body: &[u8]| read(&ASKED, status, None, body);
        assert_eq!(read(200, b"{\"a\":1}").unwrap().unwrap()["a"], 1);
        assert_eq!(read(200, b"").unwrap(), Some(Value::Null));
        assert_eq!(read(404, b"gone").unwrap(), None);
        for (status, fault) in [(403, Fault::Denied), (429, Fault::Throttled), (503, Fault::Unavailable)] {
            assert_eq!(read(status, b"no").unwrap_err().fault, fault);
        }
        assert_eq!(read(200, b"<html>").unwrap_err().fault, Fault::Invalid);
    }

    #[test]
    fn an_error_goes_by_its_name_before_its_status() {
        // The service says 409 of a domain that is not there (Amazon OpenSearch API reference, DescribeDomain).
        let gone = "ResourceNotFoundException:http://internal.amazon.com/coral/";
        assert_eq!(read(&ASKED, 409, Some(gone), b"{}").unwrap(), None);
        let body = br#"{"__type": "com.amazonaws.es#ResourceNotFoundException", "message": "no"}"#;
        assert_eq!(read(&ASKED, 409, None, body).unwrap(), None);
        assert_eq!(read(&ASKED, 409, Some("ConflictException"), b"{}").unwrap_err().fault, Fault::Conflict);
        let taken =
            br#"{"error": {"type": "invalid_snapshot_name_exception", "reason": "[r:wk] snapshot already exists"}}"#;
        assert_eq!(read(&ASKED, 400, None, taken).unwrap_err().fault, Fault::Conflict);
    }
}
