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

async fn read_head(stream: &mut TcpStream) -> String {
    let mut read = Vec::new();
    let mut byte = [0];
    while !read.ends_with(b"\r\n\r\n") && stream.read(&mut byte).await.unwrap() == 1 {
        read.push(byte[0]);
    }
    String::from_utf8(read).unwrap()
}

#[tokio::test]
async fn who_sends_a_megabyte_gets_to_read_the_refusal() {
    for length in ["content-length: 1000000", "transfer-encoding: chunked"] {
        let mut stream = connected().await;
        let head = format!(
            "POST /v1/echo HTTP/1.1\r\nhost: x\r\nx-test-caller: alice\r\n\
             content-type: application/json\r\n{length}\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        // All of it is sent before anything is read, as simple clients do.
        let body = vec![b' '; 1_000_000];
        if length.starts_with("transfer") {
            for piece in body.chunks(50_000) {
                let size = format!("{:x}\r\n", piece.len());
                stream.write_all(&[size.as_bytes(), piece, b"\r\n"].concat()).await.unwrap();
            }
            stream.write_all(b"0\r\n\r\n").await.unwrap();
        } else {
            stream.write_all(&body).await.unwrap();
        }
        let head = read_head(&mut stream).await;
        assert!(head.starts_with("HTTP/1.1 413"), "{head}");
    }
}

#[tokio::test]
async fn a_body_that_is_announced_too_long_is_refused_before_it_comes() {
    let mut stream = connected().await;
    let head = "POST /v1/echo HTTP/1.1\r\nhost: x\r\nx-test-caller: alice\r\n\
                content-type: application/json\r\ncontent-length: 1000000\r\n\r\n";
    stream.write_all(head.as_bytes()).await.unwrap();
    let head = read_head(&mut stream).await;
    assert!(head.starts_with("HTTP/1.1 413"), "{head}");
}
