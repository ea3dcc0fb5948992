//! What was tried on a user and refused: the System Log keeps it as a FAILURE (behaviour.md C.0).
//!
//! Handlers know nothing of this. What a record needs is kept beside each change of a user, at the price of some counted
//! references, and read only if the answer is a refusal.

use axum::http::request::Parts;
use percent_encoding::percent_decode_str;
use roster_model::event::EventType;
use roster_model::operations::Operation;
use roster_store::change::Party;

use crate::App;
use crate::caller::{KeptRequest, Visitor};
use crate::response::RefusalReason;

/// A change of a user that is about to be tried.
pub(crate) struct Attempt {
    event: EventType,
    visitor: Visitor,
    request: KeptRequest,
}

impl Attempt {
    /// `None` for an operation whose failure leaves no event.
    pub(crate) fn of(operation: &Operation, visitor: &Visitor, parts: &Parts) -> Option<Self> {
        Some(Self {
            event: EventType::attempted(operation.id)?,
            visitor: visitor.clone(),
            request: KeptRequest::of(parts),
        })
    }

    /// Writes the event of a refused attempt, if the user is there. Who asks hears the refusal even if that fails.
    pub(crate) async fn record(self, app: &App, RefusalReason(reason): RefusalReason) {
        let Some(user) = self.user() else { return };
        let principal = self.visitor.principal.as_ref();
        let actor = principal.map_or_else(|| Party::unknown("unknown"), |principal| principal.party().clone());
        let request = self.request.context(self.visitor.address, self.visitor.base_url.to_string());
        let change = app.store().change(self.visitor.org.key, actor, request);
        if let Err(error) = app.store().record_refusal(&change, &user, self.event, &reason).await {
            tracing::error!("a refused attempt is not in the log: {error}");
        }
    }

    /// The user whom the path names: the segment after `/api/v1/users/`.
    fn user(&self) -> Option<String> {
        let segment = self.request.uri.path().split('/').nth(4)?;
        let asked = percent_decode_str(segment).decode_utf8().ok()?;
        match &*asked {
            "me" => Some(self.visitor.principal.as_ref()?.user_id()?.to_string()),
            _ => Some(asked.into_owned()),
        }
    }
}
