//! JSON Patch (RFC 6902), over the strict JSON value: numbers keep their digits, members their order, and a `test`
//! compares numbers by value.
//!
//! Written here because the crate for it works on another JSON value, under which `1.50` is not `1.5` and a `copy` of
//! copies has no bound.

use super::{Budget, Fault, MOST_OPERATIONS, PatchError};
use crate::fhir::json::{Json, Object};
use crate::fhir::primitive::shorten;
use crate::fhir::quantity;

/// One operation, its pointers taken apart.
#[derive(Debug)]
pub struct Operation {
    path: String,
    what: What,
}

#[derive(Debug)]
enum What {
    Add(Pointer, Json),
    Remove(Pointer),
    Replace(Pointer, Json),
    Move { from: Pointer, to: Pointer },
    Copy { from: Pointer, to: Pointer },
    Test(Pointer, Json),
}

type Pointer = Vec<String>;

/// Reads a patch document: an array of operations.
pub fn parse(document: Json) -> Result<Vec<Operation>, PatchError> {
    let Json::Array(items) = document else {
        return Err(PatchError::new(0, "", "a JSON Patch is an array of operations: [{\"op\": …, \"path\": …}]"));
    };
    if items.len() > MOST_OPERATIONS {
        let words = format!("{} operations, more than the {MOST_OPERATIONS} of one patch: send an update", items.len());
        return Err(PatchError::new(0, "", words));
    }
    let read = |(at, item): (usize, Json)| {
        let path = item.as_object().and_then(|object| object.text("path")).unwrap_or_default().to_owned();
        operation(item).map_err(|words| PatchError::new(at, &path, words))
    };
    items.into_iter().enumerate().map(read).collect()
}

fn operation(item: Json) -> Result<Operation, Fault> {
    let Json::Object(mut item) = item else { return Err("is not an object with op and path".to_owned()) };
    let text = |name: &str| match item.get(name) {
        Some(Json::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("its {name} is not a string")),
        None => Err(format!("it has no {name}")),
    };
    let (op, path) = (text("op")?, text("path")?);
    let to = pointer(&path)?;
    let from = || text("from").and_then(|from| pointer(&from));
    let what = match op.as_str() {
        "remove" => What::Remove(to),
        "move" => What::Move { from: from()?, to },
        "copy" => What::Copy { from: from()?, to },
        "add" | "replace" | "test" => {
            let value = item.remove("value").ok_or_else(|| format!("{op} needs a value"))?;
            match op.as_str() {
                "add" => What::Add(to, value),
                "replace" => What::Replace(to, value),
                _ => What::Test(to, value),
            }
        }
        other => {
            return Err(format!("\"{}\" is not one of add, remove, replace, move, copy, test", shorten(other)));
        }
    };
    Ok(Operation { path, what })
}

/// The parts of a JSON Pointer (RFC 6901).
fn pointer(text: &str) -> Result<Pointer, Fault> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let bad = || format!("\"{}\" is not a JSON Pointer such as /name/0/family", shorten(text));
    let rest = text.strip_prefix('/').ok_or_else(bad)?;
    let part = |part: &str| {
        let plain = part.replace("~1", "/").replace("~0", "~");
        let escapes = part.matches('~').count();
        (escapes == part.matches("~0").count() + part.matches("~1").count()).then_some(plain)
    };
    rest.split('/').map(|text| part(text).ok_or_else(bad)).collect()
}

/// Does the operations in their order. `most` bounds what they add, in bytes.
pub fn apply(resource: Object, operations: &[Operation], most: usize) -> Result<Json, PatchError> {
    let mut root = Json::Object(resource);
    let mut budget = Budget(most);
    for (at, operation) in operations.iter().enumerate() {
        let Operation { path, what } = operation;
        run(&mut root, what, &mut budget).map_err(|words| PatchError::new(at, path, words))?;
    }
    Ok(root)
}

fn run(root: &mut Json, what: &What, budget: &mut Budget) -> Result<(), Fault> {
    match what {
        What::Add(to, value) => add(root, to, value.clone(), budget),
        What::Remove(path) => take(root, path).map(drop),
        What::Replace(path, value) => {
            budget.admit(value, path.len())?;
            *find(root, path)? = value.clone();
            Ok(())
        }
        What::Move { from, to } => {
            if to.len() > from.len() && to.starts_with(from) {
                return Err("a value cannot move into itself".to_owned());
            }
            let value = take(root, from)?;
            add(root, to, value, budget)
        }
        What::Copy { from, to } => {
            let value = find(root, from)?.clone();
            add(root, to, value, budget)
        }
        What::Test(path, value) => {
            if same(find(root, path)?, value) {
                return Ok(());
            }
            Err("the test failed: there is another value".to_owned())
        }
    }
}

