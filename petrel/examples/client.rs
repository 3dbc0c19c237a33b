//! A client: one request, then many at once over the same connection.
//!
//! Run: `cargo run -p petrel --example client -- 127.0.0.1:60606`

use petrel::Client;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), petrel::ClientError> {
    let endpoint = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "127.0.0.1:60606".to_owned());
    let client = Client::connect(endpoint).await?;

    let response = client.dispatch("echo", "hello").await?;
    println!("{}: {:?}", response.status, response.payload);

    // Clones share the connection; their calls go out together and are answered in order.
    let calls: Vec<_> = (0..10)
        .map(|i| {
            let client = client.clone();
            tokio::spawn(async move { client.dispatch("echo", format!("request {i}")).await })
        })
        .collect();
    for call in calls {
        match call.await.expect("the task does not panic") {
            // Any status is an answer: 200, 400 and 9101 alike.
            Ok(response) => println!("{}: {:?}", response.status, response.payload),
            // An error says whether the request may have been executed.
            Err(error) => println!("{error} (executed: {:?})", error.executed()),
        }
    }
    client.quit().await
}
