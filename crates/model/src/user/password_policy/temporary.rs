//! Temporary passwords: what an administrator reads to a user over the phone.

use super::{Password, PasswordComplexity};

const LOWER_CASE: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER_CASE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";
const SYMBOLS: &[u8] = b"!#%+-=?@";
const ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Characters of a temporary password, unless the policy wants more (behaviour.md H-14).
const LENGTH: usize = 12;

/// Characters that no policy exceeds.
const MAX_LENGTH: usize = 72;

/// The random bytes that a temporary password is made of: two draws of two bytes for each character.
pub const TEMPORARY_PASSWORD_RANDOM: usize = MAX_LENGTH * 4;

/// A temporary password out of random bytes: letters and digits, of each kind as many as the policy asks for and one at
/// least, and symbols only if it asks for them. Some 70 bits of surprise.
#[must_use]
pub fn generate_temporary_password(
    random: &[u8; TEMPORARY_PASSWORD_RANDOM],
    complexity: &PasswordComplexity,
) -> Password {
    let (pairs, _) = random.as_chunks::<2>();
    let mut draws = pairs.iter().map(|pair| usize::from(u16::from_be_bytes(*pair)));
    let mut draw = |bound: usize| draws.next().unwrap_or_default() % bound;

    let times = |set: &'static [u8], count: u32| std::iter::repeat_n(set, count as usize);
    let needed = times(LOWER_CASE, complexity.min_lower_case.max(1))
        .chain(times(UPPER_CASE, complexity.min_upper_case.max(1)))
        .chain(times(DIGITS, complexity.min_number.max(1)))
        .chain(times(SYMBOLS, complexity.min_symbol));
    let length = LENGTH.max(complexity.min_length as usize).min(MAX_LENGTH);
    let sets = needed.chain(std::iter::repeat(ALPHANUMERIC)).take(length);
    let mut characters: Vec<u8> = sets.filter_map(|set| set.get(draw(set.len())).copied()).collect();
    for last in (1..characters.len()).rev() {
        characters.swap(last, draw(last + 1));
    }
    Password::new(characters.into_iter().map(char::from).collect())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::user::password_policy::PasswordPolicy;
    use crate::user::schema::ProfileSchema;

    fn random() -> impl Strategy<Value = [u8; TEMPORARY_PASSWORD_RANDOM]> {
        prop::collection::vec(any::<u8>(), TEMPORARY_PASSWORD_RANDOM).prop_map(|bytes| bytes.try_into().unwrap())
    }

    proptest! {
        #[test]
        fn a_temporary_password_passes_the_policy_it_is_made_for(
            random in random(), min_length in 4_u32..=72, min_symbol in 0_u32..=1,
        ) {
            let mut policy = PasswordPolicy::default();
            policy.complexity.min_length = min_length;
            policy.complexity.min_symbol = min_symbol;
            let password = generate_temporary_password(&random, &policy.complexity);
            let name = json!({ "login": "issaquah@example.com", "email": "i@example.com", "firstName": "I", "lastName": "B" });
            let profile = ProfileSchema::default().create(name.as_object().unwrap()).unwrap();
            prop_assert_eq!(policy.check(password.reveal(), &profile), Ok(()));
        }

        #[test]
        fn the_default_policy_makes_twelve_letters_and_digits(random in random()) {
            let password = generate_temporary_password(&random, &PasswordComplexity::default());
            let password = password.reveal();
            prop_assert!(password.len() == 12 && password.bytes().all(|byte| byte.is_ascii_alphanumeric()));
        }
    }

    #[test]
    fn different_bytes_make_different_passwords() {
        let first = std::array::from_fn(|index| index as u8);
        let second = std::array::from_fn(|index| (index as u8).wrapping_add(1));
        let made = |random| generate_temporary_password(random, &PasswordComplexity::default());
        assert_ne!(made(&first).reveal(), made(&second).reveal());
    }
}
