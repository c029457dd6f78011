//! Every store through the same suite.

use simulation::candidates::Memory;
use simulation::conformance::store;

#[test]
fn memory_is_a_store() {
    store::run(&Memory);
}