fn nothing() -> Fault {
    "there is nothing at this path".to_owned()
}

/// An array index: digits without a leading zero.
fn index(text: &str) -> Result<usize, Fault> {
    let plain = text.bytes().all(|b| b.is_ascii_digit()) && (text == "0" || !text.starts_with('0'));
    text.parse().ok().filter(|_| plain).ok_or_else(|| format!("\"{}\" is not an index of an array", shorten(text)))
}

fn find<'a>(root: &'a mut Json, path: &[String]) -> Result<&'a mut Json, Fault> {
    let mut here = root;
    for part in path {
        here = match here {
            Json::Object(object) => {
                object.0.iter_mut().find(|(name, _)| name == part).map(|(_, value)| value).ok_or_else(nothing)?
            }
            Json::Array(items) => items.get_mut(index(part)?).ok_or_else(nothing)?,
            _ => return Err(nothing()),
        };
    }
    Ok(here)
}

fn add(root: &mut Json, path: &[String], value: Json, budget: &mut Budget) -> Result<(), Fault> {
    budget.admit(&value, path.len())?;
    let Some((last, parent)) = path.split_last() else {
        *root = value;
        return Ok(());
    };
    match find(root, parent).map_err(|_| "there is nothing to add it to at this path".to_owned())? {
        Json::Object(object) => object.set(last, value),
        Json::Array(items) => {
            let at = if last == "-" { items.len() } else { index(last)? };
            if at > items.len() {
                return Err(format!("the array has {} items, so nothing can come at {at}", items.len()));
            }
            items.insert(at, value);
        }
        _ => return Err("what is there is neither an object nor an array".to_owned()),
    }
    Ok(())
}

fn take(root: &mut Json, path: &[String]) -> Result<Json, Fault> {
    let Some((last, parent)) = path.split_last() else {
        return Err("the resource itself cannot be taken away: delete it".to_owned());
    };
    match find(root, parent)? {
        Json::Object(object) => object.remove(last).ok_or_else(nothing),
        Json::Array(items) => {
            let at = index(last)?;
            if at < items.len() { Ok(items.remove(at)) } else { Err(nothing()) }
        }
        _ => Err(nothing()),
    }
}

