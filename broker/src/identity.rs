//! Which cluster this is.

/// Id and name of the cluster.
#[derive(Clone, Debug)]
pub struct ClusterIdentity {
    /// UID of the namespace kube-system.
    pub id: String,
    /// For people; the id where none was given.
    pub name: String,
}

impl ClusterIdentity {
    /// The cluster `id`, called `name` if that isn't empty.
    pub fn new(id: String, name: &str) -> Self {
        let name = if name.is_empty() { id.clone() } else { name.to_owned() };
        Self { id, name }
    }
}
