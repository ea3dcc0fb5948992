//! What stands before the handler of each operation, and lets through who may call it (`caller.rs` decides).
//!
//! A service of its own rather than `axum::middleware::from_fn`, which boxes the handler anew for each request.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};

use axum::extract::Request;
use roster_model::operations::Operation;
use tower::{Layer, Service};

use crate::App;
use crate::caller::authorize;
use crate::response::Answer;

/// Puts a [`Guarded`] around the handler of an operation.
#[derive(Clone)]
pub(crate) struct Gate {
    app: App,
    operation: &'static Operation,
}

impl Gate {
    pub(crate) fn of(app: &App, operation: &'static Operation) -> Self {
        Self { app: app.clone(), operation }
    }
}

impl<S> Layer<S> for Gate {
    type Service = Guarded<S>;

    fn layer(&self, handler: S) -> Guarded<S> {
        Guarded { gate: self.clone(), handler }
    }
}

/// A handler that only those reach who may call its operation.
#[derive(Clone)]
pub(crate) struct Guarded<S> {
    gate: Gate,
    handler: S,
}

impl<S> Service<Request> for Guarded<S>
where
    S: Service<Request, Response = Answer, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = Answer;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Answer, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.handler.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The clone stays for later calls; what is called is what was polled ready.
        let handler = self.handler.clone();
        let handler = std::mem::replace(&mut self.handler, handler);
        let Gate { app, operation } = self.gate.clone();
        Box::pin(async move { Ok(authorize(&app, operation, request, handler).await) })
    }
}
