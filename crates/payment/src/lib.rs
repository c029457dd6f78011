//! payment.
