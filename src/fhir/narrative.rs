//! Owns what a narrative may hold (R4 §2.4.0, rules txt-1 and txt-2). It is shown to clinicians in browsers, so what is
//! not known to be harmless text is refused.

use roxmltree::{Document, Node};

use super::xml;

/// HTML 4 chapters 7 to 11 and 15, without forms, frames and scripts.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "center",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "del",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "font",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "li",
    "map",
    "area",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "samp",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "u",
    "ul",
    "var",
    "kbd",
];

const ATTRIBUTES: &[&str] = &[
    "abbr",
    "accesskey",
    "align",
    "alt",
    "axis",
    "bgcolor",
    "border",
    "cellpadding",
    "cellspacing",
    "char",
    "charoff",
    "charset",
    "cite",
    "class",
    "clear",
    "color",
    "colspan",
    "compact",
    "coords",
    "datetime",
    "dir",
    "face",
    "frame",
    "headers",
    "height",
    "href",
    "hreflang",
    "hspace",
    "id",
    "lang",
    "longdesc",
    "name",
    "noshade",
    "nowrap",
    "rel",
    "rev",
    "rowspan",
    "rules",
    "scope",
    "shape",
    "size",
    "span",
    "src",
    "start",
    "style",
    "summary",
    "tabindex",
    "title",
    "type",
    "usemap",
    "valign",
    "value",
    "vspace",
    "width",
];

/// Schemes of links that open something harmless; images may also be in the text itself.
const SCHEMES: &[&str] = &["http", "https", "mailto", "tel", "urn", "cid"];

/// What is wrong with the text as a narrative's `div`, in words that finish "is not".
pub fn fault(text: &str) -> Option<String> {
    if let Err(words) = xml::bounded(text) {
        return Some(format!("plain formatted text: it {words}"));
    }
    let Ok(document) = Document::parse(text.trim()) else {
        return Some(
            "well-formed XHTML in one <div>: close every tag, and write characters instead of named entities"
                .to_owned(),
        );
    };
    let root = document.root_element();
    if root.tag_name().name() != "div" {
        return Some("in one <div xmlns=\"http://www.w3.org/1999/xhtml\">…</div>".to_owned());
    }
    // One that names no namespace is given XHTML's where it goes into XML; another one could not be read there.
    let strange = |node: &Node| node.tag_name().namespace().is_some_and(|namespace| namespace != xml::XHTML);
    if document.descendants().any(|node| node.is_element() && strange(&node)) {
        return Some("XHTML: an element is in another namespace than http://www.w3.org/1999/xhtml".to_owned());
    }
    let shows =
        |node: &Node| node.text().is_some_and(|text| !text.trim().is_empty()) || node.tag_name().name() == "img";
    if !root.descendants().any(|node| shows(&node)) {
        return Some("text for a person to read: it is empty (txt-2)".to_owned());
    }
    // To a browser a comment, an instruction and CDATA may end at the first '>'; what follows would be markup.
    let odd = |node: &Node| node.is_pi() || (node.is_comment() && node.text().is_some_and(|text| text.contains('>')));
    if document.descendants().any(|node| odd(&node)) || text.contains("<![CDATA[") {
        return Some(
            "plain formatted text: it holds a processing instruction, CDATA or a comment with '>' in it".to_owned(),
        );
    }
    document.descendants().filter(Node::is_element).find_map(|node| element_fault(&node))
}

/// The narrative with every link (`a/@href`, `img/@src`) that has a new home pointing there; the rest byte for byte.
pub fn relink(text: &str, home: &dyn Fn(&str) -> Option<String>) -> Option<String> {
    let document = Document::parse(text).ok()?;
    let links = document.descendants().filter(Node::is_element).flat_map(|node| node.attributes());
    let moved = links.filter(|attribute| matches!(attribute.name(), "href" | "src"));
    let mut places: Vec<_> = moved.filter_map(|a| Some((a.range_value(), home(a.value())?))).collect();
    places.sort_by_key(|(range, _)| std::cmp::Reverse(range.start));
    let mut text = text.to_owned();
    for (range, home) in places {
        text.replace_range(range, &home);
    }
    Some(text)
}

/// Elements within a word: the text around them runs on.
const INLINE: &[&str] = &[
    "a", "abbr", "acronym", "b", "bdo", "big", "cite", "code", "del", "dfn", "em", "font", "i", "ins", "kbd", "q", "s",
    "samp", "small", "span", "strike", "strong", "sub", "sup", "tt", "u", "var",
];

