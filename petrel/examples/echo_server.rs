//! A server with an inline and an async handler.
//!
//! Run: `cargo run --release -p petrel --example echo_server -- 127.0.0.1:60606`

use petrel::{Request, Server, wire::Status};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let endpoint = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:60606".to_owned());
    let server = Server::builder()
        // The hot path: no future, no allocation, written straight into the connection's output.
        .register_inline("echo", |request, reply| reply.write(request.payload()))
        // Everything else: any future, and anything that turns into a response.
        .register("matches", |request: Request| async move {
            let words = ["apple", "boy", "bat", "dog"];
            let begin = String::from_utf8_lossy(request.payload()).into_owned();
            match words.into_iter().find(|word| word.starts_with(&begin)) {
                Some(word) => (Status::OK, word.to_owned()),
                None => (Status(9101), format!("no matches for {begin}")),
            }
        })
        .bind(endpoint)
        .await?;
    for endpoint in server.handle().local_addrs() {
        println!("listening on {endpoint}");
    }
    let closed = server.run_until_signal().await?;
    println!("ended: {:?}, {} connections cut", closed.reason, closed.cut);
    Ok(())
}
