//! What operators did and what the sign-in saw: the audit trails of all services as one list.

use axum::extract::State;
use axum::response::Response;
use http_api::{App, List, Page, Problem, answer};
use kernel::audit::AuditLine;
use kernel::text::Words;
use kernel::{Subject, Time};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::manifest::TRAILS;
use crate::trails::{Place, Trails};

/// Which lines to list. What is left out matches everything.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct AuditFilter {
    /// What was done in this service: `wallet`, `payment`, `loan`, `operations` or `identity`.
    service: Option<String>,
    /// What he did.
    #[param(value_type = Option<String>)]
    sub: Option<Subject>,
    /// Acts of this operation, such as `approve_loan`.
    #[param(value_type = Option<String>, min_length = 1, max_length = 64)]
    operation: Option<Words<64>>,
    /// What was done to this.
    #[param(value_type = Option<String>, min_length = 1, max_length = 128)]
    subject: Option<Words<128>>,
    /// What was done from then on, inclusive.
    #[param(value_type = Option<String>, format = DateTime)]
    from: Option<Time>,
    /// What was done before then, exclusive.
    #[param(value_type = Option<String>, format = DateTime)]
    to: Option<Time>,
}

impl AuditFilter {
    fn services(&self) -> Result<Vec<&'static str>, Problem> {
        let Some(wanted) = &self.service else { return Ok(TRAILS.to_vec()) };
        let found = TRAILS.into_iter().find(|service| service == wanted);
        let names = TRAILS.join("`, `");
        let refused = || Problem::bad_field("service", format!("is unknown; there are `{names}`"));
        Ok(vec![found.ok_or_else(refused)?])
    }

    fn shows(&self, line: &AuditLine) -> bool {
        self.sub.as_ref().is_none_or(|wanted| line.sub.as_ref() == Some(wanted))
            && self.operation.as_ref().is_none_or(|wanted| line.operation == *wanted)
            && self.subject.as_ref().is_none_or(|wanted| line.subject == *wanted)
    }
}

/// A line of an audit trail.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct AuditShown {
    /// The line's id.
    audit_id: String,
    /// When; of several that are told together, when the last was.
    #[schema(value_type = String, format = DateTime)]
    at: Time,
    /// Who; null where nobody knows, as at a log-in that is refused.
    #[schema(value_type = Option<String>)]
    sub: Option<Subject>,
    /// As what.
    #[schema(example = "operator")]
    role: Option<&'static str>,
    /// The address that he called from, if it is known.
    #[schema(example = "192.0.2.17")]
    from_address: Option<String>,
    /// In which service.
    #[schema(example = "loan")]
    service: String,
    /// What: the operation's name.
    #[schema(example = "approve_loan")]
    operation: String,
    /// On whom or what.
    #[schema(example = "loan_01979e6c-4a3b-7c54-8d1e-2f3a4b5c6d7e")]
    subject: String,
    /// What of it, where the operation does not say: the rights that were given or taken back.
    #[schema(example = "operators")]
    detail: Option<String>,
    /// His words for it.
    reason: Option<String>,
    /// How it ended, in a word; null where it was done.
    outcome: Option<String>,
    /// How often; 1 unless several alike are told together.
    times: u64,
    /// Of several, when the first was.
    #[schema(value_type = Option<String>, format = DateTime)]
    first_at: Option<Time>,
    /// What the request and every event of it share: `correlationid`.
    correlation_id: Option<String>,
    /// When it was taken over from a list of an older program, which had no hashes.
    #[schema(value_type = Option<String>, format = DateTime)]
    adopted_at: Option<Time>,
    /// Its place in the trail of its service, from 0 on, without gaps.
    sequence: u64,
    /// SHA-256 over the line and the hash before it.
    hash: String,
}

impl From<&AuditLine> for AuditShown {
    fn from(line: &AuditLine) -> Self {
        Self {
            audit_id: line.audit_id.to_string(),
            at: line.at,
            sub: line.sub.clone(),
            role: line.role.map(kernel::RoleName::text),
            from_address: line.from_address.map(|address| address.to_string()),
            service: line.service.to_string(),
            operation: line.operation.to_string(),
            subject: line.subject.to_string(),
            detail: line.detail.as_ref().map(ToString::to_string),
            reason: line.reason.as_ref().map(ToString::to_string),
            outcome: line.outcome.as_ref().map(ToString::to_string),
            times: line.times,
            first_at: line.first_at,
            correlation_id: line.correlation.map(|correlation| correlation.to_string()),
            adopted_at: line.adopted_at,
            sequence: line.sequence,
            hash: line.hash.to_string(),
        }
    }
}

/// What operators did and what the sign-in saw, newest first.
///
/// With a filter a page may be shorter than its limit.
#[utoipa::path(get, path = "/audit", tag = "operations", params(AuditFilter),
    responses((status = 200, body = Page<AuditShown>)))]
pub(super) async fn list_audit(
    State(app): State<App>,
    list: List<AuditFilter>,
) -> Result<Response, Problem> {
    let AuditFilter { from, to, .. } = list.filter;
    if from.zip(to).is_some_and(|(from, to)| to < from) {
        return Err(Problem::bad_field("to", "is before `from`"));
    }
    let services = list.filter.services()?;
    let place = match list.after_name()? {
        Some(name) => Place::read(name).ok_or_else(|| Problem::internal("a cursor of ours"))?,
        None => Place::before(&app.store, &services, to).await?,
    };
    let mut trails = Trails::at(&app.store, place, from);
    let (lines, next) = trails.page(list.limit, |line| list.filter.shows(line)).await?;
    let page = list.page_to(lines, next.map(|next| next.to_string()));
    Ok(answer::ok(&page.map(|line| AuditShown::from(&*line))))
}
