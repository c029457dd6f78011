//! The routes: who the caller is, and what operators look at. What is found out is elsewhere.

mod audit;
mod dead_letters;
mod lists;
mod trial_balance;

use std::sync::Arc;

use axum::Extension;
use axum::response::Response;
use http_api::{Request, Routes, answer, routes};

use crate::bodies::Me;
use crate::manifest;
use trial_balance::Newest;

/// Every route.
pub fn routes() -> Routes {
    let newest = Extension(Arc::new(Newest::default()));
    Routes::new()
        .add(&manifest::GET_ME, routes!(get_me))
        .add(&manifest::GET_TRIAL_BALANCE, routes!(trial_balance::get_trial_balance).layer(newest))
        .add(&manifest::LIST_SAGAS, routes!(lists::list_sagas).with_query())
        .add(&manifest::LIST_EVENTS, routes!(lists::list_events).with_query())
        .add(&manifest::LIST_DEAD_LETTERS, routes!(dead_letters::list_dead_letters).with_query())
        .add(&manifest::REDRIVE_DEAD_LETTER, routes!(dead_letters::redrive_dead_letter))
        .add(&manifest::LIST_AUDIT, routes!(audit::list_audit).with_query())
}

/// Who the caller is.
#[utoipa::path(get, path = "/me", tag = "operations", responses((status = 200, body = Me,
    description = "As the token says.")))]
async fn get_me(request: Request) -> Response {
    answer::ok(&Me::from(&request.caller))
}
