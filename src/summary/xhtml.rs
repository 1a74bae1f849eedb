//! Owns the XHTML of a narrative: every text is escaped here and nowhere else.

/// One cell of a table.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Cell {
    /// Lines of one size.
    lines: Vec<String>,
    strong: bool,
    /// Whether it stays on one line.
    short: bool,
    /// Smaller lines below.
    more: Vec<String>,
}

impl Cell {
    /// Plain text.
    pub fn of(text: impl Into<String>) -> Cell {
        Cell::lines([text.into()])
    }

    /// Lines of plain text; empty ones are left out.
    pub fn lines(lines: impl IntoIterator<Item = String>) -> Cell {
        Cell { lines: lines.into_iter().filter(|line| !line.is_empty()).collect(), ..Cell::default() }
    }

    /// Text that is not to be broken, such as a date.
    pub fn short(text: impl Into<String>) -> Cell {
        Cell { short: true, ..Cell::of(text) }
    }

    /// Text that must not be overlooked.
    pub fn strong(text: impl Into<String>) -> Cell {
        Cell { strong: true, ..Cell::of(text) }
    }

    /// With lines below; empty ones are left out.
    pub fn with(mut self, more: impl IntoIterator<Item = String>) -> Cell {
        self.more.extend(more.into_iter().filter(|line| !line.is_empty()));
        self
    }

    fn is_empty(&self) -> bool {
        self.lines.is_empty() && self.more.is_empty()
    }

    fn write(&self, out: &mut String) {
        for (at, line) in self.lines.iter().enumerate() {
            let text = escape(line);
            out.push_str(if at > 0 { "<br/>" } else { "" });
            out.push_str(&if self.strong { format!("<b>{text}</b>") } else { text });
        }
        for line in &self.more {
            out.push_str("<br/><small>");
            out.push_str(&escape(line));
            out.push_str("</small>");
        }
    }
}

/// A `div` around what is in it.
pub fn div(inner: &str) -> String {
    format!("<div xmlns=\"http://www.w3.org/1999/xhtml\" lang=\"en-GB\" xml:lang=\"en-GB\">{inner}</div>")
}

/// A paragraph.
pub fn paragraph(text: &str) -> String {
    format!("<p>{}</p>", escape(text))
}

/// A table with a line for each row. A column in which no row says anything is left out, but never the first.
pub fn table(heads: &[&str], rows: &[Vec<Cell>]) -> String {
    let used = |at: usize| at == 0 || rows.iter().any(|row| row.get(at).is_some_and(|cell| !cell.is_empty()));
    let columns: Vec<usize> = (0..heads.len()).filter(|at| used(*at)).collect();
    let mut out = String::from(
        "<table border=\"1\" cellpadding=\"4\" cellspacing=\"0\" style=\"border-collapse: collapse\"><thead><tr>",
    );
    for at in &columns {
        out.push_str(&format!("<th scope=\"col\" align=\"left\">{}</th>", escape(heads[*at])));
    }
    out.push_str("</tr></thead><tbody>");
    for row in rows {
        out.push_str("<tr valign=\"top\">");
        for at in &columns {
            let cell = row.get(*at);
            out.push_str(if cell.is_some_and(|cell| cell.short) { "<td nowrap=\"nowrap\">" } else { "<td>" });
            if let Some(cell) = cell {
                cell.write(&mut out);
            }
            out.push_str("</td>");
        }
        out.push_str("</tr>");
    }
    out.push_str("</tbody></table>");
    out
}

/// A list of named facts; empty ones are left out.
pub fn facts(facts: &[(&str, String)]) -> String {
    let mut out = String::from("<table border=\"0\" cellpadding=\"3\" cellspacing=\"0\"><tbody>");
    for (name, value) in facts.iter().filter(|(_, value)| !value.is_empty()) {
        out.push_str(&format!(
            "<tr valign=\"top\"><th scope=\"row\" align=\"left\">{}</th><td>{}</td></tr>",
            escape(name),
            escape(value)
        ));
    }
    out.push_str("</tbody></table>");
    out
}

/// Text in which nothing is markup. What XML cannot hold becomes the replacement character.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\r' | '\t' => out.push(' '),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fhir::narrative;

    #[test]
    fn nothing_in_a_text_is_markup() {
        for text in [
            "<script>x</script>",
            "a & b",
            "\"'><img src=x onerror=1>",
            "]]>",
            "<!--",
            "&lt;",
            "a\u{1}\u{ffff}b",
            "<?x?>",
        ] {
            let rows = vec![vec![Cell::strong(text).with([text.to_owned()])]];
            let shown =
                div(&format!("{}{}{}", paragraph(text), table(&[text], &rows), facts(&[(text, text.to_owned())])));
            assert_eq!(narrative::fault(&shown), None, "{shown}");
            assert!(!shown.contains("<script") && !shown.contains("<img"), "{shown}");
        }
    }

    #[test]
    fn a_column_without_a_word_is_left_out() {
        let rows = vec![vec![Cell::of("x"), Cell::default(), Cell::of("y")], vec![Cell::of("z")]];
        let shown = table(&["A", "B", "C"], &rows);
        assert!(shown.contains(">A<") && !shown.contains(">B<") && shown.contains(">C<"), "{shown}");
        assert_eq!(shown.matches("<td>").count(), 4);
    }
}
