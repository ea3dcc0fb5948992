//! The first reference: the HTTP stack that Roster uses, answering bodies that never change. Nothing that is served
//! over this stack can be faster.

use std::net::SocketAddr;

use anyhow::{Context, Result};
use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::serve::ListenerExt;
use bytes::Bytes;

/// The size of a user, about that of an answer of Roster.
const USER_BYTES: usize = 1536;

/// The bodies that can be asked for, `GET /{users}`: one user, or an array of them.
#[derive(Clone)]
struct Bodies {
    one: Bytes,
    department: Bytes,
    page: Bytes,
}

/// Serves until the process is killed.
pub(crate) fn serve(listen: SocketAddr) -> Result<()> {
    let user = format!(r#"{{"text":"{}"}}"#, "x".repeat(USER_BYTES - r#"{"text":""}"#.len()));
    let array = |users: usize| Bytes::from(format!("[{}]", vec![user.as_str(); users].join(",")));
    let bodies =
        Bodies { department: array(crate::api::DEPARTMENT_SIZE), page: array(200), one: Bytes::from(user.clone()) };
    let router = Router::new()
        .route("/readyz", get(|| async {}))
        .route("/{users}", get(move |Path(users): Path<usize>| async move { answer(bodies, users) }));
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        let listener = tokio::net::TcpListener::bind(listen).await.with_context(|| format!("listen on {listen}"))?;
        let listener = listener.tap_io(|stream| {
            // Without it a small answer may wait for an acknowledgement; a refusal of the kernel costs only speed.
            let _refused = stream.set_nodelay(true);
        });
        axum::serve(listener, router).await.context("serve")
    })
}

fn answer(bodies: Bodies, users: usize) -> Response {
    let body = match users {
        1 => bodies.one,
        200 => bodies.page,
        crate::api::DEPARTMENT_SIZE => bodies.department,
        _ => return StatusCode::NOT_FOUND.into_response(),
    };
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}
