//! What every route shares: who calls and who may, problems, bodies, idempotency keys, pages, the
//! OpenAPI document, and the layer around it all. Only services' `routes` and the programs use it.
//! Not in here: any rule of a service, sockets, a store.
//!
//! # How a route is written
//! ```text
//! // manifest.rs: declared once.
//! pub static REQUEST_PAYMENT: Operation = Operation { name: "request_payment", method: Method::Post,
//!     path: "/payment", who: &[Who::Owner], reads: &[], writes: &[Payment::KIND],
//!     lists: &[], events_of: &[] };
//!
//! // bodies.rs: request types refuse unknown fields; `Routes` insists on it.
//! #[derive(Deserialize, ToSchema)]
//! #[serde(deny_unknown_fields)]
//! pub struct PaymentAsked {
//!     #[schema(value_type = String)]
//!     wallet_id: WalletId,
//!     amount: MoneyText,
//!     currency: Option<CurrencyText>,
//! }
//!
//! // routes.rs
//! pub fn routes() -> Routes {
//!     Routes::new()
//!         .add(&manifest::REQUEST_PAYMENT, routes!(request_payment))
//!         .add(&manifest::LIST_PAYMENTS, routes!(list_payments).with_query())
//! }
//!
//! /// Requests a payment. (The first line of the comment is the summary in the document.)
//! #[utoipa::path(post, path = "/payment", tag = "payment", request_body = PaymentAsked,
//!     responses((status = 202, body = PaymentShown), (status = 200, body = PaymentShown)))]
//! async fn request_payment(
//!     State(app): State<App>,
//!     request: Request,
//!     body: Body<PaymentAsked>,               // the last argument
//! ) -> Result<Response, Problem> {
//!     let currency = match &body.value.currency {
//!         Some(text) => text.parse("currency")?,
//!         None => app.settings.default_currency,
//!     };
//!     let amount = body.value.amount.parse("amount", currency)?;
//!     let key = request.key(&["request_payment"], body.hash);
//!     let decision = RequestPayment { key, amount, … };
//!     let known = app.store.decide(decision, request.context).await?.map_err(problem_of)?;
//!     let wait = request.wait(&app.settings);
//!     let (known, in_time) = wait_until(&app.store, known.id, known, wait, Payment::is_final).await?;
//!     Ok(answer::saga(in_time, &format!("/v1/payment/{}", known.id), &PaymentShown::of(&known)))
//! }
//!
//! /// Payments of the deployment.
//! #[utoipa::path(get, path = "/payment", tag = "payment", params(PaymentFilter),
//!     responses((status = 200, body = Page<PaymentShown>)))]
//! async fn list_payments(
//!     State(app): State<App>,
//!     list: List<PaymentFilter>,              // or List<NoFilter>; `limit` and `cursor` are its own
//! ) -> Result<Response, Problem> {
//!     let page = list.page::<Payment>(&app.store, query).await?;
//!     Ok(answer::ok(&page.map(|known| PaymentShown::of(&known))))
//! }
//! ```
//! The operation's name is the handler's name. Ids in a path are `Id<T>` and `Ids<A, B>`, a query
//! string of a single resource is `Filter<T>`, a single resource is answered `with_etag`.
//!
//! # Without the document
//! The feature `document` adds the OpenAPI document, and the checks of handlers against the manifest
//! that come with it. The functions on AWS do without: no one of them serves it, and every start would
//! pay for it.

pub mod access;
pub mod answer;
pub mod body;
mod deployment;
mod etag;
mod gate;
mod identity;
mod money;
pub mod pages;
mod path;
pub mod problem;
mod query;
mod request;
mod routes;
mod serve;
mod shares;
mod wait;

pub use body::Body;
pub use deployment::{App, Deployment, Settings};
pub use gate::{Gate, OpenGate};
pub use identity::{Authenticator, LocalOperator};
pub use money::{CurrencyText, MoneyText};
pub use pages::{List, NoFilter, Page};
pub use path::{Id, Ids, Part};
pub use problem::{Problem, ProblemKind};
pub use query::Filter;
pub use request::{ClientAddress, Request, Visit};
pub use routes::{BASE, Route, Routes};
#[cfg(feature = "document")]
pub use serve::app;
pub use serve::{Front, Hosts, bare};
pub use shares::{Share, Shares};
#[cfg(feature = "document")]
#[doc(hidden)]
pub use utoipa_axum::routes as described;
pub use wait::{Wait, Waiting, wait_until};
