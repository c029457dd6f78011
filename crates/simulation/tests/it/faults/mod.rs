//! The embedded store on disks that forget what was not synced, are full, or fail: what was
//! acknowledged is there, nothing is there by half, and where that cannot be, it is told.

mod crash;
mod damage;
mod deed;
mod full;
mod http;
mod machine;
mod running;
mod trial;
mod vfs;
mod witness;
