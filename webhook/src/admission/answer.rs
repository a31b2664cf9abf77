//! What the API server is told.

use serde_json::{Value, json};

/// An answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Answer {
    /// Why not; None: allowed.
    pub refused: Option<Refused>,
    /// What to change.
    pub patch: Option<json_patch::Patch>,
    /// What the author is told beside.
    pub warnings: Vec<String>,
}

/// A no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refused {
    /// As an HTTP status: 403, 422 or 503.
    pub code: u16,
    /// What, where, and how to mend it.
    pub message: String,
}

impl Answer {
    /// Yes, as it is.
    pub fn allowed() -> Self {
        Self::default()
    }

    /// Yes, changed from `before` to `after`.
    pub fn patched(before: &Value, after: &Value) -> Self {
        let patch = json_patch::diff(before, after);
        Self { patch: (!patch.0.is_empty()).then_some(patch), ..Self::default() }
    }

    /// No: what is asked for may not be.
    pub fn forbidden(message: impl Into<String>) -> Self {
        Self::refused(403, message)
    }

    /// No: the object is wrong.
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::refused(422, message)
    }

    /// No, because nobody can tell now.
    pub fn unavailable(message: impl Into<String>) -> Self {
        Self::refused(503, message)
    }

    fn refused(code: u16, message: impl Into<String>) -> Self {
        Self { refused: Some(Refused { code, message: message.into() }), ..Self::default() }
    }

    /// The same, with warnings.
    #[must_use]
    pub fn warning(mut self, warnings: Vec<String>) -> Self {
        self.warnings.extend(warnings);
        self
    }

    /// One word for the metrics.
    pub fn outcome(&self) -> &'static str {
        match (&self.refused, &self.patch) {
            (Some(Refused { code: 503, .. }), _) => "unavailable",
            (Some(_), _) => "refused",
            (None, Some(_)) => "patched",
            (None, None) => "allowed",
        }
    }

    /// The AdmissionReview that answers `uid`.
    pub fn into_review(self, uid: &str) -> Value {
        let mut response = json!({"uid": uid, "allowed": self.refused.is_none()});
        let mut set =
            |key: &str, value: Value| response.as_object_mut().map(|fields| fields.insert(key.to_owned(), value));
        if let Some(Refused { code, message }) = self.refused {
            set("status", json!({"status": "Failure", "code": code, "reason": reason(code), "message": message}));
        } else if let Some(patch) = self.patch {
            set("patchType", "JSONPatch".into());
            set("patch", base64(json!(patch).to_string().as_bytes()).into());
        }
        if !self.warnings.is_empty() {
            set("warnings", self.warnings.into());
        }
        json!({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview", "response": response})
    }
}

fn reason(code: u16) -> &'static str {
    match code {
        422 => "Invalid",
        503 => "ServiceUnavailable",
        _ => "Forbidden",
    }
}

fn base64(bytes: &[u8]) -> String {
    // Kubernetes' own type for bytes writes itself in base64.
    let bytes = k8s_openapi::ByteString(bytes.to_vec());
    serde_json::to_value(bytes).ok().and_then(|value| value.as_str().map(str::to_owned)).unwrap_or_default()
}