/// What a person reads of a narrative, without its markup: a line for each block. Nothing of what is no XHTML.
pub fn text(div: &str) -> String {
    let mut out = String::new();
    if let Ok(document) = Document::parse(div.trim()) {
        read(document.root_element(), &mut out);
    }
    out
}

fn read(node: Node, out: &mut String) {
    for child in node.children() {
        if child.is_text() {
            out.push_str(&child.text().unwrap_or_default().replace(['\n', '\r'], " "));
        } else if child.is_element() {
            let apart = !INLINE.contains(&child.tag_name().name());
            out.push_str(if apart { "\n" } else { "" });
            read(child, out);
            out.push_str(if apart { "\n" } else { "" });
        }
    }
}

fn element_fault(node: &Node) -> Option<String> {
    let name = node.tag_name().name();
    if !ELEMENTS.contains(&name) {
        return Some(format!(
            "plain formatted text: <{}> is not allowed there (txt-1)",
            super::primitive::shorten(name)
        ));
    }
    node.attributes().find_map(|attribute| {
        let (key, value) = (attribute.name(), attribute.value());
        let harmless = match key {
            "href" | "src" | "cite" | "longdesc" | "usemap" => is_harmless(value, key == "src"),
            "style" => {
                !value.to_ascii_lowercase().contains("url(") && !value.to_ascii_lowercase().contains("expression")
            }
            _ => true,
        };
        let known = ATTRIBUTES.contains(&key);
        let words = format!("plain formatted text: {}=… is not allowed there (txt-1)", super::primitive::shorten(key));
        (!known || !harmless).then_some(words)
    })
}

/// Whether a link is relative, or has a scheme that runs nothing.
fn is_harmless(url: &str, image: bool) -> bool {
    // Browsers pass over white space and control characters in a scheme.
    let plain: String = url.chars().filter(|c| !c.is_whitespace() && !c.is_control()).collect();
    let plain = plain.to_ascii_lowercase();
    let Some((scheme, rest)) = plain.split_once(':') else { return true };
    if scheme.contains(['/', '?', '#']) {
        return true;
    }
    SCHEMES.contains(&scheme)
        || (image && scheme == "data" && rest.starts_with("image/") && !rest.starts_with("image/svg"))
}

#[cfg(test)]
mod tests {
    use super::{fault, text};

    #[test]
    fn text_passes_and_what_could_run_does_not() {
        for good in [
            "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>once <b>bold</b> &amp; &#160; <a href=\"#x\">y</a></p></div>",
            "<div>a<!-- once --></div>",
            "<div><img src=\"data:image/png;base64,AA==\" alt=\"x\"/></div>",
            "<div><a href=\"Patient/1?a=b:c\">x</a><table border='1'><tr><td>1</td></tr></table></div>",
        ] {
            assert_eq!(fault(good), None, "{good}");
        }
        for bad in [
            "<div> </div>",
            "<div>a<b>c</div>",
            "<div>a</div><div>b</div>",
            "<divider>a</divider>",
            "<div>a &nbsp; b</div>",
            "<div><p onclick = \"x\">a</p></div>",
            "<div><img alt=\">\" onerror=\"x\"/></div>",
            "<div><a href=\"java&#115;cript:x\">a</a></div>",
            "<div><a href=\"java&#9;script:x\">a</a></div>",
            "<div><a href=\"data:text/html,x\">a</a></div>",
            "<div><script>1</script></div>",
            "<div><style>a</style>b</div>",
            "<div><input/>a</div>",
            "<div>x<!--><img src=x onerror=alert(1)>--></div>",
            "<div>x<?a ><img src=x onerror=alert(1)>?></div>",
            "<div>x<![CDATA[><img src=x onerror=alert(1)>]]></div>",
        ] {
            assert!(fault(bad).is_some(), "{bad}");
        }
    }

    #[test]
    fn a_narrative_is_read_as_it_looks() {
        let shown =
            text("<div><p>br<b>ok</b>en &amp;\nset</p><table><tr><td>1</td><td>2</td></tr></table><!-- no --></div>");
        let lines: Vec<&str> = shown.lines().filter(|line| !line.is_empty()).collect();
        assert_eq!(lines, ["broken & set", "1", "2"]);
        assert_eq!(text("no narrative"), "");
    }
}
