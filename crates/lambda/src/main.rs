//! The bootstrap of every function on AWS Lambda: which one it is comes from its handler's name.
//! What the functions do stands in the services.

fn main() {}
