//! Terraform's own state after an apply: read from a file, or made by terraform-check where that is
//! there. What it must say is not known here.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Names a file with a state in the form of `terraform show -json`.
const STATE: &str = "TERRAFORM_STATE";
/// Below the tree's root; a user's clone does without.
const TERRAFORM_CHECK: &str = "../shared/tools/terraform-check/terraform-check";

/// A state: its resources and its outputs.
pub(super) struct State {
    resources: Vec<Resource>,
    outputs: Value,
}

/// One of them.
#[derive(Debug)]
pub(super) struct Resource {
    pub(super) address: String,
    pub(super) r#type: String,
    pub(super) name: String,
    pub(super) values: Value,
}

/// The state of a deployment with its defaults; none, saying so, where nothing can make it.
pub(super) fn of_defaults() -> Option<State> {
    match std::env::var_os(STATE) {
        Some(path) => Some(State::read(Path::new(&path))),
        None => of_variables("defaults", &[]),
    }
}

/// The state of a deployment with these variables, as `name=value`. Beside it lies the plan.
pub(super) fn of_variables(name: &str, variables: &[&str]) -> Option<State> {
    let folder = crate::tree_root().join("target/terraform-check");
    std::fs::create_dir_all(&folder).unwrap();
    let artifact = folder.join("bootstrap.zip");
    // Only its hash is looked at.
    std::fs::write(&artifact, "no code\n").unwrap();
    let state = folder.join(format!("{name}.json"));
    let mut command = terraform_check(variables)?;
    command.arg("--out").arg(&state);
    command.arg("--plan-out").arg(folder.join(format!("{name}-plan.json")));
    command.args(["--again", "--var", &format!("artifact={}", artifact.display())]);
    let (succeeded, said) = run(command);
    assert!(succeeded, "{said}");
    Some(State::read(&state))
}

/// What is said where the functions' code is not there.
pub(super) fn without_artifact() -> Option<String> {
    let command = terraform_check(&["artifact=no/such/bootstrap.zip"])?;
    let (succeeded, said) = run(command);
    assert!(!succeeded, "there is no code to deploy");
    Some(said)
}

fn terraform_check(variables: &[&str]) -> Option<Command> {
    let root = crate::tree_root();
    let program = root.join(TERRAFORM_CHECK);
    if !program.exists() {
        // Past what cargo keeps to itself of tests that pass.
        let test = std::thread::current();
        let test = test.name().unwrap_or_default();
        let why = format!("{TERRAFORM_CHECK} is not there, and {STATE} names no file");
        writeln!(std::io::stderr(), "{test}: skipped: {why}").unwrap();
        return None;
    }
    let terraform = root.join("terraform");
    let mut command = Command::new(program);
    command.arg(&terraform).arg("--root").arg(&terraform);
    for variable in variables {
        command.args(["--var", variable]);
    }
    Some(command)
}

fn run(mut command: Command) -> (bool, String) {
    let output = command.output().unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.success(), String::from_utf8_lossy(&said).into_owned())
}

impl State {
    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap_or_else(|error| {
            panic!("{}: {error}", PathBuf::from(path).display());
        });
        let whole: Value = serde_json::from_str(&text).unwrap();
        let mut resources = Vec::new();
        collect(&whole["values"]["root_module"], &mut resources);
        Self { resources, outputs: whole["values"]["outputs"].clone() }
    }

    /// All of a type.
    pub(super) fn all<'a>(&'a self, r#type: &'a str) -> impl Iterator<Item = &'a Resource> {
        self.resources.iter().filter(move |resource| resource.r#type == r#type)
    }

    /// What it puts out under that name, which is a text.
    pub(super) fn output(&self, name: &str) -> &str {
        let value = &self.outputs[name]["value"];
        value.as_str().unwrap_or_else(|| panic!("the output {name} is {value}"))
    }

    /// All of a type by a value that tells them apart, which no two may share.
    pub(super) fn by<'a>(&'a self, r#type: &'a str, key: &str) -> BTreeMap<&'a str, &'a Resource> {
        let mut found = BTreeMap::new();
        for resource in self.all(r#type) {
            let value = resource.text(key);
            assert!(found.insert(value, resource).is_none(), "two of {type} have {value}");
        }
        found
    }
}

impl Resource {
    /// A value that is a text.
    pub(super) fn text(&self, key: &str) -> &str {
        let value = &self.values[key];
        value.as_str().unwrap_or_else(|| panic!("{}: {key} is {value}", self.address))
    }

    /// A value that is a text of JSON.
    pub(super) fn json(&self, key: &str) -> Value {
        serde_json::from_str(self.text(key)).unwrap()
    }
}

fn collect(module: &Value, into: &mut Vec<Resource>) {
    for resource in module["resources"].as_array().into_iter().flatten() {
        if resource["mode"] == "managed" {
            let text = |key: &str| resource[key].as_str().unwrap().to_owned();
            into.push(Resource {
                address: text("address"),
                r#type: text("type"),
                name: text("name"),
                values: resource["values"].clone(),
            });
        }
    }
    for child in module["child_modules"].as_array().into_iter().flatten() {
        collect(child, into);
    }
}
