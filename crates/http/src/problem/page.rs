//! The page `docs/problems.md`: a table of every kind, made from the kinds themselves.
//! Not in here: who writes the file and checks it for drift.

use super::ProblemKind;

/// The whole page, in Markdown.
pub fn page() -> String {
    let mut page = String::from(
        "# Problems\n\
         Every answer that is not a success is a problem document (RFC 9457, \
         `application/problem+json`): `type`, `title`, `status`, `detail` (what to do), `instance` \
         (the path), `request_id`, and `errors` (`field`, `message`) for bad input. The `type` is \
         stable. The wallet's rules are also the `reason` of a saga that failed.\n\n\
         One exception: what is no HTTP request, or has too many or too long headers, is refused \
         before it is read. That is 400 or 431 with an empty body and without `X-Request-Id`.\n\n\
         | type | status | title | what to do |\n|---|---|---|---|\n",
    );
    page.extend(ProblemKind::ALL.iter().map(|kind| {
        format!(
            "| `{base}{slug}` | {status} | {title} | {advice} |\n",
            base = ProblemKind::BASE,
            slug = kind.slug(),
            status = kind.status().as_u16(),
            title = kind.title(),
            advice = kind.advice()
        )
    }));
    page
}
