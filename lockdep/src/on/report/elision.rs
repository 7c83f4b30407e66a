//! Making text fit a width: elision with `…`, and wrapping between words.
//!
//! Widths count characters, which is exact for the names that source code is made of.

/// The widest line of a report.
pub(super) const WIDTH: usize = 100;

/// Number of columns that `text` takes.
pub(super) fn width(text: &str) -> usize {
    text.chars().count()
}

/// `text` cut at its end to at most `limit` columns.
pub(super) fn cut_end(text: &str, limit: usize) -> String {
    if width(text) <= limit {
        return text.to_string();
    }
    let kept: String = text.chars().take(limit.saturating_sub(1)).collect();
    format!("{kept}…")
}

/// `text` with its innermost `<…>` emptied, level by level, until it takes at most `limit`
/// columns; then cut at its end.
pub(super) fn collapse(text: &str, limit: usize) -> String {
    let deepest = text.matches('<').count();
    let mut forms = (1..=deepest).rev().map(|depth| limit_depth(text, depth));
    let fitting = forms.find(|form| width(form) <= limit);
    fitting.unwrap_or_else(|| cut_end(&limit_depth(text, 1), limit))
}

/// `text` with what stands in more than `depth` angle brackets replaced by `…`.
fn limit_depth(text: &str, depth: usize) -> String {
    let mut short = String::new();
    let mut level = 0usize;
    let mut previous = ' ';
    for character in text.chars() {
        // The `>` of `->` closes nothing.
        let closes = character == '>' && previous != '-';
        if closes {
            level = level.saturating_sub(1);
        }
        if level <= depth {
            short.push(character);
        }
        if character == '<' {
            level += 1;
            if level == depth + 1 {
                short.push('…');
            }
        }
        previous = character;
    }
    short
}

/// `text` broken between words into lines of at most `limit` columns. Code in backticks stays in
/// one piece.
pub(super) fn wrap(text: &str, limit: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in words(text) {
        let line = lines.last_mut().expect("there is always a last line");
        if line.is_empty() {
            *line = word;
        } else if width(line) + 1 + width(&word) <= limit {
            line.push(' ');
            line.push_str(&word);
        } else {
            lines.push(word);
        }
    }
    lines
}

fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut inside_code = false;
    for part in text.split(' ') {
        match words.last_mut() {
            Some(word) if inside_code => {
                word.push(' ');
                word.push_str(part);
            }
            _ => words.push(part.to_string()),
        }
        inside_code ^= part.matches('`').count() % 2 == 1;
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_marks_where_something_is_missing() {
        assert_eq!(cut_end("abcdef", 6), "abcdef");
        assert_eq!(cut_end("abcdef", 4), "abc…");
    }

    #[test]
    fn the_innermost_arguments_go_first() {
        let name = "Mutex<HashMap<String, Vec<Option<u8>>>>";
        assert_eq!(collapse(name, 40), name);
        assert_eq!(collapse(name, 36), "Mutex<HashMap<String, Vec<…>>>");
        assert_eq!(collapse(name, 20), "Mutex<HashMap<…>>");
        assert_eq!(collapse(name, 12), "Mutex<HashM…");
        assert_eq!(collapse("Mutex<Call<fn(A) -> B>, C>", 20), "Mutex<Call<…>, C>");
    }

    #[test]
    fn a_text_without_arguments_is_cut() {
        assert_eq!(collapse("AbcdefGhi", 5), "Abcd…");
    }

    #[test]
    fn lines_break_between_words_but_not_inside_code() {
        let text = "take `Mutex<(A, B)>` before `C`";
        assert_eq!(wrap(text, 20), ["take `Mutex<(A, B)>`", "before `C`"]);
        assert_eq!(wrap(text, 100), [text]);
    }
}
