//! Over a real connection: what a caller who is still sending gets to read.
//! Not in here: all that needs no connection.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

use crate::service::Service;

/// Serves on loopback, and gives back a connection to it.
async fn connected() -> TcpStream {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Service::new().router;
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    TcpStream::connect(address).await.unwrap()
}

/// Reads one answer, and gives back its head.
async fn read_answer(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await.unwrap());
    }
    let head = String::from_utf8(head).unwrap();
    let length = head.split("content-length: ").nth(1).unwrap().split("\r\n").next().unwrap();
    let mut body = vec![0; length.parse().unwrap()];
    stream.read_exact(&mut body).await.unwrap();
    head
}

/// Sends a megabyte of a body, the second half of it only when the answer has come already.
async fn send_megabyte(stream: &mut TcpStream, is_chunked: bool) {
    let length = if is_chunked { "transfer-encoding: chunked" } else { "content-length: 1000000" };
    let head = format!(
        "POST /v1/echo HTTP/1.1\r\nhost: x\r\nx-test-caller: alice\r\n\
         content-type: application/json\r\n{length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let piece = vec![b' '; 50_000];
    for number in 0..20 {
        if number == 10 {
            stream.readable().await.unwrap();
        }
        if is_chunked {
            let size = format!("{:x}\r\n", piece.len());
            stream.write_all(&[size.as_bytes(), &piece, b"\r\n"].concat()).await.unwrap();
        } else {
            stream.write_all(&piece).await.unwrap();
        }
    }
    if is_chunked {
        stream.write_all(b"0\r\n\r\n").await.unwrap();
    }
}

#[tokio::test]
async fn who_sends_a_megabyte_gets_to_read_the_refusal() {
    for is_chunked in [false, true] {
        let mut stream = connected().await;
        send_megabyte(&mut stream, is_chunked).await;
        let refusal = read_answer(&mut stream).await;
        assert!(refusal.starts_with("HTTP/1.1 413"), "{refusal}");
        // What was refused was taken off the connection, which serves on.
        let next = "GET /v1/at HTTP/1.1\r\nhost: x\r\nx-test-caller: alice\r\n\r\n";
        stream.write_all(next.as_bytes()).await.unwrap();
        let answer = read_answer(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }
}

#[tokio::test]
async fn a_body_that_is_announced_too_long_is_refused_before_it_comes() {
    let mut stream = connected().await;
    let head = "POST /v1/echo HTTP/1.1\r\nhost: x\r\nx-test-caller: alice\r\n\
                content-type: application/json\r\ncontent-length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let refusal = read_answer(&mut stream).await;
    assert!(refusal.starts_with("HTTP/1.1 413"), "{refusal}");
}

/// Time stands still while anything can be done, and leaps when all only wait.
#[tokio::test(start_paused = true)]
async fn a_body_that_does_not_come_in_time_is_not_waited_for() {
    let mut stream = connected().await;
    let head = "POST /v1/echo HTTP/1.1\r\nhost: x\r\nx-test-caller: alice\r\n\
                content-type: application/json\r\ncontent-length: 10\r\n\r\n{";
    let begun = tokio::time::Instant::now();
    stream.write_all(head.as_bytes()).await.unwrap();
    let refusal = read_answer(&mut stream).await;
    assert!(refusal.starts_with("HTTP/1.1 400"), "{refusal}");
    assert_eq!(begun.elapsed().as_secs(), 30);
    assert_eq!(stream.read(&mut [0; 1]).await.unwrap(), 0, "the connection is given back");
}
