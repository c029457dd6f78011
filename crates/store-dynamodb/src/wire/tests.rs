//! Against servers that answer a while and hang up.

use std::net::SocketAddr;

use aws_smithy_types::byte_stream::ByteStream;
use futures_util::future::join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket};

use super::*;

/// Answers so many requests on each connection, with the connection's number and what it read,
/// then hangs up.
async fn serve(listener: TcpListener, answers: usize) {
    for number in 1.. {
        let (mut stream, _) = listener.accept().await.unwrap();
        tokio::spawn(async move {
            for _ in 0..answers {
                let mut read = vec![0; 4096];
                let length = stream.read(&mut read).await.unwrap();
                let said = format!("{number} {}", String::from_utf8_lossy(&read[..length]));
                let length = said.len();
                let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
                stream.write_all(format!("{head}{said}").as_bytes()).await.unwrap();
            }
        });
    }
}

async fn listen(answers: usize) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(serve(listener, answers));
    format!("http://{address}/path?query")
}

async fn ask(
    wire: &Wire,
    url: &str,
    captured: &CaptureSmithyConnection,
) -> Result<String, ConnectorError> {
    let mut request = HttpRequest::empty();
    request.set_uri(url).unwrap();
    request.add_extension(captured.clone());
    let connector = Connector { wire: wire.clone(), settings: HttpConnectorSettings::default() };
    let answer = connector.call(request).await?.into_body();
    let body = ByteStream::new(answer).collect().await.unwrap();
    Ok(String::from_utf8(body.to_vec()).unwrap())
}

/// On which connection each of so many requests goes.
async fn check(answers: usize, expected: &[&str]) {
    let (wire, url) = (Wire::new(None), listen(answers).await);
    let mut found = Vec::new();
    for _ in expected {
        let said = ask(&wire, &url, &CaptureSmithyConnection::new()).await.unwrap();
        found.push(said.split(' ').next().unwrap().to_owned());
    }
    assert_eq!(found, expected);
}

#[tokio::test]
async fn a_connection_is_used_while_it_lasts() {
    check(9, &["1", "1", "1", "1"]).await;
    check(2, &["1", "1", "2", "2", "3"]).await;
    check(1, &["1", "2", "3"]).await;
}

#[tokio::test]
async fn a_poisoned_connection_is_not_used_again() {
    let (wire, url) = (Wire::new(None), listen(9).await);
    let captured = CaptureSmithyConnection::new();
    assert!(ask(&wire, &url, &captured).await.unwrap().starts_with("1 "));
    captured.get().unwrap().poison();
    assert!(ask(&wire, &url, &captured).await.unwrap().starts_with("2 "));
}

#[tokio::test]
async fn no_more_connections_are_kept_than_are_used_together() {
    let (wire, url) = (Wire::new(None), listen(9).await);
    for _ in 0..2 {
        let captured: Vec<_> = (0..2 * KEPT_MAX).map(|_| CaptureSmithyConnection::new()).collect();
        let asked = captured.iter().map(|captured| ask(&wire, &url, captured));
        for said in join_all(asked).await {
            assert!(said.unwrap().contains("GET /path?query"));
        }
        assert_eq!(wire.0.kept.lock().len(), KEPT_MAX);
    }
}

#[tokio::test]
async fn a_request_names_its_path_and_host() {
    let url = listen(1).await;
    let said = ask(&Wire::new(None), &url, &CaptureSmithyConnection::new()).await.unwrap();
    let host = url.trim_start_matches("http://").trim_end_matches("/path?query");
    assert!(said.starts_with("1 GET /path?query HTTP/1.1\r\n"), "{said}");
    assert!(said.contains(&format!("host: {host}\r\n")), "{said}");
}

async fn fetch(wire: &Wire, url: &str, bytes_max: usize) -> Result<(u16, String), String> {
    let request = Request::get(url).body(SdkBody::empty()).map_err(|bad| bad.to_string())?;
    let (status, body) = wire.ask(request, bytes_max).await?;
    Ok((status, String::from_utf8(body).unwrap()))
}

#[tokio::test]
async fn an_answer_is_read_up_to_a_length() {
    let (wire, url) = (Wire::new(None), listen(9).await);
    let (status, body) = fetch(&wire, &url, 4096).await.unwrap();
    assert!(status == 200 && body.starts_with("1 GET /path?query HTTP/1.1\r\n"), "{body}");
    assert!(fetch(&wire, &url, body.len()).await.is_ok());
    let refused = fetch(&wire, &url, body.len() - 1).await.unwrap_err();
    assert!(refused.contains("more than"), "{refused}");
}

#[tokio::test]
async fn what_is_no_answer_is_told() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        for said in ["HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n", "what?"] {
            let (mut stream, _) = listener.accept().await.unwrap();
            assert!(stream.read(&mut [0; 4096]).await.unwrap() > 0);
            stream.write_all(said.as_bytes()).await.unwrap();
        }
    });
    let (wire, url) = (Wire::new(None), format!("http://{address}/"));
    assert_eq!(fetch(&wire, &url, 9).await, Ok((302, String::new())));
    for url in [&url, "no url", "/path"] {
        assert!(!fetch(&wire, url, 9).await.unwrap_err().is_empty(), "{url}");
    }
}

#[tokio::test]
async fn who_does_not_answer_may_be_asked_again() {
    let (wire, captured) = (Wire::new(None), CaptureSmithyConnection::new());
    let hangs_up = listen(0).await;
    let cut = ask(&wire, &hangs_up, &captured).await.unwrap_err();
    assert!(cut.is_io() || cut.as_other() == Some(ErrorKind::TransientError), "{cut:?}");
    // Somebody has the port, so that nobody else gets it, and does not listen.
    let deaf = TcpSocket::new_v4().unwrap();
    deaf.bind(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let nobody = deaf.local_addr().unwrap();
    let refused = ask(&wire, &format!("http://{nobody}/"), &captured).await.unwrap_err();
    assert!(refused.is_io(), "{refused:?}");
    let without_tls = ask(&wire, &hangs_up.replace("http:", "https:"), &captured).await;
    assert!(without_tls.unwrap_err().is_io());
}
