//! The one way in which text loses its letter case, for the search index as for the evaluator.

/// `text` without letter case: lower case by Unicode, character by character, diacritics kept (behaviour.md D.4).
///
/// No character looks at its neighbours: the Greek final sigma folds to the ordinary one, which `str::to_lowercase`
/// keeps apart. So the fold of a prefix is a prefix of the fold, and `sw` and `co` may work on folded text.
#[must_use]
pub fn fold(text: &str) -> String {
    if text.is_ascii() { text.to_ascii_lowercase() } else { folded(text).collect() }
}

/// The characters of [`fold()`], without allocating.
pub(super) fn folded(text: &str) -> impl Iterator<Item = char> {
    text.chars().map(|character| if character == 'ς' { 'σ' } else { character }).flat_map(char::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn folding_drops_case_and_keeps_diacritics() {
        let table =
            [("ACTIVE", "active"), ("ÉCOLE", "école"), ("Straße", "straße"), ("ΟΔΟΣ", "οδοσ"), ("οδος", "οδοσ")];
        for (text, expected) in table {
            assert_eq!(fold(text), expected);
        }
        assert_ne!(fold("resume"), fold("résumé"));
    }

    proptest! {
        #[test]
        fn folding_is_settled_after_once(text: String) {
            prop_assert_eq!(fold(&fold(&text)), fold(&text));
        }

        #[test]
        fn the_fold_of_a_whole_is_the_folds_of_its_parts(first: String, second: String) {
            prop_assert_eq!(fold(&format!("{first}{second}")), fold(&first) + &fold(&second));
        }
    }
}
