#![allow(clippy::unwrap_used)]

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use super::*;

/// Longer than any answer on loopback takes.
const PATIENCE: Duration = Duration::from_secs(30);

/// A server on loopback that gives this answer to each connection and keeps what it was asked; none, and it stays silent.
async fn server(answer: Option<&'static str>, questions: usize) -> (String, JoinHandle<Vec<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    let serve = async move {
        let (mut asked, mut open) = (Vec::new(), Vec::new());
        for _ in 0..questions {
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut bytes = vec![0; 4096];
            let read = stream.read(&mut bytes).await.unwrap();
            asked.push(String::from_utf8_lossy(&bytes[..read]).into_owned());
            if let Some(answer) = answer {
                stream.write_all(answer.as_bytes()).await.unwrap();
            }
            open.push(stream);
        }
        if answer.is_none() {
            std::future::pending::<()>().await;
        }
        asked
    };
    (address, tokio::spawn(serve))
}

#[tokio::test]
async fn the_status_is_the_answer_and_the_path_is_asked_for() {
    let (address, served) = server(Some("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n"), 1).await;
    let answer = HttpProber.get(&format!("{address}/fleet/health?deep=1"), PATIENCE).await;
    assert_eq!(answer, Ok(503));
    let asked = served.await.unwrap().remove(0);
    assert!(asked.starts_with("GET /fleet/health?deep=1 HTTP/1.1\r\n"), "{asked}");
    let host = address.strip_prefix("http://").unwrap();
    assert!(asked.to_ascii_lowercase().contains(&format!("host: {host}\r\n")), "{asked}");
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_is_not_followed() {
    let (address, served) =
        server(Some("HTTP/1.1 302 Found\r\nlocation: /elsewhere\r\ncontent-length: 0\r\n\r\n"), 1).await;
    assert_eq!(HttpProber.get(&address, PATIENCE).await, Ok(302));
    assert_eq!(served.await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_body_is_not_waited_for() {
    let (address, _served) = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 1000000\r\n\r\n{"), 1).await;
    assert_eq!(HttpProber.get(&address, PATIENCE).await, Ok(200));
}

#[tokio::test]
async fn each_question_has_a_connection_of_its_own() {
    let (address, served) = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), 2).await;
    let prober = HttpProber;
    for _ in 0..2 {
        assert_eq!(prober.get(&address, PATIENCE).await, Ok(200));
    }
    assert_eq!(served.await.unwrap().len(), 2);
}

#[tokio::test]
async fn silence_ends_with_the_time_out() {
    let (address, served) = server(None, 1).await;
    let answer = HttpProber.get(&address, Duration::from_millis(50)).await;
    assert_eq!(answer, Err("no answer within 50 ms".to_owned()));
    served.abort();
}

#[tokio::test]
async fn a_port_where_nobody_listens_says_why_there_is_no_answer() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let error = HttpProber.get(&address, PATIENCE).await.unwrap_err();
    assert!(error.to_lowercase().contains("connection refused"), "{error}");
}

#[tokio::test]
async fn a_server_without_tls_is_no_answer_over_https() {
    let (address, served) = server(Some("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n"), 1).await;
    let secure = address.replacen("http://", "https://", 1);
    assert!(HttpProber.get(&secure, PATIENCE).await.is_err());
    served.abort();
}

#[tokio::test]
async fn an_address_that_is_none_names_what_was_expected() {
    let error = HttpProber.get("fleet.example.com/health", PATIENCE).await.unwrap_err();
    assert_eq!(error, "found \"fleet.example.com/health\", expected an address with http:// or https://");
}
