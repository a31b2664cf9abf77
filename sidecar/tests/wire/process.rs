//! The program itself.

use std::process::{Child, Command, Output, Stdio};

use crate::broker::{Broker, Ca, grants};
use crate::pod::{BROKER_TOKEN, Pod, credentials};

const PROGRAM: &str = env!("CARGO_BIN_EXE_sentinel-sidecar");

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

fn start(pod: &Pod, port: u16, broker_port: u16, ca: &Ca) -> Child {
    Command::new(PROGRAM)
        .env_clear()
        .env("SENTINEL_PROFILE", "prod")
        .env("SENTINEL_BROKER_URL", format!("https://localhost:{broker_port}"))
        .env("SENTINEL_BROKER_CA", ca.pem())
        .env("SENTINEL_BROKER_TOKEN_FILE", pod.path("broker-token"))
        .env("SENTINEL_APP_TOKEN_FILE", pod.path("token"))
        .env("SENTINEL_PORT", port.to_string())
        .env("SENTINEL_LOG", "trace")
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// The startup probe, as the kubelet runs it.
async fn probe(port: u16) -> (bool, String) {
    let run = move || Command::new(PROGRAM).arg("ready").env("SENTINEL_PORT", port.to_string()).output().unwrap();
    let output = tokio::task::spawn_blocking(run).await.unwrap();
    (output.status.success(), String::from_utf8(output.stdout).unwrap())
}

async fn terminate(sidecar: Child) -> Output {
    let id = sidecar.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    tokio::task::spawn_blocking(move || sidecar.wait_with_output().unwrap()).await.unwrap()
}

#[tokio::test]
async fn probes_say_what_is_awaited_and_logs_keep_secrets() {
    let (ca, pod, port, broker_port) = (Ca::new(), Pod::new(), free_port(), free_port());
    let (ready, text) = probe(port).await;
    assert!(!ready && text.starts_with(&format!("waiting for the sidecar on 127.0.0.1:{port}: ")), "{text}");

    let sidecar = start(&pod, port, broker_port, &ca);
    let mut text = String::new();
    while !text.contains("waiting for the broker at") {
        text = probe(port).await.1;
    }
    assert!(text.contains("refused"), "{text}");

    let _broker = Broker::start_as(&ca, "localhost", broker_port, grants("AKIA1", 600_000)).await;
    while !probe(port).await.0 {}
    assert_eq!(credentials(port, &pod.app_token()).await.key(), "AKIA1");

    let output = terminate(sidecar).await;
    assert!(output.status.success(), "{output:?}");
    let log = String::from_utf8(output.stderr).unwrap();
    assert!(log.contains("\"state\":\"undecided\"") && log.contains("\"state\":\"granted\""), "{log}");
    for secret in ["SECRET-KEY", "SESSION-TOKEN", BROKER_TOKEN, &pod.app_token()] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}

#[test]
fn a_missing_variable_is_named() {
    let output = Command::new(PROGRAM).env_clear().output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8(output.stderr).unwrap().contains("SENTINEL_PROFILE is not set"));
}

#[test]
fn an_unknown_command_is_named() {
    let output = Command::new(PROGRAM).arg("sreve").output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8(output.stderr).unwrap().contains("`sreve` is not a command"));
}
