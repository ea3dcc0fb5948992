//! Temporary passwords: what an administrator reads to a user over the phone.

use super::Password;

const LOWER_CASE: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPER_CASE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const DIGITS: &[u8] = b"0123456789";
const ALPHANUMERIC: &[u8] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

/// Characters of a temporary password (behaviour.md H-14).
const LENGTH: usize = 12;

/// A temporary password out of random bytes: 12 letters and digits, among them a lower-case and an upper-case letter
/// and a digit, as the default policy asks (behaviour.md H-14). Some 70 bits of surprise.
#[must_use]
pub fn generate_temporary_password(random: &[u8; 32]) -> Password {
    // The choices divide the first 128 bits by some 2^67 and the shuffle the others by 12!, so what is left makes the
    // remainders as good as even.
    let (halves, _) = random.as_chunks::<16>();
    let mut numbers = halves.iter().map(|half| u128::from_be_bytes(*half));
    let mut choices = numbers.next().unwrap_or_default();
    let mut swaps = numbers.next().unwrap_or_default();

    let needed = [LOWER_CASE, UPPER_CASE, DIGITS];
    let sets = needed.into_iter().chain(std::iter::repeat(ALPHANUMERIC)).take(LENGTH);
    let mut characters: Vec<u8> = sets.filter_map(|set| set.get(draw(&mut choices, set.len())).copied()).collect();
    for last in (1..characters.len()).rev() {
        characters.swap(last, draw(&mut swaps, last + 1));
    }
    Password::new(characters.into_iter().map(char::from).collect())
}

/// Takes a number below `bound` out of `random`.
fn draw(random: &mut u128, bound: usize) -> usize {
    let drawn = (*random % bound as u128) as usize;
    *random /= bound as u128;
    drawn
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::user::password_policy::PasswordPolicy;
    use crate::user::schema::ProfileSchema;

    proptest! {
        #[test]
        fn a_temporary_password_passes_the_default_policy(
            random in prop::array::uniform32(any::<u8>()),
        ) {
            let password = generate_temporary_password(&random);
            let password = password.reveal();
            prop_assert!(password.len() == 12 && password.bytes().all(|byte| byte.is_ascii_alphanumeric()));
            let name = json!({ "login": "issaquah@example.com", "email": "i@example.com", "firstName": "I", "lastName": "B" });
            let profile = ProfileSchema::default().create(name.as_object().unwrap()).unwrap();
            prop_assert_eq!(PasswordPolicy::default().check(password, &profile), Ok(()));
        }
    }

    #[test]
    fn different_bytes_make_different_passwords() {
        let first = generate_temporary_password(&std::array::from_fn(|index| index as u8));
        let second = generate_temporary_password(&std::array::from_fn(|index| index as u8 + 1));
        assert_ne!(first.reveal(), second.reveal());
    }
}
