//! People as Kubernetes knows them: by client certificates of its own signer, or by a gateway that says who they are.

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::cluster::{Place, apply, kubectl, run, script, sentinel};

/// Somebody who may do in a place what a ClusterRole of the chart says.
pub struct Person {
    /// The user name.
    pub user: String,
    kubeconfig: String,
}

impl Person {
    /// Named after what they may.
    pub fn who_is(role: &str, place: &Place) -> Self {
        Self::named(&format!("{role}-{}", place.name), role, &[], place)
    }

    /// By a certificate with this name and these groups.
    pub fn named(user: &str, role: &str, groups: &[&str], place: &Place) -> Self {
        let mut arguments = vec![user];
        arguments.extend(groups);
        let kubeconfig = script("stories/user", &arguments).trim().to_owned();
        may(user, role, place);
        Self { user: user.to_owned(), kubeconfig }
    }

    /// Who comes through a gateway, which gives them a user name for each of their roles and says the same `session` with all of them,
    /// as EKS does it.
    pub fn through_gateway(user: &str, session: &str, role: &str, place: &Place) -> Self {
        let gateway = format!("gateway-{user}");
        let kubeconfig = script("stories/user", &[&gateway]).trim().to_owned();
        let mut config: Value = serde_json::from_str(&fs::read_to_string(&kubeconfig).unwrap()).unwrap();
        config["users"][0]["user"]["as"] = json!(user);
        config["users"][0]["user"]["as-user-extra"] = json!({"session": [session]});
        fs::write(&kubeconfig, config.to_string()).unwrap();
        apply(&json!({"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": gateway}, "rules": [
            {"apiGroups": [""], "resources": ["users"], "verbs": ["impersonate"]},
            {"apiGroups": ["authentication.k8s.io"], "resources": ["userextras/session"], "verbs": ["impersonate"]}]}))
        .unwrap();
        kubectl(["create", "clusterrolebinding", &gateway, "--clusterrole", &gateway, "--user", &gateway]).unwrap();
        may(user, role, place);
        Self { user: user.to_owned(), kubeconfig }
    }

    /// `kubectl -n <place> …`, as them.
    pub fn kubectl<const N: usize>(&self, place: &Place, arguments: [&str; N]) -> Result<String, String> {
        run(self.command(place).args(arguments), None)
    }

    /// `kubectl sentinel COMMAND -n <place> …`, as them: what it printed, whatever it came to, and the exit code.
    pub fn sentinel(&self, place: &Place, arguments: &[&str]) -> (String, i32) {
        let connect = ["--kubeconfig", &self.kubeconfig, "-n", &place.name];
        let (stdout, stderr, code) = sentinel(&[arguments, &connect].concat());
        (stdout + &stderr, code)
    }

    /// `kubectl apply -f -`, as them.
    pub fn apply(&self, place: &Place, object: &Value) -> Result<String, String> {
        run(self.command(place).args(["apply", "-f", "-"]), Some(&object.to_string()))
    }

    fn command(&self, place: &Place) -> Command {
        let mut command = Command::new("kubectl");
        command.args(["--kubeconfig", &self.kubeconfig, "-n", &place.name]);
        command
    }
}

fn may(user: &str, role: &str, place: &Place) {
    let name = format!("{role}-{user}");
    place
        .kubectl(["create", "rolebinding", &name, &format!("--clusterrole={role}"), &format!("--user={user}")])
        .unwrap();
}
