//! `/healthz` and `/readyz`, for whoever runs the server.

use axum::extract::State;
use roster_model::error::ErrorCode;
use serde_json::json;

use crate::App;
use crate::response::{Handled, ok};

/// The process is alive.
pub(crate) async fn healthz() -> Handled {
    ok(&json!({ "status": "ok" }))
}

/// The database answers.
pub(crate) async fn readyz(State(app): State<App>) -> Handled {
    match app.store().check().await {
        Ok(()) => ok(&json!({ "status": "ready" })),
        Err(error) => {
            tracing::error!(%error, "not ready");
            Err(ErrorCode::Unavailable.into())
        }
    }
}
