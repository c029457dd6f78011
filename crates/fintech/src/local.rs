//! Who acts where nobody signs in: the operator of this machine. Over HTTP the same one is known by
//! `http_api::LocalOperator`.

use kernel::{Caller, Role, Subject};

/// The local operator.
pub(crate) fn operator() -> Caller {
    let Ok(sub) = Subject::new("local") else { unreachable!("`local` is a subject") };
    Caller { sub, role: Role::Operator }
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderMap;
    use http_api::{Authenticator, LocalOperator};

    #[test]
    fn he_is_the_one_that_http_knows() {
        let known = LocalOperator::new().caller(&HeaderMap::new()).ok().flatten();
        assert_eq!(known, Some(super::operator()));
    }
}
