//! What the bodies of requests promise in the document is what is done with them: unknown fields are
//! refused, and `null` is not taken for a field that was left out.
//! Not in here: answers, in which `null` may stand.

use serde_json::{Map, Value, json};
use utoipa::openapi::OpenApi;

const COMPONENTS: &str = "#/components/schemas/";
const BODY: &str = "/requestBody/content/application~1json/schema";

/// The document with the bodies of its requests described as strictly as they are read.
///
/// Asserts that every object in them says `#[serde(deny_unknown_fields)]`.
pub(super) fn strict(openapi: OpenApi) -> OpenApi {
    let Ok(mut document) = serde_json::to_value(&openapi) else { return openapi };
    let components = document.pointer("/components/schemas").cloned().unwrap_or_default();
    let mut named = Vec::new();
    for item in members(document.get_mut("paths")) {
        for operation in members(Some(item)) {
            let name = operation.get("operationId").and_then(Value::as_str).unwrap_or_default();
            let name = name.to_owned();
            let Some(schema) = operation.pointer_mut(BODY) else { continue };
            tighten(&name, schema, &mut named);
            let schema = name_in(schema).and_then(|name| components.get(name)).unwrap_or(schema);
            let is_required = schema.get("required").is_some();
            if let Some(required) = operation.pointer_mut("/requestBody/required") {
                *required = Value::Bool(is_required);
            }
        }
    }
    let mut next = 0;
    while let Some(name) = named.get(next).cloned() {
        if let Some(schema) = document.pointer_mut(&format!("/components/schemas/{name}")) {
            tighten(&name, schema, &mut named);
        }
        next = next.saturating_add(1);
    }
    match serde_json::from_value(document) {
        Ok(openapi) => openapi,
        Err(error) => unreachable!("the document cannot be read back: {error}"),
    }
}

fn members(object: Option<&mut Value>) -> impl Iterator<Item = &mut Value> {
    object.and_then(Value::as_object_mut).into_iter().flat_map(|object| object.values_mut())
}

/// The name of the schema that this one refers to.
fn name_in(schema: &Value) -> Option<&str> {
    schema.get("$ref")?.as_str()?.strip_prefix(COMPONENTS)
}

/// Tightens a schema of a request, and notes the names of those that it refers to.
fn tighten(owner: &str, schema: &mut Value, named: &mut Vec<String>) {
    if let Some(name) = name_in(schema).filter(|name| !named.iter().any(|known| known == name)) {
        named.push(name.to_owned());
    }
    if let Some(Value::Object(properties)) = schema.get_mut("properties") {
        for property in properties.values_mut() {
            if let Value::Object(property) = property {
                without_null(property);
            }
            tighten(owner, property, named);
        }
        assert_eq!(
            schema.get("additionalProperties"),
            Some(&Value::Bool(false)),
            "{owner}: a request's body must say #[serde(deny_unknown_fields)]"
        );
    }
    if let Some(items) = schema.get_mut("items") {
        tighten(owner, items, named);
    }
    for choice in ["oneOf", "anyOf", "allOf"] {
        let choices = schema.get_mut(choice).and_then(Value::as_array_mut);
        choices.into_iter().flatten().for_each(|schema| tighten(owner, schema, named));
    }
}

/// Takes `null` out of what a property may be.
fn without_null(property: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = property.get_mut("type") {
        types.retain(|kind| kind != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            property.insert("type".to_owned(), only);
        }
    }
    let null = json!({ "type": "null" });
    let Some(Value::Array(choices)) = property.get_mut("oneOf") else { return };
    choices.retain(|choice| *choice != null);
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        property.remove("oneOf");
        for (name, value) in only {
            property.entry(name).or_insert(value);
        }
    }
}