/// Whether two values are equal as RFC 6902 §4.6 has it: numbers by value, objects whatever the order of their members.
fn same(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(a), Json::Number(b)) => quantity::same(a, b),
        (Json::Array(a), Json::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Json::Object(a), Json::Object(b)) => {
            a.0.len() == b.0.len()
                && a.0.iter().all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
        }
        (a, b) => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(resource: &str, patch: &str) -> Result<String, String> {
        let read = |text: &str| Json::parse(text.as_bytes()).expect("JSON");
        let Json::Object(resource) = read(resource) else { panic!("an object") };
        let operations = parse(read(patch)).map_err(|error| error.to_string())?;
        apply(resource, &operations, 10_000).map(|json| json.to_string()).map_err(|error| error.to_string())
    }

    #[test]
    fn operations_do_what_the_rfc_says() {
        for (resource, patch, wanted) in [
            (r#"{"a":1.50}"#, "[]", r#"{"a":1.50}"#),
            // RFC 6902, appendix A.
            (r#"{"foo":"bar"}"#, r#"[{"op":"add","path":"/baz","value":"qux"}]"#, r#"{"foo":"bar","baz":"qux"}"#),
            (
                r#"{"foo":["bar","baz"]}"#,
                r#"[{"op":"add","path":"/foo/1","value":"qux"}]"#,
                r#"{"foo":["bar","qux","baz"]}"#,
            ),
            (r#"{"baz":"qux","foo":"bar"}"#, r#"[{"op":"remove","path":"/baz"}]"#, r#"{"foo":"bar"}"#),
            (r#"{"foo":["bar","qux","baz"]}"#, r#"[{"op":"remove","path":"/foo/1"}]"#, r#"{"foo":["bar","baz"]}"#),
            (
                r#"{"baz":"qux","foo":"bar"}"#,
                r#"[{"op":"replace","path":"/baz","value":"boo"}]"#,
                r#"{"baz":"boo","foo":"bar"}"#,
            ),
            (
                r#"{"foo":{"bar":"baz","waldo":"fred"},"qux":{"corge":"grault"}}"#,
                r#"[{"op":"move","from":"/foo/waldo","path":"/qux/thud"}]"#,
                r#"{"foo":{"bar":"baz"},"qux":{"corge":"grault","thud":"fred"}}"#,
            ),
            (
                r#"{"foo":["all","grass","cows","eat"]}"#,
                r#"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
                r#"{"foo":["all","cows","eat","grass"]}"#,
            ),
            (
                r#"{"foo":"bar"}"#,
                r#"[{"op":"add","path":"/child","value":{"grandchild":{}}}]"#,
                r#"{"foo":"bar","child":{"grandchild":{}}}"#,
            ),
            (
                r#"{"foo":"bar"}"#,
                r#"[{"op":"add","path":"/baz","value":"qux","xyz":123}]"#,
                r#"{"foo":"bar","baz":"qux"}"#,
            ),
            (r#"{"/":9,"~1":10}"#, r#"[{"op":"test","path":"/~01","value":10}]"#, r#"{"/":9,"~1":10}"#),
            (
                r#"{"foo":["bar"]}"#,
                r#"[{"op":"add","path":"/foo/-","value":["abc","def"]}]"#,
                r#"{"foo":["bar",["abc","def"]]}"#,
            ),
            // Numbers compare by value and stay as they were.
            (
                r#"{"a":1.50,"b":1e2}"#,
                r#"[{"op":"test","path":"/a","value":1.5},{"op":"test","path":"/b","value":100},{"op":"copy","from":"/a","path":"/c"}]"#,
                r#"{"a":1.50,"b":1e2,"c":1.50}"#,
            ),
            (
                r#"{"a":1}"#,
                r#"[{"op":"replace","path":"/a","value":0.00000000000000000001}]"#,
                r#"{"a":0.00000000000000000001}"#,
            ),
            (
                r#"{"a":{"x":1,"y":2}}"#,
                r#"[{"op":"test","path":"/a","value":{"y":2,"x":1.0}}]"#,
                r#"{"a":{"x":1,"y":2}}"#,
            ),
        ] {
            assert_eq!(patched(resource, patch).as_deref(), Ok(wanted), "{patch}");
        }
    }

    #[test]
    fn what_cannot_be_done_names_the_operation_and_the_path() {
        let resource = r#"{"baz":"qux","foo":["a",2,"c"],"n":1.5}"#;
        for (patch, words) in [
            ("{}", "array of operations"),
            ("[7]", "operation 0"),
            (r#"[{"path":"/a"}]"#, "no op"),
            (r#"[{"op":"remove"}]"#, "no path"),
            (r#"[{"op":"spam","path":"/a"}]"#, "spam"),
            (r#"[{"op":"add","path":"/a"}]"#, "needs a value"),
            (r#"[{"op":"move","path":"/a"}]"#, "no from"),
            (r#"[{"op":"remove","path":"a"}]"#, "JSON Pointer"),
            (r#"[{"op":"remove","path":"/a~2"}]"#, "JSON Pointer"),
            (
                r#"[{"op":"remove","path":"/baz"},{"op":"remove","path":"/baz"}]"#,
                "operation 1 (/baz): there is nothing",
            ),
            (r#"[{"op":"replace","path":"/bar","value":1}]"#, "nothing at this path"),
            (r#"[{"op":"add","path":"/x/y","value":1}]"#, "nothing to add it to"),
            (r#"[{"op":"add","path":"/foo/4","value":1}]"#, "has 3 items"),
            (r#"[{"op":"add","path":"/foo/01","value":1}]"#, "not an index"),
            (r#"[{"op":"add","path":"/foo/+1","value":1}]"#, "not an index"),
            (r#"[{"op":"add","path":"/baz/x","value":1}]"#, "neither"),
            (r#"[{"op":"remove","path":"/foo/-"}]"#, "not an index"),
            (r#"[{"op":"remove","path":""}]"#, "cannot be taken away"),
            (r#"[{"op":"move","from":"/foo","path":"/foo/0"}]"#, "into itself"),
            (r#"[{"op":"test","path":"/baz","value":"bar"}]"#, "test failed"),
            (r#"[{"op":"test","path":"/n","value":"1.5"}]"#, "test failed"),
            (r#"[{"op":"test","path":"/n","value":1.6}]"#, "test failed"),
        ] {
            let error = patched(resource, patch).expect_err(patch);
            assert!(error.contains(words), "{patch}: {error}");
        }
    }

    #[test]
    fn copies_of_copies_and_depth_have_a_bound() {
        let doubling = r#"{"op":"copy","from":"/a","path":"/a/-"},"#.repeat(60);
        let error = patched(r#"{"a":["xxxxxxxxxxxxxxxx"]}"#, &format!("[{}]", doubling.trim_end_matches(',')));
        assert!(error.expect_err("too much").contains("limits.body"));
        let deep = "[".repeat(40) + &"]".repeat(40);
        let path = "/0".repeat(39);
        let patch =
            format!(r#"[{{"op":"add","path":"/a","value":{deep}}},{{"op":"copy","from":"/a","path":"/a{path}/-"}}]"#);
        assert!(patched("{}", &patch).expect_err("too deep").contains("deeper"));
    }
}
