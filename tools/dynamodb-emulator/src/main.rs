//! A DynamoDB for tests: in memory, on a free port of the loopback interface. Prints its address as
//! one line and serves until its standard input ends, so that it never outlives who started it.

use std::io::{Read, Write};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let database = dynoxide::Database::memory()?;
    let mut out = std::io::stdout();
    writeln!(out, "http://{}", listener.local_addr()?)?;
    out.flush()?;
    let ended = tokio::task::spawn_blocking(|| {
        let mut input = std::io::stdin();
        while input.read(&mut [0; 64]).is_ok_and(|length| length > 0) {}
    });
    dynoxide::server::serve_with_shutdown(listener, database, async {
        let _ended = ended.await;
    })
    .await?;
    Ok(())
}
