//! The two forms in which Terraform writes down what is there, told apart by their shape.
//!
//! A state file: `version` 4 and `resources` with `instances` (internal/states/statefile/version4.go of hashicorp/terraform). What
//! `terraform show -json` prints: `format_version` and `values`, with resources in `root_module` and, below it, `child_modules`
//! (developer.hashicorp.com/terraform/internals/json-format, "State Representation"; an unsupported major version is to be
//! rejected, and unknown names are to be ignored).

use serde_json::Value;

use super::cursor::{JsonCursor, StateMistake};

/// A resource that is there.
#[derive(Debug, Clone)]
pub(super) struct StateResource<'a> {
    /// What Terraform calls it.
    pub(super) address: String,
    /// Its type.
    pub(super) kind: &'a str,
    /// Its attributes.
    pub(super) attributes: JsonCursor<'a>,
    /// What is marked as sensitive: paths in a state file, a tree of flags in what `show` prints.
    pub(super) sensitive: Option<JsonCursor<'a>>,
}

/// The managed resources of a file; what is wrong with others goes to `mistakes`.
pub(super) fn resources<'a>(root: &'a Value, mistakes: &mut Vec<StateMistake>) -> Vec<StateResource<'a>> {
    let mut reading = ShapeReading { resources: Vec::new(), mistakes };
    let root = JsonCursor::root(root);
    let result = reading.root(&root);
    reading.note(result);
    reading.resources
}

struct ShapeReading<'a, 'm> {
    resources: Vec<StateResource<'a>>,
    mistakes: &'m mut Vec<StateMistake>,
}

impl<'a> ShapeReading<'a, '_> {
    fn note(&mut self, result: Result<(), StateMistake>) {
        self.mistakes.extend(result.err());
    }

    fn root(&mut self, root: &JsonCursor<'a>) -> Result<(), StateMistake> {
        let wrong = |found: &str, expected: &str| StateMistake {
            path: root.path.clone(),
            found: found.to_owned(),
            expected: expected.to_owned(),
        };
        // OpenTofu's documentation, "State and Plan Encryption"; the field by which others tell such a file, too.
        if root.get("encryption_version")?.is_some() {
            return Err(wrong("an encrypted state", "one in the clear: what `tofu state pull` prints"));
        }
        if root.get("planned_values")?.is_some() || root.get("resource_changes")?.is_some() {
            return Err(wrong("a plan", "a state: what `terraform show -json` prints without the file of a plan"));
        }
        if let Some(version) = root.get("format_version")? {
            return self.shown(root, &version);
        }
        let Some(version) = root.get("version")? else {
            return Err(wrong(
                "neither `version` nor `format_version`",
                "a state file of Terraform, or what `terraform show -json` prints",
            ));
        };
        if version.count().ok() != Some(4) {
            return Err(StateMistake {
                path: version.path.clone(),
                found: "another version".to_owned(),
                expected: "4, which Terraform writes since 0.12".to_owned(),
            });
        }
        for resource in root.need("resources", "the list of resources")?.list()? {
            let result = self.stored(&resource);
            self.note(result);
        }
        Ok(())
    }

    /// A resource of a state file.
    fn stored(&mut self, resource: &JsonCursor<'a>) -> Result<(), StateMistake> {
        if resource.need("mode", "managed or data")?.text()? != "managed" {
            return Ok(());
        }
        let kind = resource.need("type", "the type of the resource")?.text()?;
        let name = resource.need("name", "the name of the resource")?.text()?;
        let module = resource.get("module")?.map(|module| module.text()).transpose()?;
        let base = module.map_or_else(|| format!("{kind}.{name}"), |module| format!("{module}.{kind}.{name}"));
        for instance in resource.need("instances", "the list of instances")?.list()? {
            let result = self.instance(kind, &base, &instance);
            self.note(result);
        }
        Ok(())
    }

    fn instance(&mut self, kind: &'a str, base: &str, instance: &JsonCursor<'a>) -> Result<(), StateMistake> {
        // What is deposed waits for its deletion.
        if instance.get("deposed")?.is_some() {
            return Ok(());
        }
        let address = match instance.get("index_key")? {
            Some(key) => format!("{base}[{}]", key.value),
            None => base.to_owned(),
        };
        let attributes =
            instance.need("attributes", "the attributes; those of Terraform 0.11 need a `terraform refresh`")?;
        let sensitive = instance.get("sensitive_attributes")?;
        self.resources.push(StateResource { address, kind, attributes, sensitive });
        Ok(())
    }

    /// What `terraform show -json` prints.
    fn shown(&mut self, root: &JsonCursor<'a>, version: &JsonCursor<'a>) -> Result<(), StateMistake> {
        // 0.1 and 0.2 had this shape, too, before the version became 1.0.
        if !matches!(version.text()?.split('.').next(), Some("0" | "1")) {
            return Err(StateMistake {
                path: version.path.clone(),
                found: "another version".to_owned(),
                expected: "1 and any minor version, such as 1.0".to_owned(),
            });
        }
        let Some(values) = root.get("values")? else { return Ok(()) };
        match values.get("root_module")? {
            Some(module) => self.module(&module),
            None => Ok(()),
        }
    }

    fn module(&mut self, module: &JsonCursor<'a>) -> Result<(), StateMistake> {
        for resource in module.get("resources")?.map(|list| list.list()).transpose()?.unwrap_or_default() {
            let result = self.printed(&resource);
            self.note(result);
        }
        for child in module.get("child_modules")?.map(|list| list.list()).transpose()?.unwrap_or_default() {
            let result = self.module(&child);
            self.note(result);
        }
        Ok(())
    }

    fn printed(&mut self, resource: &JsonCursor<'a>) -> Result<(), StateMistake> {
        if resource.need("mode", "managed or data")?.text()? != "managed" || resource.get("deposed_key")?.is_some() {
            return Ok(());
        }
        let kind = resource.need("type", "the type of the resource")?.text()?;
        let address = resource.need("address", "the address of the resource")?.text()?.to_owned();
        let attributes = resource.need("values", "the attributes")?;
        let sensitive = resource.get("sensitive_values")?;
        self.resources.push(StateResource { address, kind, attributes, sensitive });
        Ok(())
    }
}
