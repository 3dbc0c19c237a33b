//! A client for scripts and other programs without a runtime.
//!
//! Run: `cargo run -p petrel --example blocking_client -- 127.0.0.1:60606 echo hello`

use petrel::blocking::Client;

fn main() -> Result<(), petrel::ClientError> {
    let mut args = std::env::args().skip(1);
    let endpoint = args.next().unwrap_or_else(|| "127.0.0.1:60606".to_owned());
    let name = args.next().unwrap_or_else(|| "echo".to_owned());
    let payload = args.next().unwrap_or_default();

    let client = Client::connect(endpoint)?;
    let response = client.dispatch(name, payload)?;
    println!("{}: {:?}", response.status, response.payload);
    client.quit()
}
