//! The parameters of a request, from a query or a form.

/// Names and values. An empty value is none (RFC 6749, section 3.1).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Those of a query or a form that has been taken apart.
    #[must_use]
    pub fn new(pairs: impl IntoIterator<Item = (String, String)>) -> Self {
        Self(pairs.into_iter().filter(|(_, value)| !value.is_empty()).collect())
    }

    /// The value of a parameter; the first one, if it is there twice.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// A parameter that is there twice.
    #[must_use]
    pub fn repeated(&self) -> Option<&str> {
        let is_repeated = |index: usize, name: &str| self.0.iter().skip(index + 1).any(|(other, _)| other == name);
        let names = self.0.iter().enumerate();
        names.filter(|(index, (name, _))| is_repeated(*index, name)).map(|(_, (name, _))| name.as_str()).next()
    }

    /// Names and values, as they came.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The same without a parameter.
    #[must_use]
    pub fn without(mut self, name: &str) -> Self {
        self.0.retain(|(known, _)| known != name);
        self
    }

    /// The same with a parameter, in place of what it was.
    #[must_use]
    pub fn with(self, name: &str, value: &str) -> Self {
        let mut other = self.without(name);
        other.0.push((name.to_owned(), value.to_owned()));
        other
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(pairs: &[(&str, &str)]) -> Parameters {
        Parameters::new(pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))
    }

    #[test]
    fn an_empty_value_is_none_and_repeats_are_noticed() {
        let given = parameters(&[("a", "1"), ("b", ""), ("c", "2"), ("c", "3")]);
        assert_eq!((given.get("a"), given.get("b"), given.get("c")), (Some("1"), None, Some("2")));
        assert_eq!(given.repeated(), Some("c"));
        assert_eq!(parameters(&[("a", "1"), ("a", "")]).repeated(), None);
    }

    #[test]
    fn a_parameter_takes_the_place_of_what_it_was() {
        let given = parameters(&[("a", "1"), ("b", "2")]).with("a", "3").without("b");
        assert_eq!(given.iter().collect::<Vec<_>>(), [("a", "3")]);
    }
}
