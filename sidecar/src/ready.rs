//! The startup probe: asks the running sidecar, prints what it says. Small and blocking: the kubelet runs it each second.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::ExitCode;
use std::time::Duration;

/// The kubelet's own limit for a probe is 1 s by default.
const PATIENCE: Duration = Duration::from_millis(800);

/// Asks 127.0.0.1:`port`: success if it is ready; otherwise prints what it waits for, which the kubelet puts into the
/// pod's Events.
pub fn probe(port: u16) -> ExitCode {
    match ask(port) {
        Ok(answer) => {
            println!("{}", text(&answer));
            if is_ready(&answer) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(error) => {
            println!("waiting for the sidecar on 127.0.0.1:{port}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn ask(port: u16) -> io::Result<String> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    stream.set_write_timeout(Some(PATIENCE))?;
    write!(stream, "GET /v1/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.take(64 * 1024).read_to_string(&mut answer)?;
    Ok(answer)
}

fn is_ready(answer: &str) -> bool {
    answer.starts_with("HTTP/1.1 200 ")
}

fn text(answer: &str) -> &str {
    answer.split_once("\r\n\r\n").map_or("", |(_, body)| body.trim())
}
