//! Service meshes: the sidecar's way to the broker goes past their proxies, since it starts before them and brings its own
//! TLS. The annotations are set always: whether a mesh is about is a label of the namespace, which the webhook can't read,
//! and without a mesh they mean nothing.

use sentinel_core::policy::Problem;
use serde_json::Value;

use super::edit;

/// Istio's and Linkerd's lists of outbound ports that go past the proxy.
pub const ANNOTATIONS: [&str; 2] =
    ["traffic.sidecar.istio.io/excludeOutboundPorts", "config.linkerd.io/skip-outbound-ports"];

/// Adds `port` to both lists.
pub fn exclude(annotations: &mut Value, port: u16) -> Result<(), Problem> {
    for key in ANNOTATIONS {
        let present = annotations.get(key).and_then(Value::as_str).unwrap_or_default();
        if let Some(merged) = merged(present, port) {
            edit::set(annotations, key, merged)?;
        }
    }
    Ok(())
}

/// The list with `port`; None: it is in it.
fn merged(list: &str, port: u16) -> Option<String> {
    if list.split(',').any(|item| covers(item.trim(), port)) {
        return None;
    }
    let list = list.trim().trim_end_matches(',');
    Some(if list.is_empty() { port.to_string() } else { format!("{list},{port}") })
}

/// Linkerd takes ranges, too.
fn covers(item: &str, port: u16) -> bool {
    let (first, last) = item.split_once('-').unwrap_or((item, item));
    match (first.trim().parse::<u16>(), last.trim().parse::<u16>()) {
        (Ok(first), Ok(last)) => (first..=last).contains(&port),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rstest::rstest;

    #[rstest]
    #[case("", Some("8443"))]
    #[case("3306", Some("3306,8443"))]
    #[case("3306,", Some("3306,8443"))]
    #[case("3306, 8443", None)]
    #[case("8000-9000", None)]
    #[case("84430", Some("84430,8443"))]
    #[case("*", Some("*,8443"))]
    fn lists_are_merged(#[case] list: &str, #[case] expected: Option<&str>) {
        assert_eq!(merged(list, 8443).as_deref(), expected);
    }
}
