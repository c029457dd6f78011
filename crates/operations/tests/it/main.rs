//! Tests of what operators look at: the check of the whole over a small world made by real decisions,
//! with each way of tampering found and named, and the routes.

#[cfg(test)]
mod acts;
#[cfg(test)]
mod answers;
#[cfg(test)]
mod beside;
#[cfg(test)]
mod client;
#[cfg(test)]
mod letters;
mod loans;
#[cfg(test)]
mod pieces;
#[cfg(test)]
mod portable;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod said;
#[cfg(test)]
mod services;
#[cfg(test)]
mod tampering;
#[cfg(test)]
mod trails;
#[cfg(test)]
mod world;
