//! `terraform/costs.md`: what a deployment on AWS costs a month, made from what is used
//! (`terraform/units.toml`), prices (`terraform/prices.toml`) and the manifest. A test of this crate fails
//! when the page says something else. No number is written here.

mod deployment;
mod page;
mod prices;
mod rows;
mod units;

use std::fs;
use std::io;
use std::path::Path;

use deployment::Deployment;
use prices::Prices;
use units::Units;

/// Below the tree's root.
const PATH: &str = "terraform/costs.md";

/// What the page must say.
fn made(root: &Path) -> io::Result<String> {
    let read = |path: &str| fs::read_to_string(root.join(path));
    let prices: Prices = toml::from_str(&read("terraform/prices.toml")?).map_err(malformed)?;
    let units: Units = toml::from_str(&read("terraform/units.toml")?).map_err(malformed)?;
    let deployment = Deployment::of(&read("terraform/manifest.json")?)?;
    page::page(&prices, &units, &deployment)
        .ok_or_else(|| malformed("a sum is beyond what a decimal holds"))
}

fn malformed(why: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, why)
}

/// Writes the page.
pub(crate) fn write(root: &Path) -> io::Result<()> {
    fs::write(root.join(PATH), made(root)?)
}

#[cfg(test)]
pub(crate) use tests::alarms;

#[cfg(test)]
mod tests {
    use super::*;

    /// How many alarms the table counts.
    pub(crate) fn alarms() -> u64 {
        let manifest = crate::tree_root().join("terraform/manifest.json");
        Deployment::of(&fs::read_to_string(manifest).unwrap()).unwrap().alarms
    }

    #[test]
    fn the_page_says_what_is_used_and_what_that_costs() {
        let there = fs::read_to_string(crate::tree_root().join(PATH)).unwrap_or_default();
        let is_fresh = there == made(crate::tree_root()).unwrap();
        assert!(is_fresh, "run `cargo xtask costs`: {PATH} is stale");
    }

    #[test]
    fn functions_have_the_memory_that_terraform_gives_them() {
        let root = crate::tree_root();
        let units = fs::read_to_string(root.join("terraform/units.toml")).unwrap();
        let units: Units = toml::from_str(&units).unwrap();
        let variables = fs::read_to_string(root.join("terraform/variables.tf")).unwrap();
        let memory = variables.split("variable \"memory_mb\"").nth(1).unwrap();
        let default = memory.split("default").nth(1).unwrap().split('=').nth(1).unwrap();
        let default = default.lines().next().unwrap().trim();
        assert_eq!(default, units.function.memory_mib.to_string());
    }
}
