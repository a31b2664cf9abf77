//! kubectl, as people use it.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::Value;

/// Runs kubectl on the API server of the tests; `manifest` is its standard input. Exit code and output.
pub fn kubectl(arguments: &[&str], manifest: Option<&Value>) -> (i32, String) {
    let mut child = Command::new("kubectl")
        .args(arguments)
        .stdin(if manifest.is_some() { Stdio::piped() } else { Stdio::null() })
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("kubectl, which `e2e/install apiserver` installs");
    if let Some(manifest) = manifest {
        child.stdin.take().unwrap().write_all(manifest.to_string().as_bytes()).unwrap();
    }
    let output = child.wait_with_output().unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code().unwrap_or(-1), String::from_utf8_lossy(&text).into_owned())
}
